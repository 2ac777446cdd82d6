//! Watches how a connection gets on, so that one that does not can be closed.
//!
//! hyper has a single time for "the next head", which would have to be a minute (a device that waits) and a few
//! seconds (a client that drips a head) at once; and none before it knows which HTTP is spoken.

use std::collections::BTreeMap;
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
/// Bytes of an answer that are handed out at a time: with each, the other side has taken about as many before. It is the
/// usual frame of HTTP/2.
const PIECE: usize = 16 * 1024;

/// Shared by the stream, the service and the watcher of one connection.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    state: Arc<Mutex<State>>,
    header: Duration,
    idle: Duration,
    answer: Duration,
}

#[derive(Debug)]
struct State {
    /// Requests being handled.
    handling: usize,
    /// Answers that are being sent, by when a piece was last handed out; `None` while the next one is being made.
    answers: BTreeMap<u64, Option<Instant>>,
    /// Answers until now.
    answered: u64,
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
    /// Nobody took an answer for too long.
    Answer,
}

impl State {
    fn between_requests_of_http2(&self) -> bool {
        self.http2 && self.handling == 0 && self.answers.is_empty()
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
                answers: BTreeMap::new(),
                answered: 0,
                head_since: Some(now),
                progress: now,
                preface: Some(0),
                http2: false,
            })),
            header: limits.header,
            idle: limits.idle,
            answer: limits.answer,
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

    /// An answer is being sent as long as the returned body lives.
    pub(super) fn answering(&self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let mut state = self.state();
        let number = state.answered;
        state.answered += 1;
        state.answers.insert(number, Some(Instant::now()));
        drop(state);
        Body::new(Answering { body, rest: Bytes::new(), number, pace: self.clone() })
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

    /// When the connection expires if nothing more happens; `None` while that is for us.
    fn deadline(&self) -> Option<(Instant, Expired)> {
        let state = self.state();
        // Whatever else goes on: a window that is never opened keeps its answer in memory.
        if let Some(since) = state.answers.values().flatten().min() {
            return Some((*since + self.answer, Expired::Answer));
        }
        if state.handling > 0 || !state.answers.is_empty() {
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
            let look_again = now + self.header.min(self.idle).min(self.answer);
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

/// See [`Pace::answering`]. It is handed out in pieces, since hyper asks for the next only when there is room for it: on
/// HTTP/1 in its buffer before the socket, on HTTP/2 in the window that the client opens.
#[derive(Debug)]
struct Answering {
    body: Body,
    /// Of the last piece that the body gave.
    rest: Bytes,
    number: u64,
    pace: Pace,
}

impl Answering {
    fn note(&self, handed_out: Option<Instant>) {
        self.pace.state().answers.insert(self.number, handed_out);
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return other,
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.poll_piece(cx);
        self.note(polled.is_ready().then(Instant::now));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.answers.remove(&self.number);
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

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Time goes on: the next instant is another one.
    fn later(than: Instant) {
        while Instant::now() <= than {
            std::hint::spin_loop();
        }
    }

    fn ends_by(pace: &Pace) -> Instant {
        let (at, why) = pace.deadline().unwrap();
        assert_eq!(why, Expired::Answer);
        at - pace.answer
    }

    #[tokio::test]
    async fn an_answer_gets_its_time_anew_with_each_piece_that_is_taken() {
        let pace = Pace::new(&Limits::default());
        let mut answer = pace.answering(Body::from(vec![7; PIECE * 2 + 1]));
        assert_eq!(answer.size_hint().exact(), Some(PIECE as u64 * 2 + 1));
        for length in [PIECE, PIECE, 1] {
            let before = ends_by(&pace);
            later(before);
            let piece = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(piece.len(), length);
            assert!(ends_by(&pace) > before);
        }
        assert!(answer.is_end_stream());
        drop(answer);
        assert!(matches!(pace.deadline(), Some((_, Expired::Header))), "only the connection is left");
    }

    #[tokio::test]
    async fn nobody_is_blamed_for_an_answer_that_is_still_being_made() {
        struct Making;
        impl HttpBody for Making {
            type Data = Bytes;
            type Error = axum::Error;
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
                Poll::Pending
            }
        }
        let pace = Pace::new(&Limits::default());
        let mut answer = pace.answering(Body::new(Making));
        ends_by(&pace);
        let asked = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut answer).poll_frame(cx))).await;
        assert!(asked.is_pending());
        assert_eq!(pace.deadline(), None);
    }
}
