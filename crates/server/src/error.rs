//! Why a server does not start.

/// Reads on from "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The key that signs bearer tokens.
    #[error("open the API for applications: failed to {0}")]
    Gate(String),
    /// The organisation's own identity provider.
    #[error("set up sign-in for people: failed to {0}")]
    Provider(String),
}
