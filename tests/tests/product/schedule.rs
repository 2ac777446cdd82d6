//! Syncs by the clock.

use std::time::Duration;

use app::open::Limits;
use muster_tests::api::nothing;
use muster_tests::{Program, Setting, Stack, until};
use practice::apple::catalogue::Family;
use practice::apple::model::Rules;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn ask(program: &Program) -> muster_tests::api::Reply {
    program.act("syncWithAppleDeviceEnrollmentProgram", nothing()).await
}

/// Shows: R57, R23
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_synced_at_once_and_then_every_12_hours() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let calls = || stack.practice.world().calls("POST /devices/sync");
    let first = program.runs(1).await;
    assert_eq!((&first["trigger"], &first["state"]), (&json!("upload"), &json!("succeeded")));
    let serial = stack.buy(&program, Family::IPad, 1).remove(0);
    stack.rest().await;
    let before = calls();
    stack.pass(12 * HOUR - MINUTE).await;
    stack.rest().await;
    assert_eq!((calls(), program.ended().await.len()), (before, 1));
    assert_eq!(program.device(&serial).await, None);
    stack.pass(MINUTE).await;
    let second = program.runs(2).await;
    assert_eq!((&second["trigger"], &second["devicesNew"]), (&json!("schedule"), &json!(1)));
    assert!(program.device(&serial).await.is_some());
}

/// Shows: R57
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_by_hand_is_allowed_every_15_minutes() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    stack.sync(&program).await;
    stack.pass(5 * MINUTE).await;
    let early = ask(&program).await;
    assert!(early.refused(429).contains("R57"), "{}", early.body);
    assert_eq!(early.retry_after(), 10 * 60);
    stack.pass(10 * MINUTE).await;
    assert_eq!(ask(&program).await.status, 204);
    assert_eq!(program.runs(3).await["trigger"], "manual");
}

/// Shows: R55
#[tokio::test(flavor = "multi_thread")]
async fn a_full_sync_is_allowed_every_7_days() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    assert_eq!(program.runs(1).await["kind"], "full");
    stack.pass(HOUR).await;
    let early = program.ask_sync("full").await;
    assert!(early.refused(429).contains("R55"), "{}", early.body);
    assert_eq!(early.retry_after(), (7 * DAY - HOUR).as_secs());
    let delta = program.ask_sync("delta").await;
    assert_eq!(delta.status, 202, "{}", delta.body);
    assert_eq!(program.runs(2).await["kind"], "delta");
    stack.pass(7 * DAY - HOUR).await;
    // The week is over: the timed run is a full one, nobody has to ask.
    let full = async || {
        program.ended().await.into_iter().find(|run| run["kind"] == "full" && run["trigger"] != "upload")
    };
    let full = until("a full sync after a week", full).await;
    assert_eq!(full["state"], "succeeded");
}

/// Shows: R57
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_takes_longer_than_15_minutes_ends_and_the_next_goes_on_where_it_stopped() {
    const DEVICES: usize = 1_000;
    let limits = Limits { sync_page: 10, ..Limits::default() };
    let stack = Stack::with(Setting { limits, ..Setting::default() }).await;
    stack.push_certificate(&stack.api).await;
    let program = stack.program_with_devices(0).await;
    program.runs(1).await;
    stack.buy(&program, Family::IPhone, DEVICES);
    stack.pass(15 * MINUTE).await;
    // A hundred pages, and 15 minutes are over after the first few. (The session is older than Apple lets it get: one
    // call goes for that.)
    let (world, clock) = (std::sync::Arc::clone(stack.practice.world()), stack.clock.clone());
    let pages = world.calls("POST /devices/sync");
    let slow = std::thread::spawn(move || {
        while world.calls("POST /devices/sync") < pages + 5 {
            std::thread::yield_now();
        }
        clock.advance(15 * MINUTE);
    });
    let asked = program.ask_sync("delta").await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let first = program.runs(2).await;
    slow.join().unwrap();
    assert_eq!(first["state"], "timedOut", "{first}");
    let known = first["devicesNew"].as_u64().unwrap();
    assert!(known > 0 && known < DEVICES as u64, "{first}");
    stack.pass(15 * MINUTE).await;
    let second = program.runs(3).await;
    assert_eq!((&second["state"], &second["trigger"]), (&json!("succeeded"), &json!("schedule")));
    assert_eq!(second["devicesSeen"], DEVICES as u64 - known);
    assert_eq!(count(&program).await, DEVICES as u64);
}

/// Shows: R17
#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_at_its_batch_limit_and_the_next_goes_on_from_its_cursor() {
    let limits = Limits { sync_page: 20, sync_batch: 60, ..Limits::default() };
    let stack = Stack::with(Setting { limits, ..Setting::default() }).await;
    stack.push_certificate(&stack.api).await;
    let program = stack.program_with_devices(130).await;
    let first = program.runs(1).await;
    assert_eq!(
        (&first["state"], &first["devicesSeen"], &first["devicesNew"]),
        (&json!("batchLimit"), &json!(60), &json!(60))
    );
    assert!(first["words"].as_str().unwrap().contains("R17"), "{first}");
    stack.pass(12 * HOUR).await;
    let second = program.runs(2).await;
    assert_eq!((&second["state"], &second["devicesNew"]), (&json!("batchLimit"), &json!(60)));
    stack.pass(12 * HOUR).await;
    let third = program.runs(3).await;
    assert_eq!((&third["state"], &third["devicesNew"]), (&json!("succeeded"), &json!(10)));
    assert_eq!(count(&program).await, 130);
    assert_eq!(third["devicesGone"], 0);
}

async fn count(program: &Program) -> u64 {
    let path = format!("{}/importedAppleDeviceIdentities/$count", program.path());
    program.api.get(&path).await.good().as_u64().unwrap()
}

/// Shows: R56, N25
#[tokio::test(flavor = "multi_thread")]
async fn a_device_deleted_here_stays_away_until_the_next_full_sync_lists_it_again() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let path = format!("{}/importedAppleDeviceIdentities", program.path());
    let rows = stack.api.rows(&format!("{path}?$filter=serialNumber eq '{serial}'")).await;
    let gone = stack.api.delete(&format!("{path}/{}", rows[0]["id"].as_str().unwrap())).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    assert_eq!(count(&program).await, 0);

    // Apple tells of it in a delta: it was put on the same server once more.
    stack.hand_over(&program, std::slice::from_ref(&serial), Some(program.server));
    stack.sync(&program).await;
    assert_eq!(count(&program).await, 0, "a delta does not bring it back");
    assert_eq!(program.device(&serial).await.unwrap()["presence"], "deleted");

    stack.pass(7 * DAY).await;
    program.until_device("back", &serial, |row| row["presence"] == "present").await;
    assert_eq!(count(&program).await, 1);
    program.until_ready(&serial).await;
}

/// Lessons 1, 12: a device taken away at Apple is seen to be gone, also where Apple does not tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_left_without_apple_telling_is_gone_after_a_full_sync() {
    let rules = Rules { tells_deleted: false, ..Rules::default() };
    let stack = Stack::with(Setting { rules, ..Setting::default() }).await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPhone, 2).await;
    stack.hand_over(&program, &serials[..1], None);
    stack.sync(&program).await;
    assert_eq!(program.device(&serials[0]).await.unwrap()["presence"], "present", "nobody told");
    stack.pass(7 * DAY).await;
    let gone = |row: &Value| row["presence"] == "gone" && row["ready"] == false;
    let story = program.until_device("gone", &serials[0], gone).await;
    assert!(muster_tests::reasons(&story).contains(&"gone"), "{story}");
    assert_eq!(program.device(&serials[1]).await.unwrap()["presence"], "present");
}
