//! What Apple says to a push (Apple: "Handling notification responses from APNs").

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use net::NetError;
use serde::Deserialize;

use super::Sent;
use crate::retry_after::retry_after;

/// Apple's own word for what is wrong, such as `BadTopic`; printable and short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    pub(super) fn new(words: &str) -> Reason {
        Reason(crate::printable(words))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a push was not taken. Texts read on from "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The device is no longer there under this token: wiped, unenrolled, or its token has changed. Stop pushing and
    /// wait for a TokenUpdate, but only if `since` is later than the token's arrival.
    #[error("push to a device that is no longer registered")]
    Unregistered {
        /// Since when Apple knows, microseconds since 1970.
        since: Option<i64>,
    },
    /// The token is damaged or of another environment. Stop pushing and wait for a TokenUpdate.
    #[error("push to a token that Apple does not know")]
    BadDeviceToken,
    /// The token belongs to another topic: the push certificate has changed its.
    #[error("push to a device of another topic")]
    DeviceTokenNotForTopic,
    /// The push certificate is expired, revoked, of another environment, not shown or not for this topic: no push
    /// will work until it is replaced.
    #[error("push with this certificate: {reason}")]
    Certificate {
        /// Apple's word.
        reason: Reason,
    },
    /// Too many pushes to this device.
    #[error("push to a device so often")]
    TooManyRequests {
        /// How long to wait, if Apple says so.
        retry_after: Option<Duration>,
    },
    /// Apple's service does not work at present.
    #[error("push while Apple's service is down: {reason}")]
    Unavailable {
        /// Apple's word.
        reason: Reason,
        /// How long to wait, if Apple says so.
        retry_after: Option<Duration>,
    },
    /// Apple does not like the request itself: a fault of ours.
    #[error("push as Apple wants it (status {status}): {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Apple's word.
        reason: Reason,
    },
    /// Connecting failed a moment ago; nothing was sent.
    #[error("push before the pause after a failed connection is over")]
    Waiting {
        /// How long the pause still lasts.
        retry_after: Duration,
    },
    /// No answer.
    #[error("reach Apple's push service: failed to {0}")]
    Transport(#[source] NetError),
    /// Base URL, trust, topic or magic cannot be used.
    #[error("{words}")]
    Setup {
        /// What is wrong.
        words: String,
    },
}

impl PushError {
    /// Whether the same push may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            PushError::TooManyRequests { .. }
                | PushError::Unavailable { .. }
                | PushError::Waiting { .. }
                | PushError::Transport(_)
        )
    }

    /// Whether the token is of no more use until the device sends another.
    #[must_use]
    pub fn is_token_dead(&self) -> bool {
        matches!(
            self,
            PushError::Unregistered { .. } | PushError::BadDeviceToken | PushError::DeviceTokenNotForTopic
        )
    }

    /// How long to wait, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            PushError::TooManyRequests { retry_after } | PushError::Unavailable { retry_after, .. } => {
                *retry_after
            }
            PushError::Waiting { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

/// The body of a refusal. Apple gives `timestamp` in milliseconds since 1970.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    reason: String,
    timestamp: Option<i64>,
}

/// Reads an answer. `now` is in seconds since 1970.
pub(super) fn read(answer: &Response<Bytes>, now: i64) -> Result<Sent, PushError> {
    let status = answer.status();
    if status.is_success() {
        let id = answer.headers().get("apns-id").and_then(|id| id.to_str().ok());
        return Ok(Sent { id: id.map(crate::printable) });
    }
    let refusal: Refusal = serde_json::from_slice(answer.body()).unwrap_or_default();
    let retry_after = retry_after(answer.headers(), now);
    let reason = if refusal.reason.is_empty() {
        Reason::new(&format!("status {}", status.as_u16()))
    } else {
        Reason::new(&refusal.reason)
    };
    Err(match (status.as_u16(), refusal.reason.as_str()) {
        (410, _) => {
            PushError::Unregistered { since: refusal.timestamp.map(|millis| millis.saturating_mul(1000)) }
        }
        (_, "BadDeviceToken") => PushError::BadDeviceToken,
        (_, "DeviceTokenNotForTopic") => PushError::DeviceTokenNotForTopic,
        // A 403 is about who we are; a topic the certificate is not for comes as 400.
        (403, _) | (400, "TopicDisallowed" | "BadTopic") => PushError::Certificate { reason },
        (429, _) => PushError::TooManyRequests { retry_after },
        (500.., _) | (400, "IdleTimeout") => PushError::Unavailable { reason, retry_after },
        (status, _) => PushError::Refused { status, reason },
    })
}
