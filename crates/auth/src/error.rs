//! What can go wrong here.

use domain::Time;
use store::{Retryable, StoreError};

/// Why a caller is not let in, or an application not made. Reads on from "failed to". No text holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The tenant, the client id or the secret is wrong; which of them is not told.
    #[error("sign in: no application of this tenant has this client id and secret")]
    Refused,
    /// Too many wrong secrets.
    #[error("sign in: too many wrong secrets; the next attempt is allowed at {}", .until.rfc3339())]
    Throttled {
        /// When the next attempt is looked at.
        until: Time,
    },
    /// The bearer token is not one of ours, or no longer.
    #[error("accept the bearer token: {0}")]
    Token(&'static str),
    /// A name that an application cannot have.
    #[error("name the application: it takes 1 to 120 characters")]
    Name,
    /// The store's own trouble.
    #[error("{0}")]
    Store(StoreError),
    /// No randomness, or a signature could not be made.
    #[error("use a key: {0}")]
    Crypto(String),
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<pki::Error> for AuthError {
    fn from(error: pki::Error) -> Self {
        Self::Crypto(error.to_string())
    }
}

impl Retryable for AuthError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}
