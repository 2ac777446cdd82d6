//! Reads device lists from Apple: due tokens, one run at a time for each, a page at a time with its cursor.
//!
//! What a page says and the cursor behind it are stored together or not at all, so that a program which dies between
//! any two steps has lost nothing: the run is taken up again where its cursor stands.

mod ahead;
mod pages;

use std::time::Duration;

use apple::AdeError;
use apple::ade::Client;
use domain::sync::{
    Ask, RunState, SyncProblem, SyncRun, SyncState, Trigger, cursor_rejected, failed, may_start, start,
};
use domain::token::{Heard, Token};
use domain::{RunId, TenantId, Time, TokenId};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use mdm::ade::UnreadableDevice;
use store::Tx;
use tokio::sync::mpsc;

use self::ahead::{Batch, Found, PAGES, read_ahead};
use self::pages::same_place;

use super::Work;
use super::lease::Lease;
use crate::points::Point;
use crate::scope::Scope;
use crate::{App, Result, ade};

/// Tokens read side by side: each waits for Apple most of the time, and a page takes some megabytes.
const SIDE_BY_SIDE: usize = 4;
/// Tokens of one turn.
const TOKENS: u32 = 64;
/// When to look again at a token that another node has, or whose work another node may have left when it died.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// Longest wait between turns: what an administrator changed at a node that died before it acted is found here.
const EVERY: Duration = Duration::from_secs(30);
/// Damaged records that a run's log names; more of them have one cause, which the first ones show.
const DAMAGED_NAMED: usize = 50;

/// One turn: every due token, and when the next is due.
///
/// # Errors
/// The store's; what fails at Apple is kept with its token.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    let due = app
        .look(now, |tx, now| Box::pin(async move { Ok(store::sync::due(tx, now, TOKENS).await?) }))
        .await?;
    let mut ended = futures_util::stream::iter(due)
        .map(|(tenant, token)| sync_token(app.clone(), tenant, token))
        .buffer_unordered(SIDE_BY_SIDE);
    let (mut left_alone, mut synced, mut failed) = (Time::NEVER, 0, None);
    while let Some(result) = ended.next().await {
        match result {
            Ok(Time::NEVER) => synced += 1,
            Ok(until) => left_alone = left_alone.min(until),
            // The others are not held up by it.
            Err(error) => failed = Some(error),
        }
    }
    drop(ended);
    if let Some(error) = failed {
        return Err(error);
    }
    if synced == TOKENS {
        return Ok(app.now());
    }
    let next = app.look((), |tx, ()| Box::pin(async move { Ok(store::sync::next_due(tx).await?) })).await?;
    let (now, next) = (app.now(), next.unwrap_or(Time::NEVER));
    // A token that another node has is due all the while: not again at once.
    let next = if next <= now { left_alone.min(now.plus(LOOK_AGAIN)) } else { next };
    Ok(next.min(now.plus(EVERY)))
}

/// Syncs one token, run after run while Apple's answers ask for it. Answers when to look again if it was left alone.
async fn sync_token(app: App, tenant: TenantId, token: TokenId) -> Result<Time> {
    let Some(lease) = Lease::take(&app, format!("sync/{tenant}/{token}")).await? else {
        return Ok(app.now().plus(LOOK_AGAIN));
    };
    app.at(Point::SyncLeased);
    let mut again = true;
    while again && !app.is_stopping() {
        again = match take_up(&app, &tenant, &token).await? {
            Some(step) => run_to_its_end(&app, &lease, step).await?,
            None => false,
        };
    }
    app.at(Point::SyncRunEnded);
    lease.release().await?;
    app.wake(Work::Assign);
    Ok(Time::NEVER)
}

/// A run as it stands: what the next page is asked with.
#[derive(Clone)]
struct Step {
    token: Token,
    state: SyncState,
    run: SyncRun,
}

/// The run to go on with: the one under way, or a new one if it is due.
async fn take_up(app: &App, tenant: &TenantId, token: &TokenId) -> Result<Option<Step>> {
    let args = (Scope::new(app, tenant), token.clone(), app.new_id::<RunId>());
    app.commit(args, |tx, (scope, token, id)| {
        Box::pin(async move { take_up_in(&scope, tx, &token, id).await })
    })
    .await
}

async fn take_up_in(scope: &Scope, tx: &mut Tx<'_>, token: &TokenId, id: RunId) -> Result<Option<Step>> {
    let (now, limits) = (scope.now, &scope.app.limits);
    let Some(token) = store::token::get(tx, &scope.tenant, token).await? else { return Ok(None) };
    let Some(mut state) = store::sync::state(tx, &scope.tenant, &token.id).await? else { return Ok(None) };
    let run = crate::sync::current_run(tx, &state).await?;
    if let Some(mut run) = run.filter(|run| run.state == RunState::Running) {
        if run.is_under_way(now) {
            return Ok(Some(Step { token, state, run }));
        }
        let words = "the program ended before the run did; the next one goes on from its cursor";
        failed(&mut state, &mut run, SyncProblem::TimedOut, words, None, now, limits);
        state.next_due = now;
        store::sync::run_update(tx, &run).await?;
    }
    let Ok(kind) = may_start(&state, None, Ask::Timed, now, limits) else {
        return Ok(None);
    };
    let trigger = match (&state.run, state.needs_full, state.pass_open) {
        (None, _, _) => Trigger::Upload,
        (_, Some(reason), _) if reason.is_forced() => Trigger::Continue,
        (_, _, true) => Trigger::Continue,
        _ => Trigger::Schedule,
    };
    let (started, run) = start(&state, id, kind, trigger, now, limits);
    store::sync::run_insert(tx, &run).await?;
    store::sync::update_state(tx, &started).await?;
    let state = SyncState { version: started.version.saturating_add(1), ..started };
    Ok(Some(Step { token, state, run }))
}

/// Reads pages until the run ends. Answers whether another run is due at once.
async fn run_to_its_end(app: &App, lease: &Lease, step: Step) -> Result<bool> {
    app.at(Point::SyncRunBegun);
    let token = step.token.clone();
    let mut damaged = Damaged::default();
    let again = read_pages(app, lease, step, &mut damaged).await;
    damaged.tell(&token);
    again
}

/// What a run met that could not be read; told once, at its end.
#[derive(Default)]
struct Damaged {
    count: usize,
    first: Vec<String>,
}

impl Damaged {
    fn note(&mut self, records: &[UnreadableDevice]) {
        self.count = self.count.saturating_add(records.len());
        let room = DAMAGED_NAMED.saturating_sub(self.first.len());
        self.first.extend(records.iter().take(room).map(|record| {
            format!("{}: {}", record.serial_number.as_deref().unwrap_or("no serial number"), record.why)
        }));
    }

    fn tell(&self, token: &Token) {
        if self.count > 0 {
            let (count, records) = (self.count, self.first.join("; "));
            tracing::warn!(tenant = %token.tenant, token = %token.id, count, records, "Apple sent records that cannot be read");
        }
    }
}

async fn read_pages(app: &App, lease: &Lease, step: Step, damaged: &mut Damaged) -> Result<bool> {
    let client = match ade::client(app, &step.token).await {
        Ok(client) => client,
        Err(error) => return give_up(app, &step, SyncProblem::Internal, error.to_string(), None).await,
    };
    lease.during(learn_account(app, &client, &step.token)).await?;
    let (found, finds) = mpsc::channel(PAGES);
    let reader = Box::pin(read_ahead(app, &client, step.clone(), found));
    let keeper = Box::pin(keep(app, lease, step, finds, damaged));
    let both = async {
        match select(keeper, reader).await {
            // What is still being read is read again by the next run, from the cursor that is stored.
            Either::Left((ended, _)) => ended,
            Either::Right(((), keeper)) => keeper.await,
        }
    };
    lease.during(both).await
}

/// Stores what is read, until the run ends. Answers whether another run is due at once.
async fn keep(
    app: &App,
    lease: &Lease,
    mut step: Step,
    mut finds: mpsc::Receiver<Found>,
    damaged: &mut Damaged,
) -> Result<bool> {
    while let Some(first) = finds.recv().await {
        let Batch { pages, trouble } = Batch::of(first, &mut finds);
        pages.iter().for_each(|read| damaged.note(&read.unreadable));
        if step.run.pages == 0 && !pages.is_empty() {
            ade::keep_standing(app, &step.token, Heard::Good).await?;
        }
        if !pages.is_empty() {
            let stored = pages::store(app, &step, pages).await?;
            app.at(Point::SyncPageStored);
            match stored {
                Some(next) => step = next,
                None => return Ok(false),
            }
        }
        if let Some(error) = trouble {
            return self::trouble(app, &step, error).await;
        }
        if app.is_stopping() || !lease.hold().await? {
            // The pages are stored: whoever takes the run up, goes on from there.
            return Ok(false);
        }
    }
    Ok(false)
}

/// `/account`, while it is not known: the terms were not accepted or Apple was away when the file was uploaded.
async fn learn_account(app: &App, client: &Client, token: &Token) -> Result<()> {
    if token.server.as_ref().is_none_or(|server| server.account.is_some()) {
        return Ok(());
    }
    let Ok(detail) = client.account().await else { return Ok(()) };
    let args = (token.tenant.clone(), token.id.clone(), ade::account(detail));
    app.commit(args, |tx, (tenant, token, account)| {
        Box::pin(async move {
            let Some(mut token) = store::token::get(tx, &tenant, &token).await? else { return Ok(()) };
            if let Some(server) = token.server.as_mut() {
                crate::tenant::learn(tx, &tenant, &account).await?;
                server.account = Some(account);
                store::token::update(tx, &token).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Apple refused or did not answer.
async fn trouble(app: &App, step: &Step, error: AdeError) -> Result<bool> {
    if let Some(heard) = ade::heard(&error) {
        ade::keep_standing(app, &step.token, heard).await?;
    }
    let words = ade::words(&error);
    tracing::warn!(tenant = %step.token.tenant, token = %step.token.id, "failed to {error} while syncing devices");
    give_up(app, step, ade::problem(&error), words, error.retry_after()).await
}

async fn give_up(
    app: &App,
    step: &Step,
    problem: SyncProblem,
    words: String,
    retry_after: Option<Duration>,
) -> Result<bool> {
    let args = (Scope::new(app, &step.token.tenant), step.clone(), problem, words, retry_after);
    app.commit(args, |tx, (scope, step, problem, words, retry_after)| {
        Box::pin(async move {
            let Some((mut state, mut run)) = same_place(tx, &step).await? else { return Ok(false) };
            let (now, limits) = (scope.now, &scope.app.limits);
            let again = if problem.is_cursor() {
                cursor_rejected(&mut state, &mut run, problem, &words, now, limits)
            } else {
                failed(&mut state, &mut run, problem, &words, retry_after, now, limits);
                false
            };
            store::sync::run_update(tx, &run).await?;
            store::sync::update_state(tx, &state).await?;
            crate::trouble::of_run(tx, &state, &run, now).await?;
            Ok(again)
        })
    })
    .await
}
