//! How the service answers: JSON in Apple's content type, refusals as bare words.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::apple::{AdeFault, PlannedAnswer};

/// Apple's content type, `UTF8` without a dash.
const JSON: &str = "application/json;charset=UTF8";

/// A JSON answer.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, JSON)], body).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

impl IntoResponse for AdeFault {
    fn into_response(self) -> Response {
        words(self.status(), self.word())
    }
}

impl IntoResponse for PlannedAnswer {
    fn into_response(self) -> Response {
        let mut response = words(self.status, &self.body);
        if let Some(value) = self.retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// A plain-text answer.
pub(crate) fn words(status: u16, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/plain;charset=UTF8")], words.to_owned()).into_response()
}
