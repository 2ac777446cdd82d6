//! Nonces seen of late: each opens one session only.

use std::collections::{HashSet, VecDeque};

use crate::apple::moment::Moment;

/// The most nonces remembered. Only nonces of good signatures count, so a stranger cannot fill it.
const NONCES_MAX: usize = 100_000;

/// Nonces are forgotten once their time stamp would be refused anyway: twice five minutes, and a little.
const REMEMBERED_S: i64 = 660;

/// The nonces seen.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    seen: HashSet<String>,
    order: VecDeque<(Moment, String)>,
}

impl Nonces {
    /// Uses a nonce up. `false` when it was used before with this consumer key and time stamp.
    pub(super) fn take(&mut self, consumer_key: &str, timestamp: i64, nonce: &str, now: Moment) -> bool {
        let old = now.plus_seconds(-REMEMBERED_S);
        while self.order.front().is_some_and(|(at, _)| *at < old) || self.order.len() >= NONCES_MAX {
            if let Some((_, entry)) = self.order.pop_front() {
                self.seen.remove(&entry);
            }
        }
        let entry = format!("{consumer_key} {timestamp} {nonce}");
        let fresh = self.seen.insert(entry.clone());
        if fresh {
            self.order.push_back((now, entry));
        }
        fresh
    }
}
