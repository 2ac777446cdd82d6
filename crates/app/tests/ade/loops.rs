use std::time::Duration;

use domain::Platform;
use muster_app::{Work, loops, profile};
use net::CancellationToken;
use practice::apple::catalogue::Family;

use crate::bench::{Bench, HOUR, MINUTE};

/// For a state that must come by itself; only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

async fn wait_for<F: Future<Output = bool>>(what: &str, state: impl Fn() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !state().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{what} has not come");
}

async fn until_ready(bench: &Bench, serial: &str) {
    wait_for(serial, || async {
        let found = muster_app::device::stories(&bench.app, &bench.actor, serial).await;
        found.is_ok_and(|stories| stories.iter().any(|story| story.readiness.ready))
    })
    .await;
}

/// Shows: R23, R29, R57, R59
#[tokio::test(flavor = "multi_thread")]
async fn the_loops_carry_devices_from_upload_to_ready_by_themselves() {
    let bench = Bench::start().await;
    let stop = CancellationToken::new();
    let mut running = loops::spawn(&bench.app, &stop);
    let connected = bench.connect("Headquarters").await;
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    wait_for("the first sync", || async {
        let (state, _) = muster_app::sync::state(&bench.app, &bench.actor, &connected.token).await.unwrap();
        state.last_success_at.is_some()
    })
    .await;
    let first = bench.buy(connected.server, Family::IPad, 1);
    muster_app::sync::request(&bench.app, &bench.actor, &connected.token, false).await.unwrap();
    until_ready(&bench, &first[0]).await;
    bench.app.clock.until_sleeping(2).await;
    let second = bench.buy(connected.server, Family::IPhone, 1);
    bench.clock.advance(12 * HOUR);
    until_ready(&bench, &second[0]).await;
    assert!(bench.app.status(Work::Sync).turns > 1);
    assert_eq!(bench.app.status(Work::Sync).last_error, None);
    stop.cancel();
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

/// Lessons 39: a loop that is gone would keep every device in Setup Assistant.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_outlives_a_turn_that_panics() {
    let bench = Bench::start().await;
    let stop = CancellationToken::new();
    let turn = |app: muster_app::App| async move {
        assert!(app.status(Work::Setup).turns > 0, "the first turn is a bad one");
        Ok(app.now().plus(HOUR))
    };
    let driven = tokio::spawn(loops::drive(bench.app.clone(), Work::Setup, stop.clone(), turn));
    wait_for("the bad turn", || async { bench.app.status(Work::Setup).last_error.is_some() }).await;
    bench.app.wake(Work::Setup);
    wait_for("a good turn", || async { bench.app.status(Work::Setup).last_error.is_none() }).await;
    assert_eq!(bench.app.status(Work::Setup).turns, 2);
    stop.cancel();
    driven.await.unwrap();
}

/// Lessons 2: killed at any moment, nothing is lost, nothing is taken for gone, and everything arrives in the end.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_work_goes_on_where_it_stood() {
    let mut bench = Bench::with_limits(domain::Limits { sync_page: 100, ..domain::Limits::default() }).await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 600);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    let mut known = 0;
    for calls in 1..12 {
        let app = bench.app.clone();
        let working = tokio::spawn(async move {
            // What is killed has no result.
            let _ = loops::sync::turn(app.clone()).await;
            let _ = loops::assign::turn(app).await;
        });
        let so_far = all_calls(&bench);
        while all_calls(&bench) < so_far + calls && !working.is_finished() {
            tokio::task::yield_now().await;
        }
        working.abort();
        let _ = working.await;
        bench.restart().await;
        let shown = bench.shown(&connected.token).await.len();
        assert!(shown >= known, "{shown} of {known} after a kill at call {calls}");
        known = shown;
        bench.clock.advance(2 * MINUTE);
    }
    bench.clock.advance(16 * MINUTE);
    for _ in 0..3 {
        bench.sync().await;
        bench.assign().await;
        bench.clock.advance(16 * MINUTE);
    }
    assert_eq!(bench.shown(&connected.token).await.len(), 600);
    for serial in serials.iter().step_by(50) {
        assert_eq!(bench.readiness(serial).await, (true, vec!["ready"]));
    }
}

fn all_calls(bench: &Bench) -> u64 {
    ["POST /server/devices", "POST /devices/sync", "POST /profile", "PUT /profile/devices", "POST /devices"]
        .iter()
        .map(|endpoint| bench.calls(endpoint))
        .sum()
}
