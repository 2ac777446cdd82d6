//! TLS from the client's side over a stream that somebody else has opened: for protocols other than HTTP.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
pub use tokio_rustls::client::TlsStream;

use crate::error::{certificate_refused, chain};
use crate::{Identity, NetError, TrustAnchors};

/// Does handshakes. The server's chain and name are always verified; there is no way around that. Cloning is cheap,
/// and all clones resume each other's sessions.
#[derive(Clone)]
pub struct TlsClient(TlsConnector);

/// A stream after its handshake.
#[derive(Debug)]
pub struct Secured<S> {
    /// What is written here arrives encrypted.
    pub stream: TlsStream<S>,
    /// The `tls-server-end-point` channel binding (RFC 5929 section 4): 32 to 64 bytes. `None` for a certificate of a
    /// kind that `pki` does not read, such as one signed by Ed25519, for which none is defined.
    pub end_point: Option<Vec<u8>>,
}

impl TlsClient {
    /// A client that believes `trust`, shows `identity` if asked, and offers the protocols `alpn` (RFC 7301), best
    /// first. A server that knows nothing of ALPN is taken all the same.
    ///
    /// # Errors
    /// [`NetError::Tls`] if the settings are refused.
    pub fn new(
        trust: &TrustAnchors,
        identity: Option<&Identity>,
        alpn: &[&[u8]],
    ) -> Result<TlsClient, NetError> {
        let config = trust.client_config(identity, alpn)?;
        Ok(TlsClient(TlsConnector::from(Arc::new(config))))
    }

    /// Shakes hands over `stream` with the server `host`, a DNS name or an IP address without brackets. Takes as long
    /// as the other side: the caller sets the limit.
    ///
    /// # Errors
    /// [`NetError::Untrusted`] if the certificate is not to be believed, [`NetError::Refused`] if ours is not,
    /// [`NetError::Connect`] for anything else.
    pub async fn connect<S>(&self, host: &str, stream: S) -> Result<Secured<S>, NetError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| NetError::Connect {
            host: host.to_owned(),
            words: "it is neither a DNS name nor an IP address".to_owned(),
        })?;
        let stream = self.0.connect(name, stream).await.map_err(|error| failure(host, &error))?;
        let end_point = end_point(&stream);
        Ok(Secured { stream, end_point })
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").finish_non_exhaustive()
    }
}

fn end_point<S>(stream: &TlsStream<S>) -> Option<Vec<u8>> {
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    pki::x509::Certificate::from_der(certificate).ok()?.tls_server_end_point()
}

/// Why the handshake with `host` failed.
fn failure(host: &str, error: &io::Error) -> NetError {
    let host = host.to_owned();
    if let Some(words) = disbelief(error) {
        return NetError::Untrusted { host, words };
    }
    match certificate_refused(error) {
        Some(words) => NetError::Refused { host, words },
        None => NetError::Connect { host, words: chain(error) },
    }
}

/// What is wrong with the server's certificate, if that is what ended the handshake.
fn disbelief(error: &io::Error) -> Option<String> {
    use rustls::{CertificateError, Error};
    let Error::InvalidCertificate(reason) = error.get_ref()?.downcast_ref::<Error>()? else {
        return None;
    };
    Some(match reason {
        CertificateError::UnknownIssuer => "none of the authorities that we trust issued it".to_owned(),
        reason => reason.to_string(),
    })
}
