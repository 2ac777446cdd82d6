//! The documents by which client libraries of Microsoft Entra find the token service, and by which anybody checks its
//! tokens (intune.md 4.6; OpenID Connect Discovery 1.0, RFC 8414, RFC 7517). They say what there is, and nothing more.

use ::app::application::is_shared;
use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde_json::{Value, json};

use super::Door;
use crate::edge::RequestIds;

/// How long others may keep the keys, in seconds: a new key is in use within a minute, and names itself in each token.
const KEYS_MAX_AGE: &str = "public, max-age=300";

/// OpenID Connect's document, for one tenant or for `common`.
pub(super) async fn configuration(State(door): State<Door>, Path(tenant): Path<String>) -> Response {
    let api = &door.app.settings.api_url;
    if tenant.parse::<domain::TenantId>().is_err() {
        return StatusCode::NOT_FOUND.into_response();
    }
    // As Entra has it: whose tokens they are is known only when somebody has signed in.
    let issuer = match is_shared(&tenant) {
        true => format!("{api}/{{tenantid}}/v2.0"),
        false => format!("{api}/{tenant}/v2.0"),
    };
    let base = format!("{api}/{tenant}");
    Json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        // Entra's libraries want it to be there; grant_types_supported says that nothing goes through it.
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "grant_types_supported":
            ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

/// Where a program would send a browser to sign somebody in for it. That is not offered, and nobody is sent on from here.
pub(super) async fn authorize() -> Response {
    let words = "Programs do not have people sign in here. One that acts for a person asks for a code instead, which the \
                 person types on this server's page (device authorization).";
    super::page::message(StatusCode::BAD_REQUEST, "Not offered", words, None)
}

/// The keys that tokens are signed with.
pub(super) async fn keys(State(door): State<Door>, Extension(ids): Extension<RequestIds>) -> Response {
    match door.gate.jwks().await {
        Ok(keys) => ([(CACHE_CONTROL, HeaderValue::from_static(KEYS_MAX_AGE))], Json(keys)).into_response(),
        Err(error) => {
            tracing::error!(request_id = %ids.request, "failed to {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Where Entra's libraries ask which hosts belong together: this one alone.
pub(super) async fn instance(State(door): State<Door>) -> Json<Value> {
    let base = &door.app.settings.api_url;
    let host = base.split("://").nth(1).unwrap_or(base);
    Json(json!({
        "tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}
