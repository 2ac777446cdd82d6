//! Answers that break on their way: cut off, without end, with half a JSON.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::apple::What;

/// The longest answer of ours that is broken: a page of a thousand devices is about 1 MB.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Between two bytes of an answer without end: real time, for it is the caller's patience that is rehearsed.
const TRICKLE: Duration = Duration::from_millis(50);

/// Breaks an answer as planned; what is about something else leaves it as it is.
pub(super) async fn mangle(honest: Response, what: &What) -> Response {
    match what {
        What::CutOff => cut_off(honest).await,
        What::Endless => endless(honest),
        What::WrongJson => half(honest).await,
        _ => honest,
    }
}

/// The first half comes; then the connection ends, though the length promised more.
async fn cut_off(honest: Response) -> Response {
    let (mut head, body) = honest.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = body.slice(..body.len() / 2);
    let ended = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off, as planned");
    Response::from_parts(head, Body::from_stream(stream::iter([Ok(half), Err(ended)])))
}

/// White space, a byte at a time: a caller that reads until the end reads for ever.
fn endless(honest: Response) -> Response {
    let (mut head, _) = honest.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let trickle = stream::unfold((), |()| async {
        tokio::time::sleep(TRICKLE).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    });
    Response::from_parts(head, Body::from_stream(trickle))
}

/// The first half, as if it were all.
async fn half(honest: Response) -> Response {
    let (mut head, body) = honest.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    head.headers.remove(header::CONTENT_LENGTH);
    (head, body.slice(..body.len() / 2)).into_response()
}
