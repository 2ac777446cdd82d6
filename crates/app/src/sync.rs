//! Asking for a sync, and watching it (R55, R57).

use domain::sync::{Ask, NextTimes, NotNow, SyncRun, SyncState, Trigger, may_start, next_times, start};
use domain::{RunId, TokenId};
use store::Tx;

use crate::loops::Work;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// Runs shown at most.
const RUNS_MAX: u32 = 1_000;

/// Asks for a sync now; `full`: of the complete list. The loop takes it up at once; its run can be watched by the id.
///
/// # Errors
/// [`AppError::TooSoon`] within 15 minutes of the last one asked for, or 7 days of the last full one (R55, R57);
/// [`AppError::Conflict`] while one is under way or for a draft.
pub async fn request(app: &App, actor: &Actor, token: &TokenId, full: bool) -> Result<RunId> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), full, app.new_id::<RunId>());
    let run = app
        .commit(args, |tx, (scope, token, full, run)| {
            Box::pin(async move { request_in(&scope, tx, &token, full, run).await })
        })
        .await?;
    app.wake(Work::Sync);
    Ok(run)
}

async fn request_in(scope: &Scope, tx: &mut Tx<'_>, token: &TokenId, full: bool, id: RunId) -> Result<RunId> {
    let state = load(scope, tx, token).await?;
    let limits = &scope.app.limits;
    let running = current_run(tx, &state).await?;
    let kind =
        may_start(&state, running.as_ref(), Ask::Manual { full }, scope.now, limits).map_err(not_now)?;
    let (state, run) = start(&state, id, kind, Trigger::Manual, scope.now, limits);
    store::sync::run_insert(tx, &run).await?;
    store::sync::update_state(tx, &state).await?;
    Ok(run.id)
}

fn not_now(refusal: NotNow) -> AppError {
    let words = refusal.to_string();
    match refusal {
        NotNow::Running { .. } => AppError::conflict(words),
        other => AppError::TooSoon { words, next_at: other.next_at() },
    }
}

async fn load(scope: &Scope, tx: &mut Tx<'_>, token: &TokenId) -> Result<SyncState> {
    crate::token::load(tx, scope, token).await?;
    let state = store::sync::state(tx, &scope.tenant, token).await?;
    state.ok_or_else(|| AppError::conflict("no token file has been uploaded yet (R18)"))
}

/// The run that the state names, if it is there.
pub(crate) async fn current_run(tx: &mut Tx<'_>, state: &SyncState) -> Result<Option<SyncRun>> {
    match &state.run {
        None => Ok(None),
        Some(run) => Ok(store::sync::run_get(tx, &state.tenant, &state.token, run).await?),
    }
}

/// Where a token's sync stands, and when the next ones are allowed.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Conflict`] for a draft.
pub async fn state(app: &App, actor: &Actor, token: &TokenId) -> Result<(SyncState, NextTimes)> {
    let args = (Scope::of(app, actor), token.clone());
    app.look(args, |tx, (scope, token)| {
        Box::pin(async move {
            let state = load(&scope, tx, &token).await?;
            let next = next_times(&state, &scope.app.limits);
            Ok((state, next))
        })
    })
    .await
}

/// The last runs of a token, newest first.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn runs(app: &App, actor: &Actor, token: &TokenId, limit: u32) -> Result<Vec<SyncRun>> {
    let args = (Scope::of(app, actor), token.clone(), limit.clamp(1, RUNS_MAX));
    app.look(args, |tx, (scope, token, limit)| {
        Box::pin(async move {
            crate::token::load(tx, &scope, &token).await?;
            Ok(store::sync::runs(tx, &scope.tenant, &token, limit).await?)
        })
    })
    .await
}

/// One run; while it is under way its counts grow.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn run(app: &App, actor: &Actor, token: &TokenId, run: &RunId) -> Result<SyncRun> {
    let args = (Scope::of(app, actor), token.clone(), run.clone());
    app.look(args, |tx, (scope, token, run)| {
        Box::pin(async move {
            crate::token::load(tx, &scope, &token).await?;
            let found = store::sync::run_get(tx, &scope.tenant, &token, &run).await?;
            found.ok_or_else(|| AppError::not_found(format!("the sync run {run}")))
        })
    })
    .await
}
