//! TLS to PostgreSQL: `net` shakes hands, and this fits it to the driver.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use net::client::{Secured, TlsClient};
use net::{NetError, TrustAnchors};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::StoreError;

/// The protocol's name in ALPN. Servers from PostgreSQL 17 on want it where TLS comes without being asked for
/// (`sslnegotiation=direct`); older ones do not look.
const ALPN: &[u8] = b"postgresql";

/// Makes a handshake for each connection of the pool.
#[derive(Clone, Debug)]
pub(super) struct Tls(TlsClient);

impl Tls {
    /// Believes the authorities in the PEM file `authorities`, or the system's.
    pub(super) fn new(authorities: Option<&Path>) -> Result<Self, StoreError> {
        let trust = authorities.map_or_else(TrustAnchors::system, TrustAnchors::from_pem_file)?;
        Ok(Self(TlsClient::new(&trust, None, &[ALPN])?))
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = NetError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, NetError> {
        Ok(Handshake { client: self.0.clone(), host: host.to_owned() })
    }
}

/// The handshake of one connection.
pub(super) struct Handshake {
    client: TlsClient,
    host: String,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = NetError;
    type Future = BoxFuture<'static, Result<Stream<S>, NetError>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { self.client.connect(&self.host, stream).await.map(Stream) })
    }
}

/// An encrypted connection.
pub(super) struct Stream<S>(Secured<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.end_point.clone().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0.stream).poll_shutdown(cx)
    }
}
