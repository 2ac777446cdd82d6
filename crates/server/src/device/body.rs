//! The body of a device's message.
//!
//! Whoever sends it is known only once it was read, for a signature covers it. Nearly all bodies are small; the few
//! large ones (a list of apps) go through few places, so that strangers who begin many cannot fill the memory. Nor can
//! they fill the places: one is taken once more than a small message has really come, whatever its head promises, it is
//! given back when no more comes, and one address has its share of them.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::app::mdm::{MESSAGE_MAX, SMALL_MESSAGE};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use net::{PeerAddr, Share};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::answer;
use crate::ServerLimits;

/// Large bodies at a time: 128 MB of them, at their largest. A device's own is read and answered in milliseconds.
const LARGE_PLACES: usize = 32;
/// Bytes of a large body that must come within [`STEP_TIME`]: 16 kB a second, which the poorest mobile network brings.
const STEP: usize = 32 << 10;
/// As long as a lost packet or two are sent again.
const STEP_TIME: Duration = Duration::from_secs(2);

/// The places of large bodies, as an extension of requests.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    shares: net::Shares,
    step_time: Duration,
}

impl Places {
    pub(super) fn new(limits: &ServerLimits) -> Self {
        let free = Arc::new(Semaphore::new(LARGE_PLACES));
        Self { free, shares: limits.shares(LARGE_PLACES), step_time: STEP_TIME }
    }

    fn take(&self, peer: Option<IpAddr>) -> Result<Place, Refused> {
        let share = peer.map_or_else(|| Some(Share::free()), |peer| self.shares.take(peer));
        let share = share.ok_or(Refused::Busy)?;
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| Refused::Busy)?;
        Ok(Place { _share: share, _permit: permit })
    }
}

/// One of them, until it is dropped.
struct Place {
    _share: Share,
    _permit: OwnedSemaphorePermit,
}

/// Why a body is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is longer than any message.
    TooLarge,
    /// All places are taken.
    Busy,
    /// It has a place and does not come.
    Slow,
    /// It ended early, or was none of HTTP's.
    Broken,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::TooLarge => answer::bare(StatusCode::PAYLOAD_TOO_LARGE),
            Refused::Busy | Refused::Slow => answer::busy(),
            Refused::Broken => answer::bare(StatusCode::BAD_REQUEST),
        }
    }
}

/// A body of at most [`MESSAGE_MAX`] bytes, and its place as long as it is in memory.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    _place: Option<Place>,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let places = request.extensions().get::<Places>().cloned();
        let places = places.unwrap_or_else(|| Places::new(&ServerLimits::default()));
        let peer = request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip());
        let mut reading = Reading::begin(places, peer, declared(request.headers()))?;
        let mut body = request.into_body();
        while let Some(frame) = reading.in_time(body.frame()).await? {
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
    peer: Option<IpAddr>,
    /// What the head says of its length.
    declared: usize,
    /// Most bodies come in one piece, which is not copied.
    first: Bytes,
    /// All of it, once there are more.
    all: BytesMut,
    place: Option<Place>,
    /// Of a body with a place: how many bytes must be there by when.
    step: (usize, Instant),
}

impl Reading {
    fn begin(places: Places, peer: Option<IpAddr>, declared: usize) -> Result<Self, Refused> {
        if declared > MESSAGE_MAX {
            return Err(Refused::TooLarge);
        }
        let (first, all, step) = (Bytes::new(), BytesMut::new(), (0, Instant::now()));
        Ok(Self { places, peer, declared, first, all, place: None, step })
    }

    /// Waits for what comes next, as long as it may take.
    async fn in_time<T>(&self, next: impl Future<Output = T>) -> Result<T, Refused> {
        match &self.place {
            None => Ok(next.await),
            Some(_) => tokio::time::timeout_at(self.step.1, next).await.map_err(|_| Refused::Slow),
        }
    }

    fn take(&mut self, data: Bytes) -> Result<(), Refused> {
        let length = self.first.len().saturating_add(self.all.len()).saturating_add(data.len());
        if length > MESSAGE_MAX {
            return Err(Refused::TooLarge);
        }
        let large = length > SMALL_MESSAGE && self.place.is_none();
        if large {
            self.place = Some(self.places.take(self.peer)?);
        }
        // How it came before is nobody's loss.
        if large || length >= self.step.0 {
            self.step = (length.saturating_add(STEP), Instant::now() + self.places.step_time);
        }
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return Ok(());
        }
        // Room for all that is promised, so that nothing is moved twice; but memory only for what a place stands for.
        let promised = if self.place.is_some() { self.declared } else { self.declared.min(SMALL_MESSAGE) };
        self.all.reserve(promised.max(length).saturating_sub(self.all.len()));
        self.all.extend_from_slice(&std::mem::take(&mut self.first));
        self.all.extend_from_slice(&data);
        Ok(())
    }

    fn whole(self) -> Body {
        let bytes = if self.all.is_empty() { self.first } else { self.all.freeze() };
        Body { bytes, _place: self.place }
    }
}
