//! Faults, planned from outside.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::apple::PlannedAnswer;
use crate::services::Services;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    endpoint: String,
    #[serde(default = "once")]
    calls: u32,
    status: u16,
    #[serde(default)]
    body: String,
    retry_after: Option<String>,
}

const fn once() -> u32 {
    1
}

/// `POST /portal/faults`
pub(super) async fn plan(State(services): State<Arc<Services>>, Json(plan): Json<Plan>) -> StatusCode {
    let answer = PlannedAnswer { status: plan.status, body: plan.body, retry_after: plan.retry_after };
    services.world.faults().plan(&plan.endpoint, plan.calls, answer);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    repeat_cursor: Option<bool>,
    exhausted: Option<bool>,
    lose_deleted: Option<bool>,
    throttled: Option<HashSet<String>>,
    failed: Option<HashSet<String>>,
}

/// `PUT /portal/faults`
pub(super) async fn set(State(services): State<Arc<Services>>, Json(wanted): Json<Standing>) -> StatusCode {
    if let Some(lose) = wanted.lose_deleted {
        services.world.model().rules.tells_deleted = !lose;
    }
    let mut faults = services.world.faults();
    faults.repeat_cursor = wanted.repeat_cursor.unwrap_or(faults.repeat_cursor);
    faults.exhausted = wanted.exhausted.unwrap_or(faults.exhausted);
    if let Some(serials) = wanted.throttled {
        faults.refused.throttled = serials;
    }
    if let Some(serials) = wanted.failed {
        faults.refused.failed = serials;
    }
    StatusCode::NO_CONTENT
}

/// `DELETE /portal/faults`
pub(super) async fn clear(State(services): State<Arc<Services>>) -> StatusCode {
    services.world.model().rules.tells_deleted = true;
    services.world.faults().clear();
    StatusCode::NO_CONTENT
}
