//! `depOnboardingSettings`.

use http::Method;
use serde_json::json;

use super::world::{D, encoded, world};

/// Shows: R6, R19
#[tokio::test]
async fn a_token_is_started_with_consent_gets_a_key_and_is_changed_and_deleted() {
    let world = world().await;
    let body = json!({
        "id": "",
        "@odata.type": "#microsoft.graph.depOnboardingSetting",
        "tokenName": "Head office",
        "appleIdentifier": "",
        "dataSharingConsentGranted": true,
        "tokenType": "dep",
        "syncedDeviceCount": "ignored",
        "somethingElse": { "a": [1] },
        "roleScopeTagIds": ["0"],
    });
    let made = world.post(D, body).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    assert!(!id.contains('_'), "clients split profile ids at the underscore");
    assert_eq!(made.body["tokenType"], "none");
    assert_eq!(made.body["lastSyncTriggeredDateTime"], "0001-01-01T00:00:00Z");
    assert_eq!(made.body["lastSyncErrorCode"], 0);
    let one = format!("{D}/{id}");
    world.get(&format!("{one}/getEncryptionPublicKey()")).await.expect(409);
    let key = world
        .call(Method::POST, &format!("{one}/generateEncryptionPublicKey"), String::new())
        .await
        .expect(200);
    assert!(key.body["value"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(key.body["@odata.context"], format!("{}/beta/$metadata#Edm.String", world.base));
    let again = world.get(&format!("{one}/getEncryptionPublicKey()")).await.expect(200);
    assert_eq!(again.body["value"], key.body["value"]);
    let changed = world.patch(&one, json!({ "tokenName": "Branch", "tokenType": null })).await.expect(200);
    assert_eq!(changed.body["tokenName"], "Branch");
    world
        .call(Method::POST, &format!("{one}/shareForSchoolDataSyncService"), String::new())
        .await
        .expect(204);
    assert_eq!(world.get(&one).await.body["shareTokenWithSchoolDataSyncService"], true);
    world
        .call(Method::POST, &format!("{one}/unshareForSchoolDataSyncService"), "{}".into())
        .await
        .expect(204);
    world.delete(&one).await.expect(204);
    world.get(&one).await.expect(404);
}

/// Shows: R6
#[tokio::test]
async fn without_consent_no_key_leaves_the_house() {
    let world = world().await;
    let made = world.post(D, json!({ "tokenName": "x" })).await.expect(201);
    let path = format!("{D}/{}/generateEncryptionPublicKey", made.body["id"].as_str().unwrap());
    let reply = world.call(Method::POST, &path, "null".into()).await.expect(403);
    assert!(reply.message().contains("R6"), "{}", reply.text);
}

/// Shows: R25
#[tokio::test]
async fn a_token_with_profiles_is_deleted_after_confirmation_only_and_one_with_devices_never() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    world.new_profile(&id, "Office").await;
    let reply = world.delete(&format!("{D}/{id}")).await.expect(409);
    assert_eq!(reply.code(), "ConfirmationRequired");
    world.devices(&id, &["C8TJ500QF1MN"], |_, _| {}).await;
    let reply = world.delete(&format!("{D}/{id}?confirm=true")).await.expect(409);
    assert_eq!(reply.code(), "Conflict");
}

#[tokio::test]
async fn a_file_that_is_no_token_is_refused_with_what_to_do_and_parameters_by_name() {
    let world = world().await;
    let id = world.new_token("Office", false).await;
    let path = format!("{D}/{id}/uploadDepToken");
    let reply = world.post(&path, json!({ "appleId": "a@example.com" })).await.expect(400);
    assert!(reply.message().contains("'depToken'"), "{}", reply.text);
    let reply = world.post(&path, json!({ "depToken": 5 })).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "depToken");
    let reply = world.post(&path, json!({ "depToken": "nonsense" })).await;
    assert!(matches!(reply.status.as_u16(), 400 | 409), "{}", reply.text);
}

/// Shows: R57
#[tokio::test]
async fn a_second_sync_within_fifteen_minutes_is_429_and_says_when() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let path = format!("{D}/{id}/syncWithAppleDeviceEnrollmentProgram");
    world.call(Method::POST, &path, "{}".into()).await.expect(204);
    let again = world.call(Method::POST, &path, String::new()).await.expect(409);
    assert!(again.message().contains("under way"), "{}", again.text);
    world.finish_run(&id).await;
    let again = world.call(Method::POST, &path, String::new()).await.expect(429);
    assert_eq!(again.headers["retry-after"], "900");
    assert_eq!(again.code(), "TooManyRequests");
    world.clock.advance(std::time::Duration::from_secs(900));
    world.call(Method::POST, &path, String::new()).await.expect(204);
    let draft = world.new_token("Draft", false).await;
    let path = format!("{D}/{draft}/syncWithAppleDeviceEnrollmentProgram");
    world.call(Method::POST, &path, String::new()).await.expect(409);
}

#[tokio::test]
async fn default_profiles_profiles_and_serials_come_with_the_token_when_asked_for() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let profile = world.new_profile(&id, "Office").await;
    world.devices(&id, &["AAAA1111", "BBBB2222"], |_, _| {}).await;
    world.get(&format!("{D}/{id}/defaultIosEnrollmentProfile")).await.expect(404);
    world
        .post(&format!("{D}/{id}/enrollmentProfiles/{profile}/setDefaultProfile"), json!({}))
        .await
        .expect(204);
    let one =
        world.get(&format!("{D}/{id}/defaultIosEnrollmentProfile?$select=id,displayName")).await.expect(200);
    assert_eq!(one.body["id"], profile.as_str());
    assert!(one.body.get("isDefault").is_none());
    let expand = "defaultiosenrollmentprofile($select=id),defaultMacOsEnrollmentProfile,enrollmentProfiles,importedAppleDeviceIdentities";
    let list = world.get(&format!("{D}?$expand={expand}")).await.expect(200);
    let row = &list.rows()[0];
    assert_eq!(row["defaultIosEnrollmentProfile"]["id"], profile.as_str());
    assert!(row["defaultIosEnrollmentProfile"].get("displayName").is_none());
    assert!(row["defaultMacOsEnrollmentProfile"].is_null());
    assert_eq!(row["enrollmentProfiles"].as_array().unwrap().len(), 1);
    assert_eq!(row["importedAppleDeviceIdentities"].as_array().unwrap().len(), 2);
    assert_eq!(row["syncedDeviceCount"], 2);
    assert_eq!(row["tokenType"], "dep");
    world.get(&format!("{D}?$expand=nothing")).await.expect(400);
    let plain = world.get(D).await.expect(200);
    assert!(plain.rows()[0].get("enrollmentProfiles").is_none());
}

#[tokio::test]
async fn tokens_are_counted_filtered_and_the_odd_function_answers() {
    let world = world().await;
    for name in ["Zürich", "Basel", "Bern"] {
        world.new_token(name, false).await;
    }
    assert_eq!(world.get(&format!("{D}/$count")).await.expect(200).text, "3");
    let count =
        world.get(&format!("{D}/$count?$filter={}", encoded("startswith(tokenName,'b')"))).await.expect(200);
    assert_eq!(count.text, "2");
    assert!(count.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    let found =
        world.get(&format!("{D}?$filter={}&$orderby=tokenName%20desc", encoded("tokenName ne 'Bern'"))).await;
    assert_eq!(found.expect(200).column("tokenName"), ["Zürich", "Basel"]);
    let found = world.get(&format!("{D}?$search=%22z%C3%BCr%22")).await.expect(200);
    assert_eq!(found.column("tokenName"), ["Zürich"]);
    let path = format!("{D}/getExpiringVppTokenCount(expiringBeforeDateTime='2027-01-01T00:00:00Z')");
    assert_eq!(world.get(&path).await.expect(200).body["value"], 0);
    world.get(&format!("{D}/getExpiringVppTokenCount(expiringBeforeDateTime='soon')")).await.expect(400);
}

/// Shows: R1
#[tokio::test]
async fn a_search_for_dep_finds_ade_and_the_other_way_round() {
    let world = world().await;
    for name in ["Berlin ADE", "Bern Device Enrollment Program", "Jade"] {
        world.new_token(name, false).await;
    }
    for word in ["dep", "ADE", "automated%20device%20enrollment"] {
        let found = world.get(&format!("{D}?$search=%22{word}%22&$orderby=tokenName")).await.expect(200);
        let names = found.column("tokenName");
        assert!(
            names.starts_with(&["Berlin ADE".into(), "Bern Device Enrollment Program".into()]),
            "{names:?}"
        );
    }
}
