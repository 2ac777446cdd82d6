//! What HTTP/2 and HTTP/1.1 let a client do that no honest one does: the connection ends, and nobody else notices.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::{ListenConfig, Listener, connection};
use super::{GET, SHORT, certificate_length};
use crate::forwarded::TrustedProxies;
use crate::testing::{Served, exchange, plain, soon};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `ENHANCE_YOUR_CALM`.
const CALM: u8 = 11;
/// `GET http://test/`, in HPACK.
const HEAD: &[u8] = &[0x82, 0x86, 0x84, 0x41, 4, b't', b'e', b's', b't'];
/// More than the kernel keeps for a connection that nobody reads.
const FLOOD: usize = 64 << 20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// An HTTP/2 connection whose settings are said.
async fn http2(served: &Served) -> (OwnedReadHalf, OwnedWriteHalf) {
    let (read, mut write) = TcpStream::connect(served.address).await.unwrap().into_split();
    write.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    write.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    (read, write)
}

/// Writes the same again and again until the other side has had enough; how many bytes it took.
async fn flood(write: &mut OwnedWriteHalf, piece: &[u8]) -> usize {
    let mut written = 0;
    while written < FLOOD && write.write_all(piece).await.is_ok() {
        written += piece.len();
    }
    written
}

/// Everything that is said until the connection ends.
async fn rest(mut read: OwnedReadHalf) -> Vec<u8> {
    let mut answer = Vec::new();
    let _ = soon(read.read_to_end(&mut answer)).await;
    answer
}

/// Whether a `GOAWAY` with this reason is among the frames.
fn went_away(answer: &[u8], reason: u8) -> bool {
    answer.windows(17).any(|frame| frame[3] == GOAWAY && frame[16] == reason)
}

/// Pings: the answer comes after everything before was looked at, or the connection ends.
async fn everything_was_looked_at(read: &mut OwnedReadHalf, write: &mut OwnedWriteHalf) {
    let _ = write.write_all(&frame(PING, 0, 0, &[7; 8])).await;
    let mut answer = Vec::new();
    while !answer.windows(9).any(|frame| frame == [0, 0, 8, PING, 1, 0, 0, 0, 0]) {
        if !soon(read.read_buf(&mut answer)).await.is_ok_and(|count| count > 0) {
            return;
        }
    }
}

async fn others_are_answered(served: &Served) {
    assert!(exchange(served.address, GET).await.starts_with("HTTP/1.1 200"));
}

/// A service that never answers, and the most requests that it had at a time.
fn counting() -> (Router, Arc<AtomicUsize>) {
    struct Leaving(Arc<AtomicUsize>);
    impl Drop for Leaving {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let handler = move || {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let _leaving = Leaving(now);
            std::future::pending::<&'static str>().await
        }
    };
    (certificate_length().route("/pending", get(handler)), seen)
}

/// `GET http://test/pending`.
fn pending_head() -> Vec<u8> {
    [&[0x82, 0x86, 0x04, 8][..], b"/pending", &HEAD[3..]].concat()
}

/// Refuses: A
/// The rapid reset of CVE-2023-44487.
#[tokio::test]
async fn streams_that_are_opened_and_reset_without_end_end_the_connection() {
    let (router, most) = counting();
    let config = plain();
    let streams = config.limits.streams as usize;
    let served = Served::start(config, router).await;
    let (read, mut write) = http2(&served).await;
    let answer = tokio::spawn(rest(read));
    for stream in (1..200_001).step_by(2) {
        let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, &pending_head());
        let reset = frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
        if write.write_all(&[request, reset].concat()).await.is_err() {
            break;
        }
    }
    assert!(went_away(&soon(answer).await.unwrap(), CALM));
    assert!(most.load(Ordering::SeqCst) <= streams);
    others_are_answered(&served).await;
}

/// Refuses: A
#[tokio::test]
async fn no_more_streams_are_served_at_a_time_than_the_limit() {
    let (router, most) = counting();
    let mut config = plain();
    config.limits.streams = 8;
    let served = Served::start(config, router).await;
    let (mut read, mut write) = http2(&served).await;
    for stream in (1..101).step_by(2) {
        let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, &pending_head());
        write.write_all(&request).await.unwrap();
    }
    everything_was_looked_at(&mut read, &mut write).await;
    others_are_answered(&served).await;
    assert!((1..=8).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

/// Refuses: A
/// The CONTINUATION flood of CVE-2024-27316 and its kin.
#[tokio::test]
async fn a_head_that_goes_on_without_end_ends_the_connection() {
    let served = Served::start(plain(), certificate_length()).await;
    for piece in [frame(CONTINUATION, 0, 1, &[]), frame(CONTINUATION, 0, 1, &[0x82; 16_000])] {
        let (read, mut write) = http2(&served).await;
        let answer = tokio::spawn(rest(read));
        write.write_all(&frame(HEADERS, END_STREAM, 1, HEAD)).await.unwrap();
        let taken = flood(&mut write, &piece.repeat(1 + 65_536 / piece.len())).await;
        assert!(taken < FLOOD, "all of it was taken");
        soon(answer).await.unwrap();
        others_are_answered(&served).await;
    }
}

/// Refuses: A
/// A few kilobytes of HPACK stand for megabytes of head.
#[tokio::test]
async fn a_head_that_grows_when_it_is_unpacked_is_refused() {
    for (times, through) in [(5, 1), (5000, 0)] {
        let (router, most) = counting();
        let served = Served::start(plain(), router).await;
        let (mut read, mut write) = http2(&served).await;
        // "x: aaa…", kept in the table, then said again by its number.
        let mut head = pending_head();
        head.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
        head.extend([b'a'; 4000]);
        head.extend(vec![0xbe; times]);
        write.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head)).await.unwrap();
        everything_was_looked_at(&mut read, &mut write).await;
        others_are_answered(&served).await;
        assert_eq!(most.load(Ordering::SeqCst), through, "{times} times");
    }
}

/// Refuses: A
/// Pings want an answer each, and nobody reads them: the connection is not read any further. It has no kernel under it, so
/// that "not any further" is when everything is done and nothing moves.
#[tokio::test]
async fn frames_that_say_nothing_do_not_keep_memory() {
    let config = plain();
    let shared = connection::Shared {
        service: certificate_length(),
        tls: None,
        proxies: Arc::new(TrustedProxies::none()),
        limits: Arc::new(config.limits),
        stop: CancellationToken::new(),
    };
    let (mut client, stream) = tokio::io::duplex(64 << 10);
    let served = tokio::spawn(async move { connection::speak(&shared, stream, config.bind, None).await });
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    client.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(64);
    let (mut taken, mut idle) = (0, 0);
    while taken < FLOOD && idle < 1_000 {
        let write = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut client).poll_write(cx, &pings)));
        match write.await {
            Poll::Ready(Ok(count)) => (taken, idle) = (taken + count, 0),
            Poll::Ready(Err(_)) => break,
            Poll::Pending => idle += 1,
        }
        tokio::task::yield_now().await;
    }
    assert!(taken < 1 << 20, "{taken} bytes were taken");
    drop(client);
    soon(served).await.unwrap();
}

/// Refuses: A
#[tokio::test]
async fn data_for_a_stream_that_was_never_opened_ends_the_connection() {
    let served = Served::start(plain(), certificate_length()).await;
    let (read, mut write) = http2(&served).await;
    let answer = tokio::spawn(rest(read));
    let taken = flood(&mut write, &frame(DATA, 0, 7, &[0; 16_000])).await;
    assert!(taken < FLOOD, "all of it was taken");
    assert!(!soon(answer).await.unwrap().is_empty());
    others_are_answered(&served).await;
}

/// Refuses: A
/// What two readers could take for two requests is one, or none.
#[tokio::test]
async fn a_request_with_two_lengths_is_refused() {
    let served = Served::start(plain(), certificate_length()).await;
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: test\r\n{lengths}\r\n\r\nhello");
        let answer = exchange(served.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{lengths}: {answer}");
    }
    others_are_answered(&served).await;
}

/// Refuses: A
/// Small talk is not work: a client that only pings is let go as if it were silent.
#[tokio::test]
async fn a_client_of_http2_that_asks_for_nothing_is_let_go() {
    let mut config = plain();
    config.limits.idle = SHORT;
    config.limits.header = SHORT;
    let served = Served::start(config, certificate_length()).await;
    let (mut read, mut write) = http2(&served).await;
    write.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, HEAD)).await.unwrap();
    assert!(soon(read.read(&mut [0; 1024])).await.unwrap() > 0);
    let answers = tokio::spawn(rest(read));
    let taken = soon(flood(&mut write, &frame(PING, 0, 0, &[0; 8]))).await;
    assert!(taken < FLOOD, "it is still heard");
    soon(answers).await.unwrap();
}

/// A service with an answer that never ends, and what is cancelled once nobody sends it any more.
fn endless() -> (Router, CancellationToken) {
    struct Endless(#[expect(dead_code, reason = "its end is what counts")] DropGuard);
    impl axum::body::HttpBody for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(&[b' '; 10_000])))))
        }
    }
    let gone = CancellationToken::new();
    let answer = gone.clone();
    let handler = move || {
        let answer = Endless(answer.clone().drop_guard());
        async move { axum::body::Body::new(answer) }
    };
    (certificate_length().route("/pending", get(handler)), gone)
}

/// Refuses: A
/// Neither a window that stays shut, with pings to look alive, nor a socket that nobody reads holds an answer for long.
#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    for http2 in [true, false] {
        let mut config = plain();
        config.limits.answer = SHORT;
        let (router, gone) = endless();
        let served = Served::start(config, router).await;
        let (mut read, mut write) = TcpStream::connect(served.address).await.unwrap().into_split();
        let hold = async {
            if http2 {
                write.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
                // The first window of a stream: nothing.
                write.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await.unwrap();
                write.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &pending_head())).await.unwrap();
                let mut nowhere = tokio::io::sink();
                let heard = tokio::io::copy(&mut read, &mut nowhere);
                let pings = async { while write.write_all(&frame(PING, 0, 0, &[0; 8])).await.is_ok() {} };
                let _ = tokio::join!(heard, pings);
            } else {
                write.write_all(b"GET /pending HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = hold => {}
            () = soon(gone.cancelled()) => {}
        }
        others_are_answered(&served).await;
    }
}

/// Refuses: A
#[tokio::test]
async fn one_address_gets_its_share_of_connections_and_who_stands_for_many_as_many_as_there_are() {
    let proxies = TrustedProxies::new(vec!["192.0.2.0/24".parse().unwrap()], None);
    let pass_through = vec!["203.0.113.7".parse().unwrap()];
    let mut config = ListenConfig { proxies, pass_through, ..plain() };
    config.limits.connections = 8;
    let listener = Listener::bind(config).await.unwrap();
    let hold = |address: &str| listener.share(address.parse().unwrap());
    let _client = [hold("198.51.100.1").unwrap(), hold("198.51.100.1").unwrap()];
    assert!(hold("198.51.100.1").is_none(), "a quarter of eight");
    for many in ["192.0.2.1", "203.0.113.7"] {
        let _held: Vec<_> = (0..8).map(|_| hold(many).unwrap()).collect();
    }
    assert!(hold("203.0.113.8").is_some());
}
