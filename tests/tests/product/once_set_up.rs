//! What a device is set up with it keeps until it is wiped.

use muster_tests::api::nothing;
use muster_tests::{Program, Stack, reasons};
use practice::apple::catalogue::Family;
use serde_json::{Value, json};

use crate::enrolling::managed;

async fn wipe(stack: &Stack, serial: &str) {
    let id = managed(stack, serial).await["id"].as_str().unwrap().to_owned();
    let wipe = stack.api.post(&format!("deviceManagement/managedDevices/{id}/wipe"), nothing()).await;
    assert_eq!(wipe.status, 204, "{}", wipe.body);
}

async fn until_reason(program: &Program, serial: &str, code: &str) -> Value {
    program.until_device(code, serial, |row| reasons(row).contains(&code)).await
}

/// The words of one of a story's reasons.
fn words(story: &Value, code: &str) -> String {
    let all = story["reasons"].as_array().unwrap();
    all.iter().find(|reason| reason["code"] == code).unwrap().to_string().to_lowercase()
}

/// Shows: R4, R58, N30, N44
#[tokio::test(flavor = "multi_thread")]
async fn an_activated_device_given_another_profile_keeps_its_old_one_until_it_is_wiped() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({ "displayName": "First" })).await;
    let second = program.profile("depIOSEnrollmentProfile", json!({ "displayName": "Second" })).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let first_url = device.activate(&stack).unwrap().profile.url;

    let assign = json!({ "serialNumbers": [serial], "profileId": second });
    let said = stack.api.post("muster/devices/assign", assign).await.good();
    assert_eq!(said["value"][0]["ok"], true, "{said}");
    assert!(
        said["value"][0]["words"].as_str().unwrap().contains("wipe"),
        "the action itself says so: {said}"
    );
    let story = until_reason(&program, &serial, "needsWipe").await;
    assert_eq!(
        (&story["requestedProfileName"], &story["enrolledProfileName"]),
        (&json!("Second"), &json!("First"))
    );
    assert!(words(&story, "needsWipe").contains("wipe"), "{story}");
    assert_eq!(story["ready"], false);

    // Apple knows of the second one; the device is told the first one again, and stays as it is.
    program.until_device("is assigned", &serial, |row| row["assignment"]["outcome"] == "success").await;
    assert_eq!(device.activate(&stack).unwrap().profile.url, first_url);
    assert!(device.obey(&stack).await.is_empty());
    assert_eq!(managed(&stack, &serial).await["enrollmentProfileName"], "First");

    wipe(&stack, &serial).await;
    assert_eq!(device.obey(&stack).await, ["EraseDevice"]);
    program.until_ready(&serial).await;
    device.enrol(&stack).await;
    device.finish(&stack).await;
    assert_eq!(managed(&stack, &serial).await["enrollmentProfileName"], "Second");
    let story = program.device(&serial).await.unwrap();
    assert!(!reasons(&story).contains(&"needsWipe"), "{story}");
    assert_eq!(story["enrolledProfileName"], "Second");
}

/// Shows: N19, L62
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_takes_effect_after_a_wipe_but_for_the_name_template() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let profile = program.default_profile(json!({ "deviceNameTemplate": "Old-{{SERIAL}}" })).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let before = device.activate(&stack).unwrap();
    let change = json!({
        "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
        "supportDepartment": "Another department",
        "deviceNameTemplate": "New-{{SERIAL}}",
    });
    let path = format!("{}/enrollmentProfiles/{profile}", program.path());
    assert_eq!(stack.api.patch(&path, change).await.status, 204);
    stack.rest().await;

    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();
    let sync = stack.api.post(&format!("deviceManagement/managedDevices/{id}/syncDevice"), nothing()).await;
    assert_eq!(sync.status, 204);
    assert_eq!(device.obey(&stack).await, ["DeviceInformation", "Settings"]);
    assert_eq!(device.name, format!("New-{serial}"));
    assert_eq!(device.activate(&stack).unwrap(), before, "everything else stays");

    wipe(&stack, &serial).await;
    device.obey(&stack).await;
    program.until_ready(&serial).await;
    let department = device.activate(&stack).unwrap().profile.department;
    assert_eq!(department.as_deref(), Some("Another department"));
}

/// Shows: R11, R13
#[tokio::test(flavor = "multi_thread")]
async fn a_device_enrolled_unsupervised_becomes_supervised_only_by_a_wipe() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let loose = json!({
        "displayName": "Unsupervised", "supervisedModeEnabled": false, "profileRemovalDisabled": false,
    });
    program.default_profile(loose).await;
    let strict = program.profile("depIOSEnrollmentProfile", json!({ "displayName": "Supervised" })).await;
    let serials = stack.ready(&program, Family::IPad, 2).await;
    let (mut old, mut new) = (stack.handmade(&serials[0]), stack.handmade(&serials[1]));
    (old.os_version, old.supervised) = ("12.5.7".to_owned(), false);
    for device in [&mut old, &mut new] {
        device.enrol(&stack).await;
        device.finish(&stack).await;
    }
    assert_eq!(managed(&stack, &new.serial).await["isSupervised"], true, "from iOS 13 on always");
    assert_eq!(managed(&stack, &old.serial).await["isSupervised"], false);

    assert_eq!(program.assign(&strict, &serials[..1]).await.status, 204);
    until_reason(&program, &old.serial, "needsWipe").await;
    old.obey(&stack).await;
    assert_eq!(managed(&stack, &old.serial).await["isSupervised"], false, "no command makes it so");
    wipe(&stack, &old.serial).await;
    assert_eq!(old.obey(&stack).await, ["EraseDevice"]);
    program.until_ready(&old.serial).await;
    assert_eq!(old.activate(&stack).unwrap().profile.is_supervised, Some(true));
    old.supervised = true;
    old.enrol(&stack).await;
    old.finish(&stack).await;
    assert_eq!(managed(&stack, &old.serial).await["isSupervised"], true);
}
