//! People who sign in, in Graph's words (`user`), and what they prove themselves with.

pub mod methods;
pub mod password;

use crate::{TenantId, Time, UserId};

/// Longest `userPrincipalName`, in characters, as in Graph.
const NAME_LEN_MAX: usize = 113;
/// Longest `displayName`, in characters, as in Graph.
const DISPLAY_NAME_LEN_MAX: usize = 256;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Whose.
    pub tenant: TenantId,
    /// Directory id.
    pub id: UserId,
    /// Counts changes.
    pub version: i64,
    /// The name they sign in with, such as `ada@example.com`; unique in its tenant, whatever its case.
    pub user_principal_name: String,
    /// For people.
    pub display_name: String,
    /// An e-mail address.
    pub mail: Option<String>,
    /// Whether they may sign in.
    pub account_enabled: bool,
    /// What they may do.
    pub roles: Vec<String>,
    /// `signInSessionsValidFromDateTime`: what was given to them before is good no more.
    pub sessions_valid_from: Time,
    /// When they were added.
    pub created_at: Time,
}

impl User {
    /// Ends every session and every token of theirs.
    pub fn revoke_sessions(&mut self, now: Time) {
        self.sessions_valid_from = now;
    }

    /// Changes what they may do, which ends every session of theirs: none shall go on with rights that were taken.
    pub fn set_roles(&mut self, roles: Vec<String>, now: Time) {
        if self.roles != roles {
            self.roles = roles;
            self.revoke_sessions(now);
        }
    }

    /// Lets them sign in, or ends that and every session of theirs.
    pub fn set_enabled(&mut self, enabled: bool, now: Time) {
        if self.account_enabled && !enabled {
            self.revoke_sessions(now);
        }
        self.account_enabled = enabled;
    }
}

/// What a person cannot be called. Reads on from "failed to".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a `userPrincipalName`.
    #[error(
        "accept the user name: it has the form name@domain, of at most {NAME_LEN_MAX} characters and without spaces"
    )]
    UserPrincipalName,
    /// Not a `displayName`.
    #[error("accept the display name: it takes 1 to {DISPLAY_NAME_LEN_MAX} characters")]
    DisplayName,
}

/// Reads a `userPrincipalName`.
///
/// # Errors
/// [`NameError::UserPrincipalName`].
pub fn user_principal_name(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    let is_plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let parts = text.split_once('@').filter(|(name, domain)| is_plain(name) && is_plain(domain));
    match parts.is_some() && text.chars().count() <= NAME_LEN_MAX {
        true => Ok(text.to_owned()),
        false => Err(NameError::UserPrincipalName),
    }
}

/// Reads a `displayName`.
///
/// # Errors
/// [`NameError::DisplayName`].
pub fn display_name(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    let fits = (1..=DISPLAY_NAME_LEN_MAX).contains(&text.chars().count());
    match fits && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(NameError::DisplayName),
    }
}

/// A name as names are compared: without its case.
#[must_use]
pub fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
