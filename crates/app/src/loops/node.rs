//! This server among others on the same database: says that it lives, and looks whether it may go on working: whether a
//! later program has changed the schema, and whether clocks agree.

use std::time::Duration;

use domain::Time;

use crate::{App, AppError, Result};

/// Between signs of life.
const EVERY: Duration = Duration::from_secs(10);
/// A server that has been silent for so long is not there any more.
const LEASE: Duration = Duration::from_secs(30);
/// Leases that ended so long ago are nobody's: of tokens that were deleted, and of servers that died.
const ENDED_KEPT: Duration = Duration::from_secs(60 * 60);
/// Clocks that differ by less do no harm: leases last longer.
const SKEW_MAX: Duration = Duration::from_secs(5);
/// What the names of these leases begin with.
const PREFIX: &str = "node/";

/// One turn.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    clock_went_back(&app, now);
    let schema = app.store.schema().await?;
    if !schema.fits() {
        tracing::error!("this server stops: {schema}");
        app.loops.unfit(schema.to_string());
        return Ok(Time::NEVER);
    }
    if schema.is_newer() && app.loops.note(schema.to_string()) {
        tracing::warn!("{schema}");
    }
    let args = (app.instance.clone(), now);
    let others = app.commit(args, |tx, (me, now)| {
        Box::pin(async move {
            store::lease::try_acquire(tx, &name(&me), &me, now, LEASE).await?;
            store::lease::prune(tx, now.minus(ENDED_KEPT)).await?;
            let all = store::lease::with_prefix(tx, PREFIX).await?;
            Ok(all.into_iter().filter(|lease| *lease.holder != *me).collect::<Vec<_>>())
        })
    });
    for other in others.await? {
        let ahead = other.expires_at.since(now.plus(LEASE));
        if ahead > SKEW_MAX {
            tracing::error!(
                seconds = ahead.as_secs(),
                "another server's clock is ahead of this one's: set both by the network (NTP), or they take each other's work"
            );
        }
    }
    Ok(now.plus(EVERY))
}

/// Deadlines are times of day: a clock that is set back puts them off by as much, and nobody would know why.
fn clock_went_back(app: &App, now: Time) {
    if let Some(before) = app.loops.last_turn_of_node()
        && now < before
    {
        tracing::error!(
            seconds = before.since(now).as_secs(),
            "the clock was set back: deadlines, retries and leases wait as much longer"
        );
    }
}

fn name(instance: &str) -> String {
    format!("{PREFIX}{instance}")
}

/// Gives back every lease of this server, so that nobody waits for it.
pub(crate) async fn leave(app: &App) -> Result<()> {
    app.commit(app.instance.clone(), |tx, me| {
        Box::pin(async move { Ok(store::lease::release_all(tx, &me).await?) })
    })
    .await
}

/// How many servers work on a database now.
///
/// # Errors
/// The store's.
pub async fn count(store: &store::Store, now: Time) -> Result<usize> {
    let all = store
        .read(|tx| Box::pin(async move { Ok::<_, AppError>(store::lease::with_prefix(tx, PREFIX).await?) }));
    Ok(all.await?.iter().filter(|lease| lease.expires_at > now).count())
}
