//! Reads device lists from Apple: due tokens, one run at a time for each, a page at a time with its cursor.
//!
//! What a page says and the cursor behind it are stored together or not at all, so that a program which dies between
//! any two steps has lost nothing: the run is taken up again where its cursor stands.

use std::time::Duration;

use apple::AdeError;
use apple::ade::{Client, CursorProblem};
use domain::sync::{
    After, Ask, Counts, Cursor, FoldContext, Observed, Page, PageRead, Phase, RunState, SyncProblem, SyncRun,
    SyncState, Trigger, after_page, cursor_rejected, failed, fold_page, may_start, observe, start,
};
use domain::token::{Heard, Token};
use domain::{RunId, Serial, TenantId, Time, TokenId};
use futures_util::StreamExt as _;
use mdm::ade::{FetchDeviceResponse, UnreadableDevice};
use store::Tx;

use super::Work;
use crate::points::Point;
use crate::scope::Scope;
use crate::{App, Result, ade};

/// Tokens read side by side: each waits for Apple most of the time, and a page takes some megabytes.
const SIDE_BY_SIDE: usize = 4;
/// Tokens of one turn.
const TOKENS: u32 = 64;
/// How long a node has a token's sync to itself without a sign of life: longer than one call to Apple may take.
const LEASE: Duration = Duration::from_secs(90);
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
    let lease = format!("sync/{tenant}/{token}");
    if !hold(&app, &lease).await? {
        return Ok(app.now().plus(LOOK_AGAIN));
    }
    app.at(Point::SyncLeased);
    let mut again = true;
    while again && !app.is_stopping() {
        again = match take_up(&app, &tenant, &token).await? {
            Some(step) => run_to_its_end(&app, &lease, step).await?,
            None => false,
        };
    }
    app.at(Point::SyncRunEnded);
    app.commit((lease, app.instance.clone()), |tx, (lease, holder)| {
        Box::pin(async move { Ok(store::lease::release(tx, &lease, &holder).await?) })
    })
    .await?;
    app.wake(Work::Assign);
    Ok(Time::NEVER)
}

/// Takes or prolongs the lease.
async fn hold(app: &App, lease: &str) -> Result<bool> {
    let args = (lease.to_owned(), app.instance.clone(), app.now());
    app.commit(args, |tx, (lease, holder, now)| {
        Box::pin(async move { Ok(store::lease::try_acquire(tx, &lease, &holder, now, LEASE).await?) })
    })
    .await
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
async fn run_to_its_end(app: &App, lease: &str, step: Step) -> Result<bool> {
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

async fn read_pages(app: &App, lease: &str, mut step: Step, damaged: &mut Damaged) -> Result<bool> {
    let client = match ade::client(app, &step.token).await {
        Ok(client) => client,
        Err(error) => return give_up(app, &step, SyncProblem::Internal, error.to_string(), None).await,
    };
    learn_account(app, &client, &step.token).await?;
    loop {
        let read = match ask(app, &client, &step).await {
            Ok(read) => read,
            Err(error) => return trouble(app, &step, error).await,
        };
        damaged.note(&read.unreadable);
        if step.run.pages == 0 {
            ade::keep_standing(app, &step.token, Heard::Good).await?;
        }
        app.at(Point::SyncPageRead);
        let stored = store_page(app, &step, read).await?;
        app.at(Point::SyncPageStored);
        match stored {
            Some(next) => step = next,
            None => return Ok(false),
        }
        if app.is_stopping() || !hold(app, lease).await? {
            // The page is stored: whoever takes the run up, goes on from there.
            return Ok(false);
        }
    }
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

/// One page, as far as it is read from Apple.
#[derive(Clone)]
struct Read {
    page: Page,
    unreadable: Vec<UnreadableDevice>,
    seen: u32,
    cursor: String,
    more: bool,
    exhausted: bool,
}

async fn ask(app: &App, client: &Client, step: &Step) -> Result<Read, AdeError> {
    let cursor = step.state.cursor.as_ref().map(|cursor| cursor.value.as_str());
    let limit = app.limits.sync_page;
    let answer = match (step.run.phase, cursor) {
        (Phase::Sync, Some(cursor)) => client.sync_devices(cursor, limit).await,
        (Phase::Fetch, cursor) => client.fetch_devices(cursor, limit).await,
        (Phase::Sync, None) => client.fetch_devices(None, limit).await,
    };
    match answer {
        Ok(answer) => Ok(read(answer)),
        // So a complete list may end. But of one that was not begun nothing can have been given: taken at its word, all
        // devices were gone. And what changed has no end: taken at its word, what changes from now on is not seen.
        Err(AdeError::Cursor { problem: CursorProblem::Exhausted, .. })
            if cursor.is_some() && step.run.phase == Phase::Fetch =>
        {
            Ok(Read {
                page: Page::default(),
                unreadable: Vec::new(),
                seen: 0,
                cursor: String::new(),
                more: false,
                exhausted: true,
            })
        }
        Err(error) => Err(error),
    }
}

fn read(answer: FetchDeviceResponse) -> Read {
    let seen = answer.devices.len().saturating_add(answer.unreadable.len());
    let page = fold_page(&answer.devices).with_unreadable(&answer.unreadable);
    let mut unreadable = answer.unreadable;
    let unusable = answer.devices.iter().filter(|device| device.serial_number.parse::<Serial>().is_err());
    unreadable.extend(unusable.map(|_| UnreadableDevice {
        serial_number: None,
        why: "serial_number: takes letters and digits".to_owned(),
    }));
    Read {
        page,
        unreadable,
        seen: u32::try_from(seen).unwrap_or(u32::MAX),
        cursor: answer.cursor,
        more: answer.more_to_follow,
        exhausted: false,
    }
}

/// Stores a page with its cursor. Answers the next step, or none when the run is over.
async fn store_page(app: &App, step: &Step, read: Read) -> Result<Option<Step>> {
    let args = (Scope::new(app, &step.token.tenant), step.clone(), read);
    app.commit(args, |tx, (scope, step, read)| {
        Box::pin(async move { store_page_in(&scope, tx, step, read).await })
    })
    .await
}

async fn store_page_in(scope: &Scope, tx: &mut Tx<'_>, step: Step, read: Read) -> Result<Option<Step>> {
    let Some((mut state, mut run)) = same_place(tx, &step).await? else { return Ok(None) };
    let counts = Counts {
        seen: read.seen,
        unreadable: read.page.unreadable,
        nameless: read.page.nameless,
        ..write_devices(scope, tx, &step, &state, &read.page).await?
    };
    let page = PageRead { cursor: read.cursor, more: read.more, exhausted: read.exhausted, counts };
    let after = after_page(&mut state, &mut run, &page, scope.now, &scope.app.limits);
    if after == After::PassComplete {
        let gone =
            store::device::mark_gone_unseen(tx, &scope.tenant, &step.token.id, state.pass, scope.now).await?;
        run.counts.gone = run.counts.gone.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
    }
    store::sync::run_update(tx, &run).await?;
    store::sync::update_state(tx, &state).await?;
    crate::trouble::of_run(tx, &state, &run, scope.now).await?;
    state.version += 1;
    scope.app.at(Point::SyncPageDecided);
    Ok((after != After::Ended).then_some(Step { token: step.token, state, run }))
}

/// State and run as stored, if nobody has moved them on since the page was asked for.
async fn same_place(tx: &mut Tx<'_>, step: &Step) -> Result<Option<(SyncState, SyncRun)>> {
    let place =
        |state: &SyncState| state.cursor.as_ref().map(|Cursor { value, phase, .. }| (value.clone(), *phase));
    let state = store::sync::state(tx, &step.state.tenant, &step.state.token).await?;
    let Some(state) = state.filter(|now| {
        now.run == step.state.run && now.pass == step.state.pass && place(now) == place(&step.state)
    }) else {
        return Ok(None);
    };
    let run = crate::sync::current_run(tx, &state).await?;
    Ok(run.filter(|run| run.state == RunState::Running).map(|run| (state, run)))
}

async fn write_devices(
    scope: &Scope,
    tx: &mut Tx<'_>,
    step: &Step,
    state: &SyncState,
    page: &Page,
) -> Result<Counts> {
    let at = FoldContext {
        tenant: scope.tenant.clone(),
        token: step.token.id.clone(),
        phase: step.run.phase,
        pass: state.pass,
        now: scope.now,
    };
    let damaged = page.damaged.iter().filter(|serial| !page.sightings.contains_key(*serial));
    let serials: Vec<Serial> = page.sightings.keys().chain(damaged.clone()).cloned().collect();
    let known = store::device::by_serials(tx, &scope.tenant, &step.token.id, &serials).await?;
    let known: std::collections::BTreeMap<_, _> =
        known.iter().map(|device| (&device.serial, device)).collect();
    let mut counts = Counts::default();
    let mut changed = Vec::new();
    // Apple lists a damaged record too, and that is all we know of it.
    let mut listed: Vec<Serial> = damaged.cloned().collect();
    for (serial, sighting) in &page.sightings {
        let before = known.get(serial).copied();
        match observe(before, serial, sighting, &at, || scope.app.new_id()) {
            Some((device, change)) => {
                counts.count(change);
                changed.push(device);
            }
            None if matches!(sighting.observed, Observed::Listed(_)) => listed.push(serial.clone()),
            None => {}
        }
    }
    store::device::upsert_many(tx, &changed).await?;
    if at.phase == Phase::Fetch {
        store::device::note_seen(tx, &scope.tenant, &step.token.id, at.pass, &listed).await?;
    }
    Ok(counts)
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
