//! The account, where account-driven enrolment finds its server, and beta tokens.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Ade;
use super::answer::Json;
use super::devices::read;
use super::gate::Caller;
use crate::apple::AdeFault;
use crate::apple::assign::SERIALS_PER_CALL_MAX;
use crate::apple::model::Model;
use crate::apple::moment::Moment;
use crate::apple::org::{Org, ServerId};
use crate::apple::profile::is_https_url;
use crate::apple::sync::{PAGE_DEVICES, PAGE_DEVICES_MAX};

#[derive(Serialize)]
struct AccountDetail {
    server_name: String,
    server_uuid: String,
    admin_id: String,
    facilitator_id: String,
    org_name: String,
    org_email: String,
    org_phone: String,
    org_address: String,
    #[serde(flatten)]
    since_3: Option<SinceVersion3>,
}

#[derive(Serialize)]
struct SinceVersion3 {
    org_id: String,
    org_id_hash: String,
    org_type: &'static str,
    org_version: &'static str,
    urls: Vec<Url>,
}

#[derive(Serialize)]
struct Url {
    uri: &'static str,
    http_method: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
}

#[derive(Serialize)]
struct Limit {
    default: usize,
    maximum: usize,
}

/// What the account advertises. Limits are those the endpoints keep.
fn urls() -> Vec<Url> {
    const PAGE: (usize, usize) = (PAGE_DEVICES, PAGE_DEVICES_MAX);
    const CALL: (usize, usize) = (SERIALS_PER_CALL_MAX, SERIALS_PER_CALL_MAX);
    let url = |uri, http_method, limit: Option<(usize, usize)>| Url {
        uri,
        http_method,
        limit: limit.map(|(default, maximum)| Limit { default, maximum }),
    };
    vec![
        url("/account", &["GET"], None),
        url("/server/devices", &["POST"], Some(PAGE)),
        url("/devices/sync", &["POST"], Some(PAGE)),
        url("/devices", &["POST"], Some(CALL)),
        url("/devices/disown", &["POST"], Some(CALL)),
        url("/profile", &["GET", "POST"], None),
        url("/profile/devices", &["POST", "PUT", "DELETE"], Some(CALL)),
        url("/device/activationlock", &["POST"], None),
        url("/device/replacementDetails", &["GET"], None),
        url("/account-driven-enrollment/profile", &["GET", "POST", "DELETE"], None),
        url("/os-beta-enrollment/tokens", &["GET"], None),
    ]
}

/// `GET /account`
pub(super) async fn detail(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, AdeFault> {
    let model = ade.world.model();
    let server = model.server(caller.server).ok_or(AdeFault::Unauthorized)?;
    let org = org(&model, caller.server)?;
    let admin = server.access.as_ref().map(|access| access.made_by.clone()).unwrap_or_default();
    let detail = AccountDetail {
        server_name: server.name.clone(),
        server_uuid: server.uuid.clone(),
        admin_id: admin.clone(),
        facilitator_id: admin,
        org_name: org.card.name.clone(),
        org_email: org.card.email.clone(),
        org_phone: org.card.phone.clone(),
        org_address: org.card.address.clone(),
        since_3: (caller.version >= 3).then(|| SinceVersion3 {
            org_id: org.org_id.clone(),
            org_id_hash: org.org_id_hash.clone(),
            org_type: org.kind.org_type(),
            org_version: org.kind.org_version(),
            urls: urls(),
        }),
    };
    Ok(Json(detail).into_response())
}

fn org(model: &Model, server: ServerId) -> Result<&Org, AdeFault> {
    model.server(server).and_then(|server| model.org(server.org)).ok_or(AdeFault::Unauthorized)
}

#[derive(Serialize)]
struct Discovery {
    mdm_service_discovery_url: String,
    last_updated_timestamp: Moment,
}

/// `GET /account-driven-enrollment/profile`
pub(super) async fn discovery(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, AdeFault> {
    let model = ade.world.model();
    let org = org(&model, caller.server)?;
    if !org.account_driven {
        return Err(AdeFault::OrgNotSupported);
    }
    let (url, at) = org.discovery_url.clone().ok_or(AdeFault::NotFound)?;
    Ok(Json(Discovery { mdm_service_discovery_url: url, last_updated_timestamp: at }).into_response())
}

#[derive(Deserialize)]
struct SetDiscovery {
    mdm_service_discovery_url: Option<String>,
}

/// `POST /account-driven-enrollment/profile`
pub(super) async fn set_discovery(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<StatusCode, AdeFault> {
    let request: SetDiscovery = read(&body)?;
    let url = request.mdm_service_discovery_url.filter(|url| !url.is_empty());
    let url = url.ok_or(AdeFault::DiscoveryUrlRequired)?;
    if !is_https_url(&url) {
        return Err(AdeFault::DiscoveryUrlNotValid);
    }
    let now = ade.world.now();
    replace_discovery(&ade, caller, Some((url, now)))
}

/// `DELETE /account-driven-enrollment/profile`
pub(super) async fn clear_discovery(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, AdeFault> {
    replace_discovery(&ade, caller, None)
}

fn replace_discovery(
    ade: &Ade,
    caller: Caller,
    discovery: Option<(String, Moment)>,
) -> Result<StatusCode, AdeFault> {
    let mut model = ade.world.model();
    let id = model.server(caller.server).map(|server| server.org).ok_or(AdeFault::Unauthorized)?;
    let org = model.org_mut(id).ok_or(AdeFault::Unauthorized)?;
    if !org.account_driven {
        return Err(AdeFault::OrgNotSupported);
    }
    org.discovery_url = discovery;
    Ok(StatusCode::OK)
}

#[derive(Serialize)]
struct BetaTokens {
    #[serde(rename = "betaEnrollmentTokens")]
    tokens: Vec<BetaToken>,
}

#[derive(Serialize)]
struct BetaToken {
    os: &'static str,
    title: &'static str,
    token: &'static str,
}

/// `GET /os-beta-enrollment/tokens`
pub(super) async fn beta_tokens(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, AdeFault> {
    if !org(&ade.world.model(), caller.server)?.apple_seed {
        return Err(AdeFault::AppleSeedTurnedOff);
    }
    let tokens = vec![
        BetaToken { os: "iOS", title: "iOS 27 AppleSeed Beta", token: "practice-beta-ios" },
        BetaToken { os: "OSX", title: "macOS 27 AppleSeed Beta", token: "practice-beta-macos" },
        BetaToken { os: "tvOS", title: "tvOS 27 AppleSeed Beta", token: "practice-beta-tvos" },
        BetaToken { os: "visionOS", title: "visionOS 27 AppleSeed Beta", token: "practice-beta-visionos" },
    ];
    Ok(Json(BetaTokens { tokens }).into_response())
}
