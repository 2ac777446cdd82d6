//! Time as practice Apple, the devices and the server have it: it runs fifty times faster than the computer's, and
//! stands while the server is down, so that no deadline passes that nobody could keep.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use net::Clock;
use tokio::task::JoinHandle;

use super::server::Mouth;

/// Between two turns of the clock, of the computer's time.
const EVERY: Duration = Duration::from_millis(10);
/// By how much it is turned.
const STEP: Duration = Duration::from_millis(500);
/// The same in a hurry.
const LEAP: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Pace {
    runs: AtomicBool,
    leaps: AtomicBool,
}

/// The one time of a world.
pub(super) struct Time {
    pub(super) clock: Clock,
    pace: Arc<Pace>,
    mouth: Mouth,
    turning: JoinHandle<()>,
}

impl Time {
    /// Stands at first.
    pub(super) fn standing(clock: Clock, mouth: Mouth) -> Time {
        let pace = Arc::<Pace>::default();
        let turning = tokio::spawn(turn(clock.clone(), Arc::clone(&pace), mouth.clone()));
        Time { clock, pace, mouth, turning }
    }

    /// Runs from now on.
    pub(super) fn run(&self) {
        self.mouth.say(&format!("now {}", self.clock.now_micros()));
        self.pace.runs.store(true, Ordering::Relaxed);
    }

    /// Stands from now on.
    pub(super) fn stand(&self) {
        self.pace.runs.store(false, Ordering::Relaxed);
    }

    /// Runs five times faster still, or not.
    pub(super) fn hurry(&self, hurry: bool) {
        self.pace.leaps.store(hurry, Ordering::Relaxed);
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.turning.abort();
    }
}

async fn turn(clock: Clock, pace: Arc<Pace>, mouth: Mouth) {
    loop {
        tokio::time::sleep(EVERY).await;
        if pace.runs.load(Ordering::Relaxed) {
            clock.advance(if pace.leaps.load(Ordering::Relaxed) { LEAP } else { STEP });
            mouth.say(&format!("now {}", clock.now_micros()));
        }
    }
}
