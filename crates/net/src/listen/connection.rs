//! One connection from handshake to close.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::pace::{Expired, Pace, Paced};
use super::{Limits, tls};
use crate::forwarded::{ForwardedError, Peer, TrustedProxies};
use crate::{PeerAddr, PeerCertificates};

/// Most header lines in a request. Devices send a dozen.
const MOST_HEADERS: usize = 100;
/// Bytes of an answer that HTTP/2 keeps ready for a client that is slow to take them, in each of its streams.
const SEND_BUFFER: usize = 64 * 1024;

/// What all connections of a listener share.
pub(super) struct Shared<S> {
    pub(super) service: S,
    pub(super) tls: Option<Arc<tls::Acceptor>>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) limits: Arc<Limits>,
    pub(super) stop: CancellationToken,
}

/// Serves one connection until it closes, expires or is asked to stop.
pub(super) async fn serve<S>(shared: &Shared<S>, stream: TcpStream, peer: SocketAddr)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    // Answers are small and awaited; failure only costs speed.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &shared.tls else {
        return speak(shared, stream, peer, None).await;
    };
    let handshake = tokio::time::timeout(shared.limits.handshake, acceptor.accept(stream));
    match shared.stop.run_until_cancelled(handshake).await {
        Some(Ok(Ok(stream))) => {
            let presented = stream.get_ref().1.peer_certificates().unwrap_or(&[]);
            let chain = presented.iter().map(|der| der.to_vec()).collect();
            speak(shared, stream, peer, PeerCertificates::new(chain)).await;
        }
        Some(Ok(Err(error))) => tracing::debug!(%peer, %error, "failed to shake hands"),
        Some(Err(_)) => tracing::debug!(%peer, "failed to shake hands in time"),
        None => {}
    }
}

/// Speaks HTTP on an open stream.
pub(super) async fn speak<S, T>(
    shared: &Shared<S>,
    stream: T,
    address: SocketAddr,
    certificates: Option<PeerCertificates>,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new(&shared.limits);
    let io = TokioIo::new(Paced { stream, pace: pace.clone() });
    let peer = Peer { address, certificates };
    let answer = service_fn(|request: Request<Incoming>| {
        let (handling, pace) = (pace.handling(), pace.clone());
        let request = introduce(request.map(Body::new), &peer, &shared.proxies);
        let service = shared.service.clone();
        async move {
            let response = match request {
                Ok(request) => service.oneshot(request).await,
                Err(error) => Ok(refusal(error, address)),
            };
            let response = response.map(|response| response.map(|body| pace.answering(body)));
            drop(handling);
            response
        }
    });
    let http = http_settings(&shared.limits);
    let mut connection = pin!(http.serve_connection(io, answer));
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(peer = %address, %error, "a connection ended early");
                }
                return;
            }
            () = shared.stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            why = pace.expired() => {
                // A connection at rest has nothing to lose, and the others were warned by the limit.
                match why {
                    Expired::Header => tracing::debug!(peer = %address, "a request's head took too long"),
                    Expired::Answer => tracing::debug!(peer = %address, "nobody took an answer"),
                    Expired::Idle => {}
                }
                return;
            }
        }
    }
}

fn http_settings(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    let head_bytes = usize::try_from(limits.head_bytes).unwrap_or(usize::MAX);
    http.http1()
        .timer(TokioTimer::new())
        // Ours is finer, see `pace`.
        .header_read_timeout(None)
        // hyper refuses less than 8 KiB.
        .max_buf_size(head_bytes.max(8 * 1024))
        .max_headers(MOST_HEADERS);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(limits.head_bytes);
    http
}

/// Puts into the request who sent it.
fn introduce(
    mut request: Request<Body>,
    peer: &Peer,
    proxies: &TrustedProxies,
) -> Result<Request<Body>, ForwardedError> {
    let peer = proxies.unwrap_peer(peer, request.headers_mut())?;
    request.extensions_mut().insert(PeerAddr(peer.address));
    if let Some(certificates) = peer.certificates {
        request.extensions_mut().insert(certificates);
    }
    Ok(request)
}

/// The answer to a request whose word about its sender is not believed.
fn refusal(error: ForwardedError, peer: SocketAddr) -> Response<Body> {
    tracing::warn!(%peer, %error, "refused a request");
    let mut response = Response::new(Body::from(format!("failed to {error}\n")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
