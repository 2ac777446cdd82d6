//! Work loops. Each closes one gap at its own pace; a restart needs no recovery, because what is due is a column.

pub mod assign;
pub mod commands;
pub mod identity_renewal;
pub mod last_seen;
mod lease;
pub mod node;
pub mod push;
pub mod retention;
pub mod setup;
pub mod sync;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Time;
use futures_util::FutureExt as _;
use net::CancellationToken;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::{App, AppError, Result};

/// Wait after a turn that failed, so that standing trouble is not a storm.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// A loop's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// Reads device lists from Apple.
    Sync,
    /// Defines profiles at Apple and assigns them.
    Assign,
    /// Walks devices through setup and releases them.
    Setup,
    /// Wakes devices.
    Push,
    /// Writes down when devices were last seen.
    LastSeen,
    /// Renews device identities.
    IdentityRenewal,
    /// Gives up commands that nobody answers.
    Commands,
    /// Forgets what is older than it is kept.
    Retention,
    /// Says that this server lives, and looks whether it may go on.
    Node,
}

impl Work {
    /// Every loop.
    pub const ALL: [Work; 9] = [
        Work::Sync,
        Work::Assign,
        Work::Setup,
        Work::Push,
        Work::LastSeen,
        Work::IdentityRenewal,
        Work::Commands,
        Work::Retention,
        Work::Node,
    ];

    /// Its name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Work::Sync => "sync",
            Work::Assign => "assign",
            Work::Setup => "setup",
            Work::Push => "push",
            Work::LastSeen => "lastSeen",
            Work::IdentityRenewal => "identityRenewal",
            Work::Commands => "commands",
            Work::Retention => "retention",
            Work::Node => "node",
        }
    }
}

/// How a loop stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoopStatus {
    /// Turns since the start of the program.
    pub turns: u64,
    /// Whether a turn is under way.
    pub busy: bool,
    /// Since when it is.
    pub busy_since: Option<Time>,
    /// When the last turn ended.
    pub last_turn_at: Option<Time>,
    /// When the next is due unless something wakes it before.
    pub next_due: Option<Time>,
    /// Why the last turn failed; none after a good one.
    pub last_error: Option<String>,
}

impl LoopStatus {
    fn begin(&mut self, now: Time) {
        (self.busy, self.busy_since) = (true, Some(now));
    }

    fn end(&mut self) {
        (self.busy, self.busy_since) = (false, None);
    }
}

/// One loop's bell and status.
#[derive(Default)]
struct Seat {
    bell: Notify,
    status: Mutex<LoopStatus>,
}

impl Seat {
    fn status(&self) -> MutexGuard<'_, LoopStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be said of the database, and whether this program may go on working with it.
#[derive(Default)]
struct Fitness {
    said: Mutex<Option<String>>,
    unfit: CancellationToken,
}

/// Every loop's bell and status.
#[derive(Default)]
pub(crate) struct Loops {
    sync: Seat,
    assign: Seat,
    setup: Seat,
    push: Seat,
    last_seen: Seat,
    identity_renewal: Seat,
    commands: Seat,
    retention: Seat,
    node: Seat,
    fitness: Fitness,
    stopping: CancellationToken,
}

impl Loops {
    fn seat(&self, work: Work) -> &Seat {
        match work {
            Work::Sync => &self.sync,
            Work::Assign => &self.assign,
            Work::Setup => &self.setup,
            Work::Push => &self.push,
            Work::LastSeen => &self.last_seen,
            Work::IdentityRenewal => &self.identity_renewal,
            Work::Commands => &self.commands,
            Work::Retention => &self.retention,
            Work::Node => &self.node,
        }
    }

    /// When the loop of the node last ended a turn.
    pub(crate) fn last_turn_of_node(&self) -> Option<Time> {
        self.node.status().last_turn_at
    }

    /// Keeps what is to be said of the database; whether it is news.
    pub(crate) fn note(&self, words: String) -> bool {
        let mut said = self.fitness.said.lock().unwrap_or_else(PoisonError::into_inner);
        let news = said.as_ref() != Some(&words);
        *said = Some(words);
        news
    }

    /// This program may not go on: its loops end, and whoever waits for that is told.
    pub(crate) fn unfit(&self, words: String) {
        self.note(words);
        self.stopping.cancel();
        self.fitness.unfit.cancel();
    }

    pub(crate) fn wake(&self, work: Work) {
        // Kept until the loop next waits, so that a bell during a turn is not lost.
        self.seat(work).bell.notify_one();
    }
}

impl App {
    /// How a loop stands.
    pub fn status(&self, work: Work) -> LoopStatus {
        self.loops.seat(work).status().clone()
    }

    /// What is to be said of the database: that a later program has changed its schema.
    pub fn database_words(&self) -> Option<String> {
        self.loops.fitness.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until this program cannot work with the database any more; answers why.
    pub async fn unfit(&self) -> String {
        self.loops.fitness.unfit.cancelled().await;
        self.database_words().unwrap_or_default()
    }

    /// Why this program cannot work with the database any more, if so.
    pub fn why_unfit(&self) -> Option<String> {
        self.loops.fitness.unfit.is_cancelled().then(|| self.database_words().unwrap_or_default())
    }

    /// Whether the program is told to stop: long turns end at the next place where nothing is half done.
    pub(crate) fn is_stopping(&self) -> bool {
        self.loops.stopping.is_cancelled()
    }
}

/// Starts every loop. They end after `stop`.
pub fn spawn(app: &App, stop: &CancellationToken) -> JoinSet<()> {
    let mut running = JoinSet::new();
    running.spawn(drive(app.clone(), Work::Sync, stop.clone(), sync::turn));
    running.spawn(drive(app.clone(), Work::Assign, stop.clone(), assign::turn));
    running.spawn(drive(app.clone(), Work::Setup, stop.clone(), setup::turn));
    running.spawn(drive(app.clone(), Work::Push, stop.clone(), push::turn));
    running.spawn(drive(app.clone(), Work::LastSeen, stop.clone(), last_seen::turn));
    running.spawn(drive(app.clone(), Work::IdentityRenewal, stop.clone(), identity_renewal::turn));
    running.spawn(drive(app.clone(), Work::Commands, stop.clone(), commands::turn));
    running.spawn(drive(app.clone(), Work::Retention, stop.clone(), retention::turn));
    running.spawn(drive(app.clone(), Work::Node, stop.clone(), node::turn));
    running
}

/// Runs `turn` now, whenever the loop is woken and whenever the time it answered has come, until `stop`.
///
/// A turn answers when the next is due ([`Time::NEVER`]: only when woken). A turn that fails is logged here, once, and
/// tried again after half a minute; one that panics too, since a loop that is gone would keep devices in Setup Assistant.
pub async fn drive<F, Turn>(app: App, work: Work, stop: CancellationToken, turn: F)
where
    F: Fn(App) -> Turn,
    Turn: Future<Output = Result<Time>>,
{
    let seat = app.loops.seat(work);
    // A program that may not work with its database ends its loops before it is stopped.
    while !stop.is_cancelled() && !app.loops.fitness.unfit.is_cancelled() {
        seat.status().begin(app.now());
        let attempt = AssertUnwindSafe(turn(app.clone())).catch_unwind();
        let attempt = attempt
            .map(|ended| ended.unwrap_or_else(|_| Err(AppError::internal("a turn of a work loop panicked"))));
        let mut under_way = std::pin::pin!(attempt);
        let ended = tokio::select! {
            ended = &mut under_way => ended,
            () = stop.cancelled() => {
                app.loops.stopping.cancel();
                // Whoever stops it knows how long that may take.
                under_way.await
            }
        };
        let now = app.now();
        let due = match &ended {
            Ok(due) => *due,
            Err(error) => {
                tracing::error!(work = work.as_str(), "failed to {error}");
                now.plus(AFTER_FAILURE)
            }
        };
        {
            let mut status = seat.status();
            status.turns += 1;
            status.end();
            status.last_turn_at = Some(now);
            status.next_due = Some(due);
            status.last_error = ended.err().map(|error| error.to_string());
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = seat.bell.notified() => {}
            () = app.clock.sleep_until(due.micros()) => {}
        }
    }
    seat.status().end();
}
