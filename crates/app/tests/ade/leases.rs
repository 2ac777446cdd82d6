//! One server at a time works on a token at Apple, however long Apple takes to answer.

use std::time::Duration;

use domain::{Platform, Time};
use muster_app::{App, AppError, loops, profile};
use practice::apple::catalogue::Family;
use practice::apple::faults::{Fault, Place, Span, What};

use crate::bench::{Bench, Connected};

const ASSIGN: &str = "PUT /profile/devices";
const FETCH: &str = "POST /server/devices";
/// For a state that must come by itself; only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than a lease without a sign of life, and shorter than a session at Apple without a request.
const LATE: u32 = 150;
const STEP: Duration = Duration::from_secs(25);

async fn wait_for(what: &str, state: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !state().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{what} has not come");
}

/// The next call of an endpoint is answered late.
fn slow(bench: &Bench, endpoint: &str) {
    let fault = Fault {
        what: What::Slow { seconds: LATE },
        place: Place::parse(endpoint).unwrap(),
        span: Span::times(1),
    };
    let world = bench.practice.world();
    let now = world.now();
    world.faults().add(fault, now).unwrap();
}

/// When the work on the token is anybody's.
async fn held_until(app: &App, work: &'static str) -> Time {
    let found = app.store.read(move |tx| {
        Box::pin(async move { Ok::<_, AppError>(store::lease::with_prefix(tx, work).await?) })
    });
    found.await.unwrap().into_iter().map(|lease| lease.expires_at).max().unwrap_or(Time::from_micros(0))
}

/// Lets nearly all the time pass that Apple takes, no faster than the server says that it lives.
async fn nearly_all_of_it(bench: &Bench, work: &'static str) {
    for _ in 1..LATE / 25 {
        // Apple's answer waits, and the next sign of life.
        let sleeping = tokio::time::timeout(PATIENCE, bench.clock.until_sleeping(2));
        assert!(sleeping.await.is_ok(), "nothing is to be heard of the server before Apple answers");
        bench.clock.advance(STEP);
        let alive = async || held_until(&bench.app, work).await > bench.app.now().plus(3 * STEP);
        wait_for("a sign of life", alive).await;
    }
}

async fn synced(count: usize) -> (Bench, Connected) {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.buy(connected.server, Family::IPad, count);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    (bench, connected)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_apple_takes_minutes_to_answer_is_made_by_no_other_server_meanwhile() {
    let (bench, _) = synced(2).await;
    bench.sync().await;
    slow(&bench, ASSIGN);
    let turn = tokio::spawn(loops::assign::turn(bench.app.clone()));
    wait_for("the call", async || bench.calls(ASSIGN) == 1).await;
    nearly_all_of_it(&bench, "assign/").await;
    loops::assign::turn(bench.another().await).await.unwrap();
    assert_eq!(bench.calls(ASSIGN), 1);
    bench.clock.advance(STEP);
    turn.await.unwrap().unwrap();
    assert_eq!(bench.calls(ASSIGN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_apple_takes_minutes_to_send_is_asked_for_by_no_other_server_meanwhile() {
    let (bench, connected) = synced(2).await;
    slow(&bench, FETCH);
    let turn = tokio::spawn(loops::sync::turn(bench.app.clone()));
    wait_for("the call", async || bench.calls(FETCH) == 1).await;
    nearly_all_of_it(&bench, "sync/").await;
    loops::sync::turn(bench.another().await).await.unwrap();
    assert_eq!(bench.calls(FETCH), 1);
    bench.clock.advance(STEP);
    turn.await.unwrap().unwrap();
    assert_eq!(bench.shown(&connected.token).await.len(), 2);
}

/// A server that stood still finds that another has gone on, and leaves the rest to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_taken_for_dead_makes_no_further_call() {
    let (bench, _) = synced(1_500).await;
    bench.sync().await;
    slow(&bench, ASSIGN);
    let turn = tokio::spawn(loops::assign::turn(bench.app.clone()));
    wait_for("the call", async || bench.calls(ASSIGN) == 1).await;
    let taken = bench.app.store.transact(|tx| {
        Box::pin(async move {
            let lease = store::lease::with_prefix(tx, "assign/").await?.remove(0);
            store::lease::release(tx, &lease.name, &lease.holder).await?;
            let far = Duration::from_secs(3_600);
            Ok::<_, AppError>(
                store::lease::try_acquire(tx, &lease.name, "another", lease.expires_at, far).await?,
            )
        })
    });
    assert!(taken.await.unwrap());
    bench.clock.advance(Duration::from_secs(u64::from(LATE)));
    turn.await.unwrap().unwrap();
    assert_eq!(bench.calls(ASSIGN), 1, "the second thousand is the other's");
}

/// Its 15 minutes are not waited for, only its lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_whose_server_dies_is_gone_on_with_when_its_lease_is_over() {
    let (bench, connected) = synced(2).await;
    slow(&bench, FETCH);
    let turn = tokio::spawn(loops::sync::turn(bench.app.clone()));
    wait_for("the call", async || bench.calls(FETCH) == 1).await;
    turn.abort();
    assert!(turn.await.unwrap_err().is_cancelled());
    let begun = bench.last_run(&connected.token).await;
    let another = bench.another().await;
    loops::sync::turn(another.clone()).await.unwrap();
    assert_eq!(bench.calls(FETCH), 1, "it may be alive");
    bench.clock.advance(Duration::from_secs(u64::from(LATE)));
    loops::sync::turn(another).await.unwrap();
    let ended = bench.last_run(&connected.token).await;
    assert_eq!((ended.id, ended.state), (begun.id, domain::sync::RunState::Succeeded));
    assert_eq!(bench.shown(&connected.token).await.len(), 2);
}
