//! Device codes: a program on a device that has no browser asks a person to let it in by another one (RFC 8628).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{TenantId, Time, UserId};

/// Life of a code, as in Microsoft Entra.
pub const LIFE: Duration = Duration::from_secs(15 * 60);
/// Between two questions of the program, at first.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// How much longer it has to wait each time that it did not (RFC 8628 section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Whether somebody has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Not yet.
    Pending,
    /// This person lets the program in.
    Approved(UserId),
    /// Somebody said no.
    Denied,
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Hash of what the program holds.
    pub hash: String,
    /// Counts changes.
    pub version: i64,
    /// Hash of what the person types.
    pub user_code_hash: String,
    /// Client id of the program.
    pub application: String,
    /// What it asked for.
    pub scope: String,
    /// Whether somebody has answered.
    pub answer: Answer,
    /// When it was made.
    pub created_at: Time,
    /// When the program asked last.
    pub polled_at: Option<Time>,
    /// How long it has to wait between questions, in seconds.
    pub interval: i64,
}

/// What a program that asks is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// `authorization_pending`
    Pending,
    /// `slow_down`
    SlowDown,
    /// `expired_token`
    Expired,
    /// `access_denied`
    Denied,
    /// This person lets it in; the code is used up.
    Approved(UserId),
}

impl DeviceCode {
    /// When its time is over.
    #[must_use]
    pub fn expires_at(&self) -> Time {
        self.created_at.plus(LIFE)
    }

    /// The program asks.
    pub fn poll(&mut self, now: Time) -> Polled {
        if now >= self.expires_at() {
            return Polled::Expired;
        }
        let wait = Duration::from_secs(u64::try_from(self.interval).unwrap_or(0));
        let too_soon = self.polled_at.is_some_and(|last| now.since(last) < wait);
        self.polled_at = Some(now);
        match &self.answer {
            Answer::Denied => Polled::Denied,
            _ if too_soon => {
                self.interval += i64::try_from(SLOWER.as_secs()).unwrap_or(0);
                Polled::SlowDown
            }
            Answer::Pending => Polled::Pending,
            Answer::Approved(user) => Polled::Approved(user.clone()),
        }
    }

    /// A person answers; whether they still could.
    pub fn decide(&mut self, answer: Answer, now: Time) -> bool {
        let open = self.answer == Answer::Pending && now < self.expires_at();
        if open {
            self.answer = answer;
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> DeviceCode {
        DeviceCode {
            tenant: "t".parse().unwrap(),
            hash: "h".into(),
            version: 1,
            user_code_hash: "u".into(),
            application: "app".into(),
            scope: String::new(),
            answer: Answer::Pending,
            created_at: Time::from_unix(0),
            polled_at: None,
            interval: 5,
        }
    }

    fn at(seconds: i64) -> Time {
        Time::from_unix(seconds)
    }

    #[test]
    fn who_asks_too_often_has_to_wait_longer_each_time() {
        let mut code = code();
        assert_eq!(code.poll(at(0)), Polled::Pending);
        assert_eq!(code.poll(at(4)), Polled::SlowDown);
        assert_eq!(code.poll(at(13)), Polled::SlowDown, "five seconds more than before");
        assert_eq!(code.poll(at(28)), Polled::Pending);
    }

    #[test]
    fn a_person_answers_once_and_in_time() {
        let ada: UserId = "ada".parse().unwrap();
        let mut code = code();
        assert!(code.decide(Answer::Approved(ada.clone()), at(899)));
        assert!(!code.decide(Answer::Denied, at(899)));
        assert_eq!(code.clone().poll(at(899)), Polled::Approved(ada));
        assert_eq!(code.poll(at(900)), Polled::Expired);
        let mut late = self::code();
        assert!(!late.decide(Answer::Denied, at(900)));
        let mut denied = self::code();
        assert!(denied.decide(Answer::Denied, at(1)));
        assert_eq!(denied.poll(at(1)), Polled::Denied);
    }
}
