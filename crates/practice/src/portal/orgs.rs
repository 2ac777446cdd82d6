//! Organisations, their terms, services and people.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer::{Refused, org};
use super::servers::ServerCard;
use crate::apple::PortalFault;
use crate::apple::model::Model;
use crate::apple::org::{OrgCard, OrgId, OrgKind, Revocation};
use crate::services::Services;

/// An organisation as the portal shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrgView {
    id: String,
    kind: OrgKind,
    #[serde(flatten)]
    card: OrgCard,
    terms_accepted: bool,
    apple_seed: bool,
    activation_lock: bool,
    account_driven: bool,
    devices: usize,
    servers: Vec<ServerCard>,
}

fn view(model: &Model, id: OrgId) -> Result<OrgView, PortalFault> {
    let org = model.org(id).ok_or(PortalFault::NoSuchOrg)?;
    Ok(OrgView {
        id: org.uuid.clone(),
        kind: org.kind,
        card: org.card.clone(),
        terms_accepted: !org.terms_pending,
        apple_seed: org.apple_seed,
        activation_lock: org.activation_lock,
        account_driven: org.account_driven,
        devices: model.devices().filter(|device| device.org == Some(id)).count(),
        servers: ServerCard::of_org(model, id),
    })
}

/// `GET /portal/orgs`
pub(super) async fn list(State(services): State<Arc<Services>>) -> Result<Json<Vec<OrgView>>, Refused> {
    let model = services.world.model();
    let views: Result<Vec<_>, _> = model.orgs().map(|(id, _)| view(&model, id)).collect();
    Ok(Json(views?))
}

#[derive(Deserialize)]
pub(super) struct NewOrg {
    kind: OrgKind,
    #[serde(flatten)]
    card: OrgCard,
}

/// `POST /portal/orgs`
pub(super) async fn add(
    State(services): State<Arc<Services>>,
    Json(new): Json<NewOrg>,
) -> Result<Json<OrgView>, Refused> {
    let mut model = services.world.model();
    let id = model.add_org(new.kind, new.card)?;
    Ok(Json(view(&model, id)?))
}

/// `GET /portal/orgs/{org}`
pub(super) async fn show(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
) -> Result<Json<OrgView>, Refused> {
    let model = services.world.model();
    Ok(Json(view(&model, org(&model, &uuid)?)?))
}

#[derive(Deserialize)]
pub(super) struct Terms {
    accepted: bool,
}

/// `PUT /portal/orgs/{org}/terms`
pub(super) async fn terms(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(terms): Json<Terms>,
) -> Result<Json<OrgView>, Refused> {
    let mut model = services.world.model();
    let id = org(&model, &uuid)?;
    if let Some(org) = model.org_mut(id) {
        org.terms_pending = !terms.accepted;
    }
    Ok(Json(view(&model, id)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Switches {
    apple_seed: Option<bool>,
    activation_lock: Option<bool>,
    account_driven: Option<bool>,
}

/// `PUT /portal/orgs/{org}/services`
pub(super) async fn switch(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(switches): Json<Switches>,
) -> Result<Json<OrgView>, Refused> {
    let mut model = services.world.model();
    let id = org(&model, &uuid)?;
    if let Some(org) = model.org_mut(id) {
        org.apple_seed = switches.apple_seed.unwrap_or(org.apple_seed);
        org.activation_lock = switches.activation_lock.unwrap_or(org.activation_lock);
        org.account_driven = switches.account_driven.unwrap_or(org.account_driven);
    }
    Ok(Json(view(&model, id)?))
}

/// `POST /portal/orgs/{org}/people/{account}/password`
pub(super) async fn password(
    State(services): State<Arc<Services>>,
    Path((uuid, account)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    lose(&services, &uuid, &account, Revocation::PasswordChanged)
}

/// `POST /portal/orgs/{org}/people/{account}/leave`
pub(super) async fn leave(
    State(services): State<Arc<Services>>,
    Path((uuid, account)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    lose(&services, &uuid, &account, Revocation::CreatorLeft)
}

fn lose(services: &Services, uuid: &str, account: &str, why: Revocation) -> Result<StatusCode, Refused> {
    let mut model = services.world.model();
    let id = org(&model, uuid)?;
    model.lose_person(id, account, why);
    Ok(StatusCode::NO_CONTENT)
}
