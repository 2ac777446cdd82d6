//! Readers: connections that see the last commit and never wait for the writer.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use pki::seal::SealKeys;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{at_once, open_reader};
use crate::tx::Engine;
use crate::{StoreError, Tx};

/// Readers at one time. A read ends on the thread it began on, so more would only take turns.
const READERS: usize = 16;

pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Semaphore::new(READERS) }
    }

    /// Runs `work` on one snapshot of the database.
    pub(crate) async fn read<T, E, F>(&self, seal: &SealKeys, work: &F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let _permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let mut connection = self.take()?;
        // Kept prepared: reading these words costs as much as a look-up by key.
        connection
            .prepare_cached("begin")
            .and_then(|mut begin| begin.execute([]))
            .map_err(StoreError::from)?;
        let outcome = {
            let mut tx = Tx { engine: Engine::SqliteRead(&mut connection), seal };
            at_once(work(&mut tx))
        };
        // A connection that cannot end its snapshot is dropped, not kept.
        if connection.prepare_cached("commit").and_then(|mut commit| commit.execute([])).is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        outcome
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open_reader(&self.path), Ok)
    }

    /// Waits for the reads under way and closes every connection.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let _reads_under_way = self.permits.acquire_many(all).await;
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
