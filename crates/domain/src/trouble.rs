//! Work that meets trouble at Apple and goes on by itself: since when, in whose words, and that it is over.
//!
//! One row for each kind of work and what it is done for. It is closed by the first success and kept, so that an
//! administrator who comes later sees what went on and that it is over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{TenantId, Time};

#[cfg(test)]
mod tests;

/// Work in trouble looks again within a day, Apple's longest pause. What was not heard of for longer has nothing left to
/// do, and so no trouble.
const HEARD_OF_WITHIN: Duration = Duration::from_secs(25 * 60 * 60);
/// Longest words kept, in characters.
const WORDS_CHARS_MAX: usize = 400;

/// Which work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TroubleKind {
    /// Reading the device list of a token.
    Sync,
    /// Giving profiles to a token's devices at Apple.
    Assignment,
    /// Waking devices.
    Push,
    /// Waking one device.
    Device,
}

/// The last trouble of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Whose.
    pub tenant: TenantId,
    /// Which work.
    pub kind: TroubleKind,
    /// What the work is for: a token's or managed device's id; `pushCertificate`.
    pub subject: String,
    /// When it began.
    pub since: Time,
    /// When it was last met.
    pub last_at: Time,
    /// How often it was met.
    pub times: u32,
    /// What it was, the last time.
    pub words: String,
    /// When it was over; none: it is not.
    pub ended_at: Option<Time>,
}

impl Trouble {
    /// Trouble that was met at `now`: what goes on goes on, what was over begins anew.
    #[must_use]
    pub fn met(
        before: Option<&Trouble>,
        (tenant, kind, subject): (&TenantId, TroubleKind, &str),
        words: &str,
        now: Time,
    ) -> Trouble {
        let going_on = before.filter(|before| before.is_open(now));
        Trouble {
            tenant: tenant.clone(),
            kind,
            subject: subject.to_owned(),
            since: going_on.map_or(now, |before| before.since),
            last_at: now,
            times: going_on.map_or(1, |before| before.times.saturating_add(1)),
            words: words.chars().take(WORDS_CHARS_MAX).collect(),
            ended_at: None,
        }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        self.ended_at.is_none() && now.since(self.last_at) < HEARD_OF_WITHIN
    }

    /// When it was over, of one that does not go on.
    #[must_use]
    pub fn ended(&self, now: Time) -> Option<Time> {
        (!self.is_open(now)).then(|| self.ended_at.unwrap_or(self.last_at))
    }
}
