//! The body of a device's message.
//!
//! Whoever sends it is known only once it was read, for a signature covers it. Nearly all bodies are small; the few
//! large ones (a list of apps) go through few places, so that strangers who begin many cannot fill the memory.

use std::sync::Arc;

use ::app::mdm::{MESSAGE_MAX, SMALL_MESSAGE};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer;

/// Large bodies at a time: 128 MB of them, at their largest. A device's own is read and answered in milliseconds.
const LARGE_PLACES: usize = 32;

/// The places of large bodies, as an extension of requests.
#[derive(Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_PLACES)))
    }

    fn take(&self) -> Result<OwnedSemaphorePermit, Refused> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| Refused::Busy)
    }
}

/// Why a body is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is longer than any message.
    TooLarge,
    /// All places are taken.
    Busy,
    /// It ended early, or was none of HTTP's.
    Broken,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::TooLarge => answer::bare(StatusCode::PAYLOAD_TOO_LARGE),
            Refused::Busy => answer::busy(),
            Refused::Broken => answer::bare(StatusCode::BAD_REQUEST),
        }
    }
}

/// A body of at most [`MESSAGE_MAX`] bytes, and its place as long as it is in memory.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let places = request.extensions().get::<Places>().cloned().unwrap_or_else(Places::new);
        let mut reading = Reading { places, place: None, first: Bytes::new(), more: BytesMut::new() };
        reading.expect(declared(request.headers()))?;
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refused::Broken)?;
            if let Ok(data) = frame.into_data() {
                reading.take(data)?;
            }
        }
        Ok(reading.whole())
    }
}

/// What the head says of the body's length; 0 if it says nothing that can be read.
fn declared(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

struct Reading {
    places: Places,
    place: Option<OwnedSemaphorePermit>,
    /// Most bodies come in one piece, which is not copied.
    first: Bytes,
    more: BytesMut,
}

impl Reading {
    /// Makes sure that there is room for a body of this length.
    fn expect(&mut self, length: usize) -> Result<(), Refused> {
        if length > MESSAGE_MAX {
            return Err(Refused::TooLarge);
        }
        if length > SMALL_MESSAGE && self.place.is_none() {
            self.place = Some(self.places.take()?);
        }
        Ok(())
    }

    fn take(&mut self, data: Bytes) -> Result<(), Refused> {
        self.expect(self.first.len().saturating_add(self.more.len()).saturating_add(data.len()))?;
        if self.first.is_empty() {
            self.first = data;
        } else {
            self.more.extend_from_slice(&data);
        }
        Ok(())
    }

    fn whole(self) -> Body {
        let bytes = if self.more.is_empty() {
            self.first
        } else {
            let mut whole = BytesMut::with_capacity(self.first.len() + self.more.len());
            whole.extend_from_slice(&self.first);
            whole.extend_from_slice(&self.more);
            whole.freeze()
        };
        Body { bytes, _place: self.place }
    }
}
