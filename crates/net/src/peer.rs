//! What a listener tells the service about the other side, as request extensions.

use std::net::SocketAddr;
use std::sync::Arc;

/// The address of the client: of the connection, or of the client behind it when a trusted proxy names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The certificates a client presented, DER, its own first. It holds the key of the first; nothing else is checked.
///
/// The extension is absent when the client presented none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificates(Arc<[Vec<u8>]>);

impl PeerCertificates {
    /// Certificates as presented, the client's own first; `None` of an empty list.
    #[must_use]
    pub fn new(chain: Vec<Vec<u8>>) -> Option<PeerCertificates> {
        (!chain.is_empty()).then(|| PeerCertificates(chain.into()))
    }

    /// The client's own certificate, DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.0.first().map_or(&[], Vec::as_slice)
    }

    /// All certificates presented, DER, the client's own first.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.0
    }
}
