//! What Apple refuses to do now.

use std::time::Duration;

use muster_tests::{Stack, reasons, until};
use practice::apple::assign::SerialResult;
use practice::apple::catalogue::Family;
use practice::apple::{PlannedAnswer, What};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(60 * 60);
const ASSIGN: &str = "POST /profile/devices";

fn assigns(stack: &Stack) -> u64 {
    stack.practice.world().calls(ASSIGN) + stack.practice.world().calls("PUT /profile/devices")
}

/// Lessons 14, 9. Shows: R58
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_device_is_retried_after_apples_time_and_not_before() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.buy(&program, Family::IPad, 1).remove(0);
    stack.practice.world().faults().refuse(SerialResult::Throttled, [serial.clone()]);
    stack.sync(&program).await;
    let throttled = |row: &Value| row["assignment"]["outcome"] == "throttled";
    let story = program.until_device("throttled", &serial, throttled).await;
    assert!(reasons(&story).contains(&"throttled"), "{story}");
    stack.practice.world().faults().clear();
    let alerts = stack.api.rows("muster/alerts").await;
    assert!(alerts.iter().any(|alert| alert["kind"] == "devicesThrottled"), "{alerts:?}");

    stack.rest().await;
    let before = assigns(&stack);
    for _ in 0..23 {
        stack.pass(HOUR).await;
        stack.rest().await;
    }
    assert_eq!(assigns(&stack), before, "Apple said a day");
    stack.pass(HOUR + Duration::from_secs(60)).await;
    program.until_ready(&serial).await;
    assert!(assigns(&stack) > before);
    assert_eq!(stack.api.rows("muster/alerts").await, Vec::<Value>::new());
}

/// Lessons 19: one bad device does not keep others from their profile.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_apple_fails_to_assign_is_told_and_tried_again_and_others_go_on() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.buy(&program, Family::IPhone, 5);
    stack.practice.world().faults().refuse(SerialResult::Failed, [serials[2].clone()]);
    stack.sync(&program).await;
    for serial in serials.iter().filter(|serial| **serial != serials[2]) {
        program.until_ready(serial).await;
    }
    let failed = |row: &Value| row["assignment"]["outcome"] == "failed";
    let story = program.until_device("failed", &serials[2], failed).await;
    assert_eq!(story["ready"], false);
    assert!(story["assignment"]["retryDateTime"].is_string(), "{story}");
    stack.practice.world().faults().clear();
    stack.pass(HOUR).await;
    program.until_ready(&serials[2]).await;
}

/// Lessons 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_apple_repeats_stops_the_run_instead_of_storming() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    stack.buy(&program, Family::IPad, 2);
    stack.practice.world().faults().stand(What::RepeatCursor);
    stack.pass(12 * HOUR).await;
    let run = program.runs(2).await;
    assert_eq!(run["state"], "repeatedCursor");
    assert!(stack.practice.world().calls("POST /devices/sync") < 5);
    stack.practice.world().faults().clear();
    stack.pass(12 * HOUR).await;
    let good = async || program.ended().await.first().cloned().filter(|run| run["state"] == "succeeded");
    until("a good run", good).await;
}

/// Shows: R57, N48
#[tokio::test(flavor = "multi_thread")]
async fn apples_trouble_is_told_in_its_words_and_passes() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let serial = stack.buy(&program, Family::IPad, 1).remove(0);
    let trouble = PlannedAnswer::new(503, "SERVICE_UNAVAILABLE").retry_after("3600");
    stack.practice.world().faults().plan("POST /devices/sync", 50, trouble);
    stack.pass(12 * HOUR).await;
    let run = program.runs(2).await;
    assert_eq!(run["state"], "failed");
    assert!(run["words"].as_str().unwrap().contains("503"), "{run}");
    stack.practice.world().faults().clear();
    let known = async || {
        stack.pass(HOUR).await;
        program.device(&serial).await
    };
    until("the device after the trouble", known).await;
}
