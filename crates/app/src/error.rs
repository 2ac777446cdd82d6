//! What can go wrong in a use case, in words an administrator can act on.

use domain::Time;
use store::{Retryable, StoreError};

/// Why a use case was not carried out. Words read on from "failed to ..." or stand alone after a colon; none holds a
/// secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AppError {
    /// There is no such thing in this tenant.
    #[error("find {what}")]
    NotFound {
        /// What was looked for, e.g. `the profile 4f…`.
        what: String,
    },
    /// A value breaks a rule.
    #[error("accept {target}: {words}")]
    Invalid {
        /// The setting under its name in Graph.
        target: String,
        /// The rule, and the requirement it comes from.
        words: String,
    },
    /// It contradicts what is there.
    #[error("do this now: {words}")]
    Conflict {
        /// What stands in the way, and what to do about it.
        words: String,
    },
    /// The caller may not, or the order of things forbids it.
    #[error("allow this: {words}")]
    Refused {
        /// Why, and what to do instead.
        words: String,
    },
    /// Asked again too early.
    #[error("start so soon: {words}")]
    TooSoon {
        /// Which limit.
        words: String,
        /// When it is allowed.
        next_at: Time,
    },
    /// It goes further than asked for; ask again with a confirmation.
    #[error("go on without confirmation: {words}")]
    NeedsConfirmation {
        /// What would happen.
        words: String,
    },
    /// Apple said no or did not answer.
    #[error("get this done at Apple: {words}")]
    Apple {
        /// Apple's words, and what to do.
        words: String,
    },
    /// Too much is waiting here: try again in a moment.
    #[error("take more work: too much is waiting")]
    Busy,
    /// The store's own trouble.
    #[error("{0}")]
    Store(StoreError),
    /// Ours, with words for the log.
    #[error("carry on: {0}")]
    Internal(String),
}

impl AppError {
    /// [`AppError::NotFound`].
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// [`AppError::Invalid`].
    pub fn invalid(target: impl Into<String>, words: impl Into<String>) -> Self {
        Self::Invalid { target: target.into(), words: words.into() }
    }

    /// [`AppError::Conflict`].
    pub fn conflict(words: impl Into<String>) -> Self {
        Self::Conflict { words: words.into() }
    }

    /// [`AppError::Refused`].
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused { words: words.into() }
    }

    /// [`AppError::Internal`].
    pub fn internal(words: impl Into<String>) -> Self {
        Self::Internal(words.into())
    }
}

impl From<pki::Error> for AppError {
    fn from(error: pki::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            other => Self::Store(other),
        }
    }
}

impl Retryable for AppError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }

    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
