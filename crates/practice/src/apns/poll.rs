//! Pushes for devices outside this process, by long poll.
//!
//! | call | answer |
//! |---|---|
//! | `POST /push` `{"topic": ...}` | `{"token": "<hex>"}`: a device registers |
//! | `GET /push/{token}?timeout_s=` | `{"mdm": "<PushMagic>"}`, or 204 when nothing came in time (60 s, at most 300 s) |
//! | `DELETE /push/{token}` | 204: the token is given up |

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::line::PushLine;
use super::registry::DeviceToken;
use crate::services::Services;

/// How long a poll waits when it does not say, and at most: proxies in between lose longer ones.
const WAIT_S: u64 = 60;
const WAIT_S_MAX: u64 = 300;

/// The routes, under `/push`.
pub(crate) fn router() -> Router<Arc<Services>> {
    Router::new().route("/push", post(register)).route("/push/{token}", get(poll).delete(unregister))
}

#[derive(Deserialize)]
struct Registering {
    topic: String,
}

#[derive(Serialize)]
struct Registered {
    token: String,
}

async fn register(
    State(services): State<Arc<Services>>,
    Json(request): Json<Registering>,
) -> Json<Registered> {
    Json(Registered { token: services.registry.register(&request.topic).hex() })
}

#[derive(Deserialize)]
struct Waiting {
    timeout_s: Option<u64>,
}

#[derive(Serialize)]
struct Pushed {
    mdm: String,
}

async fn poll(
    State(services): State<Arc<Services>>,
    Path(token): Path<String>,
    Query(waiting): Query<Waiting>,
) -> Response {
    let registry = Arc::clone(&services.registry);
    let clock = services.world.clock().clone();
    let line = DeviceToken::from_hex(&token).and_then(|token| PushLine::open(registry, clock, token));
    let Some(line) = line else { return StatusCode::NOT_FOUND.into_response() };
    let wait = Duration::from_secs(waiting.timeout_s.unwrap_or(WAIT_S).min(WAIT_S_MAX));
    match tokio::time::timeout(wait, line.next()).await {
        Ok(push) => Json(Pushed { mdm: push.magic }).into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn unregister(State(services): State<Arc<Services>>, Path(token): Path<String>) -> StatusCode {
    match DeviceToken::from_hex(&token) {
        Some(token) => {
            services.registry.unregister(token, services.world.now());
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}
