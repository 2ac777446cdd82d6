//! `POST /$batch`: several requests in one (intune.md 4.5). Each goes through the very same pipeline as a request of its
//! own, one after the other in the order of what depends on what; the place in the house, the time and the size of the
//! body are those of the one request that they came in.

mod read;
mod schema;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use http_body_util::BodyExt;
use net::PeerAddr;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::error::ApiError;
use super::serve::{self, Api};
use crate::edge::{self, RequestIds, Side};

use read::Item;
pub(crate) use schema::{answered, taken};

/// Requests of one batch: Graph's own limit.
const ITEMS_MAX: usize = 20;
/// Bytes of all answers together, after which no further request is begun: a page of a thousand devices has two million.
const ANSWERS_MAX: usize = 32 << 20;
/// After so long no further request is begun, so that what was done is told before the whole takes too long.
const BEGIN_WITHIN: Duration = Duration::from_secs(45);
/// Seconds after which a request that was not begun is worth sending again.
const RETRY_SECONDS: u64 = 1;

/// Marks a request as a part of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part;

/// What the requests of a batch have of the one that they came in.
#[derive(Clone)]
pub(crate) struct Outer {
    pub(crate) api: Api,
    pub(crate) headers: HeaderMap,
    pub(crate) ids: RequestIds,
    pub(crate) peer: Option<PeerAddr>,
}

/// What one was answered.
struct Done {
    status: u16,
    shown: Value,
}

pub(crate) async fn run(call: Call) -> Result<Answer, ApiError> {
    let outer = call.outer.as_ref().ok_or_else(|| ApiError::internal("a batch came without its request"))?;
    let items = read::items(&call.body)?;
    let version = if call.v1 { "v1.0" } else { "beta" };
    let started = Instant::now();
    let mut bytes = 0;
    let mut done: Vec<Option<Done>> = items.iter().map(|_| None).collect();
    for index in read::order(&items)? {
        let Some(item) = items.get(index) else { continue };
        let failed = item.depends_on.iter().find(|before| {
            let before = done.get(**before).and_then(Option::as_ref);
            before.is_none_or(|before| before.status >= 400)
        });
        let refusal = if let Some(before) = failed.and_then(|before| items.get(*before)) {
            Some(ApiError::failed_dependency(&before.id))
        } else if bytes > ANSWERS_MAX || started.elapsed() > BEGIN_WITHIN {
            Some(ApiError::not_begun(RETRY_SECONDS))
        } else {
            None
        };
        let response = one(outer, item, version, refusal).await;
        let (answer, size) = shown(&item.id, response).await?;
        bytes += size;
        if let Some(place) = done.get_mut(index) {
            *place = Some(answer);
        }
    }
    let responses: Vec<Value> = done.into_iter().flatten().map(|done| done.shown).collect();
    Ok(Answer::ok(json!({ "responses": responses })))
}

/// Answers one, with ids, a log line and numbers of its own.
async fn one(outer: &Outer, item: &Item, version: &str, refusal: Option<ApiError>) -> Response {
    let api = outer.api.clone();
    let mut request = match item.request(version) {
        Ok(request) => request,
        Err(error) => return error.answer(&outer.ids, api.app.now()).into_response(),
    };
    for (name, value) in &outer.headers {
        // Who asks is who sent the batch.
        if *name == AUTHORIZATION
            || (name.as_str() == "client-request-id" && !request.headers().contains_key(name))
        {
            request.headers_mut().append(name, value.clone());
        }
    }
    request.extensions_mut().insert(Part);
    if let Some(peer) = outer.peer {
        request.extensions_mut().insert(peer);
    }
    let app = api.app.clone();
    edge::part(&app, Side::Api, request, async |request| match refusal {
        Some(error) => {
            let ids = request.extensions().get::<RequestIds>().cloned().unwrap_or_default();
            error.answer(&ids, api.app.now()).into_response()
        }
        None => serve::respond(&api, request).await,
    })
    .await
}

/// An answer as a batch shows it, and how many bytes its body has. A body that is not JSON is base64.
async fn shown(id: &str, response: Response<Body>) -> Result<(Done, usize), ApiError> {
    let (parts, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => return Err(ApiError::internal(format!("an answer in a batch broke off: {error}"))),
    };
    let is_json =
        parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let mut shown = Map::new();
    shown.insert("id".into(), id.into());
    shown.insert("status".into(), parts.status.as_u16().into());
    shown.insert("headers".into(), headers(&parts.headers));
    if !bytes.is_empty() {
        let parsed = if is_json { serde_json::from_slice(&bytes).ok() } else { None };
        shown.insert("body".into(), parsed.unwrap_or_else(|| STANDARD.encode(&bytes).into()));
    }
    Ok((Done { status: parts.status.as_u16(), shown: Value::Object(shown) }, bytes.len()))
}

fn headers(headers: &HeaderMap) -> Value {
    let told = headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH);
    let told = told.filter_map(|(name, value)| Some((written(name), value.to_str().ok()?.into())));
    Value::Object(told.collect())
}

/// Clients look for some headers as Graph writes them.
fn written(name: &HeaderName) -> String {
    let name = name.as_str();
    let known =
        ["Content-Type", "Retry-After", "Location", "Cache-Control", "OData-Version", "WWW-Authenticate"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned()
}
