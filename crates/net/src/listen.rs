//! The accept loop: TCP, TLS if wished, HTTP/1.1 and HTTP/2, limits, and a graceful stop.
//!
//! Our own and not `axum::serve`, because a device is known by the certificate of its connection, because a listener
//! on the internet needs a limit on everything, and because a stop must have a deadline.

mod connection;
mod pace;
mod port;
#[cfg(test)]
mod tests;
mod tls;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::NetError;
use crate::forwarded::{Network, TrustedProxies};
use crate::share::{Share, Shares};
pub use port::Port;
pub use tls::ServerTls;

/// After an accept that failed for want of files or memory, wait this long before the next, or we spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds on one listener and its connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections. More wait in the operating system's backlog. 10,000 take some 300 MB with TLS.
    pub connections: usize,
    /// Percent of them that one address may have, or one network of IPv6 (/64; a /48 twice as many). More are closed at
    /// once, and devices try again: a school of devices behind one address takes fewer. Trusted proxies,
    /// [`ListenConfig::pass_through`] and this computer have no such limit.
    pub address_share: usize,
    /// For a TLS handshake to complete. Setup Assistant on a poor network needs a few seconds.
    pub handshake: Duration,
    /// For the head of a request to arrive, from its first byte (of the first request: from the connection). Looked
    /// at once in this time, so a slow head is cut off within twice as long.
    pub header: Duration,
    /// Without a byte either way while no request is being handled. Longer than a minute, so that a device's chain
    /// of command and result stays on one connection: the handshake is what costs.
    pub idle: Duration,
    /// For the other side to take the next piece of an answer, some 16 kB: on HTTP/1 as on HTTP/2, where small talk would
    /// keep the connection alive meanwhile.
    pub answer: Duration,
    /// For requests under way to finish after a stop.
    pub drain: Duration,
    /// Requests at a time on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of one request's head.
    pub head_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10_000,
            address_share: 25,
            handshake: Duration::from_secs(15),
            header: Duration::from_secs(15),
            idle: Duration::from_secs(65),
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            streams: 100,
            head_bytes: 64 * 1024,
        }
    }
}

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// Address and port; port 0 takes a free one, see [`Listener::local_addr`].
    pub bind: SocketAddr,
    /// TLS, or `None` to speak plainly behind a proxy that ends TLS.
    pub tls: Option<ServerTls>,
    /// Proxies whose word on the client's certificate is taken.
    pub proxies: TrustedProxies,
    /// Balancers that pass connections through as they are. They stand for many clients, and nothing they say is believed.
    pub pass_through: Vec<Network>,
    /// Bounds.
    pub limits: Limits,
}

impl ListenConfig {
    /// Plain HTTP on `bind`, usual limits, no proxy trusted.
    #[must_use]
    pub fn plain(bind: SocketAddr) -> ListenConfig {
        ListenConfig {
            bind,
            tls: None,
            proxies: TrustedProxies::none(),
            pass_through: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// HTTPS on `bind`, usual limits, no proxy trusted.
    #[must_use]
    pub fn tls(bind: SocketAddr, tls: ServerTls) -> ListenConfig {
        ListenConfig { tls: Some(tls), ..ListenConfig::plain(bind) }
    }
}

/// How a listener's service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Connections that were still busy at the deadline and were cut.
    pub cut: usize,
}

/// A bound address, ready to serve.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<tls::Acceptor>>,
    proxies: Arc<TrustedProxies>,
    shares: Shares,
    limits: Arc<Limits>,
}

impl Listener {
    /// Binds the address. Clients may connect from now on and are answered once [`Listener::serve`] runs.
    ///
    /// # Errors
    /// The address is taken or not ours; TLS settings are refused.
    pub async fn bind(config: ListenConfig) -> Result<Listener, NetError> {
        let failed = |source| NetError::Bind { address: config.bind, source };
        let socket = TcpListener::bind(config.bind).await.map_err(failed)?;
        Listener::on(socket, config)
    }

    /// Listens on an address that is held. The one in the settings means nothing.
    ///
    /// # Errors
    /// Somebody else listens there all the same; TLS settings are refused.
    pub fn reopen(port: &Port, config: ListenConfig) -> Result<Listener, NetError> {
        let failed = |source| NetError::Bind { address: port.local_addr(), source };
        Listener::on(port.open().map_err(failed)?, config)
    }

    fn on(socket: TcpListener, config: ListenConfig) -> Result<Listener, NetError> {
        let tls = config.tls.map(tls::Acceptor::new).transpose()?;
        let failed = |source| NetError::Bind { address: config.bind, source };
        let address = socket.local_addr().map_err(failed)?;
        let limits = config.limits;
        let shares = Shares::percent(limits.address_share, limits.connections, config.pass_through);
        Ok(Listener {
            socket,
            address,
            tls: tls.map(Arc::new),
            proxies: Arc::new(config.proxies),
            shares,
            limits: Arc::new(limits),
        })
    }

    /// The address listened on, with the port that was free if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets requests under way finish until [`Limits::drain`] is over.
    ///
    /// Each request carries the extensions [`crate::PeerAddr`] and, if the client presented a certificate,
    /// [`crate::PeerCertificates`]. `axum::Router` is such a service.
    pub async fn serve<S>(self, service: S, stop: CancellationToken) -> Stopped
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let cut = CancellationToken::new();
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        let tasks = TaskTracker::new();
        let shared = Arc::new(connection::Shared {
            service,
            tls: self.tls.clone(),
            proxies: Arc::clone(&self.proxies),
            limits: Arc::clone(&self.limits),
            stop: stop.clone(),
        });
        while let Some((stream, peer, slot)) = self.next(&slots, &stop).await {
            let Some(share) = self.share(peer.ip()) else {
                tracing::debug!(%peer, "closed a connection: the address has too many");
                continue;
            };
            let (shared, cut) = (Arc::clone(&shared), cut.clone());
            tasks.spawn(async move {
                let serve = connection::serve(&shared, stream, peer);
                cut.run_until_cancelled(serve).await;
                drop((slot, share));
            });
        }
        drop(self.socket);
        tasks.close();
        let drained = tokio::time::timeout(self.limits.drain, tasks.wait()).await;
        let busy = if drained.is_ok() { 0 } else { tasks.len() };
        cut.cancel();
        tasks.wait().await;
        Stopped { cut: busy }
    }

    /// A connection for this address, if it may have another. A trusted proxy stands for many clients.
    fn share(&self, address: IpAddr) -> Option<Share> {
        if self.proxies.trusts(address) { Some(Share::free()) } else { self.shares.take(address) }
    }

    /// The next connection with the slot it takes, or `None` when it is time to stop.
    async fn next(
        &self,
        slots: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        loop {
            let accept = async {
                let slot = Arc::clone(slots).acquire_owned().await.ok()?;
                Some((self.socket.accept().await, slot))
            };
            match stop.run_until_cancelled(accept).await?? {
                (Ok((stream, peer)), slot) => return Some((stream, peer, slot)),
                // One client that left early must not make all the others wait.
                (Err(error), _) if is_of_one_client(&error) => {
                    tracing::debug!(%error, "a client left before it was accepted");
                }
                (Err(error), _) => {
                    tracing::warn!(%error, address = %self.address, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Whether a failed accept is about the connection that was to be accepted, and not about us (`accept(2)` passes on
/// what happened to it on the network).
fn is_of_one_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::Interrupted
    )
}
