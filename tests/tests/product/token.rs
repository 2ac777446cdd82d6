//! A token's life: renewal, what breaks it, and its end.

use std::time::Duration;

use muster_tests::api::nothing;
use muster_tests::program::ADMIN;
use muster_tests::{Program, Stack, until};
use practice::apple::catalogue::Family;
use practice::apple::org::Revocation;
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn alert(stack: &Stack, kind: &str) -> Option<Value> {
    stack.api.rows("muster/alerts").await.into_iter().find(|alert| alert["kind"] == kind)
}

fn fetches(stack: &Stack) -> u64 {
    stack.practice.world().calls("POST /server/devices")
}

/// Shows: R24, R21
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_of_the_same_server_keeps_its_key_and_its_cursor() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    stack.buy(&program, Family::IPad, 3);
    stack.sync(&program).await;
    let keys = program.story().await["keys"].clone();
    stack.pass(300 * DAY).await;
    stack.rest().await;
    let fetched = fetches(&stack);
    // Apple's portal ends the token in use the moment it gives another.
    let file = stack.download(&program);
    let runs = program.ended().await.len();
    assert_eq!(program.upload(&file, false).await.status, 204);
    let run = program.runs(runs + 1).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    let story = program.story().await;
    assert_eq!(story["keys"], keys);
    assert_eq!(story["health"], "valid");
    let token = stack.api.get(&program.path()).await.good();
    assert_eq!(token["appleIdentifier"], ADMIN);
    assert_eq!((&run["kind"], fetches(&stack)), (&json!("delta"), fetched), "it goes on from its cursor");
}

/// Shows: R24
#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_another_server_is_taken_only_when_confirmed() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    stack.buy(&program, Family::IPad, 1);
    stack.sync(&program).await;
    let other = {
        let mut model = stack.practice.world().model();
        let certificate = model.server(program.server).unwrap().certificate.clone();
        model.add_server(program.org, "Another server", certificate).unwrap()
    };
    let moved = Program { server: other, ..program.clone() };
    let serial = stack.buy(&moved, Family::IPad, 1).remove(0);
    let file = stack.download(&moved);
    let fetched = fetches(&stack);
    let refused = program.upload(&file, false).await;
    assert!(refused.refused(409).contains("Another server"), "{}", refused.body);
    assert_eq!(fetches(&stack), fetched, "nothing was synced with it");
    assert_eq!(program.story().await["server"]["name"], "MDM of Works");
    assert_eq!(program.upload(&file, true).await.status, 204);
    program.until_device("known", &serial, |row| row["presence"] == "present").await;
    assert!(fetches(&stack) > fetched, "another server begins anew");
    assert_eq!(program.story().await["server"]["name"], "Another server");
}

/// Shows: R24, R27
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_apple_rejects_is_told_of_and_healed_by_a_renewal() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    stack.practice.world().model().revoke_token(program.server, Revocation::PasswordChanged).unwrap();
    let rejected = async || {
        stack.pass(12 * Duration::from_secs(60 * 60)).await;
        (program.story().await["health"] == "rejected").then_some(())
    };
    until("the rejected token", rejected).await;
    let told = alert(&stack, "tokenRejected").await.expect("an alert");
    assert!(told.to_string().contains("Works"), "{told}");
    assert_eq!(stack.upload(&program).await.status, 204);
    until("the healed token", async || (program.story().await["health"] == "valid").then_some(())).await;
    assert_eq!(alert(&stack, "tokenRejected").await, None);
}

/// Shows: R27
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_told_of_before_it_runs_out() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    assert_eq!(alert(&stack, "tokenExpiry").await, None);
    stack.pass(336 * DAY).await;
    assert!(alert(&stack, "tokenExpiry").await.is_some());
    assert_eq!(program.story().await["health"], "expiring");
    stack.pass(30 * DAY).await;
    assert_eq!(program.story().await["health"], "expired");
}

/// Lessons 26. Shows: R27
#[tokio::test(flavor = "multi_thread")]
async fn terms_that_wait_are_told_of_by_the_organisations_name_and_forgotten_when_accepted() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let terms =
        |pending| stack.practice.world().model().org_mut(program.org).unwrap().terms_pending = pending;
    terms(true);
    stack.pass(Duration::from_secs(15 * 60)).await;
    let _ = program.act("syncWithAppleDeviceEnrollmentProgram", nothing()).await.good();
    let health = async |wanted: &'static str| {
        until(wanted, async || (program.story().await["health"] == wanted).then_some(())).await;
    };
    health("termsNotAccepted").await;
    let told = alert(&stack, "termsNotAccepted").await.expect("an alert");
    assert!(told.to_string().contains("Works"), "{told}");
    terms(false);
    stack.pass(12 * Duration::from_secs(60 * 60)).await;
    health("valid").await;
    assert_eq!(alert(&stack, "termsNotAccepted").await, None);
}

/// Shows: R19
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_key_does_not_displace_the_one_in_use_before_its_token_arrives() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let in_use = program.story().await["keys"].as_array().unwrap().len();
    let _ = program.act("generateEncryptionPublicKey", nothing()).await.good();
    let keys = program.story().await["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), in_use + 1, "{keys}");
    // A file made for the key in use is still taken.
    assert_eq!(stack.upload(&program).await.status, 204);
    stack.sync(&program).await;
    // Once Apple has the new one, its file is taken, and its key is in use.
    let pem = stack.api.get(&format!("{}/getEncryptionPublicKey()", program.path())).await.good();
    let certificate = pki::x509::Certificate::from_pem(pem["value"].as_str().unwrap()).unwrap();
    let fingerprint = |state: &str, story: &Value| {
        let keys = story["keys"].as_array().unwrap();
        keys.iter().find(|key| key["state"] == state).map(|key| key["fingerprint"].clone())
    };
    let pending = fingerprint("pending", &program.story().await);
    stack.practice.world().model().server_mut(program.server).unwrap().certificate =
        certificate.der().to_vec();
    assert_eq!(stack.upload(&program).await.status, 204);
    if let Some(pending) = pending {
        assert_eq!(fingerprint("inUse", &program.story().await), Some(pending));
    }
    stack.sync(&program).await;
}

/// Shows: R25, R26
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_deleted_only_without_devices_and_then_for_good() {
    let mut stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPad, 2).await;
    let refused = stack.api.delete(&program.path()).await;
    assert!(refused.refused(409).contains('2'), "how many devices: {}", refused.body);
    stack.hand_over(&program, &serials, None);
    stack.sync(&program).await;
    let profiles = stack.api.delete(&program.path()).await;
    assert_eq!(profiles.status, 409, "its profiles would go, too: {}", profiles.body);
    let confirmed = format!("{}?confirm=true", program.path());
    assert_eq!(stack.api.delete(&confirmed).await.status, 204);
    stack.restart(|_| ()).await;
    for _ in 0..2 {
        assert_eq!(stack.api.get(&program.path()).await.status, 404);
        assert_eq!(stack.api.delete(&confirmed).await.status, 404);
    }
    assert_eq!(stack.api.rows("deviceManagement/depOnboardingSettings").await, Vec::<Value>::new());
    // Its file at Apple brings nothing back.
    assert_eq!(stack.upload(&program).await.status, 404);
}

/// Shows: R6
#[tokio::test(flavor = "multi_thread")]
async fn without_consent_there_is_no_key() {
    let stack = Stack::start().await;
    stack.push_certificate(&stack.api).await;
    let path = "deviceManagement/depOnboardingSettings";
    let draft = stack.api.post(path, json!({ "tokenName": "No consent" })).await.good();
    let path = format!("{path}/{}", draft["id"].as_str().unwrap());
    let refused = stack.api.post(&format!("{path}/generateEncryptionPublicKey"), nothing()).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let consent = json!({ "dataSharingConsentGranted": true });
    assert_eq!(stack.api.patch(&path, consent).await.good()["dataSharingConsentGranted"], true);
    let _ = stack.api.post(&format!("{path}/generateEncryptionPublicKey"), nothing()).await.good();
}

/// Shows: N26
#[tokio::test(flavor = "multi_thread")]
async fn releasing_devices_at_apple_needs_a_confirmation() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPad, 2).await;
    let disowned = || stack.practice.world().calls("POST /devices/disown");
    let body = json!({ "depToken": "", "deviceSerialNumbers": [serials[0]] });
    let refused = program.act("releaseAppleDevices", body.clone()).await;
    assert_eq!((refused.status, disowned()), (409, 0), "{}", refused.body);
    let released = program.act("releaseAppleDevices?confirm=true", body).await;
    assert_eq!((released.status, disowned()), (204, 1), "{}", released.body);
    assert_eq!(stack.practice.world().model().device(&serials[0]).unwrap().org, None);
    assert!(stack.practice.world().model().device(&serials[1]).unwrap().org.is_some());
}
