//! What every request passes on its way in and out: an id, a place in the house or a refusal, a time-out, a net for
//! panics; then one log line and the metrics.
//!
//! Who finds no place is told at once to come back: a queue would only make everybody wait until nobody is answered in
//! time. Health needs no place, since it is answered at once: a full house is not taken for a dead one.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use net::{PeerAddr, Share, Shares};
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::Instrument as _;

use crate::graph::ApiError;
use crate::metrics;

/// Longest id of a client's that is taken over.
const CLIENT_ID_LEN_MAX: usize = 128;
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// Characters of a path that the log tells.
const PATH_LEN_MAX: usize = 200;
/// Seconds after which a device that found the house full may come back.
const DEVICE_RETRY_SECONDS: u64 = 10;

/// Whose side of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Api,
    Device,
    /// The listener of health and metrics.
    Health,
}

impl Side {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Side::Api => "api",
            Side::Device => "device",
            Side::Health => "health",
        }
    }
}

/// The ids of a request: ours, and the client's or again ours.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestIds {
    pub(crate) request: String,
    pub(crate) client: String,
}

impl RequestIds {
    fn of(headers: &HeaderMap) -> Self {
        let request = uuid::Uuid::new_v4().hyphenated().to_string();
        let is_plain = |id: &&str| {
            (1..=CLIENT_ID_LEN_MAX).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        };
        let client = headers.get(CLIENT_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_plain);
        Self { client: client.map_or_else(|| request.clone(), str::to_owned), request }
    }

    /// Says them in an answer.
    fn tell(&self, response: &mut Response) {
        for (name, id) in [(REQUEST_ID, &self.request), (CLIENT_REQUEST_ID, &self.client)] {
            if let Ok(value) = HeaderValue::from_str(id) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}

/// What a handler tells the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handled {
    pub(crate) route: Option<&'static str>,
    pub(crate) tenant: Option<String>,
    pub(crate) caller: Option<String>,
}

/// Places for requests of one side.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) side: Side,
    free: Arc<Semaphore>,
    all: usize,
}

impl Places {
    /// How many are taken.
    pub(crate) fn taken(&self) -> u64 {
        u64::try_from(self.all.saturating_sub(self.free.available_permits())).unwrap_or(u64::MAX)
    }
}

/// The edge of one side.
#[derive(Clone)]
pub(crate) struct Edge {
    app: App,
    side: Side,
    bounds: Option<Bounds>,
    timeout: Duration,
}

/// How many requests at a time, and how many of them from one address.
#[derive(Clone)]
struct Bounds {
    places: Places,
    shares: Shares,
}

impl Edge {
    /// An edge without places, around what answers at once or has a bound of its own.
    pub(crate) fn new(app: &App, side: Side, timeout: Duration) -> Self {
        Self { app: app.clone(), side, bounds: None, timeout }
    }

    /// The same with so many places, of which each address has a share.
    pub(crate) fn with_places(self, requests: usize, shares: Shares) -> Self {
        let places = Places { side: self.side, free: Arc::new(Semaphore::new(requests)), all: requests };
        Self { bounds: Some(Bounds { places, shares }), ..self }
    }

    /// Its places, to be counted.
    pub(crate) fn places(&self) -> Option<Places> {
        self.bounds.as_ref().map(|bounds| bounds.places.clone())
    }

    /// A place for a request from this address; `None` if the house is full, or the address has its share of it.
    fn place(&self, peer: Option<IpAddr>) -> Option<(Option<SemaphorePermit<'_>>, Share)> {
        let Some(Bounds { places, shares }) = &self.bounds else { return Some((None, Share::free())) };
        let share = peer.map_or_else(|| Some(Share::free()), |peer| shares.take(peer))?;
        let place = places.free.try_acquire().ok()?;
        Some((Some(place), share))
    }

    /// What an error of the edge itself looks like on this side.
    fn refuse(&self, error: ApiError, ids: &RequestIds) -> Response {
        match self.side {
            Side::Api | Side::Health => error.answer(ids, self.app.now()).into_response(),
            Side::Device => {
                if let Some(log) = &error.log {
                    tracing::error!(request_id = %ids.request, "{log}");
                }
                // Nothing of ours is 401, and 500 makes a device give up where it would try again.
                let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(DEVICE_RETRY_SECONDS));
                response
            }
        }
    }
}

/// The edge around a handler.
pub(crate) async fn around(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let ids = RequestIds::of(request.headers());
    request.extensions_mut().insert(ids.clone());
    let line = Line::of(edge.side, &request);
    let mut response = match edge.place(line.peer) {
        None => {
            metrics::refused(edge.side);
            edge.refuse(ApiError::busy(), &ids)
        }
        Some(_place) => {
            // At every level, so that each line that a request causes leads to it.
            let span = tracing::error_span!("request", id = %ids.request);
            inside(&edge, request, next, &ids).instrument(span).await
        }
    };
    ids.tell(&mut response);
    line.write(&response, &ids, started.elapsed());
    response
}

/// A request inside another one: an id, a net for panics, a log line and numbers of its own. Its place and its time are
/// the outer one's.
pub(crate) async fn part(
    app: &App,
    side: Side,
    mut request: Request,
    serve: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let started = Instant::now();
    let ids = RequestIds::of(request.headers());
    request.extensions_mut().insert(ids.clone());
    let line = Line::of(side, &request);
    let span = tracing::error_span!("part", id = %ids.request);
    let mut response = match caught(serve(request)).instrument(span).await {
        Ok(response) => response,
        Err(error) => error.answer(&ids, app.now()).into_response(),
    };
    ids.tell(&mut response);
    line.write(&response, &ids, started.elapsed());
    response
}

/// A panic as an error of ours.
async fn caught(answered: impl Future<Output = Response>) -> Result<Response, ApiError> {
    AssertUnwindSafe(answered).catch_unwind().await.map_err(|panic| {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        ApiError::internal(format!("a handler panicked: {words}"))
    })
}

async fn inside(edge: &Edge, request: Request, next: Next, ids: &RequestIds) -> Response {
    match tokio::time::timeout(edge.timeout, caught(next.run(request))).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => edge.refuse(error, ids),
        Err(_) => edge.refuse(ApiError::timed_out(), ids),
    }
}

/// Whether a path is one of devices. On the API's side it is there by mistake: a proxy sends it to the wrong port, or a
/// person has copied an enrolment URL.
pub(crate) fn is_of_devices(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    first.eq_ignore_ascii_case("t")
}

/// A path as the log may tell it: one of devices may hold a secret, wherever it was asked for.
pub(crate) fn told(path: &str) -> String {
    if is_of_devices(path) { "/t/…".to_owned() } else { path.chars().take(PATH_LEN_MAX).collect() }
}

/// One request as the log tells it. Never its query, which may filter by somebody's name, and on the devices' side
/// never its path, which holds a secret: the route is enough.
struct Line {
    side: Side,
    method: Method,
    matched: Option<String>,
    path: String,
    peer: Option<IpAddr>,
}

impl Line {
    fn of(side: Side, request: &Request) -> Self {
        Self {
            side,
            method: request.method().clone(),
            matched: request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()),
            path: told(request.uri().path()),
            peer: request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip()),
        }
    }

    fn write(&self, response: &Response, ids: &RequestIds, took: Duration) {
        let handled = response.extensions().get::<Handled>().cloned().unwrap_or_default();
        let route = handled.route.or(self.matched.as_deref()).unwrap_or("none");
        let status = response.status().as_u16();
        metrics::request(self.side, &self.method, route, status, took);
        let path = if self.side == Side::Device { route } else { self.path.as_str() };
        let peer = self.peer.map(|peer| peer.to_string()).unwrap_or_default();
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            side = self.side.as_str(),
            method = %self.method,
            path,
            route,
            status,
            ms = milliseconds,
            peer,
            tenant = handled.tenant.as_deref().unwrap_or_default(),
            caller = handled.caller.as_deref().unwrap_or_default(),
            request_id = %ids.request,
            "answered",
        );
    }
}
