//! Certificates that end: a device's identity, and the push certificate.

use std::time::Duration;

use muster_tests::program::ADMIN;
use muster_tests::{Stack, until};
use practice::apple::catalogue::Family;
use serde_json::{Value, json};

use crate::enrolling::managed;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PUSH: &str = "deviceManagement/applePushNotificationCertificate";

/// Lessons 59 to 65.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_a_new_identity_before_its_own_ends() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let line = stack.practice.push_line(device.push.unwrap()).unwrap();
    while line.try_next().is_some() {}
    let expires = async || managed(&stack, &serial).await["managementCertificateExpirationDate"].clone();
    let first = expires().await;
    stack.pass(300 * DAY).await;
    assert!(device.obey(&stack).await.is_empty(), "there is time");
    stack.pass(10 * DAY).await;
    until("a push for the renewal", async || line.try_next()).await;
    assert_eq!(device.obey(&stack).await, ["InstallProfile"]);
    assert_eq!(expires().await, first, "having been sent is not having arrived");
    let old = (device.key.clone(), device.identity.clone());
    (device.key, device.identity) = device.renewed.take().unwrap();
    assert_eq!(device.idle(&stack).await.status, 200);
    let second =
        until("the new identity in use", async || Some(expires().await).filter(|date| *date != first)).await;
    assert!(second.as_str() > first.as_str(), "{second} after {first}");
    let new = (device.key.clone(), device.identity.clone());
    (device.key, device.identity) = old;
    assert_eq!(device.idle(&stack).await.status, 403, "the old one is done with");
    (device.key, device.identity) = new;
    stack.pass(100 * DAY).await;
    assert_eq!(device.idle(&stack).await.status, 200, "beyond the end of the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_device_renews_its_identity_by_itself() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let serial = stack.ready_with(&program, Family::IPhone, 1, json!({})).await.remove(0);
    let device = stack.practice.fleet().device(&serial).unwrap();
    device.unbox().unwrap();
    assert!(device.settled().await.enrolled);
    let expires = async || managed(&stack, &serial).await["managementCertificateExpirationDate"].clone();
    let first = expires().await;
    stack.pass(310 * DAY).await;
    let renewed = async || {
        // It uses the new one when it next has a reason to connect.
        let _ = device.check_in();
        Some(expires().await).filter(|date| *date != first)
    };
    let second = until("the new identity in use", renewed).await;
    assert!(second.as_str() > first.as_str(), "{second} after {first}");
    assert!(device.screen().enrolled);
}

/// Shows: L29, L30
#[tokio::test(flavor = "multi_thread")]
async fn a_push_certificate_is_renewed_with_its_topic_and_with_no_other() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let mut device = stack.enrolled(&serial).await;
    let before = stack.api.get(PUSH).await.good();
    let topic = before["topicIdentifier"].as_str().unwrap().to_owned();
    assert_eq!(before["appleIdentifier"], ADMIN);
    stack.pass(200 * DAY).await;

    let other = stack.push_portal(&stack.api, None).await;
    let refused = stack.api.patch(PUSH, json!({ "appleIdentifier": ADMIN, "certificate": other })).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.refused(409).contains(&topic), "the topic to renew is named: {}", refused.body);
    let kept = stack.api.get(PUSH).await.good();
    assert_eq!(
        (&kept["topicIdentifier"], &kept["expirationDateTime"]),
        (&json!(topic), &before["expirationDateTime"])
    );

    let renewed = stack.push_portal(&stack.api, Some(&topic)).await;
    let _ = stack.api.patch(PUSH, json!({ "appleIdentifier": ADMIN, "certificate": renewed })).await.good();
    let after = stack.api.get(PUSH).await.good();
    assert_eq!(after["topicIdentifier"], topic.as_str());
    assert!(after["expirationDateTime"].as_str() > before["expirationDateTime"].as_str(), "{after}");

    // Pushes go on with the new one, also when the old one has ended.
    stack.pass(170 * DAY).await;
    let line = stack.practice.push_line(device.push.unwrap()).unwrap();
    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();
    let path = format!("deviceManagement/managedDevices/{id}/syncDevice");
    assert_eq!(stack.api.post(&path, json!({})).await.status, 204);
    until("a push", async || line.try_next()).await;
    assert!(device.obey(&stack).await.contains(&"DeviceInformation".to_owned()));
}

/// Shows: L28
#[tokio::test(flavor = "multi_thread")]
async fn a_push_certificate_that_ends_is_told_of() {
    let stack = Stack::start().await;
    let alerts = async || {
        let rows = stack.api.rows("muster/alerts").await;
        rows.into_iter().filter(|alert| alert["kind"] == "pushCertificate").collect::<Vec<Value>>()
    };
    let program = stack.program().await;
    assert_eq!(alerts().await, Vec::<Value>::new());
    stack.pass(340 * DAY).await;
    assert_eq!(alerts().await[0]["severity"], "warning");
    stack.pass(26 * DAY).await;
    assert_eq!(alerts().await[0]["severity"], "error");
    program.default_profile(json!({})).await;
}
