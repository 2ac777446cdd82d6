//! Whether the server lives, whether it can work, and its numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::app::{App, Work};
use axum::Router;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use net::PeerAddr;
use net::forwarded::Network;

use crate::edge::Places;
use crate::metrics;

/// A database that does not answer within this is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
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
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(health)
        .merge(alive())
}

/// `/healthz`: the process answers.
pub(crate) fn alive() -> Router {
    Router::new().route("/healthz", get(|| async { "ok" }))
}

/// Whether to send somebody here, and if not, why in one line.
async fn ready(State(health): State<Health>) -> Response {
    match why_not(&health).await {
        None => match health.app.schema_words() {
            None => "ready".into_response(),
            Some(words) => format!("ready; {words}").into_response(),
        },
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

async fn why_not(health: &Health) -> Option<String> {
    if health.leaving.is_announced() {
        return Some("the server is stopping".to_owned());
    }
    // The schema is this program's since the start, or there would be nobody to ask.
    match tokio::time::timeout(PATIENCE, ::app::tenant::list(&health.app)).await {
        Ok(Ok(_)) => stuck(&health.app),
        Ok(Err(error)) => {
            tracing::warn!("not ready: failed to {error}");
            Some("the database does not answer well; the log says how".to_owned())
        }
        Err(_) => Some(format!("the database does not answer within {} s", PATIENCE.as_secs())),
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
async fn numbers(
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
    match metrics::render(&health.app, &health.places).await {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics are kept").into_response(),
    }
}
