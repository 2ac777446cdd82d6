//! The clock that work loops and the rules' deadlines are told.
//!
//! Time-outs of the transport (a handshake, a slow header) do not use it: they guard a real socket against a real
//! peer and run on real time even in a test.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Longest single wait on the system clock. The operator (or NTP) may set the clock while we wait for a time of day,
/// so we look again at least this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A cloneable handle that says what time it is. All clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Manual(Arc<Manual>),
}

/// A clock that stands until it is advanced.
#[derive(Debug)]
struct Manual {
    now_micros: watch::Sender<i64>,
    sleepers: watch::Sender<usize>,
}

impl Clock {
    /// The computer's clock.
    #[must_use]
    pub fn system() -> Clock {
        Clock(Kind::System)
    }

    /// A clock that stands at `start_micros` (microseconds since 1970, UTC) until [`Clock::advance`] moves it.
    /// For tests and for practice; no setting of the program leads here.
    #[must_use]
    pub fn manual(start_micros: i64) -> Clock {
        Clock(Kind::Manual(Arc::new(Manual {
            now_micros: watch::Sender::new(start_micros),
            sleepers: watch::Sender::new(0),
        })))
    }

    /// Microseconds since 1970, UTC.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        match &self.0 {
            Kind::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros),
            Kind::Manual(manual) => *manual.now_micros.borrow(),
        }
    }

    /// Whole seconds since 1970, UTC, rounded down.
    #[must_use]
    pub fn now_unix(&self) -> i64 {
        self.now_micros().div_euclid(1_000_000)
    }

    /// Waits for `length`.
    pub async fn sleep(&self, length: Duration) {
        match &self.0 {
            Kind::System => tokio::time::sleep(length).await,
            Kind::Manual(manual) => {
                let until = self.now_micros().saturating_add(micros(length));
                manual.sleep_until(until).await;
            }
        }
    }

    /// Waits until the clock shows `micros` (microseconds since 1970, UTC); returns at once if that is past.
    pub async fn sleep_until(&self, micros: i64) {
        match &self.0 {
            Kind::System => loop {
                let left = micros.saturating_sub(self.now_micros());
                let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) else {
                    return;
                };
                tokio::time::sleep(Duration::from_micros(left).min(LOOK_AGAIN)).await;
            },
            Kind::Manual(manual) => manual.sleep_until(micros).await,
        }
    }

    /// Moves a manual clock forward and wakes whoever waited for a time that has now come. The system clock is not
    /// ours to move: on it this does nothing.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(manual) = &self.0 {
            manual.now_micros.send_modify(|now| *now = now.saturating_add(micros(by)));
        }
    }

    /// Waits until at least `count` tasks are waiting on a manual clock, so that a test can advance it knowing that
    /// the loops under test have gone to sleep. On the system clock it returns at once.
    pub async fn until_sleeping(&self, count: usize) {
        if let Kind::Manual(manual) = &self.0 {
            let mut sleepers = manual.sleepers.subscribe();
            // The sender lives in `manual`, which we hold: this cannot fail.
            let _ = sleepers.wait_for(|now| *now >= count).await;
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl Manual {
    async fn sleep_until(&self, micros: i64) {
        if *self.now_micros.borrow() >= micros {
            return;
        }
        let mut now = self.now_micros.subscribe();
        let _counted = Sleeper::count(&self.sleepers);
        // The sender lives in `self`: this cannot fail.
        let _ = now.wait_for(|now| *now >= micros).await;
    }
}

/// Counts one sleeper for as long as it lives, also when the waiting task is cancelled.
struct Sleeper<'a>(&'a watch::Sender<usize>);

impl<'a> Sleeper<'a> {
    fn count(sleepers: &'a watch::Sender<usize>) -> Self {
        sleepers.send_modify(|count| *count = count.saturating_add(1));
        Sleeper(sleepers)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
