//! `muster`, started by a harness that will kill it: the same program on a clock that the harness turns, which says on
//! standard output which points it passes and stops where it is told to be killed.
//!
//! On standard input: `now MICROS` turns the clock, `at POINT N` stops the task that passes that point for the N-th
//! time from now on. Who stops, waits for the end; it is the harness that sends SIGKILL.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster_tests::kills::planted;
use net::{Clock, Points, Watch};

/// Where to stop, and after how many passings more.
type Armed = Arc<Mutex<Option<(String, u64)>>>;

struct Mortal {
    armed: Armed,
}

impl Watch for Mortal {
    fn passed(&self, point: &'static str) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        say(&format!("@passed {point}"));
        let Some((_, left)) = armed.as_mut().filter(|(at, _)| at == point) else { return };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return;
        }
        *armed = None;
        drop(armed);
        say(&format!("@stopped {point}"));
        loop {
            std::thread::park();
        }
    }
}

/// A line at once, or nothing: a harness that is gone needs none.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn main() -> ExitCode {
    let start = variable("MORTAL_NOW").and_then(|now| now.parse().ok()).unwrap_or_default();
    let clock = Clock::manual(start);
    let armed = Armed::default();
    if let Some(at) = variable("MORTAL_AT") {
        *armed.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, 1));
    }
    planted::bug(variable("MORTAL_PLANTED").as_deref());
    let (ears, turned) = (Arc::clone(&armed), clock.clone());
    std::thread::spawn(move || listen(&ears, &turned));
    muster::main(muster::Handles { clock, points: Points::watched(Mortal { armed }) })
}

/// Does what the harness says, until it is gone; then nobody needs this program any more.
fn listen(armed: &Armed, clock: &Clock) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("now"), Some(micros), None) => turn(clock, micros),
            (Some("at"), Some(point), Some(times)) => {
                let times = times.parse().unwrap_or(1);
                *armed.lock().unwrap_or_else(PoisonError::into_inner) = Some((point.to_owned(), times));
            }
            _ => {}
        }
    }
    std::process::exit(1);
}

fn turn(clock: &Clock, micros: &str) {
    let ahead = micros.parse::<i64>().unwrap_or_default().saturating_sub(clock.now_micros());
    if let Ok(ahead) = u64::try_from(ahead) {
        clock.advance(Duration::from_micros(ahead));
    }
}
