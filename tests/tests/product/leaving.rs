//! Devices that leave and come back, and answers that get lost.

use muster_tests::api::nothing;
use muster_tests::{Program, Stack, until};
use practice::apple::catalogue::Family;
use serde_json::json;

use crate::enrolling::managed;

async fn one_enrolled(stack: &Stack) -> (Program, muster_tests::handmade::Handmade, String) {
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let device = stack.enrolled(&serial).await;
    let id = managed(stack, &serial).await["id"].as_str().unwrap().to_owned();
    (program, device, id)
}

async fn act(stack: &Stack, id: &str, action: &str) {
    let done = stack.api.post(&format!("deviceManagement/managedDevices/{id}/{action}"), nothing()).await;
    assert_eq!(done.status, 204, "{action}: {}", done.body);
}

async fn commands(stack: &Stack, id: &str) -> Vec<(String, String)> {
    let rows = stack.api.rows(&format!("muster/managedDevices/{id}/commands")).await;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(&row["requestType"]), text(&row["state"]))).collect()
}

/// Shows: N30, N44
#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_device_enrols_again_as_the_same_device_and_nothing_old_waits_for_it() {
    let stack = Stack::start().await;
    let (program, mut device, id) = one_enrolled(&stack).await;
    act(&stack, &id, "wipe").await;
    act(&stack, &id, "rebootNow").await;
    assert_eq!(device.obey(&stack).await, ["EraseDevice"]);
    assert_eq!(managed(&stack, &device.serial).await["managementState"], "wipeIssued");
    program.until_ready(&device.serial).await;
    device.enrol(&stack).await;
    let asked = device.obey(&stack).await;
    assert!(
        !asked.contains(&"RestartDevice".to_owned()) && !asked.contains(&"EraseDevice".to_owned()),
        "{asked:?}"
    );
    let row = managed(&stack, &device.serial).await;
    assert_eq!((&row["id"], &row["managementState"]), (&json!(id), &json!("managed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_checks_out_is_managed_no_more_and_may_come_back() {
    let stack = Stack::start().await;
    let (program, mut device, id) = one_enrolled(&stack).await;
    act(&stack, &id, "retire").await;
    assert_eq!(device.obey(&stack).await, ["RemoveProfile"]);
    assert_eq!(device.check_out(&stack).await.status, 200);
    assert_eq!(managed(&stack, &device.serial).await["managementState"], "retireIssued");
    let refused = stack.api.post(&format!("deviceManagement/managedDevices/{id}/rebootNow"), nothing()).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(device.idle(&stack).await.command().is_none());
    let story = program.device(&device.serial).await.unwrap();
    assert_eq!(story["enrollmentState"], "notContacted");
    device.erase(&stack);
    device.enrol(&stack).await;
    device.finish(&stack).await;
    assert_eq!(managed(&stack, &device.serial).await["managementState"], "managed");
}

/// apple.md 3.4: a device restored from a backup says `TokenUpdate` alone, with a new push token.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_restored_from_its_backup_is_pushed_to_at_its_new_token() {
    let stack = Stack::start().await;
    let (_, mut device, id) = one_enrolled(&stack).await;
    let old = device.push.take().unwrap();
    stack.practice.registry().unregister(old, stack.practice.world().now());
    assert_eq!(device.token_update(&stack).await.status, 200);
    let new = device.push.unwrap();
    assert_ne!(old, new);
    let before = stack.practice.registry().accepted(old);
    act(&stack, &id, "syncDevice").await;
    until("a push to the new token", async || (stack.practice.registry().accepted(new) > 0).then_some(()))
        .await;
    assert_eq!(stack.practice.registry().accepted(old), before);
    assert_eq!(device.obey(&stack).await, ["DeviceInformation"]);
}

/// Lessons 54, 55.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_apple_has_unregistered_is_tried_once_a_day_until_it_says_its_token_again() {
    let stack = Stack::start().await;
    let (_, mut device, id) = one_enrolled(&stack).await;
    let old = device.push.take().unwrap();
    let pushes = || stack.practice.world().calls("POST /3/device");
    stack.practice.registry().unregister(old, stack.practice.world().now());
    stack.pass(std::time::Duration::from_secs(60)).await;
    let before = pushes();
    act(&stack, &id, "syncDevice").await;
    until("the refused push", async || (pushes() > before).then_some(())).await;
    let told = async || {
        let found = app::managed_device::get(&stack.app, &actor(), &id.parse().unwrap()).await.unwrap();
        found.push.and_then(|push| push.unreachable)
    };
    let words = until("unreachable", told).await;
    assert!(words.contains("no longer registered"), "{words}");
    let after = pushes();
    let hours = async |count| {
        for _ in 0..count {
            stack.pass(std::time::Duration::from_secs(60 * 60)).await;
        }
    };
    hours(22).await;
    assert_eq!(pushes(), after, "nobody is there");
    hours(4).await;
    until("the push of the next day", async || (pushes() > after).then_some(())).await;
    assert_eq!(pushes(), after + 1, "once");
    act(&stack, &id, "rebootNow").await;
    assert_eq!(device.token_update(&stack).await.status, 200);
    let new = device.push.unwrap();
    until("a push", async || (stack.practice.registry().accepted(new) > 0).then_some(())).await;
    assert_eq!(device.obey(&stack).await, ["DeviceInformation", "RestartDevice"]);
}

fn actor() -> app::Actor {
    app::Actor::system("default".parse().unwrap())
}

/// apple.md 3.5.
#[tokio::test(flavor = "multi_thread")]
async fn lost_and_repeated_answers_change_nothing() {
    let stack = Stack::start().await;
    let (_, device, id) = one_enrolled(&stack).await;
    act(&stack, &id, "rebootNow").await;
    act(&stack, &id, "syncDevice").await;
    let (first, _) = device.idle(&stack).await.command().unwrap();
    // The answer got lost: the device asks anew and is asked the same.
    let (again, command) = device.idle(&stack).await.command().unwrap();
    assert_eq!(again, first);
    assert_eq!(command["RequestType"].as_string(), Some("RestartDevice"));
    let (second, _) = device.answer(&stack, &first, "Acknowledged", Vec::new()).await.command().unwrap();
    assert_ne!(second, first);
    // Our answer got lost: the device says it again.
    let (repeated, _) = device.answer(&stack, &first, "Acknowledged", Vec::new()).await.command().unwrap();
    assert_eq!(repeated, second);
    // And what it never was asked is passed over.
    let heard =
        device.answer(&stack, "00000000-0000-4000-8000-000000000000", "Acknowledged", Vec::new()).await;
    assert_eq!(heard.command().unwrap().0, second);
    let last = device.answer(&stack, &second, "Acknowledged", Vec::new()).await;
    assert!(last.command().is_none());
    let reboots = commands(&stack, &id).await.into_iter().filter(|(kind, _)| kind == "RestartDevice");
    assert_eq!(reboots.collect::<Vec<_>>(), [("RestartDevice".to_owned(), "acknowledged".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_in_the_middle_goes_on_where_it_was() {
    let mut stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolling(&serial).await;
    let (first, _) = device.idle(&stack).await.command().unwrap();
    let later = stack.buy(&program, Family::IPhone, 1).remove(0);
    stack.restart(|stack| stack.clock.advance(std::time::Duration::from_secs(60))).await;
    assert_eq!(device.idle(&stack).await.command().unwrap().0, first);
    device.finish(&stack).await;
    stack.sync(&program).await;
    program.until_ready(&later).await;
}
