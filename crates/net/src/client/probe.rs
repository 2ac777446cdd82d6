//! One look at a server, for diagnosis: how far a client gets, and what it sees on the way.
//!
//! A client proper says "failed to connect". Who has to mend it must know whether the name, the route, the
//! certificate or the program behind it is at fault.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HOST, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::chain;
use crate::{NetError, TrustAnchors, provider};

/// Most of an answer that is read: a word about health, not a document.
const ANSWER_BYTES: usize = 4 * 1024;

/// Where to look, and as whom.
#[derive(Clone, Debug)]
pub struct Look {
    /// `https://host[:port]/path`, or `http:`.
    pub url: String,
    /// Connect here in place of the address that the name stands for; the name is verified all the same.
    pub at: Option<SocketAddr>,
    /// Whom to believe.
    pub trust: TrustAnchors,
    /// For each of: name look-up, TCP, TLS, answer.
    pub patience: Duration,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who was spoken to.
    pub address: SocketAddr,
    /// `TLS 1.3`; none: plain HTTP.
    pub tls: Option<&'static str>,
    /// DER of the server's certificate.
    pub certificate: Option<Vec<u8>>,
    /// HTTP status.
    pub status: u16,
    /// The header `Date`, as it came.
    pub date: Option<String>,
    /// The first bytes of the answer.
    pub body: String,
}

/// What is wrong with a certificate that a client does not believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// Nobody whom we trust issued it.
    UnknownIssuer,
    /// Something else, in the library's words.
    Other(String),
}

/// How far the look came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Not a URL to look at.
    #[error("use the URL {0}")]
    Url(String),
    /// Nobody knows the name.
    #[error("find the address of {host}: {words}")]
    Name {
        /// The name.
        host: String,
        /// The resolver's words.
        words: String,
    },
    /// Nobody takes the call.
    #[error("connect to {address}: {words}")]
    Connect {
        /// Which address was tried last.
        address: SocketAddr,
        /// The operating system's words.
        words: String,
    },
    /// The certificate is not to be believed.
    #[error("believe the certificate of {host}: {reason:?}")]
    Distrusted {
        /// The name it was to be for.
        host: String,
        /// What is wrong with it.
        reason: Distrust,
        /// DER of it, as it was shown.
        certificate: Option<Vec<u8>>,
    },
    /// No TLS.
    #[error("agree on TLS with {host}: {words}")]
    Tls {
        /// The name.
        host: String,
        /// Why not.
        words: String,
    },
    /// No answer of HTTP.
    #[error("hear an answer of {host}: {words}")]
    Answer {
        /// The name.
        host: String,
        /// Why not.
        words: String,
    },
}

/// Looks once. It sends one GET without anybody's credentials.
///
/// # Errors
/// [`Blocked`]: where it ended.
pub async fn look(look: &Look) -> Result<Seen, Blocked> {
    let bad = || Blocked::Url(look.url.clone());
    let uri: Uri = look.url.parse().map_err(|_| bad())?;
    let host = uri.host().ok_or_else(bad)?.trim_matches(['[', ']']).to_owned();
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(bad()),
    };
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let (stream, address) = connect(look, &host, port).await?;
    if !secure {
        let answer = ask(look, &uri, &host, stream).await?;
        return Ok(Seen { address, tls: None, certificate: None, ..answer.seen(address) });
    }
    let (stream, tls, certificate) = shake_hands(look, &host, stream).await?;
    let answer = ask(look, &uri, &host, stream).await?;
    Ok(Seen { tls: Some(tls), certificate, ..answer.seen(address) })
}

async fn connect(look: &Look, host: &str, port: u16) -> Result<(TcpStream, SocketAddr), Blocked> {
    let addresses = match look.at {
        Some(address) => vec![address],
        None => resolve(look, host, port).await?,
    };
    let mut last = Blocked::Name { host: host.to_owned(), words: "it stands for no address".to_owned() };
    for address in addresses {
        let failed = |words: String| Blocked::Connect { address, words };
        match tokio::time::timeout(look.patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(error)) => last = failed(chain(&error)),
            Err(_) => last = failed(format!("nobody answers within {:?}", look.patience)),
        }
    }
    Err(last)
}

async fn resolve(look: &Look, host: &str, port: u16) -> Result<Vec<SocketAddr>, Blocked> {
    let failed = |words: String| Blocked::Name { host: host.to_owned(), words };
    let found = tokio::time::timeout(look.patience, tokio::net::lookup_host((host, port)));
    match found.await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(failed(chain(&error))),
        Err(_) => Err(failed(format!("no name server answers within {:?}", look.patience))),
    }
}

type Shaken = (tokio_rustls::client::TlsStream<TcpStream>, &'static str, Option<Vec<u8>>);

async fn shake_hands(look: &Look, host: &str, stream: TcpStream) -> Result<Shaken, Blocked> {
    let failed = |words: String| Blocked::Tls { host: host.to_owned(), words };
    let name = ServerName::try_from(host.to_owned()).map_err(|e| failed(e.to_string()))?;
    let witness = Arc::new(Witness::new(&look.trust).map_err(|e| failed(e.to_string()))?);
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(look.patience, shaking).await {
        Ok(Ok(stream)) => {
            let version = match stream.get_ref().1.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS",
            };
            Ok((stream, version, witness.certificate()))
        }
        Ok(Err(error)) => Err(match distrust(&error) {
            Some(reason) => {
                Blocked::Distrusted { host: host.to_owned(), reason, certificate: witness.certificate() }
            }
            None => failed(chain(&error)),
        }),
        Err(_) => Err(failed(format!("it does not answer within {:?}", look.patience))),
    }
}

/// What is wrong with the server's certificate, if that is what ended the handshake.
fn distrust(error: &io::Error) -> Option<Distrust> {
    let Error::InvalidCertificate(reason) = error.get_ref()?.downcast_ref::<Error>()? else { return None };
    Some(match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Distrust::WrongName
        }
        CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
        other => Distrust::Other(other.to_string()),
    })
}

/// An answer, without who gave it.
struct Answer {
    status: u16,
    date: Option<String>,
    body: String,
}

impl Answer {
    fn seen(self, address: SocketAddr) -> Seen {
        let Self { status, date, body } = self;
        Seen { address, tls: None, certificate: None, status, date, body }
    }
}

async fn ask<S>(look: &Look, uri: &Uri, host: &str, stream: S) -> Result<Answer, Blocked>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |words: String| Blocked::Answer { host: host.to_owned(), words };
    match tokio::time::timeout(look.patience, exchange(uri, stream)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(words)) => Err(failed(words)),
        Err(_) => Err(failed(format!("none came within {:?}", look.patience))),
    }
}

async fn exchange<S>(uri: &Uri, stream: S) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let words = |e: hyper::Error| chain(&e);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, "muster")
        .body(Empty::<Bytes>::new())
        .map_err(|e| e.to_string())?;
    let answer = sender.send_request(request).await.map_err(words)?;
    let status = answer.status().as_u16();
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    // A longer answer is not one of those that are looked at.
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
    let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
    connection.abort();
    Ok(Answer { status, date, body })
}

/// Verifies as every client of ours does, and keeps what it was shown.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    shown: Mutex<Option<Vec<u8>>>,
}

impl Witness {
    fn new(trust: &TrustAnchors) -> Result<Self, NetError> {
        let builder = WebPkiServerVerifier::builder_with_provider(trust.store(), provider());
        let judge = builder.build().map_err(|e| NetError::Tls(e.to_string()))?;
        Ok(Self { judge, shown: Mutex::default() })
    }

    fn certificate(&self) -> Option<Vec<u8>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
