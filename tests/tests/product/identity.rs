//! Who a device is: what is believed, and what is not.

use muster_tests::Stack;
use muster_tests::handmade::Served;
use practice::apple::catalogue::Family;
use serde_json::json;

use crate::enrolling::managed;

async fn ready(stack: &Stack, count: usize) -> Vec<String> {
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    stack.ready(&program, Family::IPad, count).await
}

/// The UDID, which the API shows to who asks for it by name.
async fn udid(stack: &Stack, serial: &str) -> serde_json::Value {
    let id = managed(stack, serial).await["id"].as_str().unwrap().to_owned();
    stack.api.get(&format!("deviceManagement/managedDevices/{id}?$select=udid")).await.good()["udid"].clone()
}

/// Refuses: S
/// Lessons, section 4.
#[tokio::test(flavor = "multi_thread")]
async fn two_udids_that_claim_one_serial_raise_an_alert() {
    let stack = Stack::start().await;
    let serial = ready(&stack, 1).await.remove(0);
    let first = stack.enrolled(&serial).await;
    let kinds = async || {
        let alerts = stack.api.rows("muster/alerts").await;
        alerts.iter().map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(!kinds().await.contains(&"serialClaimedTwice".to_owned()));
    let mut rival = stack.handmade(&serial);
    rival.udid = "00008101-RIVAL".to_owned();
    let cloud = rival.activate(&stack).unwrap();
    let signed = rival.signed(&rival.machine_info(), Default::default());
    rival.ask(&stack, &cloud, &signed).await;
    assert!(kinds().await.contains(&"serialClaimedTwice".to_owned()), "{:?}", kinds().await);
    assert_eq!(first.idle(&stack).await.status, 200, "the enrolled device goes on");
    assert_eq!(udid(&stack, &serial).await, first.udid.as_str());
}

/// Refuses: S
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_authenticates_as_anothers_udid_is_refused() {
    let stack = Stack::start().await;
    let serials = ready(&stack, 2).await;
    let a = stack.enrolled(&serials[0]).await;
    let mut b = stack.handmade(&serials[1]);
    let cloud = b.activate(&stack).unwrap();
    let signed = b.signed(&b.machine_info(), Default::default());
    let served = Served::read(&b.ask(&stack, &cloud, &signed).await);
    b.get_identity(&stack, &served).await;
    b.served = Some(served);
    let mut takeover = b.authenticate_says();
    takeover.push(("UDID", a.udid.as_str().into()));
    assert_eq!(b.say_as(&stack, &takeover).await.status, 403);
    for said in takeover.iter_mut().filter(|(key, _)| *key == "SerialNumber") {
        said.1 = a.serial.as_str().into();
    }
    assert_eq!(b.say_as(&stack, &takeover).await.status, 403, "nor with its serial number");
    let idle = [("UDID", a.udid.as_str().into()), ("Status", "Idle".into())];
    assert_eq!(b.say_as(&stack, &idle).await.status, 403, "nor later");
    assert_eq!(a.idle(&stack).await.status, 200);
    assert_eq!(udid(&stack, &a.serial).await, a.udid.as_str());

    // As itself it is welcome.
    assert_eq!(b.authenticate(&stack).await.status, 200);
}

/// Refuses: D, E
#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_proof_or_with_anothers_is_refused() {
    let stack = Stack::start().await;
    let serials = ready(&stack, 2).await;
    let (a, b) = (stack.enrolled(&serials[0]).await, stack.enrolled(&serials[1]).await);
    let body = muster_tests::handmade::xml(&[("UDID", a.udid.as_str().into()), ("Status", "Idle".into())]);
    let other = muster_tests::handmade::xml(&[("UDID", a.udid.as_str().into()), ("Status", "NotNow".into())]);
    for (what, signature) in [
        ("none", None),
        ("an empty one", Some(String::new())),
        ("words", Some("signature".to_owned())),
        ("another device's", Some(b.signature(&body))),
        ("of another body", Some(a.signature(&other))),
    ] {
        let heard = a.send(&stack, body.clone(), signature.as_deref()).await;
        assert_eq!(heard.status, 403, "{what}");
        assert!(heard.body.is_empty(), "{what}");
    }
    let good = a.signature(&body);
    assert_eq!(a.send(&stack, body, Some(&good)).await.status, 200);
}

/// Shows: N25
/// Refuses: D
#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_is_not_on_the_list_gets_no_profile_whoever_signs() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPad, 2).await;
    let honest = stack.handmade(&serials[0]);
    let cloud = honest.activate(&stack).unwrap();
    // A genuine device that says it is another one, which nobody bought.
    let mut liar = stack.handmade(&serials[1]);
    liar.serial = "C0NOBODYS1".to_owned();
    let signed = liar.signed(&liar.machine_info(), Default::default());
    let heard = liar.ask(&stack, &cloud, &signed).await;
    assert_eq!(heard.status, 403);
    let said: serde_json::Value = serde_json::from_slice(&heard.body).unwrap();
    assert!(said["code"].is_string(), "Apple's code: {said}");
    assert_eq!(stack.api.rows("deviceManagement/managedDevices").await.len(), 0);
}
