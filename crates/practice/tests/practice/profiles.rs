use serde_json::{Value, json};

use crate::client::{good_profile, rehearsal};

fn with(key: &str, value: Value) -> Value {
    let mut profile = good_profile();
    profile[key] = value;
    profile
}

#[tokio::test]
async fn a_profile_is_defined_read_back_and_never_changes() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let uuid = session.define().await;
    assert!(uuid.len() == 32 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let mut expected = with("profile_uuid", json!(uuid));
    expected.as_object_mut().unwrap().remove("devices");
    let path = format!("/profile?profile_uuid={uuid}");
    assert_eq!(session.get(&path).await.json(), expected);
    assert_ne!(session.define().await, uuid, "defining the same again makes another");
}

#[tokio::test]
async fn reading_a_profile_has_its_words() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    assert_eq!(session.get("/profile").await.words(), (400, "PROFILE_UUID_REQUIRED"));
    assert_eq!(session.get("/profile?profile_uuid=no").await.words(), (400, "NOT_FOUND"));
}

#[tokio::test]
async fn a_profile_that_breaks_a_rule_is_refused_with_apples_word() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let cases = [
        (with("profile_name", json!("")), "CONFIG_NAME_INVALID"),
        (with("profile_name", Value::Null), "CONFIG_NAME_REQUIRED"),
        (with("url", Value::Null), "CONFIG_URL_REQUIRED"),
        (with("url", json!("http://mdm.example.com")), "CONFIG_URL_INVALID"),
        (with("is_supervised", json!(false)), "FLAGS_INVALID"),
        (with("language", json!("xxxx")), "LOCALE_INVALID"),
        (with("department", json!("")), "DEPARTMENT_INVALID"),
        (with("support_phone_number", json!("")), "SUPPORT_PHONE_INVALID"),
        (with("support_email_address", json!("")), "SUPPORT_EMAIL_INVALID"),
        (with("org_magic", json!("")), "MAGIC_INVALID"),
        (with("is_supervised", json!("yes")), "MALFORMED_REQUEST_BODY"),
    ];
    for (profile, word) in cases {
        assert_eq!(session.post("/profile", profile).await.words(), (400, word));
    }
}

#[tokio::test]
async fn profiles_are_assigned_by_post_as_by_put() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let uuid = session.define().await;
    let body = json!({"profile_uuid": uuid, "devices": [bought[0], "NOTMINE0000"]});
    let expected = json!({
        "profile_uuid": uuid,
        "devices": {&bought[0]: "SUCCESS", "NOTMINE0000": "NOT_ACCESSIBLE"},
    });
    for method in ["PUT", "POST"] {
        assert_eq!(session.call(method, "/profile/devices", body.clone()).await.json(), expected);
    }
}

#[tokio::test]
async fn assigning_has_its_words() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let uuid = session.define().await;
    let put = async |body: Value| session.call("PUT", "/profile/devices", body).await;
    let no_devices = put(json!({"profile_uuid": uuid, "devices": []})).await;
    assert_eq!(no_devices.words(), (400, "DEVICE_ID_REQUIRED"));
    let no_profile = put(json!({"devices": ["X"]})).await;
    assert_eq!(no_profile.words(), (400, "PROFILE_UUID_REQUIRED"));
    let unknown = put(json!({"profile_uuid": "no", "devices": ["X"]})).await;
    assert_eq!(unknown.words(), (404, "NOT_FOUND"));
    let serials: Vec<String> = (0..1_001).map(|number| format!("S{number:09}")).collect();
    let too_many = put(json!({"profile_uuid": uuid, "devices": serials})).await;
    assert_eq!(too_many.words(), (400, "MALFORMED_REQUEST_BODY"));
    let none = session.call("DELETE", "/profile/devices", json!({"devices": []})).await;
    assert_eq!(none.words(), (400, "DEVICE_ID_REQUIRED"));
}

#[tokio::test]
async fn throttling_is_told_by_the_protocol_version() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let mut session = rehearsal.session().await;
    let uuid = session.define().await;
    let body = json!({"profile_uuid": uuid, "devices": bought});
    for _ in 0..5 {
        let answer = session.call("PUT", "/profile/devices", body.clone()).await.json();
        assert_eq!(
            (&answer["devices"][&bought[0]], answer.get("retry_after_seconds")),
            (&json!("SUCCESS"), None)
        );
    }
    for (version, word, retry) in
        [(8, "FAILED", None), (9, "THROTTLED", None), (10, "THROTTLED", Some(&json!(86_400)))]
    {
        session.version = version;
        let answer = session.call("PUT", "/profile/devices", body.clone()).await.json();
        assert_eq!(answer["devices"][&bought[0]], word);
        assert_eq!(answer.get("retry_after_seconds"), retry);
    }
}

#[tokio::test]
async fn a_profile_taken_off_leaves_an_empty_status() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let uuid = session.define().await;
    session.call("PUT", "/profile/devices", json!({"profile_uuid": uuid, "devices": bought})).await;
    let removed = session.call("DELETE", "/profile/devices", json!({"devices": bought})).await.json();
    assert_eq!(removed, json!({"devices": {&bought[0]: "SUCCESS"}}));
    let details = session.post("/devices", json!({"devices": bought})).await.json();
    assert_eq!(details["devices"][&bought[0]]["profile_status"], "empty");
    assert_eq!(details["devices"][&bought[0]].get("profile_uuid"), None);
}
