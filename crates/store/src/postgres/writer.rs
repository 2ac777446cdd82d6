//! The writers of one node: each takes what queued while its last batch was under way, and commits it as one.
//!
//! A transaction of its own for each piece of work would cost it two more round trips and a wait for the disk. In a
//! batch each has a savepoint instead, set in the same flight as its first statement, so that one which fails undoes
//! itself alone.
//!
//! **Two nodes.** A batch holds the row locks of all its pieces until it commits, and two batches take them in no common
//! order. So no piece waits long for a lock while it is in a batch: after [`LOCK_WAIT`] it gives up, and runs again in a
//! transaction of its own, which holds no other's locks. The same becomes of one whose row was changed since the batch
//! began: its snapshot is the batch's, and a fresh one is needed. What a batch reads is never older than what its pieces
//! were queued after, because a batch begins when all of it is queued.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Client, Object, Pool};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pki::seal::SealKeys;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::transaction::Transaction;
use crate::tx::Engine;
use crate::work::Work;
use crate::{Retryable, StoreError, Tx};

/// Batches under way at a time. More of them only take turns inside the server.
const WRITERS: usize = 4;
/// Pieces of work that share one commit. Above 64 savepoints PostgreSQL keeps them in a slower place.
const BATCH: usize = 32;
/// Pieces of work that may wait. At 5,000 a second the last of them waits 0.8 s; beyond that a caller had better come back.
const QUEUE: usize = 4_096;
/// How often work is run in all when a version has moved or another transaction was first.
const ATTEMPTS: u32 = 8;
/// Wait after the first such attempt; it grows with each.
const ATTEMPT_WAIT: Duration = Duration::from_millis(3);

/// Opens a transaction for one piece of work.
///
/// A server that was frozen in the middle lets the rows it holds go after half a minute, and nobody waits for one of its
/// rows without end.
const BEGIN: &str = "start transaction isolation level repeatable read; set local lock_timeout = '2s'; \
    set local idle_in_transaction_session_timeout = '30s'";
/// Opens one for a batch. The wait for a lock is a few times what a batch takes.
const BEGIN_BATCH: &str = "start transaction isolation level repeatable read; set local lock_timeout = '20ms'; \
    set local idle_in_transaction_session_timeout = '30s'; savepoint job";
const SAVEPOINT: &str = "savepoint job";
/// The one before is kept, and its place in the server's memory let go.
const NEXT_SAVEPOINT: &str = "release savepoint job; savepoint job";
/// Commits what was done. In a transaction that PostgreSQL has given up, `commit` alone rolls back and reports no error.
const COMMIT: &str = "select 1; commit";
const UNDO: &str = "rollback to savepoint job; release savepoint job";

/// Whether what a piece of work wrote is to be kept.
enum Verdict {
    Keep,
    Undo,
    /// It met another transaction, and is to run by itself.
    Alone,
}

/// One piece of work on its way through a writer.
trait Job: Send {
    /// Runs once.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Verdict>;
    /// Answers, once the fate of the batch is known.
    fn answer(self: Box<Self>, batch: Result<(), StoreError>);
    /// Runs in a transaction of its own until it commits, fails for good, or has been tried often enough; then answers.
    fn alone(self: Box<Self>, pool: Pool, seal: Arc<SealKeys>, met: bool) -> BoxFuture<'static, ()>;
}

/// Runs `work` once; a panic in it is an error of its own.
async fn outcome<T, E, F>(work: &F, tx: &mut Tx<'_>) -> Result<T, E>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Sync,
    E: From<StoreError>,
{
    let attempt = AssertUnwindSafe(async { work(tx).await }).catch_unwind().await;
    attempt.unwrap_or_else(|_| Err(StoreError::Engine("the work of a transaction panicked".into()).into()))
}

/// Runs `work` in transactions of its own until one commits, it fails for good, or has been tried often enough.
async fn attempts<T, E, F>(work: &F, pool: &Pool, seal: &SealKeys, first: u32) -> Result<T, E>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Sync,
    E: From<StoreError> + Retryable,
{
    let mut attempt = first;
    loop {
        match attempt_once(work, pool, seal).await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                tokio::time::sleep(ATTEMPT_WAIT * attempt).await;
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn attempt_once<T, E, F>(work: &F, pool: &Pool, seal: &SealKeys) -> Result<T, E>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Sync,
    E: From<StoreError>,
{
    let client = pool.get().await.map_err(StoreError::from)?;
    let mut tx = Tx { engine: Engine::PostgresWrite(Transaction::new(&client, BEGIN)), seal };
    let outcome = outcome(work, &mut tx).await;
    let ended = match tx.engine {
        Engine::PostgresWrite(transaction) => {
            transaction.end(if outcome.is_ok() { COMMIT } else { "rollback" }).await
        }
        _ => Ok(()),
    };
    match ended {
        Ok(()) => outcome,
        Err(error) => {
            // Nobody knows what state it is in.
            drop(Object::take(client));
            outcome.and(Err(error.into()))
        }
    }
}

impl<T, E, F> Job for Work<T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Retryable + Send + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Verdict> {
        let Self { work, outcome: kept, .. } = self;
        Box::pin(async move {
            let outcome = outcome(work, tx).await;
            let verdict = match &outcome {
                Ok(_) => Verdict::Keep,
                Err(error) if error.is_conflict() => Verdict::Alone,
                Err(_) => Verdict::Undo,
            };
            *kept = Some(outcome);
            verdict
        })
    }

    fn answer(self: Box<Self>, batch: Result<(), StoreError>) {
        Work::answer(*self, batch);
    }

    fn alone(self: Box<Self>, pool: Pool, seal: Arc<SealKeys>, met: bool) -> BoxFuture<'static, ()> {
        let mut job = *self;
        Box::pin(async move {
            job.outcome = Some(attempts(&job.work, &pool, &seal, 1 + u32::from(met)).await);
            Work::answer(job, Ok(()));
        })
    }
}

/// The queue and the tasks that empty it.
pub(crate) struct Writers {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    pub(crate) fn start(pool: &Pool, seal: &Arc<SealKeys>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let jobs = Arc::new(tokio::sync::Mutex::new(jobs));
        let writer = || tokio::spawn(write(pool.clone(), Arc::clone(seal), Arc::clone(&jobs)));
        let tasks = std::iter::repeat_with(writer).take(WRITERS).collect();
        Self { queue: Mutex::new(Some(queue)), tasks: Mutex::new(tasks) }
    }

    /// Queues `work` and waits until it is committed or refused.
    pub(crate) async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        let (job, answer) = Work::new(work);
        self.queue(Box::new(job))?;
        answer.wait().await
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().ok_or(StoreError::Closed)?.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    /// Takes no more, and finishes what is queued.
    pub(crate) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // One that panicked has dropped its jobs, and their callers know.
            let _ = task.await;
        }
    }
}

/// One writer: until nobody can queue any more.
async fn write(pool: Pool, seal: Arc<SealKeys>, jobs: Arc<tokio::sync::Mutex<mpsc::Receiver<Box<dyn Job>>>>) {
    let mut beside = JoinSet::new();
    loop {
        while beside.try_join_next().is_some() {}
        let mut batch = Vec::new();
        {
            let mut jobs = jobs.lock().await;
            let Some(first) = jobs.recv().await else { break };
            batch.push(first);
            // The other writers have their share: one batch of all would be done by one connection alone.
            let share = jobs.len().div_ceil(WRITERS).min(BATCH);
            while batch.len() < share
                && let Ok(next) = jobs.try_recv()
            {
                batch.push(next);
            }
        }
        if batch.len() == 1 {
            for job in batch {
                job.alone(pool.clone(), Arc::clone(&seal), false).await;
            }
        } else {
            run_batch(&pool, &seal, batch, &mut beside).await;
        }
    }
    // Whoever closes the store waits for these too: the pool is closed then, and they need it.
    while beside.join_next().await.is_some() {}
}

/// Runs a batch as one transaction; what met another transaction runs alone afterwards, beside the next ones.
async fn run_batch(
    pool: &Pool,
    seal: &Arc<SealKeys>,
    mut batch: Vec<Box<dyn Job>>,
    beside: &mut JoinSet<()>,
) {
    let (fate, alone) = match pool.get().await {
        Err(error) => (Err(error.into()), Vec::new()),
        Ok(client) => {
            let ran = in_savepoints(&client, seal, &mut batch).await;
            if ran.is_err() {
                // It is closed, and with it whatever is open on it undone.
                drop(Object::take(client));
            }
            match ran {
                Ok(alone) => (Ok(()), alone),
                Err(error) => (Err(error), Vec::new()),
            }
        }
    };
    for (n, job) in batch.into_iter().enumerate() {
        if alone.contains(&n) {
            beside.spawn(job.alone(pool.clone(), Arc::clone(seal), true));
        } else {
            job.answer(fate.clone());
        }
    }
}

/// Runs each piece in a savepoint, and commits. Answers which of them have to run alone.
async fn in_savepoints(
    client: &Client,
    seal: &SealKeys,
    batch: &mut [Box<dyn Job>],
) -> Result<Vec<usize>, StoreError> {
    let mut alone = Vec::new();
    let mut opening = BEGIN_BATCH;
    let mut begun = false;
    for (n, job) in batch.iter_mut().enumerate() {
        let mut tx = Tx { engine: Engine::PostgresWrite(Transaction::new(client, opening)), seal };
        let verdict = job.run(&mut tx).await;
        let Engine::PostgresWrite(transaction) = tx.engine else { continue };
        if begun && transaction.is_refused() {
            // Nothing of the batch can be kept: each piece has a transaction of its own instead.
            client.batch_execute("rollback").await?;
            return Ok((0..batch.len()).collect());
        }
        if !transaction.is_open() {
            // It asked the database nothing: the savepoint is still to be set.
            continue;
        }
        begun = true;
        opening = match verdict {
            Verdict::Keep => NEXT_SAVEPOINT,
            Verdict::Undo | Verdict::Alone => {
                client.batch_execute(UNDO).await?;
                SAVEPOINT
            }
        };
        if matches!(verdict, Verdict::Alone) {
            alone.push(n);
        }
    }
    if begun {
        client.batch_execute(COMMIT).await?;
    }
    Ok(alone)
}
