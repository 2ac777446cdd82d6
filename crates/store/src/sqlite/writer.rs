//! The writer: one thread owns the only connection that writes, takes whatever is queued, and commits it as one.
//!
//! A commit costs a wait for the disk. Shared by all that queued while the last one was under way, it costs each of
//! them little: 20,000 durable rounds a second against 4,600 with a commit for each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use pki::seal::SealKeys;
use rusqlite::Connection;

use super::at_once;
use crate::tx::Engine;
use crate::work::Work;
use crate::{StoreError, Tx};

/// Jobs that share one commit. More would make the first of them wait too long for its answer.
const BATCH: usize = 512;

/// Jobs that may wait. At 20,000 a second the last of them waits 0.2 s; beyond that a caller had better come back.
const QUEUE: usize = 4_096;

/// One piece of work on its way through the writer.
trait Job: Send {
    /// Runs; whether what it wrote is to be kept.
    fn run(&mut self, connection: &mut Connection, seal: &SealKeys) -> bool;
    /// Answers, once the fate of the batch is known.
    fn answer(self: Box<Self>, batch: Result<(), StoreError>);
}

impl<T, E, F> Job for Work<T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: &mut Connection, seal: &SealKeys) -> bool {
        let work = &self.work;
        let attempt =
            AssertUnwindSafe(|| at_once(work(&mut Tx { engine: Engine::SqliteWrite(connection), seal })));
        let outcome = catch_unwind(attempt)
            .unwrap_or_else(|_| Err(StoreError::Engine("the work of a transaction panicked".into()).into()));
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, batch: Result<(), StoreError>) {
        Work::answer(*self, batch);
    }
}

/// The writer's queue and thread.
pub(crate) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    durability: String,
}

impl Writer {
    pub(crate) fn start(connection: Connection, seal: Arc<SealKeys>) -> Result<Self, StoreError> {
        let durability = super::durability(&connection)?;
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write(connection, &seal, &jobs))
            .map_err(|e| StoreError::Engine(e.to_string()))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), durability })
    }

    /// How its connection keeps what it commits.
    pub(crate) fn durability(&self) -> &str {
        &self.durability
    }

    /// Queues `work` and waits until it is on disk or refused.
    pub(crate) async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = Work::new(work);
        self.queue(Box::new(job))?;
        answer.wait().await
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().ok_or(StoreError::Closed)?.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })
    }

    /// Takes no more, finishes what is queued, and waits for the thread.
    pub(crate) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// The thread: until nobody can queue any more.
fn write(mut connection: Connection, seal: &SealKeys, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let fate = run_batch(&mut connection, seal, &mut batch);
        for job in batch {
            job.answer(fate.clone());
        }
    }
    if let Err(error) = checkpoint(&connection) {
        tracing::warn!(%error, "could not copy the write-ahead log back; it is replayed at the next start");
    }
}

/// Runs a batch as one transaction: at first without savepoints, for which the engine would copy each page that a job
/// writes. If a job is refused that has written something, all are undone and run again, each in a savepoint of its own.
fn run_batch(
    connection: &mut Connection,
    seal: &SealKeys,
    batch: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    match run_as_one(connection, seal, batch, run_plain)? {
        Fate::Committed => Ok(()),
        Fate::Undone => run_as_one(connection, seal, batch, run_apart).map(drop),
    }
}

/// What became of a batch.
#[derive(PartialEq, Eq)]
enum Fate {
    Committed,
    /// A job has left something that must not be kept, and nothing was.
    Undone,
}

/// Runs a job; whether what the transaction holds may be kept.
type RunJob = fn(&mut Connection, &SealKeys, &mut dyn Job) -> Result<bool, StoreError>;

fn run_as_one(
    connection: &mut Connection,
    seal: &SealKeys,
    batch: &mut [Box<dyn Job>],
    run: RunJob,
) -> Result<Fate, StoreError> {
    connection.execute_batch("begin immediate")?;
    let fate = (|| {
        for job in batch.iter_mut() {
            if !run(connection, seal, job.as_mut())? {
                return Ok(Fate::Undone);
            }
        }
        connection.execute_batch("commit")?;
        Ok(Fate::Committed)
    })();
    if !matches!(fate, Ok(Fate::Committed)) && !connection.is_autocommit() {
        connection.execute_batch("rollback")?;
    }
    fate
}

fn run_plain(connection: &mut Connection, seal: &SealKeys, job: &mut dyn Job) -> Result<bool, StoreError> {
    let before = connection.total_changes();
    let keep = job.run(connection, seal);
    must_go_on(connection)?;
    Ok(keep || connection.total_changes() == before)
}

fn run_apart(connection: &mut Connection, seal: &SealKeys, job: &mut dyn Job) -> Result<bool, StoreError> {
    connection.prepare_cached("savepoint job")?.execute([])?;
    let keep = job.run(connection, seal);
    must_go_on(connection)?;
    if !keep {
        connection.prepare_cached("rollback to job")?.execute([])?;
    }
    connection.prepare_cached("release job")?.execute([])?;
    Ok(true)
}

/// A full disk or an I/O error ends the whole transaction inside the engine.
fn must_go_on(connection: &Connection) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Err(StoreError::Engine("the engine gave up the transaction (disk full or failing)".into()));
    }
    Ok(())
}

/// Copies the write-ahead log into the database and empties it.
fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
    Ok(())
}
