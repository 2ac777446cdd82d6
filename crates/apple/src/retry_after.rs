//! `Retry-After`, in seconds or as a date (RFC 9110 section 10.2.3).

#[cfg(test)]
mod tests;

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Longest wait we let somebody ask of us. Apple's own cool-downs last about a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait, if the answer says so. `now` is in seconds since 1970. A date that is past means no wait.
pub(crate) fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // So many digits that they do not fit are a long time too.
        true => text.parse::<u64>().unwrap_or(u64::MAX),
        false => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
            u64::try_from(at.saturating_sub(now)).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(LONGEST))
}
