//! The one error of the API, in Graph's envelope (intune.md 4.5).

use app::AppError;
use app::application::AuthError;
use domain::Time;
use http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::Answer;
use crate::edge::RequestIds;

/// Seconds after which a server that is full is worth asking again.
const BUSY_SECONDS: u64 = 1;

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// Graph's word.
    pub(crate) code: &'static str,
    /// For the administrator.
    pub(crate) message: String,
    /// The property or parameter that is wrong.
    pub(crate) target: Option<String>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// `Allow`: the verbs that are offered instead.
    pub(crate) allow: Option<Box<str>>,
    /// Our own trouble: for the log, never for the caller.
    pub(crate) log: Option<Box<str>>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            target: None,
            retry_after: None,
            allow: None,
            log: None,
        }
    }

    /// 400, with what is wrong.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400, about one property or parameter.
    pub(crate) fn bad_value(target: &str, message: impl Into<String>) -> Self {
        Self { target: Some(target.to_owned()), ..Self::bad(message) }
    }

    /// 401.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    }

    /// 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }

    /// Graph's answer to a path that it does not have: 400, not 404.
    pub(crate) fn no_route(method: &Method, path: &str) -> Self {
        let path: String = path.chars().take(200).collect();
        Self::bad(format!("No OData route exists that match template ~{path} with http verb {method}."))
    }

    /// 405: the path exists for other verbs.
    pub(crate) fn no_verb(method: &Method, allowed: &str) -> Self {
        let message = format!("{method} is not offered here; offered: {allowed}.");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
        Self { allow: Some(allowed.into()), ..error }
    }

    /// 501: Graph has it, and this server has not yet.
    pub(crate) fn later(template: &str) -> Self {
        let message = format!("Failed to serve {template}: this server does not have it yet.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// 424: what this depends on has failed.
    pub(crate) fn failed_dependency(id: &str) -> Self {
        let message = format!("Failed to begin this: the request '{id}', on which it depends, has failed.");
        Self::new(StatusCode::FAILED_DEPENDENCY, "FailedDependency", message)
    }

    /// 429: a batch had no room left for it.
    pub(crate) fn not_begun(seconds: u64) -> Self {
        let message = "Failed to begin this: the requests before it took all the time or room of the batch; send it again.";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        Self { retry_after: Some(seconds), ..error }
    }

    /// 413.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The body has more than {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 503 with `Retry-After`.
    pub(crate) fn busy() -> Self {
        let message = "The server has more to do than it can take on; try again in a moment.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message);
        Self { retry_after: Some(BUSY_SECONDS), ..error }
    }

    /// 504: the time for it is over.
    pub(crate) fn timed_out() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", "The request took too long and was given up.")
    }

    /// 500; `log` is for the log.
    pub(crate) fn internal(log: impl Into<String>) -> Self {
        let message = "Something went wrong in the server; its log tells more under this request-id.";
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message);
        Self { log: Some(log.into().into_boxed_str()), ..error }
    }

    /// An [`AppError`] as HTTP has it. `now` turns a moment into `Retry-After`.
    pub(crate) fn from_app(error: AppError, now: Time) -> Self {
        let words = sentence(&error.to_string());
        match error {
            AppError::NotFound { .. } => Self::not_found(words),
            AppError::Invalid { target, .. } => Self { target: Some(target), ..Self::bad(words) },
            AppError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "Conflict", words),
            AppError::Refused { .. } => Self::forbidden(words),
            AppError::TooSoon { next_at, .. } => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", words);
                Self { retry_after: Some(seconds_until(next_at, now)), ..error }
            }
            AppError::NeedsConfirmation { .. } => {
                let words = format!("{words} Send \"confirm\": true to go on.");
                Self::new(StatusCode::CONFLICT, "ConfirmationRequired", words)
            }
            AppError::Apple { .. } => Self::new(StatusCode::BAD_GATEWAY, "AppleServiceError", words),
            AppError::Busy => Self::busy(),
            AppError::Store(_) if words.starts_with("Failed to query by") => Self::bad(words),
            AppError::Store(_) if words.starts_with("Failed to store") => Self::bad(words),
            AppError::Store(_) | AppError::Internal(_) => Self::internal(words),
        }
    }

    /// The envelope.
    pub(crate) fn answer(self, ids: &RequestIds, now: Time) -> Answer {
        if let Some(log) = &self.log {
            tracing::error!(request_id = %ids.request, "{log}");
        }
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": now.rfc3339().trim_end_matches('Z'),
                "request-id": ids.request,
                "client-request-id": ids.client,
            },
        });
        if let (Some(target), Some(members)) = (self.target, error.as_object_mut()) {
            members.insert("target".into(), Value::String(target));
        }
        let mut answer = Answer::json(self.status, json!({ "error": error }));
        if let Some(seconds) = self.retry_after {
            answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allowed) = self.allow.and_then(|verbs| HeaderValue::from_str(&verbs).ok()) {
            answer.headers.insert(ALLOW, allowed);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"\""));
        }
        answer
    }
}

/// Whole seconds until `next_at`, rounded up, at least one.
pub(crate) fn seconds_until(next_at: Time, now: Time) -> u64 {
    let wait = next_at.since(now);
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// `failed to x` as a sentence of its own.
fn sentence(words: &str) -> String {
    format!("Failed to {}.", words.trim_end_matches('.'))
}

impl From<query::Error> for ApiError {
    fn from(error: query::Error) -> Self {
        Self::bad(sentence(&error.to_string()))
    }
}

impl From<domain::id::IdError> for ApiError {
    fn from(error: domain::id::IdError) -> Self {
        // An id that no thing can have names nothing.
        Self::not_found(sentence(&error.to_string()))
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Token(_) => Self::unauthenticated(sentence(&error.to_string())),
            AuthError::Refused | AuthError::Name => Self::bad(sentence(&error.to_string())),
            // What people and programs meet at sign-in is answered there.
            error => Self::internal(error.to_string()),
        }
    }
}
