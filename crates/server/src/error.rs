//! Why a server does not start.

/// Reads on from "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The key that signs bearer tokens.
    #[error("open the API for applications: failed to {0}")]
    Gate(String),
}
