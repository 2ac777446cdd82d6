//! A client that holds one HTTP/2 connection to one host, as Apple asks of who sends pushes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::alert::{Alert, Heeding};
use crate::error::{certificate_refused, chain};
use crate::{Identity, NetError, TrustAnchors};

/// How long a ping may stay unanswered before the connection is given up.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// Settings of an [`Http2Client`].
#[derive(Clone, Debug)]
pub struct Http2Options {
    /// `https://host[:port]`, or `http://` for HTTP/2 without TLS (a stub on loopback). A path is not allowed.
    pub base: String,
    /// Whom to believe.
    pub trust: TrustAnchors,
    /// Who we are.
    pub identity: Option<Identity>,
    /// For name look-up, TCP, TLS and the HTTP/2 preface together.
    pub connect_timeout: Duration,
    /// For one request, from the time it has a stream until the last byte of the answer.
    pub timeout: Duration,
    /// Requests at a time. The other side's SETTINGS may allow fewer; what is more waits its turn.
    pub streams: usize,
    /// Ping so often, also when idle, so that a firewall does not forget the connection and a dead one is noticed.
    pub ping: Option<Duration>,
    /// Longest body of an answer, bytes.
    pub body_limit: usize,
}

impl Http2Options {
    /// Usual limits: 10 s to connect, 30 s a request, 100 streams, a ping each 10 minutes, answers of 64 KiB.
    #[must_use]
    pub fn new(base: impl Into<String>, trust: TrustAnchors) -> Http2Options {
        Http2Options {
            base: base.into(),
            trust,
            identity: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            streams: 100,
            ping: Some(Duration::from_secs(600)),
            body_limit: 64 * 1024,
        }
    }
}

/// One held HTTP/2 connection, made when first needed and again after it was lost or told to go away (GOAWAY).
pub struct Http2Client {
    scheme: Scheme,
    authority: Authority,
    server_name: ServerName<'static>,
    tls: Option<TlsConnector>,
    options: Http2Options,
    streams: Semaphore,
    connection: Mutex<Connection>,
}

/// The connection of the moment.
#[derive(Default)]
struct Connection {
    held: Option<Held>,
    /// Connections made.
    count: u64,
    /// When connecting last failed, and why.
    failed: Option<(Instant, NetError)>,
}

/// A handle on a connection.
#[derive(Clone)]
struct Held {
    sender: SendRequest<Full<Bytes>>,
    /// Tells it from those before and after.
    number: u64,
    alert: Alert,
}

/// A new connection: where to send, and whether our certificate was refused.
type Opened = (SendRequest<Full<Bytes>>, Alert);

/// Why one attempt did not bring an answer.
enum Lost {
    /// The connection is of no more use; the request may be sent on another.
    Connection(NetError),
    /// Another attempt would not help.
    Final(NetError),
}

impl Http2Client {
    /// A client that has not connected yet.
    ///
    /// # Errors
    /// The URL is not `http(s)://host[:port]`, or TLS settings are refused.
    pub fn new(options: Http2Options) -> Result<Http2Client, NetError> {
        let base: Uri = options.base.parse().map_err(|_| NetError::Url("it is malformed"))?;
        let authority = base.authority().cloned().ok_or(NetError::Url("it names no host"))?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let server_name = ServerName::try_from(host).map_err(|_| NetError::Url("its host is malformed"))?;
        let tls = match base.scheme_str() {
            Some("https") => Some(connector(&options)?),
            Some("http") => None,
            _ => return Err(NetError::Url("it is neither http nor https")),
        };
        if !matches!(base.path(), "" | "/") || base.query().is_some() {
            return Err(NetError::Url("it has a path"));
        }
        Ok(Http2Client {
            scheme: base.scheme().cloned().unwrap_or(Scheme::HTTPS),
            authority,
            server_name,
            tls,
            streams: Semaphore::new(options.streams.max(1)),
            options,
            connection: Mutex::default(),
        })
    }

    /// Sends `request`, whose URI is a path, and reads the whole answer.
    ///
    /// If the connection is lost before the answer (a GOAWAY, a firewall that forgot it), the request is sent once
    /// more on a new one. It may so arrive twice: send only what may.
    ///
    /// # Errors
    /// No connection, no answer in time, or an answer that is too long.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NetError> {
        let _stream = self.streams.acquire().await;
        let request = self.addressed(request)?;
        match self.attempt(request.clone()).await {
            Ok(response) => Ok(response),
            Err(Lost::Final(error)) => Err(error),
            Err(Lost::Connection(first)) => {
                tracing::debug!(host = %self.authority, error = %first, "connecting again");
                self.attempt(request).await.map_err(|lost| match lost {
                    Lost::Connection(error) | Lost::Final(error) => error,
                })
            }
        }
    }

    /// Connections made so far.
    pub async fn connections(&self) -> u64 {
        self.connection.lock().await.count
    }

    fn addressed(&self, mut request: Request<Bytes>) -> Result<Request<Full<Bytes>>, NetError> {
        let path = request.uri().path_and_query().cloned().ok_or(NetError::Url("it has no path"))?;
        *request.uri_mut() = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|_| NetError::Url("it is malformed"))?;
        Ok(request.map(Full::new))
    }

    async fn attempt(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Lost> {
        let Held { mut sender, number, alert } = self.held().await.map_err(Lost::Final)?;
        let answer = async {
            let response = sender.send_request(request).await?;
            self.collect(response).await
        };
        let lost = match tokio::time::timeout(self.options.timeout, answer).await {
            Ok(Ok(response)) => return Ok(response),
            Err(_) => {
                // Perhaps only this answer is slow, perhaps a firewall forgot us: others under way may still come,
                // the next request gets a new connection.
                self.give_up(number).await;
                return Err(Lost::Final(NetError::Timeout(self.options.timeout)));
            }
            Ok(Err(Broken::TooLarge)) => {
                return Err(Lost::Final(NetError::BodyTooLarge(self.options.body_limit)));
            }
            Ok(Err(Broken::Http(error))) => self.interrupted(&error, &alert),
        };
        self.give_up(number).await;
        match lost {
            // Nobody has looked at the request, and nobody will with this certificate.
            NetError::Refused { .. } => Err(Lost::Final(lost)),
            lost => Err(Lost::Connection(lost)),
        }
    }

    async fn collect(&self, response: Response<Incoming>) -> Result<Response<Bytes>, Broken> {
        let (parts, mut body) = response.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                if bytes.len().saturating_add(data.len()) > self.options.body_limit {
                    return Err(Broken::TooLarge);
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(Response::from_parts(parts, bytes.freeze()))
    }

    fn interrupted(&self, error: &hyper::Error, alert: &Alert) -> NetError {
        match alert.get() {
            Some(words) => NetError::Refused { host: self.authority.to_string(), words: words.clone() },
            None => NetError::Interrupted(chain(error)),
        }
    }

    /// A handle on the connection, made now if there is none.
    async fn held(&self) -> Result<Held, NetError> {
        let asked = Instant::now();
        let mut connection = self.connection.lock().await;
        if let Some(held) = connection.held.as_ref().filter(|held| !held.sender.is_closed()) {
            return Ok(held.clone());
        }
        // Whoever waited for an attempt that failed shares its failure, or a hundred would time out one by one.
        if let Some((_, error)) = connection.failed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(again(error));
        }
        let connect = tokio::time::timeout(self.options.connect_timeout, Box::pin(self.connect()));
        let outcome =
            connect.await.unwrap_or_else(|_| Err(self.no_connection("it took too long".to_owned())));
        match outcome {
            Ok((sender, alert)) => {
                connection.count += 1;
                let held = Held { sender, number: connection.count, alert };
                connection.held = Some(held.clone());
                Ok(held)
            }
            Err(error) => {
                connection.failed = Some((Instant::now(), again(&error)));
                Err(error)
            }
        }
    }

    /// Forgets connection `number`, unless another has taken its place. Answers under way on it may still come.
    async fn give_up(&self, number: u64) {
        let mut connection = self.connection.lock().await;
        if connection.held.as_ref().is_some_and(|held| held.number == number) {
            connection.held = None;
        }
    }

    async fn connect(&self) -> Result<Opened, NetError> {
        let default_port = if self.tls.is_some() { 443 } else { 80 };
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16().unwrap_or(default_port);
        let tcp = TcpStream::connect((host, port)).await.map_err(|e| self.refused(&e))?;
        // Requests are small and answers awaited; failure only costs speed.
        let _ = tcp.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.shake_hands(tcp).await;
        };
        let stream = tls.connect(self.server_name.clone(), tcp).await.map_err(|e| self.refused(&e))?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(NetError::NotHttp2(self.authority.to_string()));
        }
        self.shake_hands(stream).await
    }

    async fn shake_hands<T>(&self, stream: T) -> Result<Opened, NetError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let alert = Alert::default();
        let stream = Heeding { stream, alert: Arc::clone(&alert) };
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.options.ping)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|e| self.refused(&e))?;
        let host = self.authority.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%host, error = chain(&error), "an HTTP/2 connection ended");
            }
        });
        Ok((sender, alert))
    }

    fn refused(&self, error: &(dyn std::error::Error + 'static)) -> NetError {
        match certificate_refused(error) {
            Some(words) => NetError::Refused { host: self.authority.to_string(), words },
            None => self.no_connection(chain(error)),
        }
    }

    fn no_connection(&self, words: String) -> NetError {
        NetError::Connect { host: self.authority.to_string(), words }
    }
}

impl fmt::Debug for Http2Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2Client").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// Why an answer did not come whole.
enum Broken {
    Http(hyper::Error),
    TooLarge,
}

impl From<hyper::Error> for Broken {
    fn from(error: hyper::Error) -> Self {
        Broken::Http(error)
    }
}

fn connector(options: &Http2Options) -> Result<TlsConnector, NetError> {
    let config: ClientConfig = options.trust.client_config(options.identity.as_ref(), &[b"h2"])?;
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The same failure once more, for somebody else who waited for it.
fn again(error: &NetError) -> NetError {
    match error {
        NetError::Refused { host, words } => NetError::Refused { host: host.clone(), words: words.clone() },
        NetError::Connect { host, words } => NetError::Connect { host: host.clone(), words: words.clone() },
        NetError::NotHttp2(host) => NetError::NotHttp2(host.clone()),
        other => NetError::Interrupted(other.to_string()),
    }
}
