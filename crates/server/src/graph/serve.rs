//! One request of the API from its head to its answer: who, where, whether allowed, what; then the handler.

use std::time::Instant;

use app::App;
use app::application::{self, Caller, Gate, is_form_token};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Limited};
use net::PeerAddr;
use query::Options;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::batch::{Outer, Part};
use super::call::Call;
use super::error::ApiError;
use super::route::{Found, Route, Takes, find, flat};
use super::{body, json};
use crate::edge::{Handled, RequestIds, is_of_devices};
use crate::sign_in::{cookie, origin};

/// Bytes of a body. The largest is a list of serials to import: 10,000 of them in 4 MB.
pub(crate) const BODY_MAX: usize = 4 << 20;

/// What the API answers with.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) app: App,
    pub(crate) gate: Gate,
}

/// Answers every path that no other route of the listener has.
pub(crate) async fn serve(State(api): State<Api>, request: Request) -> Response {
    respond(&api, request).await
}

/// Answers one request, of its own or of a batch.
pub(crate) fn respond(api: &Api, request: Request) -> BoxFuture<'_, Response> {
    Box::pin(responded(api, request))
}

async fn responded(api: &Api, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ids = parts.extensions.get::<RequestIds>().cloned().unwrap_or_default();
    let mut handled = Handled::default();
    let started = Instant::now();
    let answer = match answer(api, &parts, body, &mut handled).await {
        Ok(answer) => answer,
        Err(error) => error.answer(&ids, api.app.now()),
    };
    tracing::trace!(elapsed_us = started.elapsed().as_micros() as u64, "answered");
    let mut response = answer.into_response();
    response.extensions_mut().insert(handled);
    response
}

async fn answer(
    api: &Api,
    parts: &Parts,
    body: axum::body::Body,
    handled: &mut Handled,
) -> Result<Answer, ApiError> {
    // A device that a proxy sends to the wrong port must not hear 401: it would leave management (apple.md 3.3).
    if is_of_devices(parts.uri.path()) {
        return Err(ApiError::not_found("Failed to find this: devices are not served here."));
    }
    // First of all: a stranger learns nothing, not even which paths exist.
    let caller = identify(api, &parts.headers).await?;
    handled.tenant = Some(caller.tenant.to_string());
    handled.caller = Some(caller.id().to_owned());
    let path = parts.uri.path();
    let (route, ids, last, v1) = routed(&parts.method, path)?;
    handled.route = Some(route.template);
    if let Some(role) = route.role.filter(|role| !caller.may(*role)) {
        let needed = role.as_str();
        return Err(ApiError::forbidden(format!(
            "Failed to allow this: the application needs the role {needed}."
        )));
    }
    let raw_query = parts.uri.query().unwrap_or_default();
    let options = Options::parse(raw_query)?;
    body::arguments(route.shape.arguments.unwrap_or_default(), &last)?;
    let body = read_body(&parts.method, body).await?;
    let call = Call {
        app: api.app.clone(),
        route,
        outer: outer(api, route, parts)?,
        actor: application::actor(&caller),
        caller,
        v1,
        ids,
        path: path.to_owned(),
        raw_query: raw_query.to_owned(),
        options,
        confirmed_in_body: route.shape.confirmable && body::confirms(&body)?,
        body: match route.shape.takes {
            Takes::Parameters(table) => body::parameters(table, &body)?,
            Takes::Entity(_) | Takes::Nothing | Takes::Batch => body,
        },
        wants_representation: prefers(&parts.headers, "return=representation"),
        page_size: preferred_page(&parts.headers),
    };
    call.only_expands()?;
    (route.handler)(call).await
}

/// Who calls: a program by its bearer token, or else a person's browser by its session, which has to show with each call
/// that it comes from a page of ours. Both at once are refused: they may be of two people.
async fn identify(api: &Api, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let session = cookie::read(headers, cookie::SESSION);
    match (bearer(headers)?, session) {
        (Some(_), Some(_)) => Err(ApiError::unauthenticated(
            "Failed to tell who calls: the request has a bearer token and a session. Send one of them.",
        )),
        (Some(token), None) => Ok(api.gate.identify(token).await?),
        (None, Some(session)) => identify_session(api, session, headers).await,
        (None, None) => Err(missing()),
    }
}

fn missing() -> ApiError {
    ApiError::unauthenticated("Failed to find a bearer token: sign in and send it as Authorization: Bearer.")
}

/// The bearer token, if there is an `Authorization` at all.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(None) };
    // Two headers: a proxy and a client may each mean another one.
    if given.next().is_some() {
        return Err(missing());
    }
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(Some(token.trim()))
}

async fn identify_session(api: &Api, session: &str, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let token = headers.get(origin::TOKEN_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_form_token(session, token) || !origin::is_own(headers, &api.app.settings.api_url, false) {
        return Err(ApiError::unauthenticated(
            "Failed to take the session: the call does not come from a page of this server.",
        ));
    }
    let visit = api.gate.visit(session).await?;
    visit.and_then(|visit| visit.caller()).ok_or_else(|| {
        ApiError::unauthenticated("Failed to find a session: it is over, or waits for a code. Sign in again.")
    })
}

type Routed = (&'static Route, Vec<String>, query::Segment, bool);

fn routed(method: &Method, path: &str) -> Result<Routed, ApiError> {
    let segments = query::split_path(path)?;
    let nothing = || ApiError::no_route(method, path);
    let (version, rest) = segments.split_first().ok_or_else(nothing)?;
    let v1 = match version.text.to_ascii_lowercase().as_str() {
        "beta" => false,
        "v1.0" => true,
        _ => return Err(nothing()),
    };
    let rest = flat(rest);
    let last = rest.last().cloned().ok_or_else(nothing)?;
    match find(method, &rest, v1) {
        Found::Route(route, ids) => Ok((route, ids, last, v1)),
        Found::Later(template) => Err(ApiError::later(template)),
        Found::OtherVerb(allowed) => Err(ApiError::no_verb(method, &allowed)),
        Found::Nothing => Err(nothing()),
    }
}

/// The body as an object. `null` and nothing at all are an empty one: actions are sent with either.
async fn read_body(method: &Method, body: axum::body::Body) -> Result<Map<String, Value>, ApiError> {
    if matches!(*method, Method::GET | Method::DELETE) {
        return Ok(Map::new());
    }
    let bytes: Bytes = match Limited::new(body, BODY_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(ApiError::too_large(BODY_MAX));
        }
        Err(_) => return Err(ApiError::bad("Failed to read the body: it broke off.")),
    };
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| ApiError::bad("Failed to read the body: it is not UTF-8."))?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match json::parse(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(ApiError::bad("Failed to read the body: expected a JSON object.")),
        Err(error) => Err(ApiError::bad(format!("Failed to {error}."))),
    }
}

/// What the requests of a batch have of it. There is no batch in a batch: the bounds are for all of them together.
fn outer(api: &Api, route: &Route, parts: &Parts) -> Result<Option<Outer>, ApiError> {
    if !matches!(route.shape.takes, Takes::Batch) {
        return Ok(None);
    }
    if parts.extensions.get::<Part>().is_some() {
        return Err(ApiError::bad("Failed to begin a batch: it is in one itself."));
    }
    Ok(Some(Outer {
        api: api.clone(),
        headers: parts.headers.clone(),
        ids: parts.extensions.get::<RequestIds>().cloned().unwrap_or_default(),
        peer: parts.extensions.get::<PeerAddr>().copied(),
    }))
}

fn preferences(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).map(str::trim)
}

fn prefers(headers: &HeaderMap, wanted: &str) -> bool {
    preferences(headers).any(|given| given.eq_ignore_ascii_case(wanted))
}

fn preferred_page(headers: &HeaderMap) -> Option<u32> {
    let size = preferences(headers).find_map(|given| given.strip_prefix("odata.maxpagesize="))?;
    size.parse().ok().filter(|size| *size > 0)
}
