//! What a handler answers, and the headers that every answer of the API has.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, header};
use serde_json::Value;

/// Graph's content type of an entity.
const ODATA_JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                          IEEE754Compatible=false;charset=utf-8";

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Content {
    /// No body.
    None,
    /// `text/plain`.
    Text(String),
    /// JSON.
    Json(Value),
}

impl Answer {
    /// JSON with a status.
    pub(crate) fn json(status: StatusCode, value: Value) -> Self {
        Self { status, headers: HeaderMap::new(), body: Content::Json(value) }
    }

    /// 200 with JSON.
    pub(crate) fn ok(value: Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Content::None }
    }

    /// 200 with a bare number, as `/$count` has it.
    pub(crate) fn number(number: u64) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), body: Content::Text(number.to_string()) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (content_type, bytes) = match self.body {
            Content::None => (None, Vec::new()),
            Content::Text(text) => (Some("text/plain;charset=utf-8"), text.into_bytes()),
            Content::Json(value) => (Some(ODATA_JSON), value.to_string().into_bytes()),
        };
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.insert(HeaderName::from_static("odata-version"), HeaderValue::from_static("4.0"));
        // Answers hold what only this caller may see.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
