//! Writes down, once a second, when devices were last heard from: a check-in of its own writes nothing.

use std::time::Duration;

use domain::Time;

use crate::{App, Result};

/// Between writings.
const EVERY: Duration = Duration::from_secs(1);
/// Devices a transaction.
const BATCH: usize = 2_000;

/// One turn.
///
/// # Errors
/// The store's; what was not written is written in the next turn.
pub async fn turn(app: App) -> Result<Time> {
    let seen = app.memory.take_seen();
    let mut batches = seen.chunks(BATCH);
    while let Some(batch) = batches.next() {
        let rows = batch.to_vec();
        let written = app.store.transact(move |tx| {
            let rows = rows.clone();
            Box::pin(async move { Ok(store::managed_device::touch_last_seen(tx, &rows).await?) })
        });
        if let Err(error) = written.await {
            app.memory.put_back_seen(batch.to_vec());
            batches.for_each(|rest| app.memory.put_back_seen(rest.to_vec()));
            return Err(error);
        }
    }
    Ok(app.now().plus(EVERY))
}
