//! How devices are answered, and what they are never answered.

use std::any::Any;

use ::app::AppError;
use ::mdm::error_response::{self, Refusal};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::{TenantId, Time};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// Seconds after which a device may try again when we are busy.
const BUSY_RETRY_SECONDS: i64 = 5;
/// What a person reads on a device that is not let in. It says nothing about why: the administrator is told.
const NOT_LET_IN: &str = "This device is not set up for this organisation. Ask your administrator.";

/// A body of one content type.
pub(super) fn of(content_type: &'static str, body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
}

/// A status and nothing else.
pub(super) fn bare(status: StatusCode) -> Response {
    status.into_response()
}

/// A tenant's name in a path; anything else is no place here.
pub(super) fn tenant(text: &str) -> Result<TenantId, StatusCode> {
    text.parse().map_err(|_| StatusCode::NOT_FOUND)
}

/// A device that asks to enrol is not let in: Apple's words for it, whatever the reason (apple.md 3.1).
pub(super) fn not_enrolled(error: AppError, now: Time) -> Response {
    match error {
        AppError::Refused { .. } | AppError::Invalid { .. } | AppError::NotFound { .. } => {
            let body =
                Refusal::UnrecognizedDevice.json(Some("the device is not one of ours"), Some(NOT_LET_IN));
            let status = StatusCode::from_u16(error_response::STATUS).unwrap_or(StatusCode::FORBIDDEN);
            (status, of(error_response::CONTENT_TYPE, body)).into_response()
        }
        other => trouble(other, now),
    }
}

/// A message of an enrolled device is not accepted. No code of Apple's goes with it: that would end the enrolment.
pub(super) fn not_accepted(error: AppError, now: Time) -> Response {
    match error {
        AppError::Refused { .. } | AppError::NotFound { .. } => bare(StatusCode::FORBIDDEN),
        AppError::Invalid { .. } => bare(StatusCode::BAD_REQUEST),
        other => trouble(other, now),
    }
}

/// Ours, or for later: the device tries again.
fn trouble(error: AppError, now: Time) -> Response {
    match error {
        AppError::TooSoon { next_at, .. } => {
            retry(StatusCode::TOO_MANY_REQUESTS, next_at.unix().saturating_sub(now.unix()))
        }
        AppError::Busy => busy(),
        error => {
            tracing::error!("failed to {error}");
            bare(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// The house is full: the device tries again.
pub(super) fn busy() -> Response {
    retry(StatusCode::SERVICE_UNAVAILABLE, BUSY_RETRY_SECONDS)
}

fn retry(status: StatusCode, seconds: i64) -> Response {
    (status, [(RETRY_AFTER, HeaderValue::from(seconds.max(1)))]).into_response()
}

/// A bug of ours is not a reason for a device to hear nothing.
pub(super) fn after_panic(_: Box<dyn Any + Send + 'static>) -> http::Response<Body> {
    tracing::error!("a device route panicked");
    bare(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The last word on every answer: never 401, never cached, and a refusal for now says when to come back.
pub(super) async fn sealed(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from(BUSY_RETRY_SECONDS));
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
