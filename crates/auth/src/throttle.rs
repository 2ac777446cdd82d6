//! A pause after wrong secrets. Guessing the 256 bits of an application's is hopeless anyway; the pause keeps the log and
//! the database quiet. Guessing a password or a code is not, and is what the pause is for.
//!
//! Counted by where the caller is and whom it says to be, so that a stranger cannot lock anybody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Time;

/// Wrong secrets of an application that cost nothing: a person pastes the wrong one.
pub(crate) const FREE_SECRETS: u32 = 5;
/// The first pause; doubled with each wrong secret.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Counters kept; some 200 bytes each.
const ENTRIES_MAX: usize = 10_000;
/// A counter without news for so long is forgotten.
const FORGET: Duration = Duration::from_secs(900);
/// Bytes of a client id that are kept: a stranger chooses them.
const NAME_LEN_MAX: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Count {
    wrong: u32,
    last: Time,
    until: Time,
}

/// Counters of wrong secrets.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// So many cost nothing.
    free: u32,
    counts: Mutex<HashMap<(String, String), Count>>,
}

impl Throttle {
    /// Counters that let so many pass in a row.
    pub(crate) fn new(free: u32) -> Self {
        Self { free, counts: Mutex::default() }
    }

    /// When the next attempt is looked at, if not now.
    pub(crate) fn wait(&self, source: &str, client: &str, now: Time) -> Option<Time> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&key(source, client)).map(|count| count.until).filter(|until| *until > now)
    }

    /// A wrong secret.
    pub(crate) fn wrong(&self, source: &str, client: &str, now: Time) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, count| now.since(count.last) < FORGET);
        }
        let known = counts.get(&key(source, client)).copied();
        if known.is_none() && counts.len() >= ENTRIES_MAX {
            // So many places at once: forgetting all is better than growing, or than refusing the honest.
            counts.clear();
        }
        let wrong = known.map_or(0, |count| count.wrong).saturating_add(1);
        counts.insert(key(source, client), Count { wrong, last: now, until: now.plus(self.pause(wrong)) });
    }

    /// A right one.
    pub(crate) fn right(&self, source: &str, client: &str) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(source, client));
    }

    fn pause(&self, wrong: u32) -> Duration {
        match wrong.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(doublings) => PAUSE.saturating_mul(1 << doublings.min(16)).min(PAUSE_MAX),
        }
    }
}

fn key(source: &str, client: &str) -> (String, String) {
    let cut = |text: &str| text.chars().take(NAME_LEN_MAX).collect();
    (cut(source), cut(client))
}

#[cfg(test)]
mod tests;
