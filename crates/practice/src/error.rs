//! What can go wrong with practice itself.

/// Why practice Apple could not do what it was told. Texts read on from "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A listener or a client of ours.
    #[error(transparent)]
    Net(#[from] net::NetError),
    /// A key or a certificate.
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// A portal action that is not allowed.
    #[error(transparent)]
    Portal(#[from] crate::apple::PortalFault),
    /// A push certificate request that is none.
    #[error("read the certificate request: {0}")]
    PushCertRequest(&'static str),
    /// A renewal by somebody else than who made it, or of what was never made.
    #[error("renew the push certificate {0}: no such certificate of this Apple Account")]
    RenewalRefused(String),
}

/// The result of everything in practice that can fail.
pub type Result<T> = std::result::Result<T, Error>;
