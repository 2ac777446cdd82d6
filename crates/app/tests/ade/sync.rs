use domain::sync::{FullReason, RunState, SyncKind, Trigger};
use muster_app::{AppError, device, sync};
use practice::apple::assign::SerialResult;
use practice::apple::catalogue::Family;
use practice::apple::{PlannedAnswer, What};

use crate::bench::{Bench, DAY, HOUR, MINUTE};
use crate::engine::{Engine, on_both_engines};

on_both_engines! {
    /// Shows: R17, R55, R57
    the_first_sync_brings_every_device_and_the_next_what_changed,
    /// Shows: R56
    a_device_deleted_here_comes_back_with_the_next_full_sync_only,
    /// Shows: R55
    a_device_whose_record_is_damaged_is_not_taken_for_gone,
    /// Lessons 2: a pass that breaks off between two pages loses nothing and marks nothing as gone.
    a_pass_that_breaks_off_goes_on_from_its_cursor_after_a_restart,
}

async fn the_first_sync_brings_every_device_and_the_next_what_changed(engine: Engine) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let first = bench.buy(connected.server, Family::IPad, 2_300);
    bench.sync().await;
    let run = bench.last_run(id).await;
    assert_eq!((run.kind, run.trigger, &run.state), (SyncKind::Full, Trigger::Upload, &RunState::Succeeded));
    assert_eq!((run.counts.new, run.counts.gone), (2_300, 0));
    let second = bench.buy(connected.server, Family::Mac, 2);
    bench.place(&first[..1], None);
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    let run = bench.last_run(id).await;
    assert_eq!((run.kind, run.counts.new, run.counts.gone), (SyncKind::Delta, 2, 1));
    let shown = bench.shown(id).await;
    assert_eq!(shown.len(), 2_301);
    assert!(shown.contains(&second[0]) && !shown.contains(&first[0]));
    bench.sync().await;
    assert_eq!(bench.last_run(id).await.id, run.id, "nothing is due");
}

/// Shows: R17
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_at_its_batch_limit_and_each_further_one_adds_a_batch() {
    let limits = domain::Limits { sync_batch: 200, sync_page: 100, ..domain::Limits::default() };
    let bench = Bench::with_limits(limits).await;
    let connected = bench.connect("Headquarters").await;
    bench.buy(connected.server, Family::IPad, 450);
    let mut seen = Vec::new();
    for _ in 0..3 {
        bench.sync().await;
        seen.push((bench.shown(&connected.token).await.len(), bench.last_run(&connected.token).await.state));
        bench.clock.advance(12 * HOUR);
    }
    assert_eq!(seen[..2], [(200, RunState::BatchLimit), (400, RunState::BatchLimit)]);
    assert_eq!(seen[2], (450, RunState::Succeeded));
}

async fn a_pass_that_breaks_off_goes_on_from_its_cursor_after_a_restart(engine: Engine) {
    let limits = domain::Limits { sync_page: 100, sync_batch: 100, ..domain::Limits::default() };
    let mut bench = Bench::on(engine, limits).await;
    let connected = bench.connect("Headquarters").await;
    let id = connected.token.clone();
    bench.buy(connected.server, Family::IPad, 250);
    bench.sync().await;
    assert_eq!(bench.shown(&id).await.len(), 100);
    for expected in [200, 250] {
        bench.restart().await;
        let known = bench.shown(&id).await.len();
        bench.practice.world().faults().plan("POST /server/devices", 1, PlannedAnswer::new(500, "broken"));
        bench.clock.advance(12 * HOUR);
        bench.sync().await;
        assert!(matches!(bench.last_run(&id).await.state, RunState::Failed { .. }));
        assert_eq!(bench.shown(&id).await.len(), known, "nothing is gone, nothing is lost");
        bench.restart().await;
        bench.clock.advance(16 * MINUTE);
        bench.sync().await;
        assert_eq!(bench.shown(&id).await.len(), expected);
    }
    let run = bench.last_run(&id).await;
    assert_eq!((run.state, run.counts.new, run.counts.gone), (RunState::Succeeded, 50, 0));
}

async fn a_device_deleted_here_comes_back_with_the_next_full_sync_only(engine: Engine) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let serials = bench.buy(connected.server, Family::IPad, 2);
    bench.sync().await;
    let row = bench.device(&serials[0]).await;
    device::delete(&bench.app, &bench.actor, id, &row.id).await.unwrap();
    assert_eq!(bench.shown(id).await, serials[1..]);
    assert_eq!(bench.readiness(&serials[0]).await.1, ["deleted"]);
    for _ in 0..6 {
        bench.clock.advance(DAY);
        bench.sync().await;
        assert_eq!(bench.shown(id).await.len(), 1);
    }
    bench.clock.advance(DAY);
    bench.sync().await;
    assert_eq!(bench.last_run(id).await.kind, SyncKind::Full);
    assert_eq!(bench.shown(id).await.len(), 2);
}

/// Shows: R55
#[tokio::test(flavor = "multi_thread")]
async fn what_apple_forgot_to_tell_is_found_by_the_full_sync() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.practice.world().model().rules.tells_deleted = false;
    let serials = bench.buy(connected.server, Family::IPad, 3);
    bench.sync().await;
    bench.place(&serials[..1], None);
    bench.clock.advance(DAY);
    bench.sync().await;
    assert_eq!(bench.shown(&connected.token).await.len(), 3);
    bench.clock.advance(6 * DAY);
    bench.sync().await;
    let run = bench.last_run(&connected.token).await;
    assert_eq!((run.kind, run.counts.gone), (SyncKind::Full, 1));
    assert_eq!(bench.readiness(&serials[0]).await.1, ["gone"]);
}

/// Shows: R55
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_apple_rejects_forces_a_full_sync_at_once() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.buy(connected.server, Family::IPad, 2);
    bench.sync().await;
    for body in ["EXPIRED_CURSOR", "\"INVALID_CURSOR\"", "EXHAUSTED_CURSOR"] {
        bench.clock.advance(12 * HOUR);
        bench.practice.world().faults().plan("POST /devices/sync", 1, PlannedAnswer::new(400, body));
        bench.sync().await;
        let runs = sync::runs(&bench.app, &bench.actor, &connected.token, 2).await.unwrap();
        assert_eq!((runs[0].kind, &runs[0].state), (SyncKind::Full, &RunState::Succeeded), "{body}");
        assert!(matches!(runs[1].state, RunState::Failed { .. }), "{body}");
    }
    assert_eq!(bench.shown(&connected.token).await.len(), 2);
}

/// What changes has no end: whoever took Apple at its word would see no device for half a day, and nobody would know.
#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_cursor_in_answer_to_every_sync_is_told_and_hides_no_device() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.sync().await;
    bench.buy(connected.server, Family::IPad, 1);
    let answer = PlannedAnswer::new(400, "EXHAUSTED_CURSOR");
    bench.practice.world().faults().plan("POST /devices/sync", 50, answer);
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    assert_eq!(bench.shown(&connected.token).await.len(), 1, "the complete list has it");
    assert_eq!(bench.alerts().await, [domain::alert::AlertKind::SyncFailing]);
    let (state, _) = sync::state(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert!(state.last_error.unwrap().words.contains("exhausted cursor"));
    bench.practice.world().faults().clear();
    bench.clock.advance(15 * MINUTE);
    bench.sync().await;
    assert_eq!(bench.alerts().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_cursor_stops_the_run() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.buy(connected.server, Family::IPad, 2);
    bench.sync().await;
    bench.practice.world().faults().stand(What::RepeatCursor);
    bench.clock.advance(12 * HOUR);
    let before = bench.calls("POST /devices/sync");
    bench.sync().await;
    let calls = bench.calls("POST /devices/sync") - before;
    assert!(calls <= 2, "{calls} calls: one, and one more when the session had ended");
    assert_eq!(bench.last_run(&connected.token).await.state, RunState::RepeatedCursor);
    assert_eq!(bench.alerts().await, [domain::alert::AlertKind::SyncFailing]);
    bench.practice.world().faults().clear();
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    assert_eq!(bench.alerts().await, []);
}

/// Shows: R55, R57
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_asks_for_a_sync_and_is_told_when_it_is_too_soon() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    bench.sync().await;
    let run = sync::request(&bench.app, &bench.actor, id, false).await.unwrap();
    let busy = sync::request(&bench.app, &bench.actor, id, false).await.unwrap_err();
    assert!(matches!(busy, AppError::Conflict { .. }), "{busy}");
    bench.buy(connected.server, Family::IPad, 1);
    bench.sync().await;
    let run = sync::run(&bench.app, &bench.actor, id, &run).await.unwrap();
    assert_eq!((run.trigger, run.counts.new, &run.state), (Trigger::Manual, 1, &RunState::Succeeded));
    let soon = sync::request(&bench.app, &bench.actor, id, false).await.unwrap_err();
    assert!(
        matches!(soon, AppError::TooSoon { next_at, .. } if next_at == bench.app.now().plus(15 * MINUTE))
    );
    bench.clock.advance(15 * MINUTE);
    let full = sync::request(&bench.app, &bench.actor, id, true).await.unwrap_err();
    assert!(matches!(full, AppError::TooSoon { .. }), "{full}");
    sync::request(&bench.app, &bench.actor, id, false).await.unwrap();
    bench.sync().await;
    bench.clock.advance(8 * DAY);
    sync::request(&bench.app, &bench.actor, id, true).await.unwrap();
    bench.sync().await;
    assert_eq!(bench.last_run(id).await.kind, SyncKind::Full);
}

#[tokio::test(flavor = "multi_thread")]
async fn apples_retry_after_is_kept_and_one_token_does_not_hold_up_another() {
    let bench = Bench::start().await;
    let one = bench.connect("One").await;
    let two = bench.connect("Two").await;
    bench.sync().await;
    bench.clock.advance(12 * HOUR);
    let answer = PlannedAnswer::new(429, "slow down").retry_after("7200");
    bench.practice.world().faults().plan("POST /devices/sync", 1, answer);
    bench.buy(one.server, Family::IPad, 1);
    bench.buy(two.server, Family::IPad, 1);
    bench.sync().await;
    let mut shown = Vec::new();
    for token in [&one.token, &two.token] {
        let (state, _) = sync::state(&bench.app, &bench.actor, token).await.unwrap();
        shown.push((bench.shown(token).await.len(), state.next_due.since(bench.app.now())));
    }
    shown.sort();
    assert_eq!(shown, [(0, 2 * HOUR), (1, 12 * HOUR)]);
}

/// Lessons 9.
#[tokio::test(flavor = "multi_thread")]
async fn throttled_devices_ask_for_a_full_sync() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    let profile = bench.profile(&connected.token, domain::Platform::Ios, "Sales").await;
    muster_app::profile::set_default(&bench.app, &bench.actor, &connected.token, &profile).await.unwrap();
    bench.sync().await;
    bench.practice.world().faults().refuse(SerialResult::Throttled, [serials[0].clone()]);
    bench.assign().await;
    let (state, _) = sync::state(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert_eq!(state.needs_full, Some(FullReason::Throttled));
}

/// A page of the complete list with these records, the last one of a pass.
fn list_of(records: &[String]) -> PlannedAnswer {
    let page = format!(r#"{{"cursor":"after","devices":[{}],"more_to_follow":false}}"#, records.join(","));
    PlannedAnswer::new(200, &page)
}

async fn a_device_whose_record_is_damaged_is_not_taken_for_gone(engine: Engine) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 3);
    bench.sync().await;
    bench.clock.advance(8 * DAY);
    let good = format!(r#"{{"serial_number":"{}","device_family":"iPad"}}"#, serials[0]);
    let damaged = format!(r#"{{"serial_number":"{}","imei":5}}"#, serials[1]);
    let plan = |answer| bench.practice.world().faults().plan("POST /server/devices", 1, answer);
    plan(list_of(&[good.clone(), damaged]));
    let empty = list_of(&[]);
    bench.practice.world().faults().plan("POST /devices/sync", 1, empty.clone());
    bench.sync().await;
    let run = bench.last_run(&connected.token).await;
    assert_eq!((run.kind, &run.state), (SyncKind::Full, &RunState::Succeeded));
    assert_eq!((run.counts.seen, run.counts.unreadable, run.counts.gone), (2, 1, 1));
    assert!(run.remarks().unwrap().starts_with("1 record"), "{run:?}");
    let mut left = serials[..2].to_vec();
    left.sort();
    assert_eq!(bench.shown(&connected.token).await, left, "the third is in no record");

    bench.clock.advance(8 * DAY);
    plan(list_of(&[good, r#"{"serial_number":7}"#.into()]));
    bench.practice.world().faults().plan("POST /devices/sync", 1, empty);
    bench.sync().await;
    let run = bench.last_run(&connected.token).await;
    assert_eq!((&run.state, run.counts.nameless, run.counts.gone), (&RunState::Succeeded, 1, 0));
    assert!(run.remarks().unwrap().contains("nothing was marked as gone"), "{run:?}");
    assert_eq!(bench.shown(&connected.token).await, left, "the nameless record may be of either");
}
