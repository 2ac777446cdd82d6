//! From consent to a device at its home screen, by the API alone on our side.

use muster_tests::api::nothing;
use muster_tests::{Engine, Stack, until};
use practice::apple::catalogue::Family;
use practice::apple::org::OrgKind;
use serde_json::{Value, json};

/// What is done of the checklist.
async fn checked(stack: &Stack) -> Vec<String> {
    let items = stack.api.rows("muster/checklist").await;
    let done = items.iter().filter(|item| item["done"] == true);
    done.map(|item| item["item"].as_str().unwrap().to_owned()).collect()
}

/// The managed device of that serial.
pub(crate) async fn managed(stack: &Stack, serial: &str) -> Value {
    let path = format!("deviceManagement/managedDevices?$filter=serialNumber eq '{serial}'");
    let rows = stack.api.rows(&path).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

/// Shows: R5, R6, R18, R23, R29, R49, R59, L28, N9, N20
#[tokio::test(flavor = "multi_thread")]
async fn a_device_taken_out_of_its_box_enrols_itself() {
    for engine in Engine::here() {
        let stack = Stack::on(engine).await;
        assert!(!checked(&stack).await.contains(&"pushCertificate".to_owned()));
        stack.push_certificate(&stack.api).await;
        let program = stack.token(&stack.api, OrgKind::Business, "Works").await;
        assert!(!checked(&stack).await.contains(&"devices".to_owned()), "there are none yet");

        // The default holds for devices synced before it was set, too.
        let serial = stack.buy(&program, Family::IPad, 1).remove(0);
        stack.sync(&program).await;
        let checklist = checked(&stack).await;
        for item in ["consent", "pushCertificate", "mdmAuthority", "devices", "token"] {
            assert!(checklist.contains(&item.to_owned()), "{item}: {checklist:?}");
        }
        let template =
            json!({ "displayName": "Classroom", "deviceNameTemplate": "{{DEVICETYPE}}-{{SERIAL}}" });
        program.default_profile(template).await;
        program.until_ready(&serial).await;

        let device = stack.enrolled(&serial).await;
        assert_eq!(device.name, format!("iPad-{serial}"));
        let row = managed(&stack, &serial).await;
        assert_eq!(row["enrollmentProfileName"], "Classroom");
        assert_eq!(row["deviceName"], format!("iPad-{serial}"));
        assert_eq!(row["managementState"], "managed");
        assert_eq!(row["isSupervised"], true);
        let story = program.device(&serial).await.unwrap();
        assert_eq!(story["enrolledProfileName"], "Classroom");
        assert_eq!(story["enrollmentState"], "enrolled");
    }
}

/// Shows: R2, R28
#[tokio::test(flavor = "multi_thread")]
async fn every_family_enrols_with_the_profile_of_its_platform() {
    let stack = Stack::start().await;
    stack.push_certificate(&stack.api).await;
    let program = stack.token(&stack.api, OrgKind::School, "School").await;
    assert_eq!(program.story().await["server"]["orgType"], "edu");
    let platforms = [
        ("depIOSEnrollmentProfile", vec![Family::IPhone, Family::IPad], "iOS"),
        ("depMacOSEnrollmentProfile", vec![Family::Mac], "macOS"),
        ("depTvOSEnrollmentProfile", vec![Family::AppleTv], "tvOS"),
        ("depVisionOSEnrollmentProfile", vec![Family::Vision], "visionOS"),
    ];
    let mut bought = Vec::new();
    for (kind, families, name) in platforms {
        let profile = program.profile(kind, json!({ "displayName": format!("For {name}") })).await;
        program.set_default(&profile).await;
        for family in families {
            bought.push((stack.buy(&program, family, 1).remove(0), family, format!("For {name}")));
        }
    }
    stack.sync(&program).await;
    for (serial, family, profile) in bought {
        program.until_ready(&serial).await;
        stack.enrolled(&serial).await;
        let row = managed(&stack, &serial).await;
        assert_eq!(row["enrollmentProfileName"], profile, "{family:?}");
        assert_eq!(row["managementState"], "managed", "{family:?}");
    }
}

/// Shows: N18, R29
#[tokio::test(flavor = "multi_thread")]
async fn an_unassigned_device_that_is_switched_on_does_not_enrol_and_muster_says_why() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let serial = stack.buy(&program, Family::IPhone, 1).remove(0);
    stack.sync(&program).await;
    let story = program.device(&serial).await.unwrap();
    assert_eq!(story["ready"], false);
    assert_eq!(muster_tests::reasons(&story), ["unassigned"]);
    let words = story["reasons"][0].to_string();
    assert!(words.contains("profile"), "{words}");
    assert_eq!(stack.handmade(&serial).activate(&stack), None, "it sets itself up as anybody's");
    let unknown = stack.api.get("muster/devices/C0NOBODYS1").await;
    assert!(unknown.refused(404).contains("C0NOBODYS1"));
}

/// Shows: R58, R29
#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_profile_goes_before_the_default_and_unchoosing_gives_the_default_back() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({ "displayName": "Default" })).await;
    let chosen = program.profile("depIOSEnrollmentProfile", json!({ "displayName": "Chosen" })).await;
    let serials = stack.ready(&program, Family::IPad, 2).await;
    assert_eq!(program.assign(&chosen, &serials[..1]).await.status, 204);
    let is =
        |name: &'static str| move |row: &Value| row["requestedProfileName"] == name && row["ready"] == true;
    program.until_device("has the chosen one", &serials[0], is("Chosen")).await;
    program.until_device("keeps the default", &serials[1], is("Default")).await;
    let device = stack.enrolled(&serials[0]).await;
    assert_eq!(managed(&stack, &device.serial).await["enrollmentProfileName"], "Chosen");

    assert_eq!(program.assign(&chosen, &serials[1..]).await.status, 204);
    program.until_device("has the chosen one", &serials[1], is("Chosen")).await;
    let body = json!({ "serialNumbers": [serials[1]] });
    let _ = stack.api.post("muster/devices/unassign", body).await.good();
    program.until_device("falls back to the default", &serials[1], is("Default")).await;
}

/// Shows: N29
#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_may_be_tried_again_for_15_minutes_and_its_challenge_works_once() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.handmade(&serial);
    let cloud = device.activate(&stack).unwrap();
    let signed = device.signed(&device.machine_info(), Default::default());
    let served = muster_tests::handmade::Served::read(&device.ask(&stack, &cloud, &signed).await);
    stack.pass(std::time::Duration::from_secs(15 * 60)).await;
    assert!(!device.try_identity(&stack, &served).await, "15 minutes are over");
    let served = muster_tests::handmade::Served::read(&device.ask_in_header(&stack, &cloud, &signed).await);
    assert!(device.try_identity(&stack, &served).await);
    device.key = muster_tests::handmade::key(5);
    assert!(!device.try_identity(&stack, &served).await, "a challenge is for one identity");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_brings_a_managed_device_back_to_its_server() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPhone, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let line = stack.practice.push_line(device.push.unwrap()).unwrap();
    while line.try_next().is_some() {}
    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();
    let sync = stack.api.post(&format!("deviceManagement/managedDevices/{id}/syncDevice"), nothing()).await;
    assert_eq!(sync.status, 204);
    let push = until("a push", async || line.try_next()).await;
    assert_eq!(push.magic, device.magic);
    assert_eq!(device.obey(&stack).await, ["DeviceInformation"]);
}
