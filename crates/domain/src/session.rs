//! Sessions of people in a browser: how far they have proved themselves, and when it ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Limits, TenantId, Time, UserId};

/// How long somebody may take from the password to the second factor.
pub const HALFWAY_LIFE: Duration = Duration::from_secs(15 * 60);
/// The last visit is noted this often, and not at each request.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The password was right; a code is due.
    Password,
    /// The password was right, and there is no second factor yet: one has to be enrolled.
    Enrol,
    /// Signed in.
    Full,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Hash of what the browser holds.
    pub hash: String,
    /// Whose.
    pub user: UserId,
    /// How far they have come.
    pub stage: Stage,
    /// When it began.
    pub created_at: Time,
    /// The last visit, to the minute.
    pub seen_at: Time,
    /// Where they signed in from.
    pub source: String,
    /// What they signed in with, in the browser's own words.
    pub agent: String,
}

impl Session {
    /// When it is over: so long after it began, and sooner without a visit.
    #[must_use]
    pub fn ends_at(&self, limits: &Limits) -> Time {
        match self.stage {
            Stage::Full => self.created_at.plus(limits.session).min(self.seen_at.plus(limits.session_idle)),
            Stage::Password | Stage::Enrol => self.created_at.plus(HALFWAY_LIFE),
        }
    }

    /// Whether it is good now, for somebody whose earlier sessions were ended at `valid_from`.
    #[must_use]
    pub fn is_good(&self, limits: &Limits, valid_from: Time, now: Time) -> bool {
        self.created_at >= valid_from && now < self.ends_at(limits)
    }

    /// Whether a visit now is worth noting.
    #[must_use]
    pub fn is_worth_noting(&self, now: Time) -> bool {
        now.since(self.seen_at) >= NOTED_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(stage: Stage, seen: i64) -> Session {
        Session {
            tenant: "t".parse().unwrap(),
            hash: "h".into(),
            user: "u".parse().unwrap(),
            stage,
            created_at: Time::from_unix(0),
            seen_at: Time::from_unix(seen),
            source: "192.0.2.1".into(),
            agent: String::new(),
        }
    }

    fn limits() -> Limits {
        let seconds = Duration::from_secs;
        Limits { session: seconds(10_000), session_idle: seconds(1_000), ..Limits::default() }
    }

    #[test]
    fn a_session_ends_without_visits_and_at_its_own_end_whatever_comes() {
        let good =
            |seen, now| session(Stage::Full, seen).is_good(&limits(), Time::EPOCH, Time::from_unix(now));
        assert!(good(0, 999) && !good(0, 1_000), "idle");
        assert!(good(9_500, 9_999) && !good(9_999, 10_000), "at its end");
    }

    #[test]
    fn who_stopped_halfway_begins_again_soon() {
        let half = session(Stage::Password, 0);
        let minutes = |n: i64| Time::from_unix(n * 60);
        assert!(half.is_good(&limits(), Time::EPOCH, minutes(14)));
        assert!(!half.is_good(&limits(), Time::EPOCH, minutes(15)));
    }

    /// Refuses: O
    #[test]
    fn a_session_from_before_all_were_ended_is_over() {
        let one = session(Stage::Full, 5);
        assert!(!one.is_good(&limits(), Time::from_unix(1), Time::from_unix(5)));
        assert!(one.is_good(&limits(), Time::from_unix(0), Time::from_unix(5)));
    }

    #[test]
    fn a_visit_is_noted_once_a_minute() {
        let one = session(Stage::Full, 100);
        assert!(!one.is_worth_noting(Time::from_unix(159)));
        assert!(one.is_worth_noting(Time::from_unix(160)));
    }
}
