//! Putting many devices somewhere at once: by serial numbers, by order, or from a CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer::{Refused, SOMEBODY, org, server};
use crate::apple::PortalFault;
use crate::apple::moment::Moment;
use crate::apple::serial::from_csv;
use crate::apple::shop::{Moved, ORDER_DEVICES_MAX, Selection};
use crate::services::Services;

/// Which devices.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    serials: Vec<String>,
    order: Option<String>,
    csv: Option<String>,
    by: Option<String>,
}

impl Which {
    /// The devices meant, and what in the CSV is no serial number.
    fn select(self) -> Result<(Selection, Vec<String>), PortalFault> {
        if let Some(order) = self.order {
            return Ok((Selection::Order(order), Vec::new()));
        }
        let (from_csv, refused) = self.csv.as_deref().map(from_csv).unwrap_or_default();
        let mut serials = self.serials;
        serials.extend(from_csv);
        if serials.len() > ORDER_DEVICES_MAX {
            return Err(PortalFault::TooMany(ORDER_DEVICES_MAX));
        }
        Ok((Selection::Serials(serials), refused))
    }
}

#[derive(Deserialize)]
pub(super) struct Assignment {
    #[serde(flatten)]
    which: Which,
    server: Option<String>,
}

/// What became of them. `unknown` are not the organisation's, or are no serial numbers.
#[derive(Serialize)]
pub(super) struct Outcome {
    done: Vec<String>,
    unknown: Vec<String>,
}

impl Outcome {
    fn of(moved: Moved, refused: Vec<String>) -> Json<Self> {
        let mut unknown = moved.unknown;
        unknown.extend(refused);
        Json(Self { done: moved.done, unknown })
    }
}

/// `POST /portal/orgs/{org}/assign`
pub(super) async fn assign(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(assignment): Json<Assignment>,
) -> Result<Json<Outcome>, Refused> {
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let to = assignment.server.map(|uuid| server(&model, org, &uuid)).transpose()?;
    let by = assignment.which.by.clone().unwrap_or_else(|| SOMEBODY.to_owned());
    let (selection, refused) = assignment.which.select()?;
    let moved = model.assign_devices(org, &selection, to, &by, now)?;
    Ok(Outcome::of(moved, refused))
}

/// `POST /portal/orgs/{org}/release`
pub(super) async fn release(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(which): Json<Which>,
) -> Result<Json<Outcome>, Refused> {
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let by = which.by.clone().unwrap_or_else(|| SOMEBODY.to_owned());
    let (selection, refused) = which.select()?;
    Ok(Outcome::of(model.release(org, &selection, &by, now), refused))
}

#[derive(Deserialize)]
pub(super) struct Migration {
    serials: Vec<String>,
    deadline: Option<String>,
}

/// `PUT /portal/orgs/{org}/migration`
pub(super) async fn migration(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(migration): Json<Migration>,
) -> Result<StatusCode, Refused> {
    let Ok(deadline) = migration.deadline.as_deref().map(parse).transpose() else {
        return Ok(StatusCode::BAD_REQUEST);
    };
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    for serial in &migration.serials {
        model.set_migration_deadline(org, serial, deadline, now)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn parse(text: &str) -> Result<Moment, ()> {
    Moment::parse(text).ok_or(())
}
