//! Listeners and clients: TLS, peer certificates, trust anchors, time-outs and the clock handle.
//!
//! Only this room names rustls. It knows no routes: a listener serves whatever [`axum::Router`] (or tower service) it
//! is handed, and a client sends whatever request it is handed.
//!
//! - [`Clock`]: what time it is, and waiting for a time, in a form that tests can turn by hand.
//! - [`Points`]: where the program is, for tests that end it there.
//! - [`TrustAnchors`], [`Identity`], [`ServerIdentity`]: whom we believe, and who we are.
//! - [`listen`]: the accept loop, with limits and a graceful stop; it hands on [`PeerCertificates`] and [`PeerAddr`].
//! - [`client`]: HTTP clients by reqwest; [`client::Http2Client`], one held HTTP/2 connection; and
//!   [`client::TlsClient`], the handshake alone for other protocols.
//! - [`Shares`]: how much of something one address may have.
//! - [`forwarded`]: a device's certificate as told by a proxy in front of us.
//!
//! TLS proves possession of a key and nothing more. Whether a certificate is ours, current and bound to this device
//! is for the rules to decide.

mod clock;
mod error;
mod identity;
mod peer;
mod points;
mod share;
#[cfg(test)]
mod testing;
mod trust;

pub mod client;
pub mod forwarded;
pub mod listen;

pub use clock::Clock;
pub use error::NetError;
pub use identity::{Identity, ServerIdentity};
pub use listen::{Limits, ListenConfig, Listener, Port, ServerTls, Stopped};
pub use peer::{PeerAddr, PeerCertificates};
pub use points::{Points, Watch};
pub use share::{Share, Shares};
pub use tokio_util::sync::CancellationToken;
pub use trust::TrustAnchors;

/// The cryptography behind every TLS connection: aws-lc-rs, the one library of the house.
fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    use std::sync::{Arc, OnceLock};
    static PROVIDER: OnceLock<Arc<rustls::crypto::CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())).clone()
}
