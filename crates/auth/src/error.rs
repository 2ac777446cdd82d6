//! What can go wrong here.

use domain::Time;
use domain::user::NameError;
use domain::user::password::PasswordError;
use store::{Retryable, StoreError};

use crate::GrantError;

/// Why a caller is not let in, or an application or a person not added. Reads on from "failed to". No text holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The tenant, the client id, the secret or the assertion is wrong; which of them is not told.
    #[error("sign in: no application of this tenant has this client id and this secret or certificate")]
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
    /// A name that an application or a credential cannot have.
    #[error("name the application or its credential: it takes 1 to 120 characters")]
    Name,
    /// There is no such application.
    #[error("find an application of this tenant with this client id")]
    NoApplication,
    /// A credential that cannot be.
    #[error("add the credential: {0}")]
    Credential(&'static str),
    /// Name, password or code is wrong, or the account is disabled; which of them is not told.
    #[error("sign in: the name, the password or the code is wrong, or the account may not sign in")]
    NotSignedIn,
    /// A program gets no token for a person.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The organisation's identity provider, or what it says of somebody.
    #[error("sign in by the identity provider: {0}")]
    Provider(String),
    /// Too many sign in at this moment.
    #[error("sign in: too many others do at this moment; try again in some seconds")]
    Busy,
    /// The session is over, or has not come so far.
    #[error("go on: the session is over; sign in again")]
    Session,
    /// The link was used, or replaced by a newer one, or its day is over.
    #[error("use this link: it was used, or replaced by a newer one, or its day is over")]
    Link,
    /// Somebody has this user name.
    #[error("add the account: somebody of this tenant has that user name")]
    Taken,
    /// One person too many.
    #[error("add the account: the tenant has 10000 already")]
    TooManyUsers,
    /// There is no such person.
    #[error("find an account of this tenant with this user name")]
    NoUser,
    /// A name that nobody can have.
    #[error(transparent)]
    User(#[from] NameError),
    /// A password that nobody should have.
    #[error(transparent)]
    Password(#[from] PasswordError),
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
