//! Writes down when devices were last heard from: a check-in of its own writes nothing. Each second those who were not
//! written within the last minute.

use std::time::Duration;

use domain::Time;
use store::Retryable as _;

use crate::{App, Result};

/// Between writings.
const EVERY: Duration = Duration::from_secs(1);
/// Devices a transaction: few enough to meet nobody else's changes of one of them often.
const BATCH: usize = 500;

/// One turn.
///
/// # Errors
/// The store's; what was not written is written in the next turn.
pub async fn turn(app: App) -> Result<Time> {
    let seen = app.memory.take_seen(app.now(), app.is_stopping());
    let mut batches = seen.chunks(BATCH);
    while let Some(batch) = batches.next() {
        let rows = batch.to_vec();
        let written = app.commit(rows, move |tx, rows| {
            Box::pin(async move { Ok(store::managed_device::touch_last_seen(tx, &rows).await?) })
        });
        let Err(error) = written.await else { continue };
        app.memory.put_back_seen(batch.to_vec());
        // Devices that are busy are written by others just now: their turn comes in a second.
        if !error.is_conflict() {
            batches.for_each(|rest| app.memory.put_back_seen(rest.to_vec()));
            return Err(error);
        }
    }
    Ok(app.now().plus(EVERY))
}
