//! Links that let somebody set up an account: the first administrator's, a new one's, or one's that was locked out.

use std::time::Duration;

use crate::{TenantId, Time, UserId};

/// Life of a link.
pub const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A link; it is deleted when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Hash of the secret in the link.
    pub hash: String,
    /// Whose account it sets up; none: the tenant's first administrator's, who chooses the names too.
    pub user: Option<UserId>,
    /// When it was made.
    pub created_at: Time,
}

impl Invitation {
    /// When its time is over.
    #[must_use]
    pub fn expires_at(&self) -> Time {
        self.created_at.plus(LIFE)
    }

    /// Whether it is good now. The first administrator's is not when there is one already.
    #[must_use]
    pub fn is_good(&self, has_administrator: bool, now: Time) -> bool {
        now < self.expires_at() && (self.user.is_some() || !has_administrator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refuses: O
    #[test]
    fn a_link_is_good_for_a_day_and_the_first_ones_until_there_is_an_administrator() {
        let link = |user: Option<&str>| Invitation {
            tenant: "t".parse().unwrap(),
            hash: "h".into(),
            user: user.map(|id| id.parse().unwrap()),
            created_at: Time::from_unix(0),
        };
        let at = Time::from_unix;
        assert!(link(None).is_good(false, at(86_399)) && !link(None).is_good(false, at(86_400)));
        assert!(!link(None).is_good(true, at(1)));
        assert!(link(Some("u")).is_good(true, at(1)) && !link(Some("u")).is_good(true, at(86_400)));
    }
}
