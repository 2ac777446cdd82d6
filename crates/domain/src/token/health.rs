//! Health of a token: what Apple last said about it, and its date (R24, R27; lessons 26, 27).

use crate::{Limits, Time};

use super::{Health, Standing, Token};

/// What a call to Apple said about the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An answer that only a good token gets.
    Good,
    /// 401 at `/session`, in Apple's words.
    Rejected(String),
    /// `T_C_NOT_SIGNED`.
    TermsNotSigned,
    /// `ACCESS_DENIED`, in Apple's words.
    Refused(String),
}

/// Health with the words behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHealth {
    /// In one word.
    pub health: Health,
    /// What happened and what to do.
    pub words: String,
    /// Since when, where that is known.
    pub since: Option<Time>,
}

impl Standing {
    /// What it becomes by what was heard. The beginning of a row stays while the row goes on.
    #[must_use]
    pub fn after(&self, heard: Heard, now: Time) -> Self {
        match (heard, self) {
            (Heard::Good, _) => Standing::Good,
            (Heard::Rejected(words), Standing::Rejected { since, times, .. }) => {
                Standing::Rejected { since: *since, times: times.saturating_add(1), words }
            }
            (Heard::Rejected(words), _) => Standing::Rejected { since: now, times: 1, words },
            (Heard::TermsNotSigned, Standing::TermsNotAccepted { since }) => {
                Standing::TermsNotAccepted { since: *since }
            }
            (Heard::TermsNotSigned, _) => Standing::TermsNotAccepted { since: now },
            (Heard::Refused(words), Standing::Refused { since, .. }) => {
                Standing::Refused { since: *since, words }
            }
            (Heard::Refused(words), _) => Standing::Refused { since: now, words },
        }
    }
}

impl Token {
    /// Its health at `now`: the worst that holds.
    pub fn health(&self, now: Time, limits: &Limits) -> TokenHealth {
        let Some(server) = &self.server else {
            return told(Health::Draft, None, "no token file has been uploaded yet (R18)".into());
        };
        let ends = server.expires_at.rfc3339();
        match &self.standing {
            Standing::Rejected { since, times, words } if *times >= limits.rejections_before_alarm => told(
                Health::Rejected,
                Some(*since),
                format!(
                    "Apple rejects the token ({words}); download a new one of the same server and renew it here (R24)"
                ),
            ),
            Standing::Refused { since, words } => told(
                Health::Rejected,
                Some(*since),
                format!(
                    "Apple refuses the token ({words}); check the server's rights at Apple, or renew the token (R24)"
                ),
            ),
            _ if server.expires_at <= now => told(
                Health::Expired,
                Some(server.expires_at),
                format!("the token ran out at {ends}; renew it (R24)"),
            ),
            Standing::TermsNotAccepted { since } => told(
                Health::TermsNotAccepted,
                Some(*since),
                format!(
                    "{} has not accepted Apple's new terms: an administrator of it must do so at Apple",
                    self.organization()
                ),
            ),
            _ if server.expires_at.minus(limits.token_warning) <= now => {
                told(Health::Expiring, None, format!("the token runs out at {ends}; renew it before (R24)"))
            }
            _ => told(Health::Valid, None, format!("valid until {ends}")),
        }
    }

    /// The organisation as Apple calls it, or a word in its place.
    pub fn organization(&self) -> &str {
        let account = self.server.as_ref().and_then(|server| server.account.as_ref());
        account.and_then(|account| account.org_name.as_deref()).unwrap_or("the organisation")
    }

    /// `tokenType`: what kind of organisation it is of.
    pub fn token_type(&self) -> &'static str {
        let account =
            self.server.as_ref().map(|server| server.account.as_ref().and_then(|a| a.org_type.as_deref()));
        match account {
            None => "none",
            Some(Some("edu")) => "appleSchoolManager",
            Some(_) => "dep",
        }
    }
}

fn told(health: Health, since: Option<Time>, words: String) -> TokenHealth {
    TokenHealth { health, words, since }
}
