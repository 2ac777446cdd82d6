//! Where applications get their bearer tokens: OAuth 2.0 client credentials at the paths of Microsoft Entra, and the
//! documents by which its client libraries find them (intune.md 4.6; RFC 6749 section 4.4, RFC 8414).

use ::app::App;
use ::app::application::{AuthError, Gate, SignIn};
use axum::extract::{DefaultBodyLimit, Extension, Form, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use net::PeerAddr;
use serde_json::{Value, json};

use crate::edge::RequestIds;
use crate::graph::seconds_until;

/// Bytes of a form. Ours have some 300; a library adds a few hundred of telemetry.
const FORM_MAX: usize = 16 << 10;

#[derive(Clone)]
struct Door {
    app: App,
    gate: Gate,
}

/// The routes of sign-in.
pub(crate) fn router(app: App, gate: Gate) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/token", post(token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(|| async { Json(json!({ "keys": [] })) }))
        .route("/common/discovery/instance", get(instance))
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .with_state(Door { app, gate })
}

type Fields = Vec<(String, String)>;

async fn token(
    State(door): State<Door>,
    Path(tenant): Path<String>,
    peer: Option<Extension<PeerAddr>>,
    Extension(ids): Extension<RequestIds>,
    headers: HeaderMap,
    form: Result<Form<Fields>, axum::extract::rejection::FormRejection>,
) -> Response {
    let refused = |status, code: &str, words: &str| refusal(&door, &ids, status, code, words);
    let Ok(Form(fields)) = form else {
        return refused(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the body has to be a form of at most 16 kB",
        );
    };
    if field(&fields, "grant_type") != Some("client_credentials") {
        let words = "grant_type has to be client_credentials";
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", words);
    }
    let basic = basic(&headers);
    let given = (field(&fields, "client_id"), field(&fields, "client_secret"));
    let (Some(id), Some(secret)) =
        (basic.as_ref().map(|b| b.0.as_str()).or(given.0), basic.as_ref().map(|b| b.1.as_str()).or(given.1))
    else {
        return refused(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "client_id and client_secret have to be given",
        );
    };
    let source = source(peer.map(|Extension(peer)| peer));
    let attempt = SignIn { tenant: &tenant, client_id: id, client_secret: secret, source: &source };
    match door.gate.sign_in(attempt).await {
        Ok(token) => no_store(Json(json!({
            "token_type": "Bearer",
            "expires_in": token.life.as_secs(),
            "ext_expires_in": token.life.as_secs(),
            "access_token": token.text.as_str(),
        }))),
        Err(error) => not_signed_in(&door, &ids, error),
    }
}

fn not_signed_in(door: &Door, ids: &RequestIds, error: AuthError) -> Response {
    let words = format!("failed to {error}");
    match error {
        AuthError::Throttled { until } => {
            let mut response =
                refusal(door, ids, StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", &words);
            let seconds = seconds_until(until, door.app.now());
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        AuthError::Refused => refusal(door, ids, StatusCode::UNAUTHORIZED, "invalid_client", &words),
        error => {
            tracing::error!(request_id = %ids.request, "failed to {error}");
            refusal(door, ids, StatusCode::INTERNAL_SERVER_ERROR, "server_error", "see the server's log")
        }
    }
}

/// An error as RFC 6749 section 5.2 has it, with what Entra's clients look for.
fn refusal(door: &Door, ids: &RequestIds, status: StatusCode, code: &str, words: &str) -> Response {
    let body = json!({
        "error": code,
        "error_description": words,
        "error_codes": [],
        "timestamp": door.app.now().rfc3339(),
        "trace_id": ids.request,
        "correlation_id": ids.client,
    });
    let mut response = (status, no_store(Json(body))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"\""));
    }
    response
}

fn no_store(body: Json<Value>) -> Response {
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response()
}

fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// Client id and secret of a Basic header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, packed) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(packed.trim()).ok()?).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// Whom wrong secrets are counted by: an address, or of IPv6 the network that one customer has.
fn source(peer: Option<PeerAddr>) -> String {
    match peer.map(|peer| peer.0.ip().to_canonical()) {
        None => "unknown".to_owned(),
        Some(std::net::IpAddr::V4(address)) => address.to_string(),
        Some(std::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// OpenID Connect's document, as far as a client that signs in by client credentials reads it.
async fn configuration(State(door): State<Door>, Path(tenant): Path<String>) -> Json<Value> {
    let base = format!("{}/{tenant}", door.app.settings.api_url);
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["HS256"],
    }))
}

/// Where Entra's libraries ask which hosts belong together: this one alone.
async fn instance(State(door): State<Door>) -> Json<Value> {
    let base = &door.app.settings.api_url;
    let host = base.split("://").nth(1).unwrap_or(base);
    Json(json!({
        "tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}
