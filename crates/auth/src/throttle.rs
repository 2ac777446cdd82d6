//! A pause after wrong secrets. Guessing 256 bits is hopeless anyway; the pause keeps the log and the database quiet.
//!
//! Counted by where the caller is and which client id it names, so that a stranger cannot lock an application out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Time;

/// Wrong secrets that cost nothing: a person pastes the wrong one.
const FREE: u32 = 5;
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
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<(String, String), Count>>);

impl Throttle {
    /// When the next attempt is looked at, if not now.
    pub(crate) fn wait(&self, source: &str, client: &str, now: Time) -> Option<Time> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&key(source, client)).map(|count| count.until).filter(|until| *until > now)
    }

    /// A wrong secret.
    pub(crate) fn wrong(&self, source: &str, client: &str, now: Time) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, count| now.since(count.last) < FORGET);
        }
        let known = counts.get(&key(source, client)).copied();
        if known.is_none() && counts.len() >= ENTRIES_MAX {
            // So many places at once: forgetting all is better than growing, or than refusing the honest.
            counts.clear();
        }
        let wrong = known.map_or(0, |count| count.wrong).saturating_add(1);
        counts.insert(key(source, client), Count { wrong, last: now, until: now.plus(pause(wrong)) });
    }

    /// A right one.
    pub(crate) fn right(&self, source: &str, client: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(source, client));
    }
}

fn key(source: &str, client: &str) -> (String, String) {
    let cut = |text: &str| text.chars().take(NAME_LEN_MAX).collect();
    (cut(source), cut(client))
}

fn pause(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(doublings) => PAUSE.saturating_mul(1 << doublings.min(16)).min(PAUSE_MAX),
    }
}

#[cfg(test)]
mod tests;
