//! How busy the store is: a few numbers in memory, cheap enough for every transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counted since the start of the program.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    waiting: AtomicU64,
    ended: AtomicU64,
    refused: AtomicU64,
    micros: AtomicU64,
}

/// How busy the store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Transactions that are queued or under way now.
    pub waiting: u64,
    /// Transactions that ended, well or not, since the start.
    pub ended: u64,
    /// Those of them that found too many before them.
    pub refused: u64,
    /// Microseconds that all of them took together, the wait included.
    pub micros: u64,
}

/// One transaction, counted until it is dropped, also by who asked for it and left.
pub(crate) struct Counted<'a> {
    stats: &'a Stats,
    begun: Instant,
}

impl Stats {
    pub(crate) fn begin(&self) -> Counted<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Counted { stats: self, begun: Instant::now() }
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            waiting: self.waiting.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            micros: self.micros.load(Ordering::Relaxed),
        }
    }
}

impl Counted<'_> {
    /// It found too many before it.
    pub(crate) fn refused(&self) {
        self.stats.refused.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.stats.waiting.fetch_sub(1, Ordering::Relaxed);
        self.stats.ended.fetch_add(1, Ordering::Relaxed);
        self.stats.micros.fetch_add(took, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_counted_while_it_waits_and_once_it_ends() {
        let stats = Stats::default();
        let (one, two) = (stats.begin(), stats.begin());
        assert_eq!((stats.load().waiting, stats.load().ended), (2, 0));
        two.refused();
        drop((one, two));
        let load = stats.load();
        assert_eq!((load.waiting, load.ended, load.refused), (0, 2, 1));
    }
}
