//! What a page, or its failure, does to the state and the run (R17, R57; apple.md 1.5).

use std::time::Duration;

use crate::{Limits, Time};

use super::{
    Counts, Cursor, FullReason, Phase, RunState, SyncError, SyncKind, SyncProblem, SyncRun, SyncState,
};

/// A page, as far as the schedule is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRead {
    /// Where Apple says to go on; empty: it did not say.
    pub cursor: String,
    /// `more_to_follow`.
    pub more: bool,
    /// Apple answered `EXHAUSTED_CURSOR`: the list has been given in full (apple.md 1.5, rule 5).
    pub exhausted: bool,
    /// What the page's devices came to.
    pub counts: Counts,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Ask for the next page.
    GoOn,
    /// The complete list has been read: mark as gone what it did not hold, then go on with what changed meanwhile.
    PassComplete,
    /// The list has been read to its end, but not every serial in it: mark nothing, then go on as above.
    PassIncomplete,
    /// The run is over.
    Ended,
}

/// Takes a page into the state and the run. Both are to be stored together with the page's devices.
pub fn after_page(
    state: &mut SyncState,
    run: &mut SyncRun,
    page: &PageRead,
    now: Time,
    limits: &Limits,
) -> After {
    run.pages = run.pages.saturating_add(1);
    run.counts.add(page.counts);
    if repeats(state, page) {
        return stop_repeated(state, run, now, limits);
    }
    let ended_pass = run.phase == Phase::Fetch && (page.exhausted || !page.more);
    if ended_pass {
        run.phase = Phase::Sync;
    }
    // Apple said that more would follow, and then that there is no more: what it did not list may be there all the same.
    let incomplete =
        page.exhausted || page.counts.nameless > 0 || state.cursor.as_ref().is_some_and(|old| old.incomplete);
    keep_cursor(state, run.phase, page, now);
    if ended_pass {
        state.pass_open = false;
        run.counts.nothing_marked = incomplete;
        return if incomplete { After::PassIncomplete } else { After::PassComplete };
    }
    if !page.more || page.exhausted {
        return succeed(state, run, now, limits);
    }
    if run.counts.seen >= limits.sync_batch {
        return end(state, run, RunState::BatchLimit, now, now.plus(limits.sync_every));
    }
    if now >= run.deadline {
        let problem = SyncProblem::TimedOut;
        state.last_error = Some(problem.told("the next sync goes on where this one stopped (R57)", now));
        return end(state, run, RunState::TimedOut, now, now.plus(limits.manual_sync_every));
    }
    After::GoOn
}

/// Apple has sent the same cursor again with more to follow (apple.md 7, trap 7).
fn repeats(state: &SyncState, page: &PageRead) -> bool {
    let same = state
        .cursor
        .as_ref()
        .map_or(page.cursor.is_empty(), |old| old.value == page.cursor || page.cursor.is_empty());
    page.more && !page.exhausted && same
}

fn stop_repeated(state: &mut SyncState, run: &mut SyncRun, now: Time, limits: &Limits) -> After {
    let due = now.plus(limits.manual_sync_every);
    if state.pass_open {
        // An open pass that cannot move would never end: the next run begins it anew.
        state.restart(FullReason::CursorRejected, due);
    }
    state.last_error = Some(
        SyncProblem::RepeatedCursor.told("the run was stopped to do no harm; the next one tries again", now),
    );
    end(state, run, RunState::RepeatedCursor, now, due)
}

fn keep_cursor(state: &mut SyncState, phase: Phase, page: &PageRead, now: Time) {
    let told = (!page.cursor.is_empty()).then(|| page.cursor.clone());
    let value = told.or_else(|| state.cursor.as_ref().map(|old| old.value.clone()));
    let was_incomplete = state.cursor.as_ref().is_some_and(|old| old.incomplete);
    let incomplete = phase == Phase::Fetch && (was_incomplete || page.counts.nameless > 0);
    state.cursor = value.map(|value| Cursor { value, phase, stored_at: now, incomplete });
}

fn succeed(state: &mut SyncState, run: &mut SyncRun, now: Time, limits: &Limits) -> After {
    state.last_success_at = Some(now);
    state.last_error = None;
    end(state, run, RunState::Succeeded, now, now.plus(limits.sync_every))
}

fn end(state: &mut SyncState, run: &mut SyncRun, how: RunState, now: Time, due: Time) -> After {
    run.state = how;
    run.finished_at = Some(now);
    state.next_due = due;
    After::Ended
}

/// Apple rejected the cursor. A delta begins a full pass in its place, at once; a full run ends as failed and waits,
/// also when its list was read and the cursor that came with it is rejected, so that a service that rejects everything
/// is not stormed. Answers whether to start a full run now.
pub fn cursor_rejected(
    state: &mut SyncState,
    run: &mut SyncRun,
    problem: SyncProblem,
    words: &str,
    now: Time,
    limits: &Limits,
) -> bool {
    let was_full = state.pass_open || run.kind == SyncKind::Full;
    failed(state, run, problem, words, None, now, limits);
    let due = if was_full { now.plus(limits.manual_sync_every) } else { now };
    state.restart(FullReason::CursorRejected, due);
    !was_full
}

/// The run failed. Its cursor stays: the next run goes on from it, and no event is lost (lessons 2).
///
/// `retry_after`: how long Apple asks us to wait.
pub fn failed(
    state: &mut SyncState,
    run: &mut SyncRun,
    problem: SyncProblem,
    words: &str,
    retry_after: Option<Duration>,
    now: Time,
    limits: &Limits,
) {
    let error = problem.told(words, now);
    let how = RunState::Failed { code: error.code, words: error.words.clone() };
    state.last_error = Some(error);
    let wait = retry_after.unwrap_or_default().max(problem.wait(limits));
    end(state, run, how, now, now.plus(wait));
}

impl Counts {
    /// Adds another page's.
    pub fn add(&mut self, more: Counts) {
        self.seen = self.seen.saturating_add(more.seen);
        self.new = self.new.saturating_add(more.new);
        self.changed = self.changed.saturating_add(more.changed);
        self.gone = self.gone.saturating_add(more.gone);
        self.unreadable = self.unreadable.saturating_add(more.unreadable);
        self.nameless = self.nameless.saturating_add(more.nameless);
        self.nothing_marked |= more.nothing_marked;
    }
}

impl SyncRun {
    /// What is worth knowing of a run that went well otherwise.
    pub fn remarks(&self) -> Option<String> {
        let counts = self.counts;
        let mut remarks = Vec::new();
        if counts.unreadable > 0 {
            remarks.push(format!(
                "{} records of Apple's could not be read; their devices are left as they were",
                counts.unreadable
            ));
        }
        if counts.nothing_marked {
            remarks
                .push("nothing was marked as gone, since the list may not have been read whole".to_owned());
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}

impl SyncProblem {
    fn told(self, words: &str, now: Time) -> SyncError {
        SyncError { code: self.code(), words: format!("{}: {words}", self.title()), at: now }
    }
}
