//! Define, read, assign and take off profiles.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Query, State};

use super::Ade;
use super::answer::Json;
use super::devices::read as read_json;
use super::gate::Caller;
use super::shape::{ProfileAnswer, SerialsRequest, by_serial};
use crate::apple::AdeFault;
use crate::apple::assign::Assigned;
use crate::apple::profile::Profile;

/// `POST /profile`
pub(super) async fn define(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<ProfileAnswer>, AdeFault> {
    let mut profile: Profile = read_json(&body)?;
    profile.gate(caller.version);
    let now = ade.world.now();
    let refused = ade.world.faults().refused("/profile", &profile.devices, now);
    let (uuid, assigned) = ade.world.model().define_profile(caller.server, profile, &refused, now)?;
    Ok(Json(answer(uuid, &assigned, caller)))
}

/// `GET /profile?profile_uuid=`
pub(super) async fn read(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Profile>, AdeFault> {
    let uuid = query.get("profile_uuid").filter(|uuid| !uuid.is_empty());
    let uuid = uuid.ok_or(AdeFault::ProfileUuidRequired)?;
    let mut profile = ade.world.model().read_profile(caller.server, uuid)?;
    profile.gate(caller.version);
    Ok(Json(profile))
}

/// `POST` or `PUT /profile/devices`
pub(super) async fn assign(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<ProfileAnswer>, AdeFault> {
    let request: SerialsRequest = read_json(&body)?;
    let uuid = request.profile_uuid.filter(|uuid| !uuid.is_empty()).ok_or(AdeFault::ProfileUuidRequired)?;
    let now = ade.world.now();
    let refused = ade.world.faults().refused("/profile/devices", &request.devices, now);
    let assigned = ade.world.model().assign(caller.server, &uuid, &request.devices, &refused, now)?;
    Ok(Json(answer(uuid, &assigned, caller)))
}

fn answer(uuid: String, assigned: &Assigned, caller: Caller) -> ProfileAnswer {
    ProfileAnswer {
        profile_uuid: Some(uuid),
        devices: by_serial(&assigned.results, caller.version),
        retry_after_seconds: assigned.retry_after_seconds.filter(|_| caller.version >= 10),
    }
}

/// `DELETE /profile/devices`
pub(super) async fn remove(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<ProfileAnswer>, AdeFault> {
    let request: SerialsRequest = read_json(&body)?;
    let uuid = request.profile_uuid.filter(|uuid| !uuid.is_empty());
    let now = ade.world.now();
    let results = ade.world.model().remove_profile(caller.server, uuid.as_deref(), &request.devices, now)?;
    let devices = by_serial(&results, caller.version);
    Ok(Json(ProfileAnswer { profile_uuid: uuid, devices, retry_after_seconds: None }))
}
