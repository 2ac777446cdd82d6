//! `enrollmentProfiles`.

use http::Method;
use serde_json::{Value, json};

use super::world::{D, World, encoded, world};

async fn token() -> (World, String) {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let path = format!("{D}/{id}/enrollmentProfiles");
    (world, path)
}

const IOS: &str = "#microsoft.graph.depIOSEnrollmentProfile";
const MAC: &str = "#microsoft.graph.depMacOSEnrollmentProfile";
const TV: &str = "#microsoft.graph.depTvOSEnrollmentProfile";
const VISION: &str = "#microsoft.graph.depVisionOSEnrollmentProfile";

/// Shows: R28
#[tokio::test]
async fn each_platform_has_its_type_and_a_profile_comes_back_as_it_was_sent() {
    let (world, path) = token().await;
    for (odata_type, extra) in [
        (
            IOS,
            json!({ "carrierActivationUrl": "https://carrier.example/activate", "deviceNameTemplate": "{{DEVICETYPE}}-{{SERIAL}}" }),
        ),
        (
            MAC,
            json!({ "waitForDeviceConfiguredConfirmation": true, "fileVaultDisabled": true, "enabledSkipKeys": ["FileVault", "Siri"] }),
        ),
        (TV, json!({ "autoAdvanceSetupEnabled": true, "language": "de", "region": "CH" })),
        (VISION, json!({ "awaitDeadlineMinutes": 20 })),
    ] {
        let mut body = json!({ "@odata.type": odata_type, "displayName": format!("P {odata_type}"), "supervisedModeEnabled": true,
            "supportDepartment": "IT", "supportPhoneNumber": "+41 44 000 00 00", "enabledSkipKeys": ["Siri"], "siriDisabled": true });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let made = world.post(&path, body.clone()).await.expect(201);
        let one = world.get(&format!("{path}/{}", made.body["id"].as_str().unwrap())).await.expect(200);
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&one.body[name], value, "{odata_type} {name}");
        }
        assert_eq!(one.body["isDefault"], false);
    }
    let only_macs = world
        .get(&format!("{path}?$filter={}", encoded("isof('microsoft.graph.depMacOSEnrollmentProfile')")))
        .await;
    assert_eq!(only_macs.expect(200).column("@odata.type"), [MAC]);
}

/// Shows: R51, R52
#[tokio::test]
async fn booleans_and_skip_keys_are_two_views_of_the_same_screens() {
    let (world, path) = token().await;
    let body = json!({ "@odata.type": IOS, "displayName": "x", "supervisedModeEnabled": true,
        "enabledSkipKeys": ["Payment", "payment", "WebContentFiltering"], "siriDisabled": true, "passCodeDisabled": false,
        "expressLanguageScreenDisabled": true });
    let made = world.post(&path, body).await.expect(201);
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.body["enabledSkipKeys"], json!(["Payment", "Siri", "WebContentFiltering"]));
    assert_eq!(made.body["applePayDisabled"], true);
    assert_eq!(made.body["expressLanguageScreenDisabled"], true);
    world.patch(&one, json!({ "siriDisabled": false })).await.expect(204);
    let now = world.get(&one).await.expect(200).body;
    assert_eq!(
        (&now["siriDisabled"], &now["enabledSkipKeys"]),
        (&json!(false), &json!(["Payment", "WebContentFiltering"]))
    );
    // Read, changed and sent back whole, as IntuneCD does: the union.
    let mut whole = now.clone();
    whole["locationDisabled"] = json!(true);
    world.patch(&one, whole).await.expect(204);
    let now = world.get(&one).await.expect(200).body;
    assert_eq!(now["enabledSkipKeys"], json!(["Location", "Payment", "WebContentFiltering"]));
}

#[tokio::test]
async fn a_patch_answers_204_or_the_profile_when_that_is_preferred_and_keeps_what_it_does_not_name() {
    let (world, path) = token().await;
    let body = json!({ "@odata.type": IOS, "displayName": "x", "supervisedModeEnabled": true, "supportDepartment": "IT" });
    let made = world.post(&path, body).await.expect(201);
    let one = format!("{path}('{}')", made.body["id"].as_str().unwrap());
    let reply = world
        .patch(
            &one,
            json!({ "@odata.type": IOS, "id": "", "configurationEndpointUrl": "", "displayName": "y" }),
        )
        .await;
    assert_eq!(reply.expect(204).text, "");
    let bearer = format!("Bearer {}", world.token);
    let headers = [("authorization", bearer.as_str()), ("prefer", "respond-async, return=representation")];
    let reply = world.send(Method::PATCH, &one, &headers, "{ description: \"z\" }".into()).await.expect(200);
    assert_eq!(reply.body["displayName"], "y");
    assert_eq!(reply.body["description"], "z");
    assert_eq!(reply.body["supportDepartment"], "IT");
    world.patch(&one, json!({ "supportDepartment": "" })).await.expect(204);
    assert_eq!(world.get(&one).await.body["supportDepartment"], Value::Null);
    let reply = world.patch(&one, json!({ "@odata.type": MAC, "displayName": "y" })).await.expect(400);
    assert!(reply.message().contains("R28"), "{}", reply.text);
}

/// Shows: R54
#[tokio::test]
async fn a_wrong_type_or_a_broken_rule_is_400_and_names_the_setting() {
    let (world, path) = token().await;
    let with = |extra: Value| {
        let mut body = json!({ "@odata.type": IOS, "displayName": "x", "supervisedModeEnabled": true });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    for (body, target) in [
        (with(json!({ "supervisedModeEnabled": "yes" })), "supervisedModeEnabled"),
        (with(json!({ "sharedIPadMaximumUserCount": "10" })), "sharedIPadMaximumUserCount"),
        (with(json!({ "sharedIPadMaximumUserCount": 1e99 })), "sharedIPadMaximumUserCount"),
        (with(json!({ "enabledSkipKeys": "Siri" })), "enabledSkipKeys"),
        (with(json!({ "enabledSkipKeys": ["Siri", 5] })), "enabledSkipKeys[1]"),
        (with(json!({ "iTunesPairingMode": "sometimes" })), "iTunesPairingMode"),
        (with(json!({ "displayName": ["x"] })), "displayName"),
        (with(json!({ "displayName": "" })), "displayName"),
        (with(json!({ "supportDepartment": "x".repeat(126) })), "supportDepartment"),
        (json!({ "displayName": "x" }), "@odata.type"),
        (json!({ "@odata.type": "#microsoft.graph.enrollmentProfile", "displayName": "x" }), "@odata.type"),
    ] {
        let reply = world.post(&path, body.clone()).await.expect(400);
        assert_eq!(reply.body["error"]["target"], target, "{body}: {}", reply.text);
    }
    let reply = world
        .call(Method::POST, &path, "{\"displayName\":\"a\",\"displayName\":\"b\"}".into())
        .await
        .expect(400);
    assert!(reply.message().contains("given twice"), "{}", reply.text);
    let reply = world.call(Method::POST, &path, "[1]".into()).await.expect(400);
    assert!(reply.message().contains("object"), "{}", reply.text);
    let reply = world.call(Method::POST, &path, "{".into()).await.expect(400);
    assert!(reply.message().contains("line 1, character 2"), "{}", reply.text);
    assert_eq!(world.get(&format!("{path}/$count")).await.text, "0");
}

/// Shows: R58, R59
#[tokio::test]
async fn serials_are_assigned_by_an_array_and_the_default_is_set_by_its_action() {
    let (world, path) = token().await;
    let id = path.split('/').nth(4).unwrap().to_owned();
    let profile = world.new_profile(&id, "Office").await;
    world.devices(&id, &["AAAA1111", "BBBB2222"], |_, _| {}).await;
    let assign = format!("{path}/{profile}/updateDeviceProfileAssignment");
    let reply = world.post(&assign, json!({ "deviceIds": "AAAA1111" })).await.expect(400);
    assert!(reply.message().starts_with("Invalid ODataActionParameter 'deviceIds'"), "{}", reply.text);
    world.post(&assign, json!({})).await.expect(400);
    world.post(&assign, json!({ "deviceIds": ["aaaa1111"] })).await.expect(204);
    let reply = world.post(&assign, json!({ "deviceIds": ["BBBB2222", "CCCC3333"] })).await.expect(400);
    assert!(reply.message().contains("CCCC3333"), "{}", reply.text);
    let devices =
        world.get(&format!("{D}/{id}/importedAppleDeviceIdentities?$orderby=serialNumber")).await.expect(200);
    assert_eq!(devices.column("requestedEnrollmentProfileId"), [profile.as_str(), profile.as_str()]);
    let reply = world.delete(&format!("{path}/{profile}")).await.expect(409);
    assert_eq!(reply.code(), "ConfirmationRequired");
    world.post(&format!("{path}/{profile}/setDefaultProfile"), json!({})).await.expect(204);
    assert_eq!(world.get(&format!("{path}/{profile}")).await.body["isDefault"], true);
    world.delete(&format!("{path}/{profile}?confirm=true")).await.expect(204);
    world.get(&format!("{path}/{profile}")).await.expect(404);
}

#[tokio::test]
async fn what_lets_devices_in_is_shown_to_nobody_who_only_reads() {
    let (world, path) = token().await;
    let id = path.split('/').nth(4).unwrap().to_owned();
    let profile = world.new_profile(&id, "Office").await;
    let one = format!("{path}/{profile}");
    let plain = world.get(&one).await.body["configurationEndpointUrl"].as_str().unwrap().to_owned();
    assert_eq!(plain, "https://devices.example/t/default/enroll/");
    let asked = format!("{one}?$select=configurationEndpointUrl");
    let whole = world.get(&asked).await.body["configurationEndpointUrl"].as_str().unwrap().to_owned();
    assert!(whole.len() > plain.len() + 20, "{whole}");
    let reader = world.token_with(&[app::application::Role::ServiceConfigRead]).await;
    let bearer = format!("Bearer {reader}");
    let reply = world
        .send(Method::GET, &asked, &[("authorization", bearer.as_str())], String::new())
        .await
        .expect(200);
    assert_eq!(reply.body["configurationEndpointUrl"], plain.as_str());
}

/// Shows: R48
#[tokio::test]
async fn a_host_certificate_is_taken_and_never_given_out_and_survives_being_named_by_its_thumbprint() {
    let (world, path) = token().await;
    let id = path.split('/').nth(4).unwrap().to_owned();
    let key = format!("{D}/{id}/generateEncryptionPublicKey");
    let pem = world.post(&key, json!(null)).await.expect(200).body["value"].as_str().unwrap().to_owned();
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let body = json!({ "@odata.type": IOS, "displayName": "x", "supervisedModeEnabled": true,
        "iTunesPairingMode": "RequiresCertificate", "managementCertificates": [{ "thumbprint": "", "certificate": der }] });
    let made = world.post(&path, body).await.expect(201);
    let hosts = made.body["managementCertificates"].as_array().unwrap().clone();
    assert_eq!(hosts[0]["thumbprint"].as_str().unwrap().len(), 40);
    assert!(!made.text.contains(&der[..60]));
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    world
        .patch(&one, json!({ "managementCertificates": hosts, "description": "sent back" }))
        .await
        .expect(204);
    assert_eq!(world.get(&one).await.body["managementCertificates"], Value::Array(hosts));
}

/// Shows: N34
#[tokio::test]
async fn an_administrators_password_is_taken_and_never_shown() {
    let (world, path) = token().await;
    let body = |password: &str| {
        json!({
            "@odata.type": "#microsoft.graph.depMacOSEnrollmentProfile",
            "displayName": "Office Macs",
            "supervisedModeEnabled": true,
            "adminAccountUserName": "it",
            "adminAccountFullName": "IT",
            "adminAccountPassword": password,
        })
    };
    let reply = world.post(&path, body("two\nlines")).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "adminAccountPassword");
    assert_eq!(world.get(&format!("{path}/$count")).await.text, "0", "nothing is made of what is refused");
    let made = world.post(&path, body("correct horse")).await.expect(201);
    assert_eq!(made.body["adminAccountPassword"], Value::Null);
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    let mut read = world.get(&one).await.expect(200);
    assert!(!read.text.contains("correct horse"));
    // A client sends back all that it read.
    read.body["displayName"] = "Macs".into();
    world.patch(&one, read.body).await.expect(204);
}
