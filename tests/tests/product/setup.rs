//! Setup Assistant holds a device until it is released: in the end, always.

use std::time::Duration;

use muster_tests::handmade::Handmade;
use muster_tests::{Program, Stack, until};
use practice::apple::catalogue::Family;
use serde_json::{Value, json};

use crate::enrolling::managed;

const MINUTE: Duration = Duration::from_secs(60);
/// The longest time in Setup Assistant, unless an operator chose another.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

async fn one_ready(stack: &Stack) -> (Program, String) {
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    (program, serial)
}

async fn story(stack: &Stack, serial: &str) -> Value {
    let id = managed(stack, serial).await["id"].as_str().unwrap().to_owned();
    stack.api.get(&format!("muster/setups/{id}")).await.good()
}

/// Lets the device ask until it is told to leave.
async fn until_told_to_leave(stack: &Stack, device: &mut Handmade) {
    // The loop that wants it so takes its turn beside us; the device asks as often as it likes.
    for _ in 0..1_000 {
        if device.obey(stack).await.contains(&"DeviceConfigured".to_owned()) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} was never told to leave", device.serial);
}

/// Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_setup_never_finishes_is_released_at_its_deadline_with_an_alert() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let mut device = stack.enrolling(&serial).await;
    assert_eq!(story(&stack, &serial).await["state"], "running");
    stack.pass(DEADLINE - MINUTE).await;
    assert_eq!(story(&stack, &serial).await["state"], "running", "a minute is left");
    stack.pass(MINUTE).await;
    let releasing = async || Some(story(&stack, &serial).await).filter(|plan| plan["state"] != "running");
    let plan = until("the release", releasing).await;
    assert_eq!((&plan["state"], &plan["because"]), (&json!("releasing"), &json!("deadline")));
    // The device was busy all the time; the first thing it hears is that it may go.
    assert_eq!(device.idle(&stack).await.request_type().as_deref(), Some("DeviceConfigured"));
    device.finish(&stack).await;
    assert_eq!(story(&stack, &serial).await["state"], "released");
    let alerts = stack.api.rows("muster/alerts").await;
    let told = alerts.iter().find(|alert| alert["kind"] == "releasedAtDeadline").expect("an alert");
    assert!(told.to_string().contains(&serial), "{told}");
}

/// Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_says_not_now_for_ever_is_released() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let mut device = stack.handmade(&serial);
    for kind in ["Settings", "DeviceInformation", "SecurityInfo", "ActivationLockBypassCode"] {
        device.moods.insert(kind.to_owned(), "NotNow");
    }
    device.enrol(&stack).await;
    assert_eq!(device.obey(&stack).await, ["Settings"], "one step at a time, and it is put off");
    stack.pass(DEADLINE).await;
    until_told_to_leave(&stack, &mut device).await;
    assert!(!device.awaiting);
    assert_eq!(story(&stack, &serial).await["state"], "released");
}

/// Lessons 39. Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_sent_until_it_is_acknowledged() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let mut device = stack.handmade(&serial);
    device.enrol(&stack).await;
    for mood in ["NotNow", "Error", "CommandFormatError", "NotNow"] {
        device.moods.insert("DeviceConfigured".to_owned(), mood);
        let refused = async |device: &mut Handmade| {
            stack.pass(MINUTE).await;
            device.obey(&stack).await.contains(&"DeviceConfigured".to_owned())
        };
        let mut tries = 0;
        while !refused(&mut device).await {
            tries += 1;
            assert!(tries < 200, "{mood}: not asked again");
        }
        assert!(device.awaiting);
    }
    device.moods.clear();
    stack.pass(5 * MINUTE).await;
    until_told_to_leave(&stack, &mut device).await;
    assert!(!device.awaiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_releases_a_device_by_hand() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let mut device = stack.enrolling(&serial).await;
    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();
    let setups = stack.api.rows("muster/setups").await;
    assert_eq!((setups.len(), &setups[0]["serialNumber"]), (1, &json!(serial)));
    assert_eq!(stack.api.post(&format!("muster/managedDevices/{id}/release"), json!({})).await.status, 204);
    assert_eq!(device.obey(&stack).await, ["DeviceConfigured"]);
    assert_eq!(story(&stack, &serial).await["because"], "admin");
    assert_eq!(stack.api.rows("muster/setups").await, Vec::<Value>::new());
}

/// A failed step is one line in the story, not the end of the setup.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_the_device_refuses_is_told_and_passed_over() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let mut device = stack.handmade(&serial);
    device.moods.insert("SecurityInfo".to_owned(), "Error");
    device.enrol(&stack).await;
    device.finish(&stack).await;
    let plan = story(&stack, &serial).await;
    let steps = plan["steps"].as_array().unwrap();
    let failed: Vec<_> =
        steps.iter().filter(|step| step["state"] == "failed").map(|step| &step["kind"]).collect();
    assert_eq!(failed, [&json!("securityInfo")], "{plan}");
    assert_eq!(plan["because"], "finished");
}

/// Shows: R12
#[tokio::test(flavor = "multi_thread")]
async fn the_bypass_code_is_kept_and_shown_only_when_asked_for() {
    let stack = Stack::start().await;
    let (_, serial) = one_ready(&stack).await;
    let device = stack.enrolled(&serial).await;
    let row = managed(&stack, &serial).await;
    assert_eq!(row["activationLockBypassCode"], Value::Null);
    let id = row["id"].as_str().unwrap();
    let path = format!("deviceManagement/managedDevices/{id}?$select=activationLockBypassCode");
    let asked = stack.api.get(&path).await.good();
    assert_eq!(asked["activationLockBypassCode"], json!(device.bypass_code));
}

/// Shows: R45, R46
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_ipad_is_configured_while_it_waits() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({ "enableSharedIPad": true, "sharedIPadMaximumUserCount": 8 })).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.handmade(&serial);
    assert_eq!(device.activate(&stack).unwrap().profile.is_multi_user, Some(true));
    device.enrol(&stack).await;
    device.finish(&stack).await;
    let kinds: Vec<_> = story(&stack, &serial).await["steps"].as_array().unwrap().clone();
    let shared = kinds.iter().find(|step| step["kind"] == "sharedDeviceConfiguration").expect("the step");
    assert_eq!(shared["state"], "done");
}
