//! A batch as it comes, and in which order its requests are answered.

use axum::body::Body;
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use serde_json::{Map, Value};

use super::ITEMS_MAX;
use crate::graph::error::ApiError;

/// Headers that belong to the connection or to the batch, and not to a request in it.
const NOT_ITS_OWN: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];
/// Bytes of an id; our own answer says it again.
const ID_LEN_MAX: usize = 256;

/// One request of a batch.
pub(super) struct Item {
    pub(super) id: String,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    /// Places in the batch.
    pub(super) depends_on: Vec<usize>,
}

/// What is wrong, and where.
fn wrong(place: &str, words: &str) -> ApiError {
    ApiError::bad_value(place, format!("Failed to read '{place}' of the batch: {words}."))
}

/// The requests of a batch.
pub(super) fn items(body: &Map<String, Value>) -> Result<Vec<Item>, ApiError> {
    let given = find(body, "requests").and_then(Value::as_array);
    let given = given.ok_or_else(|| wrong("requests", "expected an array of requests"))?;
    if given.is_empty() || given.len() > ITEMS_MAX {
        let words = format!("expected 1 to {ITEMS_MAX} requests, found {}", given.len());
        return Err(wrong("requests", &words));
    }
    let mut items = Vec::with_capacity(given.len());
    let mut needs = Vec::with_capacity(given.len());
    for (index, one) in given.iter().enumerate() {
        let place = format!("requests[{index}]");
        let one = one.as_object().ok_or_else(|| wrong(&place, "expected an object"))?;
        let item = item(&place, one)?;
        if items.iter().any(|other: &Item| other.id == item.id) {
            return Err(wrong(&format!("{place}.id"), "another request has the same"));
        }
        items.push(item);
        needs.push(ids_before(&place, one)?);
    }
    for (index, needs) in needs.into_iter().enumerate() {
        let mut places = Vec::with_capacity(needs.len());
        for id in needs {
            let place = items.iter().position(|item| item.id == id);
            let words = "it names a request that the batch does not have";
            places.push(place.ok_or_else(|| wrong(&format!("requests[{index}].dependsOn"), words))?);
        }
        if let Some(item) = items.get_mut(index) {
            item.depends_on = places;
        }
    }
    Ok(items)
}

fn find<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = members.iter().find(|(given, _)| query::same(given, name));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

/// An id: a text, or a whole number, which some clients send.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= ID_LEN_MAX => Some(text.clone()),
        Value::Number(number) if number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

fn item(place: &str, one: &Map<String, Value>) -> Result<Item, ApiError> {
    let at = |name: &str| format!("{place}.{name}");
    let text = |name: &str| find(one, name).and_then(Value::as_str);
    let words = "expected a text or a whole number, another for each request";
    let id = find(one, "id").and_then(id).ok_or_else(|| wrong(&at("id"), words))?;
    let method =
        text("method").and_then(|verb| Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).ok());
    let method = method.ok_or_else(|| wrong(&at("method"), "expected a verb such as GET"))?;
    let url = text("url").ok_or_else(|| wrong(&at("url"), "expected a URL relative to the version"))?;
    let mut headers = Vec::new();
    if let Some(given) = find(one, "headers") {
        let given = given.as_object().ok_or_else(|| wrong(&at("headers"), "expected an object"))?;
        for (name, value) in given {
            let words = "expected a text for each";
            let value = value.as_str().ok_or_else(|| wrong(&at("headers"), words))?;
            headers.push((name.clone(), value.to_owned()));
        }
    }
    Ok(Item {
        id,
        method,
        url: url.to_owned(),
        headers,
        body: find(one, "body").cloned(),
        depends_on: Vec::new(),
    })
}

fn ids_before(place: &str, one: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    let Some(given) = find(one, "dependsOn") else { return Ok(Vec::new()) };
    let expected = || wrong(&format!("{place}.dependsOn"), "expected an array of ids");
    let given = given.as_array().filter(|given| given.len() <= ITEMS_MAX).ok_or_else(expected)?;
    given.iter().map(|one| id(one).ok_or_else(expected)).collect()
}

/// The places in the order of answering: as they stand, but none before what it depends on.
pub(super) fn order(items: &[Item]) -> Result<Vec<usize>, ApiError> {
    let mut order: Vec<usize> = Vec::with_capacity(items.len());
    while order.len() < items.len() {
        let next = items.iter().enumerate().find(|(index, item)| {
            !order.contains(index) && item.depends_on.iter().all(|before| order.contains(before))
        });
        let Some((next, _)) = next else {
            return Err(wrong("requests", "requests depend on one another in a circle"));
        };
        order.push(next);
    }
    Ok(order)
}

impl Item {
    /// The request that it stands for.
    pub(super) fn request(&self, version: &str) -> Result<Request, ApiError> {
        let bad = |words: &str| {
            ApiError::bad_value("url", format!("Failed to read the URL of request '{}': {words}.", self.id))
        };
        let path = self.url.trim_start_matches('/');
        if path.split(['?', '#']).next().unwrap_or_default().contains(':') && path.contains("://") {
            return Err(bad("it has to be relative to the version, such as /deviceManagement"));
        }
        if self.url.chars().any(char::is_control) {
            return Err(bad("it has a control character"));
        }
        let uri: Uri = format!("/{version}/{}", escaped(path)).parse().map_err(|_| bad("it is none"))?;
        let mut request = Request::new(self.bytes()?);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        for (name, value) in &self.headers {
            if NOT_ITS_OWN.iter().any(|not| not.eq_ignore_ascii_case(name)) {
                continue;
            }
            let wrong = || {
                let words = format!(
                    "Failed to read a header of request '{}': it cannot stand in a request.",
                    self.id
                );
                ApiError::bad_value("headers", words)
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            request.headers_mut().append(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
        }
        Ok(request)
    }

    /// JSON as it is; a text is a body in base64.
    fn bytes(&self) -> Result<Body, ApiError> {
        match &self.body {
            None => Ok(Body::empty()),
            Some(Value::String(text)) => {
                let packed = text.trim_end_matches('=');
                let bytes = URL_SAFE_NO_PAD.decode(packed).or_else(|_| STANDARD.decode(text));
                bytes.map(Body::from).map_err(|_| {
                    let words =
                        format!("Failed to read the body of request '{}': a text has to be base64.", self.id);
                    ApiError::bad_value("body", words)
                })
            }
            Some(body) => Ok(Body::from(body.to_string())),
        }
    }
}

/// A URL with what cannot stand in one as percent codes: clients write filters with spaces.
fn escaped(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
