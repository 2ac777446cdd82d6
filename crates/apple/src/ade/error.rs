//! What the service says no to, in terms of what to do about it.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use mdm::ade::{AppleError, ErrorToken, MAX_DEVICES_PER_CALL};
use net::NetError;

use crate::retry_after::retry_after;

/// What is wrong with a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorProblem {
    /// None of Apple's: fetch everything again.
    Invalid,
    /// Older than seven days: fetch everything again.
    Expired,
    /// Fetch has given everything: go on with sync from the same cursor.
    Exhausted,
    /// Sync without a cursor.
    Required,
}

impl fmt::Display for CursorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CursorProblem::Invalid => "not one of Apple's",
            CursorProblem::Expired => "too old",
            CursorProblem::Exhausted => "at its end",
            CursorProblem::Required => "missing",
        })
    }
}

/// Why a call brought no result. Texts read on from "failed to"; `words` are Apple's own, printable and short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdeError {
    /// No session, even after signing in again. It may pass.
    #[error("keep a session with Apple: {words}")]
    Unauthorized {
        /// Apple's words.
        words: String,
    },
    /// Apple does not know the token: it was revoked, replaced or is over. Also seen in passing, so that only several
    /// in a row mean it.
    #[error("sign in with a token that Apple refuses: {words}")]
    TokenRejected {
        /// Apple's words.
        words: String,
    },
    /// The signature is not what Apple computes. Also seen in passing.
    #[error("sign in with a signature that Apple refuses: {words}")]
    SignatureInvalid {
        /// Apple's words.
        words: String,
    },
    /// Our clock and Apple's differ by more than minutes.
    #[error("sign in while our clock and Apple's differ: {words}")]
    TimestampRefused {
        /// Apple's words.
        words: String,
    },
    /// Somebody must accept Apple's new terms in Apple Business Manager.
    #[error("be served before Apple's new terms are accepted: {words}")]
    TermsNotSigned {
        /// Apple's words.
        words: String,
    },
    /// The token may not make this call.
    #[error("make a call that Apple denies this token: {words}")]
    AccessDenied {
        /// Apple's words.
        words: String,
    },
    /// The cursor cannot be gone on from.
    #[error("go on from a cursor that is {problem}: {words}")]
    Cursor {
        /// What is wrong with it.
        problem: CursorProblem,
        /// Apple's words.
        words: String,
    },
    /// Apple does not like what we sent; sending it again will not help.
    #[error("send what Apple accepts: {words}")]
    Invalid {
        /// What Apple found wrong.
        token: ErrorToken,
        /// Apple's words.
        words: String,
    },
    /// The profile or device is not there.
    #[error("find it at Apple: {words}")]
    NotFound {
        /// Apple's words.
        words: String,
    },
    /// The service does not know this method.
    #[error("call by a method that Apple takes: {words}")]
    MethodNotAllowed {
        /// Apple's words.
        words: String,
    },
    /// Too many calls.
    #[error("be served before Apple's pause is over: {words}")]
    TooManyRequests {
        /// How long to wait, if Apple says so.
        retry_after: Option<Duration>,
        /// Apple's words.
        words: String,
    },
    /// Refused by us: too many calls in the last minute brought nothing. See [`super::FRUITLESS_CALLS_PER_MINUTE`].
    #[error("call Apple again before a pause of our own is over: too many calls in a minute brought nothing")]
    Waiting {
        /// How long the pause still lasts.
        retry_after: Duration,
    },
    /// Apple's service does not work at present.
    #[error("be served by a service that is down (status {status}): {words}")]
    Unavailable {
        /// The HTTP status, 500 and more.
        status: u16,
        /// How long to wait, if Apple says so.
        retry_after: Option<Duration>,
        /// Apple's words.
        words: String,
    },
    /// No answer, or half of one.
    #[error("reach Apple: failed to {0}")]
    Transport(#[source] NetError),
    /// An answer that makes no sense.
    #[error("understand Apple's answer: {words}")]
    Protocol {
        /// What is wrong with it.
        words: String,
    },
    /// Refused by us: Apple takes 1 to 1,000 devices in a call.
    #[error("name {given} devices in one call, of which Apple takes 1 to {MAX_DEVICES_PER_CALL}")]
    Devices {
        /// How many were given.
        given: usize,
    },
    /// Base URL, trust or user agent cannot be used.
    #[error("prepare to call Apple: failed to {0}")]
    Setup(#[source] NetError),
    /// The token's secrets cannot sign.
    #[error("sign a request to Apple: {words}")]
    Sign {
        /// What is wrong, without the secrets.
        words: String,
    },
}

impl AdeError {
    /// What an answer that is no success means. `now` is in seconds since 1970.
    pub(super) fn from_answer(apple: AppleError, headers: &HeaderMap, now: i64) -> AdeError {
        let AppleError { status, token, words } = apple;
        let words = if words.is_empty() { format!("status {status}") } else { words };
        match status {
            405 => AdeError::MethodNotAllowed { words },
            429 => AdeError::TooManyRequests { retry_after: retry_after(headers, now), words },
            500.. => AdeError::Unavailable { status, retry_after: retry_after(headers, now), words },
            400..=499 => from_token(status, token, words),
            _ => AdeError::Protocol { words: format!("unexpected status {status}") },
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            AdeError::Unauthorized { .. }
                | AdeError::TooManyRequests { .. }
                | AdeError::Waiting { .. }
                | AdeError::Unavailable { .. }
                | AdeError::Transport(_)
                | AdeError::Protocol { .. }
        )
    }

    /// How long Apple asks us to wait, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            AdeError::TooManyRequests { retry_after, .. } | AdeError::Unavailable { retry_after, .. } => {
                *retry_after
            }
            AdeError::Waiting { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

fn from_token(status: u16, token: ErrorToken, words: String) -> AdeError {
    use ErrorToken as T;
    let cursor = |problem| AdeError::Cursor { problem, words: words.clone() };
    match token {
        T::TermsNotSigned => AdeError::TermsNotSigned { words },
        T::ExpiredToken | T::TokenRejected | T::ConsumerKeyUnknown => AdeError::TokenRejected { words },
        T::SignatureInvalid => AdeError::SignatureInvalid { words },
        T::TimestampRefused => AdeError::TimestampRefused { words },
        T::NonceUsed | T::OauthProblem | T::Unauthorized | T::Forbidden => AdeError::Unauthorized { words },
        T::AccessDenied => AdeError::AccessDenied { words },
        T::InvalidCursor => cursor(CursorProblem::Invalid),
        T::ExpiredCursor => cursor(CursorProblem::Expired),
        T::ExhaustedCursor => cursor(CursorProblem::Exhausted),
        T::CursorRequired => cursor(CursorProblem::Required),
        T::NotFound | T::ProfileNotFound | T::DeviceNotFound => AdeError::NotFound { words },
        _ => match status {
            401 => AdeError::Unauthorized { words },
            403 if token == T::Unknown => AdeError::AccessDenied { words },
            404 => AdeError::NotFound { words },
            _ => AdeError::Invalid { token, words },
        },
    }
}
