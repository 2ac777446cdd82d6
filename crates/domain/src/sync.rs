//! Device sync: what a page changes, when a run may start, when it must stop (R17, R55 to R57; apple.md 1.5).

use serde::{Deserialize, Serialize};

use crate::{RunId, TenantId, Time, TokenId};

mod fold;
mod page;
mod problem;
mod schedule;
#[cfg(test)]
mod tests;

pub use fold::{Change, FoldContext, Observed, Page, Sighting, fold_page, observe, record};
pub use page::{After, PageRead, after_page, cursor_rejected, failed};
pub use problem::SyncProblem;
pub use schedule::{Ask, NextTimes, NotNow, is_due, may_start, next_times, start};

/// Where a token's sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncState {
    /// Whose.
    pub tenant: TenantId,
    /// Which token.
    pub token: TokenId,
    /// Changes with every write.
    pub version: i64,
    /// Where to go on; none: from the start.
    pub cursor: Option<Cursor>,
    /// Number of the full pass that is open or was last finished.
    pub pass: i64,
    /// A full pass has begun and not yet ended; it may span several runs (R17).
    pub pass_open: bool,
    /// Why the next run must be a full one; some reasons wait for the 7 days, see [`FullReason::is_forced`].
    pub needs_full: Option<FullReason>,
    /// When the last full pass began.
    pub last_full_at: Option<Time>,
    /// When an administrator last asked.
    pub last_manual_at: Option<Time>,
    /// `lastSyncTriggeredDateTime`.
    pub last_triggered_at: Option<Time>,
    /// `lastSuccessfulSyncDateTime`.
    pub last_success_at: Option<Time>,
    /// What went wrong last; none after a success.
    pub last_error: Option<SyncError>,
    /// When the next timed run is due.
    pub next_due: Time,
    /// The run under way, or the last one.
    pub run: Option<RunId>,
}

/// A cursor as Apple gave it, in the same transaction as the rows it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Opaque, up to 1,000 characters and more.
    pub value: String,
    /// Which endpoint goes on from it.
    pub phase: Phase,
    /// When it was stored; Apple forgets it after 7 days.
    pub stored_at: Time,
    /// The open pass has met a record whose serial number cannot be read: what it did not see may be there all the
    /// same, and is not marked as gone at its end.
    #[serde(default)]
    pub incomplete: bool,
}

/// Which endpoint a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// `/server/devices`: the complete list.
    Fetch,
    /// `/devices/sync`: what changed.
    Sync,
}

/// Full or delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SyncKind {
    /// The complete list of serials.
    Full,
    /// What changed since the cursor.
    Delta,
}

/// Why the next run must be a full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FullReason {
    /// A new token.
    First,
    /// `EXPIRED_CURSOR` or `INVALID_CURSOR`: not bound by the 7 days.
    CursorRejected,
    /// Throttled devices vanish from the delta (apple.md 7, trap 11): waits for the 7 days.
    Throttled,
    /// An administrator asked for one.
    Asked,
    /// Seven days have passed.
    Scheduled,
    /// Another virtual server's token was accepted.
    ServerChanged,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The 12 hours.
    Schedule,
    /// An administrator.
    Manual,
    /// A token has just been accepted.
    Upload,
    /// The run before ended at its batch limit or its cursor was rejected.
    Continue,
}

/// `lastSyncErrorCode` and the words behind it. Numbers are ours: Graph publishes none (intune.md 3.13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncError {
    /// Not 0.
    pub code: i32,
    /// What happened, in Apple's words, and what to do.
    pub words: String,
    /// When.
    pub at: Time,
}

/// One run, kept as history and readable while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    /// Whose.
    pub tenant: TenantId,
    /// Which token.
    pub token: TokenId,
    /// Its id.
    pub id: RunId,
    /// Full or delta.
    pub kind: SyncKind,
    /// What started it.
    pub trigger: Trigger,
    /// Where it is.
    pub phase: Phase,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Time,
    /// When it must have finished: 15 minutes (R57).
    pub deadline: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Pages read.
    pub pages: u32,
    /// What the pages held.
    pub counts: Counts,
}

/// Devices of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Records that Apple sent.
    pub seen: u32,
    /// Serials we did not know.
    pub new: u32,
    /// Serials whose record changed.
    pub changed: u32,
    /// Serials that are no longer ours.
    pub gone: u32,
    /// Records among those seen that could not be read. Their devices are left as they are.
    pub unreadable: u32,
    /// Those of them whose serial number could not be read either.
    pub nameless: u32,
    /// The complete list was read to its end and nothing marked as gone, because of nameless records in it.
    pub nothing_marked: bool,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum RunState {
    /// Under way.
    Running,
    /// Reached the end of what Apple had.
    Succeeded,
    /// Reached its batch limit; its cursor is stored and the next run goes on (R17).
    BatchLimit,
    /// Apple repeated a cursor with more to follow; stopped to do no harm.
    RepeatedCursor,
    /// Not finished within its time.
    TimedOut,
    /// Failed.
    Failed {
        /// As in [`SyncError`].
        code: i32,
        /// What happened.
        words: String,
    },
}
