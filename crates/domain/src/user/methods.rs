//! What a person proves themselves with (Graph's `authentication/methods`): a password, codes that a phone makes, and
//! codes on paper for the day the phone is gone. The secrets themselves are elsewhere, sealed.

use serde::{Deserialize, Serialize};

use crate::{TenantId, Time, UserId};

/// Recovery codes that are made at a time.
pub const RECOVERY_CODES: usize = 10;

/// The methods of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Whose.
    pub user: UserId,
    /// Counts changes, so that of two sign-ins with one code one is refused.
    pub version: i64,
    /// Since when there is a password.
    pub password_at: Option<Time>,
    /// Since when codes of a phone are asked for.
    pub totp_at: Option<Time>,
    /// The step of the last code that was used; earlier ones are used up with it.
    pub totp_last_step: i64,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// Who they are at the organisation's own identity provider.
    pub external: Option<External>,
}

/// Somebody at an OpenID provider: its issuer and their subject there, which stays when names change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
}

impl Methods {
    /// Those of somebody who has none yet.
    #[must_use]
    pub fn none(tenant: TenantId, user: UserId) -> Self {
        Self {
            tenant,
            user,
            version: 1,
            password_at: None,
            totp_at: None,
            totp_last_step: 0,
            recovery: Vec::new(),
            external: None,
        }
    }

    /// Whether a second factor is asked for.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.totp_at.is_some()
    }

    /// Uses a code of this step; whether it was not used before, nor a later one.
    pub fn use_step(&mut self, step: i64) -> bool {
        let is_new = step > self.totp_last_step;
        if is_new {
            self.totp_last_step = step;
        }
        is_new
    }

    /// Uses the recovery code with this hash; whether it was one that is left.
    pub fn use_recovery(&mut self, hash: &str) -> bool {
        let before = self.recovery.len();
        self.recovery.retain(|left| left != hash);
        self.recovery.len() < before
    }

    /// Begins anew with codes of another phone, and with recovery codes of these hashes.
    pub fn enrol(&mut self, step: i64, recovery: Vec<String>, now: Time) {
        self.totp_at = Some(now);
        self.totp_last_step = step;
        self.recovery = recovery;
    }

    /// Takes every method away: whoever gets the next invitation chooses all anew.
    pub fn clear(&mut self) {
        *self = Self { version: self.version, ..Self::none(self.tenant.clone(), self.user.clone()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods() -> Methods {
        let mut methods = Methods::none("t".parse().unwrap(), "u".parse().unwrap());
        methods.enrol(100, vec!["a".into(), "b".into()], Time::from_unix(1));
        methods
    }

    /// Refuses: O
    #[test]
    fn a_code_is_good_once_and_uses_up_those_before_it() {
        let mut methods = methods();
        assert!(!methods.use_step(100), "it proved the phone when that was enrolled");
        assert!(methods.use_step(102));
        assert!(!methods.use_step(102));
        assert!(!methods.use_step(101));
        assert!(methods.use_step(103));
    }

    /// Refuses: O
    #[test]
    fn a_recovery_code_is_good_once() {
        let mut methods = methods();
        assert!(methods.use_recovery("a"));
        assert!(!methods.use_recovery("a"));
        assert!(!methods.use_recovery(""));
        assert_eq!(methods.recovery, ["b"]);
    }

    #[test]
    fn nothing_is_left_of_methods_that_were_taken_away() {
        let mut methods = methods();
        methods.clear();
        assert!(!methods.has_second_factor() && methods.recovery.is_empty());
    }
}
