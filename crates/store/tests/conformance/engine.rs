//! What holds for any work: all or nothing, shared commits, durability, and what is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{TenantId, TokenId};
use store::{Store, StoreError, device, lease, sync, tenant, token};

use crate::bench::{Bench, KEY, keys, on_both_engines, open, read, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    failing_work_leaves_nothing_behind,
    a_failing_job_does_not_fail_those_beside_it,
    work_that_panics_harms_no_other,
    what_was_answered_is_there_after_reopening,
    a_read_sees_the_last_commit,
    a_read_may_not_write,
    a_closed_store_says_so,
    cursor_and_rows_live_in_one_transaction,
    opening_again_changes_nothing,
    an_edited_migration_is_refused,
    a_lease_has_one_holder_until_it_ends,
    of_many_who_want_a_lease_one_gets_it,
    leases_are_found_by_what_their_names_begin_with_and_forgotten_when_they_have_ended,
);

async fn insert_tenant(store: &Store, name: &str) -> Result<(), StoreError> {
    let row = sample::tenant(name);
    tx!(store, [row], |tx| tenant::insert(tx, &row).await)
}

async fn names(store: &Store) -> Vec<String> {
    let rows: Result<_, StoreError> = read!(store, [], |tx| tenant::list(tx).await);
    rows.unwrap().into_iter().map(|row| row.id.to_string()).collect()
}

async fn failing_work_leaves_nothing_behind(bench: Bench) {
    let row = sample::tenant("half");
    let failed: Result<(), StoreError> = tx!(bench.store, [row], |tx| {
        tenant::insert(tx, &row).await?;
        Err(StoreError::Unstorable { what: "this".into() })
    });
    assert_eq!(failed, Err(StoreError::Unstorable { what: "this".into() }));
    assert!(names(&bench.store).await.is_empty());
}

async fn a_failing_job_does_not_fail_those_beside_it(bench: Bench) {
    insert_tenant(&bench.store, "t0").await.unwrap();
    // Every third one adds what exists already, all at once, so that they share commits where commits are shared.
    let jobs = (0..90).map(|n| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            let name = if n % 3 == 0 { "t0".to_owned() } else { format!("n{n}") };
            insert_tenant(&store, &name).await
        })
    });
    let mut added = 0;
    for (n, job) in jobs.collect::<Vec<_>>().into_iter().enumerate() {
        let outcome = job.await.unwrap();
        assert_eq!(outcome.is_err(), n % 3 == 0, "{n}: {outcome:?}");
        assert!(outcome.is_ok() || matches!(outcome, Err(StoreError::Duplicate { .. })));
        added += usize::from(outcome.is_ok());
    }
    assert_eq!(names(&bench.store).await.len(), 1 + added);
}

async fn work_that_panics_harms_no_other(bench: Bench) {
    let store = bench.store.clone();
    let panicked = tokio::spawn(async move {
        let row = sample::tenant("gone");
        let outcome: Result<(), StoreError> = tx!(store, [row], |tx| {
            tenant::insert(tx, &row).await?;
            panic!("on purpose")
        });
        outcome
    });
    assert!(!matches!(panicked.await, Ok(Ok(()))));
    insert_tenant(&bench.store, "after").await.unwrap();
    assert_eq!(names(&bench.store).await, ["after"]);
}

async fn what_was_answered_is_there_after_reopening(bench: Bench) {
    let jobs = (0..200).map(|n| {
        let store = bench.store.clone();
        tokio::spawn(async move { insert_tenant(&store, &format!("t{n}")).await })
    });
    for job in jobs.collect::<Vec<_>>() {
        job.await.unwrap().unwrap();
    }
    let bench = bench.reopened().await;
    assert_eq!(names(&bench.store).await.len(), 200);
}

async fn a_read_sees_the_last_commit(bench: Bench) {
    for n in 0..20 {
        insert_tenant(&bench.store, &format!("t{n}")).await.unwrap();
        assert_eq!(names(&bench.store).await.len(), n + 1);
    }
}

async fn a_read_may_not_write(bench: Bench) {
    let row = sample::tenant("t");
    let outcome: Result<(), StoreError> = read!(bench.store, [row], |tx| tenant::insert(tx, &row).await);
    assert!(matches!(outcome, Err(StoreError::Engine(_))), "{outcome:?}");
    let outcome: Result<_, StoreError> =
        read!(bench.store, [], |tx| store::push::wakes_due(tx, at(0), 10).await);
    assert!(matches!(outcome, Err(StoreError::Engine(_))), "{outcome:?}");
    assert!(names(&bench.store).await.is_empty());
}

async fn a_closed_store_says_so(bench: Bench) {
    bench.store.close().await;
    assert_eq!(insert_tenant(&bench.store, "t").await, Err(StoreError::Closed));
    let outcome: Result<_, StoreError> = read!(bench.store, [], |tx| tenant::list(tx).await);
    assert_eq!(outcome, Err(StoreError::Closed));
}

/// Shows: R55
async fn cursor_and_rows_live_in_one_transaction(bench: Bench) {
    let (tenant, token): (TenantId, TokenId) = (id("t"), id("token-1"));
    let state = sample::sync_state(&tenant, &token);
    let inserted: Result<(), StoreError> =
        tx!(bench.store, [state], |tx| sync::insert_state(tx, &state).await);
    inserted.unwrap();
    // Somebody moves the state on between the reading of a page and its commit.
    let moved: Result<(), StoreError> = tx!(bench.store, [state], |tx| sync::update_state(tx, &state).await);
    moved.unwrap();
    let rows = vec![sample::device(&tenant, &token, "C01")];
    let page: Result<(), StoreError> = tx!(bench.store, [state, rows], |tx| {
        device::upsert_many(tx, &rows).await?;
        sync::update_state(tx, &state).await
    });
    assert_eq!(page, Err(StoreError::Conflict));
    let count: Result<u64, StoreError> =
        read!(bench.store, [tenant, token], |tx| device::count(tx, &tenant, &token).await);
    assert_eq!(count, Ok(0), "the rows of a page whose cursor was not stored");
}

async fn opening_again_changes_nothing(bench: Bench) {
    insert_tenant(&bench.store, "t").await.unwrap();
    let bench = bench.reopened().await.reopened().await;
    assert_eq!(names(&bench.store).await, ["t"]);
}

async fn an_edited_migration_is_refused(bench: Bench) {
    bench.raw("update migration set checksum = 'edited' where number = 2").await;
    let outcome = open(&bench.url, keys(KEY, &[])).await;
    assert!(matches!(outcome, Err(StoreError::Schema(_))), "{outcome:?}");
}

async fn acquire(store: &Store, holder: &str, now: i64) -> bool {
    let holder = holder.to_owned();
    let ttl = std::time::Duration::from_secs(10);
    let outcome: Result<bool, StoreError> =
        tx!(store, [holder], |tx| lease::try_acquire(tx, "sync/t", &holder, at(now), ttl).await);
    outcome.unwrap()
}

async fn leases_are_found_by_what_their_names_begin_with_and_forgotten_when_they_have_ended(bench: Bench) {
    let outcome: Result<(), StoreError> = tx!(bench.store, [], |tx| {
        for (n, name) in ["nodes", "node/a", "node/é", "node", "sync/node/a"].into_iter().enumerate() {
            let ttl = std::time::Duration::from_secs(n as u64 + 1);
            assert!(lease::try_acquire(tx, name, "holder", at(0), ttl).await?);
        }
        let found = lease::with_prefix(tx, "node/").await?;
        let found: Vec<_> = found.into_iter().map(|lease| (lease.name, lease.expires_at)).collect();
        assert_eq!(found, [("node/a".to_owned(), at(2)), ("node/é".to_owned(), at(3))]);
        assert_eq!(lease::prune(tx, at(3)).await?, 2, "those that ended before");
        assert_eq!(lease::with_prefix(tx, "").await?.len(), 3);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_lease_has_one_holder_until_it_ends(bench: Bench) {
    let store = &bench.store;
    assert!(acquire(store, "a", 0).await);
    assert!(!acquire(store, "b", 9).await);
    assert!(acquire(store, "a", 9).await, "its holder prolongs it");
    assert!(!acquire(store, "b", 18).await);
    assert!(acquire(store, "b", 19).await, "it has ended");
    for (holder, next) in [("a", false), ("b", true)] {
        let holder = holder.to_owned();
        let released: Result<(), StoreError> =
            tx!(store, [holder], |tx| lease::release(tx, "sync/t", &holder).await);
        released.unwrap();
        assert_eq!(acquire(store, "c", 20).await, next, "only its holder gives it back");
    }
}

async fn of_many_who_want_a_lease_one_gets_it(bench: Bench) {
    let jobs = (0..24).map(|n| {
        let store = bench.store.clone();
        tokio::spawn(async move { acquire(&store, &format!("node-{n}"), 0).await })
    });
    let mut holders = 0;
    for job in jobs.collect::<Vec<_>>() {
        holders += u32::from(job.await.unwrap());
    }
    assert_eq!(holders, 1);
}

/// A copy of the files as they are at the answer, which is what a crash would leave, holds what was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_crash_of_sqlite() {
    let bench = Bench::sqlite().await;
    let jobs = (0..300).map(|n| {
        let store = bench.store.clone();
        tokio::spawn(async move { insert_tenant(&store, &format!("t{n}")).await })
    });
    for job in jobs.collect::<Vec<_>>() {
        job.await.unwrap().unwrap();
    }
    let crashed = tempfile::tempdir().unwrap();
    for file in ["muster.db", "muster.db-wal"] {
        std::fs::copy(bench.folder.as_ref().unwrap().path().join(file), crashed.path().join(file)).unwrap();
    }
    let url = format!("sqlite:{}", crashed.path().join("muster.db").display());
    let store = open(&url, keys(KEY, &[])).await.unwrap();
    assert_eq!(names(&store).await.len(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_busy_and_recovers() {
    let bench = Bench::sqlite().await;
    // A job that holds the writer until it is told to go on.
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (began, has_begun) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let store = bench.store.clone();
    let holder = tokio::spawn(async move {
        let outcome: Result<(), StoreError> = tx!(store, [wait, began], |tx| {
            let _ = &tx;
            began.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            Ok(())
        });
        outcome
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    let mut waiting = Vec::new();
    let mut busy = 0;
    for n in 0..4_200 {
        let store = bench.store.clone();
        let mut job = Box::pin(async move { insert_tenant(&store, &format!("t{n}")).await });
        match futures_util::poll!(&mut job) {
            std::task::Poll::Ready(outcome) => {
                assert_eq!(outcome, Err(StoreError::Busy));
                busy += 1;
            }
            std::task::Poll::Pending => waiting.push(job),
        }
    }
    assert!(busy > 0 && !waiting.is_empty(), "{busy} refused, {} waiting", waiting.len());
    go_on.send(()).unwrap();
    holder.await.unwrap().unwrap();
    let accepted = waiting.len();
    for job in waiting {
        job.await.unwrap();
    }
    assert_eq!(names(&bench.store).await.len(), accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_waits_for_something_else_is_refused_on_sqlite() {
    let bench = Bench::sqlite().await;
    let row = sample::tenant("t");
    let outcome: Result<(), StoreError> = tx!(bench.store, [row], |tx| {
        tenant::insert(tx, &row).await?;
        std::future::pending().await
    });
    assert!(matches!(outcome, Err(StoreError::Engine(_))), "{outcome:?}");
    assert!(names(&bench.store).await.is_empty());
}

/// Work that loses to another transaction reads and decides again, and both writes count.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_that_lost_a_race_is_run_again_on_postgres() {
    let Some(bench) = Bench::postgres().await else { return };
    let tenant: TenantId = id("t");
    let row = sample::token(&tenant, "token-1");
    let inserted: Result<(), StoreError> = tx!(bench.store, [row], |tx| token::insert(tx, &row).await);
    inserted.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let jobs = (0..6).map(|_| {
        let (store, runs, tenant) = (bench.store.clone(), Arc::clone(&runs), tenant.clone());
        tokio::spawn(async move {
            let outcome: Result<(), StoreError> = tx!(store, [runs, tenant], |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                let mut row = token::get(tx, &tenant, &id("token-1")).await?.unwrap();
                row.name.push('+');
                token::update(tx, &row).await
            });
            outcome
        })
    });
    let mut won = 0;
    for job in jobs.collect::<Vec<_>>() {
        match job.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
    let row: Result<_, StoreError> =
        read!(bench.store, [tenant], |tx| token::get(tx, &tenant, &id("token-1")).await);
    let pluses = row.unwrap().unwrap().name.matches('+').count();
    assert_eq!(pluses, won, "each success wrote once");
    assert!(won >= 1 && runs.load(Ordering::Relaxed) >= 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_conflicts_for_good_stops_after_eight_runs_on_postgres() {
    let Some(bench) = Bench::postgres().await else { return };
    let runs = Arc::new(AtomicU32::new(0));
    let outcome: Result<(), StoreError> = tx!(bench.store, [runs], |tx| {
        let _ = &tx;
        runs.fetch_add(1, Ordering::Relaxed);
        Err(StoreError::Conflict)
    });
    assert_eq!(outcome, Err(StoreError::Conflict));
    assert_eq!(runs.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn an_unknown_address_is_refused() {
    for url in ["", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://[", "/tmp/muster.db"] {
        let outcome = open(url, keys(KEY, &[])).await;
        assert!(matches!(outcome, Err(StoreError::Address(_))), "{url}: {outcome:?}");
    }
}

#[tokio::test]
async fn reads_and_writes_work_on_a_runtime_of_one_thread() {
    let bench = Bench::sqlite().await;
    insert_tenant(&bench.store, "t").await.unwrap();
    assert_eq!(names(&bench.store).await, ["t"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_database_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::sqlite().await;
    insert_tenant(&bench.store, "t").await.unwrap();
    let folder = bench.folder.as_ref().unwrap().path();
    for file in ["muster.db", "muster.db-wal"] {
        let mode = std::fs::metadata(folder.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}: {mode:o}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_in_another_encoding_is_refused() {
    let Ok(server) = std::env::var("MUSTER_TEST_POSTGRES") else {
        println!("skipped: no MUSTER_TEST_POSTGRES");
        return;
    };
    let name = format!("muster_{}", uuid::Uuid::new_v4().simple());
    let create = format!("create database {name} template template0 encoding 'LATIN1' locale 'C'");
    crate::bench::raw_postgres(&server).await.batch_execute(&create).await.unwrap();
    let outcome = open(&format!("{}/{name}", server.rsplit_once('/').unwrap().0), keys(KEY, &[])).await;
    assert!(matches!(outcome, Err(StoreError::Schema(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_share_one_migration() {
    let Some(bench) = Bench::postgres().await else { return };
    bench.raw("drop schema public cascade; create schema public").await;
    let nodes = (0..4).map(|_| {
        let url = bench.url.clone();
        tokio::spawn(async move { open(&url, keys(KEY, &[])).await.map(drop) })
    });
    for node in nodes.collect::<Vec<_>>() {
        assert_eq!(node.await.unwrap(), Ok(()));
    }
}

/// Statements in the shapes that are asked most, and the index that each must use: without it a serial is looked for
/// through all of a tenant's.
const PLANS: [(&str, &str); 12] = [
    (
        "select * from device where tenant_id = ?1 and lower(serial) = lower(?2) and serial = ?2 order by token_id",
        "device_serial_fold",
    ),
    ("select * from device where tenant_id = ?1 and token_id = ?2 and id = ?3", "device_id"),
    (
        "with v(tenant_id, token_id, serial) as (values (?1, ?2, ?3)) select d.* from v \
         join device d on d.tenant_id = v.tenant_id and d.token_id = v.token_id and d.serial = v.serial",
        "sqlite_autoindex_device_1",
    ),
    (
        "select * from device d where d.tenant_id = ?1 and d.deleted_at is null and (d.id) > (?2) order by d.id asc \
         limit 5",
        "device_of_tenant",
    ),
    (
        "select * from device d where d.tenant_id = ?1 and d.token_id = ?2 and d.deleted_at is null \
         and lower(d.serial) = ?3 order by d.id asc limit 5",
        "device_serial_fold",
    ),
    ("select * from managed_device where tenant_id = ?1 and serial = ?2", "managed_device_serial"),
    ("select * from managed_device where tenant_id = ?1 and udid = ?2", "managed_device_udid"),
    (
        "select * from managed_device where fingerprint = ?1 or next_fingerprint = ?1 or pending_fingerprint = ?1",
        "managed_device_pending",
    ),
    (
        "select * from command where tenant_id = ?1 and device_id = ?2 and state in ('queued', 'sent') order by seq",
        "sqlite_autoindex_command_1",
    ),
    (
        "select * from command_history where tenant_id = ?1 and device_id = ?2 order by n desc limit 5",
        "command_history_device",
    ),
    ("select * from setup_plan where active and due_at <= ?1 order by due_at limit 5", "setup_plan_due"),
    ("select * from wake where due <= ?1 order by due limit 5", "wake_due"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_finds_by_index_what_is_asked_most() {
    let bench = Bench::sqlite().await;
    insert_tenant(&bench.store, "t").await.unwrap();
    let connection = rusqlite::Connection::open(bench.file().unwrap()).unwrap();
    for (sql, index) in PLANS {
        let mut explain = connection.prepare(&format!("explain query plan {sql}")).unwrap();
        let nulls = vec![rusqlite::types::Null; explain.parameter_count()];
        let steps =
            explain.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3)).unwrap();
        let steps = steps.collect::<Result<Vec<_>, _>>().unwrap();
        let plan = steps.join("; ");
        assert!(plan.contains(&format!("INDEX {index} (")), "{sql}: {plan}");
        // What is asked with is one row, and no table.
        let scanned =
            |step: &&String| step.starts_with("SCAN") && !step.ends_with(" v") && !step.ends_with("ROW");
        assert_eq!(steps.iter().find(scanned), None, "{sql}: {plan}");
    }
}
