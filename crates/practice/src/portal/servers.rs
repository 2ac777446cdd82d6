//! MDM servers and their tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pki::key::KeyKind;
use pki::x509::Certificate;
use serde::{Deserialize, Serialize};

use super::answer::{By, Refused, org, server};
use super::token_file::{file_name, seal};
use crate::apple::PortalFault;
use crate::apple::catalogue::Family;
use crate::apple::model::Model;
use crate::apple::moment::Moment;
use crate::apple::org::{OrgId, Revocation, ServerId};
use crate::services::Services;

/// An MDM server as the portal shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerCard {
    id: String,
    name: String,
    devices: usize,
    default_for: Vec<&'static str>,
    token: Option<TokenCard>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenCard {
    made_by: String,
    expires: Moment,
    revoked: Option<Revocation>,
}

impl ServerCard {
    pub(super) fn of_org(model: &Model, org: OrgId) -> Vec<Self> {
        let own = model.servers().filter(|(_, server)| server.org == org);
        own.filter_map(|(id, _)| Self::of(model, id)).collect()
    }

    fn of(model: &Model, id: ServerId) -> Option<Self> {
        let server = model.server(id)?;
        let defaults = &model.org(server.org)?.default_servers;
        let families = Family::ALL.into_iter().filter(|family| defaults.get(family) == Some(&id));
        Some(Self {
            id: server.uuid.clone(),
            name: server.name.clone(),
            devices: server.members.len(),
            default_for: families.map(Family::word).collect(),
            token: server.access.as_ref().map(|access| TokenCard {
                made_by: access.made_by.clone(),
                expires: access.expires,
                revoked: access.revoked,
            }),
        })
    }
}

fn card(model: &Model, id: ServerId) -> Result<Json<ServerCard>, Refused> {
    Ok(Json(ServerCard::of(model, id).ok_or(PortalFault::NoSuchServer)?))
}

/// Reads an uploaded certificate: token files can be encrypted to RSA keys only.
fn uploaded(pem: &str) -> Result<Certificate, Refused> {
    let certificate = Certificate::from_pem(pem)?;
    match certificate.public_key().kind() {
        KeyKind::Rsa => Ok(certificate),
        _ => Err(PortalFault::NotRsa.into()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewServer {
    name: String,
    public_key: String,
}

/// `POST /portal/orgs/{org}/servers`
pub(super) async fn add(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(new): Json<NewServer>,
) -> Result<Json<ServerCard>, Refused> {
    let certificate = uploaded(&new.public_key)?;
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let id = model.add_server(org, &new.name, certificate.der().to_vec())?;
    card(&model, id)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    name: Option<String>,
    public_key: Option<String>,
}

/// `PUT /portal/orgs/{org}/servers/{server}`
pub(super) async fn change(
    State(services): State<Arc<Services>>,
    Path((uuid, name)): Path<(String, String)>,
    Json(change): Json<Change>,
) -> Result<Json<ServerCard>, Refused> {
    let certificate = change.public_key.as_deref().map(uploaded).transpose()?;
    let mut model = services.world.model();
    let id = server(&model, org(&model, &uuid)?, &name)?;
    if let Some(server) = model.server_mut(id) {
        server.name = change.name.unwrap_or_else(|| server.name.clone());
        if let Some(certificate) = certificate {
            server.certificate = certificate.der().to_vec();
        }
    }
    card(&model, id)
}

/// `POST /portal/orgs/{org}/servers/{server}/token`
pub(super) async fn token(
    State(services): State<Arc<Services>>,
    Path((uuid, name)): Path<(String, String)>,
    by: Option<Json<By>>,
) -> Result<Response, Refused> {
    let now = services.world.now();
    let mut model = services.world.model();
    let id = server(&model, org(&model, &uuid)?, &name)?;
    let by = by.map(|Json(by)| by).unwrap_or_default();
    let (title, certificate) = {
        let server = model.server(id).ok_or(PortalFault::NoSuchServer)?;
        (server.name.clone(), server.certificate.clone())
    };
    let file = model.issue_token(id, by.name(), now)?;
    drop(model);
    let sealed = seal(&file, &certificate)?;
    let disposition = format!("attachment; filename=\"{}\"", file_name(&title, now));
    let headers = [
        (header::CONTENT_TYPE, "application/pkcs7-mime".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, sealed).into_response())
}

/// `DELETE /portal/orgs/{org}/servers/{server}/token`
pub(super) async fn revoke(
    State(services): State<Arc<Services>>,
    Path((uuid, name)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let mut model = services.world.model();
    let id = server(&model, org(&model, &uuid)?, &name)?;
    model.revoke_token(id, Revocation::Revoked)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct Default {
    family: Family,
    server: Option<String>,
}

/// `PUT /portal/orgs/{org}/defaults`
pub(super) async fn default(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(default): Json<Default>,
) -> Result<StatusCode, Refused> {
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let id = default.server.map(|uuid| server(&model, org, &uuid)).transpose()?;
    model.set_default_server(org, default.family, id)?;
    Ok(StatusCode::NO_CONTENT)
}
