//! The token endpoint (RFC 6749 section 3.2).

use ::app::application::{ASSERTION_TYPE, AccessToken, AuthError, GrantError, Proof, SignIn, Tokens};
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Extension, Form, Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use net::PeerAddr;
use serde_json::{Value, json};

use super::form::{Fields, basic, doubled, field};
use super::{Door, source};
use crate::edge::RequestIds;
use crate::graph::seconds_until;

/// An error of OAuth: its code and the words for people.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) words: String,
}

impl Refusal {
    /// 400.
    pub(super) fn bad(code: &'static str, words: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, words: words.into() }
    }

    fn invalid(words: impl Into<String>) -> Self {
        Self::bad("invalid_request", words)
    }
}

/// Answers a token, or why there is none.
pub(super) async fn token(
    State(door): State<Door>,
    Path(tenant): Path<String>,
    peer: Option<Extension<PeerAddr>>,
    Extension(ids): Extension<RequestIds>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let source = source(peer.map(|Extension(peer)| peer));
    let fields = match read(form) {
        Ok(fields) => fields,
        Err(refusal) => return refused(&door, &ids, refusal),
    };
    match field(&fields, "grant_type") {
        Some("client_credentials") => {
            let (basic, has_header) = (basic(&headers), headers.contains_key(AUTHORIZATION));
            match client(&fields, basic.as_ref(), has_header) {
                Err(refusal) => refused(&door, &ids, refusal),
                Ok((client_id, proof)) => {
                    let attempt = SignIn { tenant: &tenant, client_id, proof, source: &source };
                    answered(&door, &ids, door.gate.sign_in(attempt).await)
                }
            }
        }
        Some("urn:ietf:params:oauth:grant-type:device_code" | "device_code") => {
            // The first version of Entra's endpoint calls it `code`.
            let code = field(&fields, "device_code").or_else(|| field(&fields, "code"));
            match for_person(&fields, code, &headers) {
                Err(refusal) => refused(&door, &ids, refusal),
                Ok((id, code)) => {
                    for_person_answered(&door, &ids, door.gate.poll_device_code(&tenant, id, code).await)
                }
            }
        }
        Some("refresh_token") => match for_person(&fields, field(&fields, "refresh_token"), &headers) {
            Err(refusal) => refused(&door, &ids, refusal),
            Ok((id, token)) => for_person_answered(&door, &ids, door.gate.refresh(&tenant, id, token).await),
        },
        _ => {
            let words = "grant_type has to be client_credentials, device_code or refresh_token";
            refused(&door, &ids, Refusal::bad("unsupported_grant_type", words))
        }
    }
}

/// Client id and code, or refresh token, of a program that acts for a person. It keeps no secret, and shows none.
fn for_person<'f>(
    fields: &'f Fields,
    given: Option<&'f str>,
    headers: &HeaderMap,
) -> Result<(&'f str, &'f str), Refusal> {
    if headers.contains_key(AUTHORIZATION) || field(fields, "client_secret").is_some() {
        let words = "a program that acts for people is a public application, and proves itself by nothing";
        return Err(Refusal::bad("invalid_client", words));
    }
    let missing = || Refusal::invalid("client_id has to be given, with device_code or refresh_token");
    field(fields, "client_id").zip(given).ok_or_else(missing)
}

fn for_person_answered(door: &Door, ids: &RequestIds, outcome: Result<Tokens, AuthError>) -> Response {
    match outcome {
        Err(error) => not_signed_in(door, ids, error),
        Ok(tokens) => {
            let mut body = json!({
                "token_type": "Bearer",
                "scope": tokens.scope,
                "expires_in": tokens.access.life.as_secs(),
                "ext_expires_in": tokens.access.life.as_secs(),
                "access_token": tokens.access.text.as_str(),
            });
            if let (Some(refresh), Some(members)) = (tokens.refresh, body.as_object_mut()) {
                members.insert("refresh_token".into(), Value::String(refresh.to_string()));
            }
            no_store(body)
        }
    }
}

/// The fields of a form of OAuth.
pub(super) fn read(form: Result<Form<Fields>, FormRejection>) -> Result<Fields, Refusal> {
    let Form(fields) = form.map_err(|_| Refusal::invalid("the body has to be a form of at most 32 kB"))?;
    match doubled(&fields) {
        Some(name) => {
            Err(Refusal::invalid(format!("{} is given twice", name.chars().take(60).collect::<String>())))
        }
        None => Ok(fields),
    }
}

/// The client id and the one proof of a client (RFC 6749 section 2.3: not more than one).
fn client<'f>(
    fields: &'f Fields,
    basic: Option<&'f (String, String)>,
    has_header: bool,
) -> Result<(&'f str, Proof<'f>), Refusal> {
    let id = field(fields, "client_id");
    let posted = field(fields, "client_secret");
    let assertion = field(fields, "client_assertion");
    if has_header && basic.is_none() {
        return Err(Refusal::invalid("the Authorization header is none of Basic, as client credentials are"));
    }
    let given = [posted.is_some(), assertion.is_some(), basic.is_some()].into_iter().filter(|given| *given);
    if given.count() > 1 {
        return Err(Refusal::invalid("the client may prove itself in one way only"));
    }
    let by_header = basic.map(|(basic_id, secret)| (basic_id.as_str(), Proof::Secret(secret)));
    let (id, proof) = match (id, posted, assertion, by_header) {
        (None, None, None, Some(found)) => found,
        (Some(id), None, None, Some(found)) if id == found.0 => found,
        (Some(id), Some(secret), None, None) => (id, Proof::Secret(secret)),
        (Some(id), None, Some(assertion), None) => {
            if field(fields, "client_assertion_type") != Some(ASSERTION_TYPE) {
                let words = format!("client_assertion_type has to be {ASSERTION_TYPE}");
                return Err(Refusal::invalid(words));
            }
            (id, Proof::Assertion(assertion))
        }
        _ => {
            let words = "client_id has to be given, with client_secret or client_assertion";
            return Err(Refusal::invalid(words));
        }
    };
    Ok((id, proof))
}

fn answered(door: &Door, ids: &RequestIds, outcome: Result<AccessToken, AuthError>) -> Response {
    match outcome {
        Ok(token) => no_store(json!({
            "token_type": "Bearer",
            "expires_in": token.life.as_secs(),
            "ext_expires_in": token.life.as_secs(),
            "access_token": token.text.as_str(),
        })),
        Err(error) => not_signed_in(door, ids, error),
    }
}

/// Why there is no token, as OAuth tells it.
pub(super) fn not_signed_in(door: &Door, ids: &RequestIds, error: AuthError) -> Response {
    let words = format!("failed to {error}");
    match error {
        AuthError::Throttled { until } => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let refusal = Refusal { status, code: "temporarily_unavailable", words };
            let mut response = refused(door, ids, refusal);
            let seconds = seconds_until(until, door.app.now());
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        AuthError::Grant(error) => {
            let code = match error {
                GrantError::Pending => "authorization_pending",
                GrantError::SlowDown => "slow_down",
                GrantError::Expired => "expired_token",
                GrantError::Denied => "access_denied",
                GrantError::Invalid => "invalid_grant",
                GrantError::Client => "unauthorized_client",
            };
            refused(door, ids, Refusal::bad(code, words))
        }
        AuthError::Busy => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            refused(door, ids, Refusal { status, code: "temporarily_unavailable", words })
        }
        AuthError::Refused => {
            refused(door, ids, Refusal { status: StatusCode::UNAUTHORIZED, code: "invalid_client", words })
        }
        error => {
            tracing::error!(request_id = %ids.request, "failed to {error}");
            let (status, words) = (StatusCode::INTERNAL_SERVER_ERROR, "see the server's log".into());
            refused(door, ids, Refusal { status, code: "server_error", words })
        }
    }
}

/// An error as RFC 6749 section 5.2 has it, with what Entra's clients look for.
pub(super) fn refused(door: &Door, ids: &RequestIds, refusal: Refusal) -> Response {
    let Refusal { status, code, words } = refusal;
    let body = json!({
        "error": code,
        "error_description": words,
        "error_codes": [],
        "timestamp": door.app.now().rfc3339(),
        "trace_id": ids.request,
        "correlation_id": ids.client,
    });
    let mut response = (status, no_store(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"\""));
    }
    response
}

/// JSON that nobody keeps.
pub(super) fn no_store(body: Value) -> Response {
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response()
}
