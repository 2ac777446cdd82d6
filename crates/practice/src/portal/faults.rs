//! Faults, planned from outside.

mod plan;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::apple::assign::SerialResult;
use crate::apple::faults::{Planned, Standing, refusal};
use crate::apple::moment::Moment;
use crate::apple::{PortalFault, What};
use crate::portal::answer::Refused;
use crate::services::Services;
use plan::{FaultView, Plan};

/// A plan that was taken.
#[derive(Serialize)]
pub(super) struct Taken {
    id: u64,
}

/// `POST /portal/faults`
pub(super) async fn plan(
    State(services): State<Arc<Services>>,
    Json(plan): Json<Plan>,
) -> Result<Json<Taken>, Refused> {
    let now = services.world.now();
    let fault = plan.read(now)?;
    let id = services.world.faults().add(fault, now).ok_or(PortalFault::Full)?;
    Ok(Json(Taken { id }))
}

/// A plan as it is listed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlannedView {
    id: u64,
    #[serde(flatten)]
    fault: FaultView,
    standing: &'static str,
    planned: Moment,
    seen: u64,
    hits: u64,
    last_hit: Option<Moment>,
}

fn view(planned: &Planned, now: Moment) -> PlannedView {
    PlannedView {
        id: planned.id,
        fault: FaultView::of(&planned.fault),
        standing: match planned.standing(now) {
            Standing::Waiting => "waiting",
            Standing::Standing => "standing",
            Standing::Over => "over",
        },
        planned: planned.at,
        seen: planned.seen,
        hits: planned.hits,
        last_hit: planned.last_hit,
    }
}

/// `GET /portal/faults`
pub(super) async fn list(State(services): State<Arc<Services>>) -> Json<Vec<PlannedView>> {
    let views = |faults: &crate::apple::Faults, now| {
        faults.planned().iter().map(|planned| view(planned, now)).collect()
    };
    Json(services.world.faults_now(views))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Switches {
    repeat_cursor: Option<bool>,
    exhausted: Option<bool>,
    lose_deleted: Option<bool>,
    throttled: Option<Vec<String>>,
    failed: Option<Vec<String>>,
}

/// `PUT /portal/faults`: the faults that only stand or do not.
pub(super) async fn set(State(services): State<Arc<Services>>, Json(wanted): Json<Switches>) -> StatusCode {
    let exhausted = refusal("EXHAUSTED_CURSOR").unwrap_or_default();
    let mut faults = services.world.faults();
    let switches = [(wanted.repeat_cursor, What::RepeatCursor), (wanted.lose_deleted, What::LoseDeleted)];
    for (on, what) in switches {
        let Some(on) = on else { continue };
        faults.forget_where(|standing| *standing == what);
        if on {
            faults.stand(what);
        }
    }
    if let Some(on) = wanted.exhausted {
        faults.forget_where(|standing| *standing == What::Answer(exhausted.clone()));
        for page in ["fetch", "sync"].iter().filter(|_| on) {
            faults.plan(page, u32::MAX, exhausted.clone());
        }
    }
    let refusals = [(wanted.throttled, SerialResult::Throttled), (wanted.failed, SerialResult::Failed)];
    for (serials, refused) in refusals {
        let Some(serials) = serials else { continue };
        faults.forget_where(|what| matches!(what, What::Serials { result, .. } if *result == refused));
        if !serials.is_empty() {
            faults.refuse(refused, serials);
        }
    }
    StatusCode::NO_CONTENT
}

/// `DELETE /portal/faults`
pub(super) async fn clear(State(services): State<Arc<Services>>) -> StatusCode {
    services.world.faults().clear();
    StatusCode::NO_CONTENT
}

/// `DELETE /portal/faults/{id}`
pub(super) async fn forget(
    State(services): State<Arc<Services>>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Refused> {
    let found = services.world.faults().forget(id);
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(PortalFault::NoSuchFault(id).into()) }
}
