//! The pause between attempts to connect, longer each time.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::PushError;

/// The first pause.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest: a push service that is back is found again within a minute.
const LONGEST: Duration = Duration::from_secs(60);

/// When to try again. A pause is in the clock's time and has no random part: one process holds one connection a topic,
/// so that there is no crowd to spread.
#[derive(Debug, Default)]
pub(super) struct Backoff(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Microseconds since 1970.
    until: i64,
}

impl Backoff {
    /// Refuses while a pause lasts. `now` is in microseconds since 1970.
    pub(super) fn check(&self, now: i64) -> Result<(), PushError> {
        let left = self.state().until.saturating_sub(now);
        match u64::try_from(left) {
            Ok(left) if left > 0 => Err(PushError::Waiting { retry_after: Duration::from_micros(left) }),
            _ => Ok(()),
        }
    }

    /// No connection came about. Those who fail together count once.
    pub(super) fn failed(&self, now: i64) {
        let mut state = self.state();
        if state.until > now {
            return;
        }
        let pause = SHORTEST.saturating_mul(1 << state.failures.min(6)).min(LONGEST);
        state.failures = state.failures.saturating_add(1);
        state.until = now.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX));
    }

    /// There is a connection.
    pub(super) fn worked(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
