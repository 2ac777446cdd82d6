//! This server among others on the same database: says that it lives, and looks whether it may go on working: whether a
//! later program has changed the schema, whether it has the key that secrets are sealed with, and whether clocks agree.

use std::time::Duration;

use domain::Time;
use store::{Store, StoreError};

use crate::{App, AppError, Result, rotation};

/// Between signs of life.
const EVERY: Duration = Duration::from_secs(10);
/// A server that has been silent for so long is not there any more. Two turns in a row may fail: whoever takes a living
/// server for dead changes the seal key under it.
pub(crate) const LEASE: Duration = Duration::from_secs(90);
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
        return Ok(stop(&app, schema.to_string()));
    }
    if schema.is_newer() && app.loops.note(schema.to_string()) {
        tracing::warn!("{schema}");
    }
    let others = say_alive(&app, now).await?;
    if let Some(words) = key_is_not_ours(&app).await? {
        return Ok(stop(&app, words.to_owned()));
    }
    for other in others {
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

/// Says that this server is there before it works.
///
/// # Errors
/// [`AppError::Conflict`] when the seal key is not, or not for long, the one that this server has; the store's.
pub(crate) async fn enter(app: &App) -> Result<()> {
    say_alive(app, app.now()).await?;
    match key_is_not_ours(app).await? {
        None => Ok(()),
        Some(words) => Err(AppError::conflict(words)),
    }
}

/// This server's lease; those of the others.
async fn say_alive(app: &App, now: Time) -> Result<Vec<store::lease::Lease>> {
    let args = (app.instance.clone(), now);
    let others = app.commit(args, |tx, (me, now)| {
        Box::pin(async move {
            store::lease::try_acquire(tx, &name(&me), &me, now, LEASE).await?;
            store::lease::prune(tx, now.minus(ENDED_KEPT)).await?;
            let all = store::lease::with_prefix(tx, PREFIX).await?;
            Ok(all.into_iter().filter(|lease| *lease.holder != *me).collect())
        })
    });
    others.await
}

/// Why this server may not seal anything any more, if so.
async fn key_is_not_ours(app: &App) -> Result<Option<&'static str>> {
    if rotation::is_under_way(&app.store, app.now()).await? {
        return Ok(Some(
            "the seal key of this database is being changed. Start this server when `muster rotate` has ended, with the key \
             file that it wrote",
        ));
    }
    match app.store.check_keys().await {
        Ok(()) => Ok(None),
        Err(StoreError::Sealed(_)) => Ok(Some(
            "the secrets of this database are sealed with a key that this server does not have: `muster rotate` was run \
             elsewhere. Start this server with the key file that it wrote there",
        )),
        Err(error) => Err(error.into()),
    }
}

/// This server may not go on.
fn stop(app: &App, words: String) -> Time {
    tracing::error!("this server stops: {words}");
    app.loops.unfit(words);
    Time::NEVER
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
pub(crate) async fn count(store: &Store, now: Time) -> Result<usize> {
    let all = store
        .read(|tx| Box::pin(async move { Ok::<_, AppError>(store::lease::with_prefix(tx, PREFIX).await?) }));
    Ok(all.await?.iter().filter(|lease| lease.expires_at > now).count())
}

#[cfg(test)]
mod tests {
    use super::{EVERY, LEASE};
    use crate::loops::AFTER_FAILURE;

    #[test]
    fn a_server_whose_turns_fail_twice_in_a_row_is_not_taken_for_dead() {
        assert!(LEASE > 2 * (EVERY + AFTER_FAILURE));
    }
}
