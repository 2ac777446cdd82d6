//! Whether the server lives, whether it can work, and its numbers.
//!
//! Nothing here can be held by whoever asks: health is answered from memory, from no place that could be full, on a
//! connection that ends with the answer. Only `/metrics` asks the database, for whom it is meant for and a few at a time.

mod readiness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::app::{App, Work};
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{StatusCode, Version};
use net::forwarded::Network;
use net::{CancellationToken, PeerAddr};
use tokio::sync::Semaphore;

use self::readiness::Readiness;
use crate::edge::Places;
use crate::metrics;

/// Scrapes at a time: each asks the database a few questions a tenant, and nobody has more than a pair of Prometheus.
const SCRAPES: usize = 4;
/// Headers by which proxies tell that they are some.
const PASSED_ON: [&str; 4] = ["x-forwarded-for", "x-real-ip", "forwarded", "via"];

/// A turn of a work loop that takes longer will not end by itself.
const STUCK: Duration = Duration::from_secs(60 * 60);
/// The loop that turns each second has stood still for so long: no loop turns any more.
const DEAD: Duration = Duration::from_secs(5 * 60);

/// Set once the server is to stop: nobody shall be sent here any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaving(Arc<AtomicBool>);

impl Leaving {
    pub(crate) fn announce(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_announced(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is told from.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) app: App,
    pub(crate) metrics_from: Vec<Network>,
    pub(crate) leaving: Leaving,
    /// Whose requests are counted.
    pub(crate) places: Vec<Places>,
    readiness: Readiness,
    scrapes: Arc<Semaphore>,
}

impl Health {
    /// Begins to ask the database whether it is there, until `stop`.
    pub(crate) fn watch(
        app: &App,
        metrics_from: Vec<Network>,
        places: Vec<Places>,
        stop: CancellationToken,
    ) -> Self {
        let readiness = Readiness::default();
        let asked = app.clone();
        let ask = move || {
            let app = asked.clone();
            async move { app.reach_database().await.map_err(|error| error.to_string()) }
        };
        readiness.keep_asking(ask, stop);
        let scrapes = Arc::new(Semaphore::new(SCRAPES));
        Self { app: app.clone(), metrics_from, leaving: Leaving::default(), places, readiness, scrapes }
    }

    /// Why nobody should be sent here, if so.
    fn why_not(&self) -> Option<String> {
        if self.leaving.is_announced() {
            return Some("the server is stopping".to_owned());
        }
        self.app.why_unfit().or_else(|| self.readiness.why_not()).or_else(|| stuck(&self.app))
    }
}

/// `/healthz` alone: the process answers.
pub(crate) fn alive() -> Router {
    Router::new().route("/healthz", get(|| async { "ok" })).layer(from_fn(at_once))
}

/// `/healthz` and `/readyz`.
pub(crate) fn router(health: Health) -> Router {
    let ready = Router::new().route("/readyz", get(ready)).with_state(health);
    ready.layer(from_fn(at_once)).merge(alive())
}

/// `/metrics`.
pub(crate) fn numbers(health: Health) -> Router {
    Router::new().route("/metrics", get(tell)).with_state(health).layer(from_fn(at_once))
}

/// The connection ends with the answer, so that nobody keeps one for a question that takes none. HTTP/2 has no such word,
/// and lets a connection go that asks for nothing more.
async fn at_once(request: Request, next: Next) -> Response {
    let version = request.version();
    let mut response = next.run(request).await;
    if version < Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether to send somebody here, and if not, why in one line.
async fn ready(State(health): State<Health>) -> Response {
    match health.why_not() {
        None => match health.app.database_words() {
            None => "ready".into_response(),
            Some(words) => format!("ready; {words}").into_response(),
        },
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

/// The first work loop that is stuck.
fn stuck(app: &App) -> Option<String> {
    let now = app.now();
    let patience = STUCK.max(app.limits.sync_run.saturating_mul(2));
    Work::ALL.into_iter().find_map(|work| {
        let status = app.status(work);
        let name = work.as_str();
        match (status.busy_since, status.last_turn_at) {
            (Some(since), _) if now.since(since) > patience => {
                Some(format!("the work loop {name} has been busy with one turn since {}", since.rfc3339()))
            }
            (None, Some(last)) if work == Work::LastSeen && now.since(last) > DEAD => {
                Some(format!("the work loops stand still since {}", last.rfc3339()))
            }
            _ => None,
        }
    })
}

/// For Prometheus. They tell strangers how busy an organisation is, so they are told only to this computer and to the
/// networks that the operator names.
async fn tell(
    State(health): State<Health>,
    peer: Option<Extension<PeerAddr>>,
    headers: HeaderMap,
) -> Response {
    // What a proxy on this computer passes on comes from this computer only to the eye.
    let passed_on = PASSED_ON.iter().any(|name| headers.contains_key(*name));
    let allowed = peer.is_some_and(|Extension(PeerAddr(peer))| {
        let address = peer.ip().to_canonical();
        (address.is_loopback() && !passed_on)
            || health.metrics_from.iter().any(|network| network.contains(address))
    });
    if !allowed {
        return (StatusCode::FORBIDDEN, "metrics are not for this address").into_response();
    }
    let Ok(_scrape) = health.scrapes.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "others are being told").into_response();
    };
    match metrics::render(&health.app, &health.places, health.why_not().is_none()).await {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics are kept").into_response(),
    }
}
