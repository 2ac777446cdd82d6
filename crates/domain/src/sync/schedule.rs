//! When a run may start and which kind it is (R55, R57; intune.md 7).

use crate::{Limits, RunId, Time};

use super::{Counts, FullReason, Phase, RunState, SyncKind, SyncRun, SyncState, Trigger};

/// Who asks for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The due time has come.
    Timed,
    /// An administrator.
    Manual {
        /// The complete list is asked for.
        full: bool,
    },
}

/// Why no run starts now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// R57: the button is off until the run is over.
    #[error("a sync of this token is under way; it ends at {} at the latest (R57)", .deadline.rfc3339())]
    Running {
        /// When it ends at the latest.
        deadline: Time,
    },
    /// R57.
    #[error("the last sync by hand was a short while ago; the next may be asked for at {} (R57)", .next_at.rfc3339())]
    Manual {
        /// When it may.
        next_at: Time,
    },
    /// R55.
    #[error("the last full sync was not long ago; the next may be asked for at {} (R55)", .next_at.rfc3339())]
    Full {
        /// When it may.
        next_at: Time,
    },
    /// Not due.
    #[error("the next timed sync is due at {}", .next_at.rfc3339())]
    NotDue {
        /// When it is.
        next_at: Time,
    },
}

impl NotNow {
    /// When to ask again.
    pub fn next_at(&self) -> Time {
        match self {
            Self::Running { deadline } => *deadline,
            Self::Manual { next_at } | Self::Full { next_at } | Self::NotDue { next_at } => *next_at,
        }
    }
}

/// When which kind of run is allowed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextTimes {
    /// The timed run.
    pub timed: Time,
    /// A run asked for.
    pub manual: Time,
    /// A full run asked for or scheduled.
    pub full: Time,
}

impl FullReason {
    /// Whether it goes before the 7 days: nothing else would bring the list up to date (intune.md 7).
    pub const fn is_forced(self) -> bool {
        match self {
            FullReason::First | FullReason::CursorRejected | FullReason::ServerChanged => true,
            FullReason::Throttled | FullReason::Asked | FullReason::Scheduled => false,
        }
    }
}

impl SyncState {
    /// The state of a token that was just accepted: a full run is due at once (R23).
    pub fn first(tenant: crate::TenantId, token: crate::TokenId, now: Time) -> Self {
        Self {
            tenant,
            token,
            version: 1,
            cursor: None,
            pass: 0,
            pass_open: false,
            needs_full: Some(FullReason::First),
            last_full_at: None,
            last_manual_at: None,
            last_triggered_at: None,
            last_success_at: None,
            last_error: None,
            next_due: now,
            run: None,
        }
    }

    /// Another virtual server: nothing of the old one holds (R24).
    pub fn server_changed(&mut self, now: Time) {
        self.restart(FullReason::ServerChanged, now);
    }

    /// Devices that Apple throttles vanish from the delta, so a full run shall follow; it waits for the 7 days
    /// (apple.md 7, trap 11).
    pub fn devices_throttled(&mut self) {
        self.needs_full.get_or_insert(FullReason::Throttled);
    }

    /// Apple refused the token to another loop: a sync shall look soon, as it is syncs that tell when the token is well
    /// again (R24).
    pub fn look_by(&mut self, due: Time) {
        self.next_due = self.next_due.min(due);
    }

    pub(super) fn restart(&mut self, why: FullReason, due: Time) {
        self.cursor = None;
        self.pass_open = false;
        self.needs_full = Some(why);
        self.next_due = due;
    }

    fn next_full(&self, limits: &Limits) -> Time {
        self.last_full_at.map_or(Time::EPOCH, |at| at.plus(limits.full_sync_every))
    }
}

impl SyncRun {
    /// Whether it is under way; one past its deadline is not, whatever it says (a crash leaves such a row).
    pub fn is_under_way(&self, now: Time) -> bool {
        self.state == RunState::Running && now < self.deadline
    }
}

/// Whether the timed run is due.
pub fn is_due(state: &SyncState, now: Time) -> bool {
    state.next_due <= now
}

/// When which kind of run is allowed next.
pub fn next_times(state: &SyncState, limits: &Limits) -> NextTimes {
    let manual = state.last_manual_at.map_or(Time::EPOCH, |at| at.plus(limits.manual_sync_every));
    NextTimes { timed: state.next_due, manual, full: state.next_full(limits).max(manual) }
}

/// Whether a run may start now, and which kind.
///
/// A pass that is open goes on. A full run that was asked for or is scheduled waits for the 7 days; one that Apple
/// forces by refusing the cursor does not.
pub fn may_start(
    state: &SyncState,
    running: Option<&SyncRun>,
    ask: Ask,
    now: Time,
    limits: &Limits,
) -> Result<SyncKind, NotNow> {
    if let Some(run) = running.filter(|run| run.is_under_way(now)) {
        return Err(NotNow::Running { deadline: run.deadline });
    }
    let next = next_times(state, limits);
    let full_allowed = state.next_full(limits) <= now;
    match ask {
        Ask::Timed if next.timed > now => return Err(NotNow::NotDue { next_at: next.timed }),
        Ask::Manual { .. } if next.manual > now => return Err(NotNow::Manual { next_at: next.manual }),
        Ask::Manual { full: true } if !full_allowed && !full_goes_on(state) => {
            return Err(NotNow::Full { next_at: next.full });
        }
        _ => {}
    }
    let wanted = full_allowed || matches!(ask, Ask::Manual { full: true });
    Ok(if full_goes_on(state) || wanted { SyncKind::Full } else { SyncKind::Delta })
}

/// Whether the next run is a full one whatever is asked for.
fn full_goes_on(state: &SyncState) -> bool {
    state.pass_open || state.cursor.is_none() || state.needs_full.is_some_and(FullReason::is_forced)
}

/// Begins a run of `kind`.
pub fn start(
    state: &SyncState,
    id: RunId,
    kind: SyncKind,
    trigger: Trigger,
    now: Time,
    limits: &Limits,
) -> (SyncState, SyncRun) {
    let mut state = state.clone();
    if kind == SyncKind::Full && !state.pass_open {
        state.pass = state.pass.saturating_add(1);
        state.pass_open = true;
        state.cursor = None;
        state.needs_full = None;
        state.last_full_at = Some(now);
    }
    if trigger == Trigger::Manual {
        state.last_manual_at = Some(now);
    }
    state.last_triggered_at = Some(now);
    state.run = Some(id.clone());
    // It stays due until it ends: if the program dies, whoever takes the token's lease next goes on with the run.
    state.next_due = now;
    let run = SyncRun {
        tenant: state.tenant.clone(),
        token: state.token.clone(),
        id,
        kind,
        trigger,
        phase: state.cursor.as_ref().map_or(Phase::Fetch, |cursor| cursor.phase),
        state: RunState::Running,
        started_at: now,
        deadline: now.plus(limits.sync_run),
        finished_at: None,
        pages: 0,
        counts: Counts::default(),
    };
    (state, run)
}
