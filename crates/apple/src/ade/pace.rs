//! How often a token may call in vain. Who calls waits long after each failure; this bounds what a mistake in that could
//! do to Apple, and to the token.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::AdeError;

/// Calls in a minute that one token makes without a good answer, whatever asks for them. Some forty times what all work
/// loops together need; far below what any service takes for a storm.
pub const FRUITLESS_CALLS_PER_MINUTE: usize = 60;

/// A minute, in microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// When calls were made in vain, microseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<VecDeque<i64>>);

impl Pace {
    /// Refuses a call while the last minute had too many in vain.
    pub(super) fn check(&self, now: i64) -> Result<(), AdeError> {
        let mut vain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back leaves times that are yet to come: they count for nothing.
        vain.retain(|at| *at <= now && *at > now.saturating_sub(MINUTE));
        match vain.front() {
            Some(oldest) if vain.len() >= FRUITLESS_CALLS_PER_MINUTE => {
                let left = oldest.saturating_add(MINUTE).saturating_sub(now);
                let retry_after = Duration::from_micros(u64::try_from(left).unwrap_or(0));
                Err(AdeError::Waiting { retry_after })
            }
            _ => Ok(()),
        }
    }

    /// Counts a call that brought nothing.
    pub(super) fn in_vain(&self, now: i64) {
        let mut vain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if vain.len() < FRUITLESS_CALLS_PER_MINUTE {
            vain.push_back(now);
        }
    }
}
