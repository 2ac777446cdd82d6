//! A store that is closed has answered everybody.

use std::time::Duration;

use futures_util::future::join_all;
use store::{Store, StoreError, lease};
use tokio::task::JoinHandle;

use crate::bench::{Bench, raw_postgres, tx};
use crate::sample::at;

/// For a state that comes by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Batches under way at a time in one store.
const WRITERS: usize = 4;
/// More than its writers, and no more than the first of its batches takes of the queue.
const ALONE: usize = 8;
/// In the queue behind them, so that the last that a writer takes is none of them.
const OTHERS: usize = 24;

type Taken = Result<bool, StoreError>;

/// Takes leases of these names, queued in this order.
fn take(store: &Store, names: Vec<String>) -> JoinHandle<Vec<Taken>> {
    let store = store.clone();
    tokio::spawn(async move {
        join_all(names.into_iter().map(async |name| -> Taken {
            tx!(store, [name], |tx| lease::try_acquire(tx, &name, "me", at(1), Duration::from_secs(1)).await)
        }))
        .await
    })
}

fn all_good(taken: Vec<Taken>) {
    for one in taken {
        one.unwrap();
    }
}

/// How many wait for a lock, in transactions that began after a moment.
async fn waiting(looking: &tokio_postgres::Client, since: &str) -> usize {
    let sql = format!(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
         and xact_start > '{since}'"
    );
    let found: i64 = looking.query_one(&sql, &[]).await.unwrap().get(0);
    usize::try_from(found).unwrap()
}

async fn until(what: &str, state: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !state().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{what} has not come");
}

/// On SQLite nothing runs alone: there is one writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_met_another_transaction_and_runs_alone_is_answered_before_a_store_is_closed() {
    let Some(bench) = Bench::postgres().await else { return };
    let same = |name: &str, count: usize| vec![name.to_owned(); count];
    all_good(take(&bench.store, vec!["a".into(), "b".into()]).await.unwrap());
    let [one, other, looking] =
        [raw_postgres(&bench.url).await, raw_postgres(&bench.url).await, raw_postgres(&bench.url).await];
    let lock = |name: &str| format!("begin; update lease set holder = 'other' where name = '{name}'");
    one.batch_execute(&lock("a")).await.unwrap();
    other.batch_execute(&lock("b")).await.unwrap();

    // Every writer is held up, so that what is queued meanwhile shares batches.
    let first = take(&bench.store, same("a", WRITERS));
    until("every writer's wait", async || waiting(&looking, "-infinity").await == WRITERS).await;
    let others = (0..OTHERS).map(|n| format!("free-{n}"));
    let queued = take(&bench.store, same("b", ALONE).into_iter().chain(others).collect());
    let all = (WRITERS + ALONE + OTHERS) as u64;
    until("the queue", async || bench.store.load().waiting >= all).await;
    one.batch_execute("commit").await.unwrap();
    until("those that run alone", async || waiting(&looking, "-infinity").await == ALONE).await;

    let now: String = looking.query_one("select clock_timestamp()::text", &[]).await.unwrap().get(0);
    let closing = tokio::spawn({
        let store = bench.store.clone();
        async move { store.close().await }
    });
    until("another attempt", async || {
        assert!(!closing.is_finished(), "closed while work was under way");
        waiting(&looking, &now).await > 0
    })
    .await;
    other.batch_execute("commit").await.unwrap();
    closing.await.unwrap();
    for jobs in [first, queued] {
        all_good(jobs.await.unwrap());
    }
}
