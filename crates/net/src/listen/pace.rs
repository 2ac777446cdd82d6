//! Watches how a connection gets on, so that one that does not can be closed.
//!
//! hyper has a single time for "the next head", which would have to be a minute (a device that waits) and a few
//! seconds (a client that drips a head) at once; and none before it knows which HTTP is spoken.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use std::io;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;

/// HTTP/2 begins with "PRI * HTTP/2.0"; no method of HTTP/1.1 begins so.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// Shared by the stream, the service and the watcher of one connection.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    state: Arc<Mutex<State>>,
    header: Duration,
    idle: Duration,
}

#[derive(Debug)]
struct State {
    /// Requests being handled.
    handling: usize,
    /// Answers of HTTP/2 that are being sent.
    answering: usize,
    /// Since when a head has been arriving.
    head_since: Option<Instant>,
    /// When a byte last went either way.
    progress: Instant,
    /// How much of the preface of HTTP/2 the connection has begun with; `None` once it began otherwise. Later it means
    /// nothing: a request of HTTP/1.1 may well have it inside.
    preface: Option<usize>,
    /// Heads of HTTP/2 cannot be told from other frames, so only the first is timed as one. Between requests nothing
    /// that a client of HTTP/2 sends is progress, nor are the answers to its pings: it has [`Limits::idle`] for the
    /// next whole head.
    http2: bool,
}

/// Why a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expired {
    /// The head of a request took too long.
    Header,
    /// Nothing happened for too long.
    Idle,
}

impl State {
    fn between_requests_of_http2(&self) -> bool {
        self.http2 && self.handling == 0 && self.answering == 0
    }

    /// Looks at the first bytes of the connection, which may come one by one.
    fn begin(&mut self, bytes: &[u8]) {
        let Some(left) = self.preface.and_then(|seen| HTTP2_PREFACE.get(seen..)) else { return };
        let common = left.iter().zip(bytes).take_while(|(wanted, byte)| wanted == byte).count();
        self.http2 = common == left.len();
        self.preface =
            if self.http2 || common < bytes.len() { None } else { self.preface.map(|seen| seen + common) };
    }
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Pace {
        let now = Instant::now();
        Pace {
            state: Arc::new(Mutex::new(State {
                handling: 0,
                answering: 0,
                head_since: Some(now),
                progress: now,
                preface: Some(0),
                http2: false,
            })),
            header: limits.header,
            idle: limits.idle,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is being handled as long as the returned value lives.
    pub(super) fn handling(&self) -> Handling {
        let mut state = self.state();
        state.handling += 1;
        state.head_since = None;
        drop(state);
        Handling(self.clone())
    }

    /// An answer of HTTP/2 is being sent as long as the returned body lives.
    pub(super) fn answering(&self, body: Body) -> Body {
        self.state().answering += 1;
        Body::new(Answering { body, pace: self.clone() })
    }

    fn read(&self, bytes: &[u8]) {
        let mut state = self.state();
        let now = Instant::now();
        state.begin(bytes);
        if !state.between_requests_of_http2() {
            state.progress = now;
        }
        if state.handling == 0 && !state.http2 && state.head_since.is_none() {
            state.head_since = Some(now);
        }
    }

    fn wrote(&self) {
        let mut state = self.state();
        if !state.between_requests_of_http2() {
            state.progress = Instant::now();
        }
    }

    /// When the connection expires if nothing more happens; `None` while a request is handled.
    fn deadline(&self) -> Option<(Instant, Expired)> {
        let state = self.state();
        if state.handling > 0 {
            return None;
        }
        match state.head_since {
            Some(since) => Some((since + self.header, Expired::Header)),
            None => Some((state.progress + self.idle, Expired::Idle)),
        }
    }

    /// Returns once the connection has expired.
    pub(super) async fn expired(&self) -> Expired {
        loop {
            let now = Instant::now();
            let look_again = now + self.header.min(self.idle);
            let wake = match self.deadline() {
                Some((at, why)) if at <= now => return why,
                Some((at, _)) => at.min(look_again),
                None => look_again,
            };
            tokio::time::sleep_until(wake).await;
        }
    }
}

/// See [`Pace::handling`].
#[derive(Debug)]
pub(super) struct Handling(Pace);

impl Drop for Handling {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.handling = state.handling.saturating_sub(1);
        state.progress = Instant::now();
    }
}

/// See [`Pace::answering`].
#[derive(Debug)]
struct Answering {
    body: Body,
    pace: Pace,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.answering = state.answering.saturating_sub(1);
        state.progress = Instant::now();
    }
}

/// A stream whose bytes are noticed by a [`Pace`].
#[derive(Debug)]
pub(super) struct Paced<T> {
    pub(super) stream: T,
    pub(super) pace: Pace,
}

impl<T: AsyncRead + Unpin> AsyncRead for Paced<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_ready()
            && let Some(bytes) = buf.filled().get(before..)
            && !bytes.is_empty()
        {
            self.pace.read(bytes);
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        if polled.is_ready() {
            self.pace.wrote();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if polled.is_ready() {
            self.pace.wrote();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
