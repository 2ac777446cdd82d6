//! Refresh tokens: each is good once and is replaced by the next of its family. One that comes again was copied, and ends
//! the family: nobody knows which of the two is the thief (RFC 9700 section 4.14.2).

use std::time::Duration;

use crate::{TenantId, Time, UserId};

/// Life of a token that is not used, as in Microsoft Entra for a day-to-day program.
pub const LIFE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Life of a family: then the person is asked again.
pub const FAMILY_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Hash of what the program holds.
    pub hash: String,
    /// What all that came of one sign-in have in common.
    pub family: String,
    /// Client id of the program.
    pub application: String,
    /// For whom it acts.
    pub user: UserId,
    /// What it may ask for.
    pub scope: String,
    /// When the person signed in.
    pub family_at: Time,
    /// When it was made.
    pub created_at: Time,
    /// When it was used.
    pub used_at: Option<Time>,
}

/// What comes of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It is good, and used up with this.
    Good,
    /// It was used before: its family ends.
    Reused,
    /// It is over, or the person's sessions were ended since.
    Over,
}

impl RefreshToken {
    /// When it is over.
    #[must_use]
    pub fn expires_at(&self) -> Time {
        self.created_at.plus(LIFE).min(self.family_at.plus(FAMILY_LIFE))
    }

    /// Uses it, for somebody whose earlier sessions were ended at `valid_from`.
    #[must_use]
    pub fn used(&self, valid_from: Time, now: Time) -> Used {
        if self.used_at.is_some() {
            return Used::Reused;
        }
        match self.family_at >= valid_from && now < self.expires_at() {
            true => Used::Good,
            false => Used::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(created: i64) -> RefreshToken {
        RefreshToken {
            tenant: "t".parse().unwrap(),
            hash: "h".into(),
            family: "f".into(),
            application: "app".into(),
            user: "u".parse().unwrap(),
            scope: String::new(),
            family_at: Time::from_unix(0),
            created_at: Time::from_unix(created),
            used_at: None,
        }
    }

    #[test]
    fn a_token_ends_by_itself_and_with_its_family() {
        let day = 86_400;
        let used = |created, now| token(created).used(Time::EPOCH, Time::from_unix(now));
        assert_eq!((used(0, 14 * day - 1), used(0, 14 * day)), (Used::Good, Used::Over));
        assert_eq!((used(80 * day, 90 * day - 1), used(80 * day, 90 * day)), (Used::Good, Used::Over));
    }

    /// Refuses: F
    #[test]
    fn a_token_that_comes_again_is_known_to_have_been_copied() {
        let again = RefreshToken { used_at: Some(Time::from_unix(1)), ..token(0) };
        assert_eq!(again.used(Time::EPOCH, Time::from_unix(2)), Used::Reused);
    }

    /// Refuses: O
    #[test]
    fn a_token_from_before_all_sessions_were_ended_is_over() {
        assert_eq!(token(5).used(Time::from_unix(1), Time::from_unix(6)), Used::Over);
    }
}
