//! What the tests of this room share: identities from `fixtures/`, a served listener, a client that sees its handshake.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::{ClientConfig, HandshakeKind};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::listen::{ListenConfig, Listener, ServerTls, Stopped};
use crate::{Identity, TrustAnchors};

/// Long enough for anything on loopback, short enough not to hang a build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $name))
    };
}

pub(crate) fn first() -> Identity {
    Identity::from_pem(fixture!("first.pem"), fixture!("first.key")).unwrap()
}

pub(crate) fn second() -> Identity {
    Identity::from_pem(fixture!("second.pem"), fixture!("second.key")).unwrap()
}

/// Self-signed, expired in 2001.
pub(crate) fn device() -> Identity {
    Identity::from_pem(fixture!("device.pem"), fixture!("device.key")).unwrap()
}

pub(crate) const DEVICE_PEM: &[u8] = fixture!("device.pem");
pub(crate) const FIRST_PEM: &[u8] = fixture!("first.pem");
pub(crate) const FIRST_KEY: &[u8] = fixture!("first.key");
pub(crate) const DEVICE_KEY: &[u8] = fixture!("device.key");
pub(crate) const AUTHORITY_PEM: &[u8] = fixture!("authority.pem");

pub(crate) fn authority() -> TrustAnchors {
    TrustAnchors::from_pem(AUTHORITY_PEM).unwrap()
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

pub(crate) fn plain() -> ListenConfig {
    ListenConfig::plain(loopback())
}

pub(crate) fn secured(tls: ServerTls) -> ListenConfig {
    ListenConfig::tls(loopback(), tls)
}

/// A listener being served.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<Stopped>,
}

impl Served {
    pub(crate) async fn start(config: ListenConfig, router: Router) -> Served {
        let listener = Listener::bind(config).await.unwrap();
        let address = listener.local_addr();
        let stop = CancellationToken::new();
        let task = tokio::spawn(listener.serve(router, stop.clone()));
        Served { address, stop, task }
    }

    pub(crate) async fn stopped(self) -> Stopped {
        self.stop.cancel();
        soon(self.task).await.unwrap()
    }

    pub(crate) fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{}{path}", self.address)
    }
}

/// Fails the test if `future` takes longer than anything on loopback may.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long")
}

/// One HTTP/1.1 exchange over TLS, with what the client saw of the handshake.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) answer: String,
    pub(crate) kind: HandshakeKind,
    pub(crate) server: Vec<u8>,
}

/// `GET /` of the listener at `address` as `name`.
pub(crate) async fn get_as(
    config: &Arc<ClientConfig>,
    address: SocketAddr,
    name: &str,
) -> std::io::Result<Seen> {
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let tls = stream.get_ref().1;
    Ok(Seen {
        answer,
        kind: tls.handshake_kind().unwrap(),
        server: tls.peer_certificates().unwrap()[0].to_vec(),
    })
}

/// Sends `bytes` and reads until the other side closes.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut may end in a reset; what came before is what counts.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The client TLS settings of the tests: believes the fixture authority, speaks HTTP/1.1.
pub(crate) fn tls_client(identity: Option<&Identity>) -> Arc<ClientConfig> {
    Arc::new(authority().client_config(identity, &[b"http/1.1"]).unwrap())
}

/// A service whose answer is made from the request's head.
pub(crate) fn telling(
    tell: impl Fn(&http::request::Parts) -> String + Clone + Send + Sync + 'static,
) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request: http::Request<axum::body::Body>| {
        let told = tell(&request.into_parts().0);
        async move { Ok::<_, Infallible>(http::Response::new(axum::body::Body::from(told))) }
    }))
}

/// Shows one identity's certificate and signs with another's key.
pub(crate) fn thief(shown: &Identity, held: &Identity) -> Arc<dyn rustls::client::ResolvesClientCert> {
    shown.with_key_of(held).client_resolver()
}

/// The fixture authority as rustls wants it.
pub(crate) fn roots() -> Arc<rustls::RootCertStore> {
    let mut store = rustls::RootCertStore::empty();
    let pem = crate::trust::pem_certificates(AUTHORITY_PEM).unwrap();
    store.add_parsable_certificates(pem);
    Arc::new(store)
}

/// TLS settings of a server that refuses every client certificate but its own
pub(crate) fn refusing_server(
    protocol: &'static rustls::SupportedProtocolVersion,
) -> Arc<rustls::ServerConfig> {
    server(protocol, b"h2", true)
}

/// TLS settings of a server that knows no HTTP/2.
pub(crate) fn http1_server() -> Arc<rustls::ServerConfig> {
    server(&rustls::version::TLS13, b"http/1.1", false)
}

fn server(
    protocol: &'static rustls::SupportedProtocolVersion,
    alpn: &[u8],
    refuse: bool,
) -> Arc<rustls::ServerConfig> {
    let builder = rustls::ServerConfig::builder_with_provider(crate::provider())
        .with_protocol_versions(&[protocol])
        .unwrap();
    let builder = if refuse {
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(roots(), crate::provider());
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::new(crate::ServerIdentity::new(first())));
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config)
}
