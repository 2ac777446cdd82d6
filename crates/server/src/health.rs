//! Whether the server lives, whether it can work, and its numbers.

use std::time::Duration;

use ::app::App;
use axum::Router;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use net::PeerAddr;
use net::forwarded::Network;

use crate::metrics;

/// A database that does not answer within this is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
/// Headers by which proxies tell that they are some.
const PASSED_ON: [&str; 4] = ["x-forwarded-for", "x-real-ip", "forwarded", "via"];

#[derive(Clone)]
struct Health {
    app: App,
    metrics_from: Vec<Network>,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(app: App, metrics_from: Vec<Network>) -> Router {
    let health = Health { app, metrics_from };
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

/// The database answers.
async fn ready(State(health): State<Health>) -> Response {
    match tokio::time::timeout(PATIENCE, ::app::tenant::list(&health.app)).await {
        Ok(Ok(_)) => "ready".into_response(),
        Ok(Err(error)) => {
            tracing::warn!("not ready: failed to {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer well").into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time").into_response(),
    }
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
    match metrics::render(&health.app) {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics are kept").into_response(),
    }
}
