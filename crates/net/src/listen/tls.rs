//! TLS of a listener: which identity to show, and whether to ask for the client's.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{Acceptor as HelloReader, ServerConfig};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::{NetError, ServerIdentity, provider};

/// TLS of a listener. Names are those a client sends in its hello (SNI).
///
/// Devices have a name of their own where certificates are asked for, so that a person's browser never is.
#[derive(Clone, Debug)]
pub struct ServerTls {
    identity: ServerIdentity,
    ask: bool,
    names: HashMap<String, Site>,
}

#[derive(Clone, Debug)]
struct Site {
    identity: ServerIdentity,
    ask: bool,
}

impl ServerTls {
    /// Shows `identity`, and asks no client for a certificate.
    #[must_use]
    pub fn new(identity: impl Into<ServerIdentity>) -> ServerTls {
        ServerTls { identity: identity.into(), ask: false, names: HashMap::new() }
    }

    /// Asks clients for a certificate, under every name without settings of its own. A client may have none; one
    /// that shows a certificate must hold its key, and no more is checked.
    #[must_use]
    pub fn asking_for_certificates(mut self) -> ServerTls {
        self.ask = true;
        self
    }

    /// Under `name`, shows `identity` and asks for the client's certificate if `ask`.
    #[must_use]
    pub fn with_name(mut self, name: &str, identity: impl Into<ServerIdentity>, ask: bool) -> ServerTls {
        let site = Site { identity: identity.into(), ask };
        self.names.insert(name.to_ascii_lowercase(), site);
        self
    }
}

/// Ready TLS settings, one for each name, so that a ticket of one name is worth nothing under another.
#[derive(Debug)]
pub(super) struct Acceptor {
    default: Arc<ServerConfig>,
    names: HashMap<String, Arc<ServerConfig>>,
}

impl Acceptor {
    pub(super) fn new(tls: ServerTls) -> Result<Acceptor, NetError> {
        let names = tls
            .names
            .into_iter()
            .map(|(name, site)| Ok((name, config(site.identity, site.ask)?)))
            .collect::<Result<_, NetError>>()?;
        Ok(Acceptor { default: config(tls.identity, tls.ask)?, names })
    }

    /// Shakes hands as the name the client asks for.
    pub(super) async fn accept<T>(&self, stream: T) -> io::Result<TlsStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let hello = LazyConfigAcceptor::new(HelloReader::default(), stream).await?;
        let config = hello
            .client_hello()
            .server_name()
            .and_then(|name| self.names.get(&name.to_ascii_lowercase()))
            .unwrap_or(&self.default);
        hello.into_stream(Arc::clone(config)).await
    }
}

fn config(identity: ServerIdentity, ask: bool) -> Result<Arc<ServerConfig>, NetError> {
    let refused = |e: Error| NetError::Tls(e.to_string());
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = if ask {
        builder.with_client_cert_verifier(Arc::new(PossessionOnly))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::new(identity));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A resumed session saves a third of the handshake and brings the client's certificates back with it.
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(refused)?;
    Ok(Arc::new(config))
}

/// Takes any client certificate whose key signed this handshake. Chain, dates and purpose are the rules' business: an
/// identity that expired while the device was in a drawer must still get as far as its renewal.
#[derive(Debug)]
struct PossessionOnly;

impl ClientCertVerifier for PossessionOnly {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
