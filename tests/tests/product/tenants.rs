//! Tenants share a server and see nothing of each other.

use muster_tests::api::Api;
use muster_tests::handmade::Heard;
use muster_tests::program::ADMIN;
use muster_tests::{Program, Stack};
use practice::apple::catalogue::{Family, product};
use practice::apple::org::OrgKind;
use serde_json::{Value, json};

use crate::enrolling::managed;

/// Nothing of `program` is to be had by `stranger`.
async fn sees_nothing(stranger: &Api, program: &Program, managed_id: &str, profile: &str) {
    let token = program.path();
    let gets = [
        token.clone(),
        format!("{token}/enrollmentProfiles"),
        format!("{token}/enrollmentProfiles/{profile}"),
        format!("{token}/importedAppleDeviceIdentities"),
        format!("{token}/getEncryptionPublicKey()"),
        format!("{token}/enrollmentProfiles/{profile}/exportMobileConfig()"),
        format!("deviceManagement/managedDevices/{managed_id}"),
        format!("muster/tokens/{}", program.token),
        format!("muster/tokens/{}/syncRuns", program.token),
        format!("muster/setups/{managed_id}"),
        format!("muster/managedDevices/{managed_id}/commands"),
    ];
    for path in gets {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let posts = [
        format!("{token}/syncWithAppleDeviceEnrollmentProgram"),
        format!("{token}/generateEncryptionPublicKey"),
        format!("{token}/enrollmentProfiles/{profile}/setDefaultProfile"),
        format!("deviceManagement/managedDevices/{managed_id}/wipe"),
        format!("deviceManagement/managedDevices/{managed_id}/retire"),
        format!("muster/managedDevices/{managed_id}/release"),
    ];
    for path in posts {
        assert_eq!(stranger.post(&path, json!({})).await.status, 404, "{path}");
    }
    for path in [token.clone(), format!("{token}/enrollmentProfiles/{profile}")] {
        assert_eq!(stranger.delete(&format!("{path}?confirm=true")).await.status, 404, "{path}");
    }
}

const LISTS: [&str; 5] = [
    "deviceManagement/depOnboardingSettings",
    "deviceManagement/managedDevices",
    "deviceManagement/importedAppleDeviceIdentities",
    "muster/tokens",
    "muster/devices",
];

/// Shows: R16
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_tenant_is_visible_to_another() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let profile = program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();

    let second = stack.add_tenant("second").await;
    for list in LISTS {
        assert_eq!(second.rows(list).await, Vec::<Value>::new(), "{list}");
    }
    sees_nothing(&second, &program, &id, &profile).await;
    assert_eq!(second.get(&format!("muster/devices/{serial}")).await.status, 404);
    assert_eq!(second.get("deviceManagement/applePushNotificationCertificate").await.status, 404);

    // A device's place is its tenant's: neither a profile's URL nor an identity opens the other's.
    let cloud = device.activate(&stack).unwrap();
    let url = cloud.profile.url.as_ref().unwrap().replace("/t/default/", "/t/second/");
    let signed = device.signed(&device.machine_info(), Default::default());
    assert_eq!(stack.http.post(&url).body(signed).send().await.unwrap().status(), 403);
    let served = device.served.as_mut().unwrap();
    served.server_url = served.server_url.replace("/t/default/", "/t/second/");
    assert_eq!(device.idle(&stack).await.status, 403);
    let challenge = device.served.as_ref().unwrap().scep_url.replace("/t/default/", "/t/second/");
    let unknown = stack.http.get(format!("{}?operation=GetCACert", challenge.replace("second", "third")));
    assert_ne!(unknown.send().await.unwrap().status(), 200);
}

/// The same serial under two tenants: sold on, and the first one has not heard.
#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_two_tenants_know_belongs_to_each_on_its_own() {
    let stack = Stack::start().await;
    let first = stack.program().await;
    first.default_profile(json!({ "displayName": "First tenant's" })).await;
    let serial = stack.ready(&first, Family::IPad, 1).await.remove(0);
    let old = stack.enrolled(&serial).await;
    let old_id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();

    let second = stack.add_tenant("second").await;
    stack.push_certificate(&second).await;
    let other = stack.token(&second, OrgKind::Business, "Buyer").await;
    other.default_profile(json!({ "displayName": "Second tenant's" })).await;
    {
        let (world, now) = (stack.practice.world(), stack.practice.world().now());
        let mut model = world.model();
        let selection = practice::apple::shop::Selection::Serials(vec![serial.clone()]);
        model.release(first.org, &selection, ADMIN, now);
        let same = product(Family::IPad, None).unwrap();
        model.add_by_configurator(other.org, same, Some(&serial), ADMIN, now).unwrap();
    }
    stack.hand_over(&other, std::slice::from_ref(&serial), Some(other.server));
    stack.sync(&other).await;
    other.until_ready(&serial).await;
    stack.practice.world().model().erase(&serial);
    let mut new = stack.handmade(&serial);
    new.enrol(&stack).await;
    new.finish(&stack).await;

    let rows = second.rows("deviceManagement/managedDevices").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["enrollmentProfileName"], "Second tenant's");
    assert_ne!(rows[0]["id"], old_id.as_str());
    let still = managed(&stack, &serial).await;
    assert_eq!((&still["id"], &still["enrollmentProfileName"]), (&json!(old_id), &json!("First tenant's")));
    let heard: Heard = old.idle(&stack).await;
    assert_eq!(heard.status, 200, "the old enrolment is as it was");
    assert_eq!(new.idle(&stack).await.status, 200);
}
