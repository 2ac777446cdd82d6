use serde_json::{Value, json};

use crate::client::{Answer, Session, found, rehearsal};

fn serials(page: &Value) -> Vec<&str> {
    page["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| device["serial_number"].as_str().unwrap())
        .collect()
}

/// Fetches everything, and returns the last cursor.
async fn caught_up(session: &Session<'_>) -> String {
    let page = session.post("/server/devices", json!({"limit": 1000})).await.json();
    assert_eq!(page["more_to_follow"], false);
    page["cursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_account_tells_more_to_protocol_version_three() {
    let rehearsal = rehearsal().await;
    let mut session = rehearsal.session().await;
    let account = session.get("/account").await.json();
    assert_eq!(account["server_uuid"], rehearsal.server.as_str());
    assert_eq!(account["admin_id"], "ann@example.com");
    assert_eq!((&account["org_type"], &account["org_version"]), (&json!("org"), &json!("v1")));
    let urls = account["urls"].as_array().unwrap();
    let fetch = urls.iter().find(|url| url["uri"] == "/server/devices").unwrap();
    assert_eq!(fetch["limit"], json!({"default": 100, "maximum": 1000}));
    session.version = 2;
    let account = session.get("/account").await.json();
    assert_eq!((&account["org_type"], &account["urls"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_school_is_edu_and_v2() {
    let mut rehearsal = rehearsal().await;
    rehearsal.org = found(&rehearsal.practice, &rehearsal.http, "school").await;
    let r = &rehearsal;
    let server = crate::client::add_server(&r.practice, &r.http, &r.org, &r.key).await;
    let token = crate::client::download(&r.practice, &r.http, &r.org, &server, &r.key).await;
    rehearsal.token = token;
    let account = rehearsal.session().await.get("/account").await.json();
    assert_eq!((&account["org_type"], &account["org_version"]), (&json!("edu"), &json!("v2")));
}

#[tokio::test]
async fn a_fetch_comes_in_pages_and_ends_exhausted() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 5).await;
    let session = rehearsal.session().await;
    let first = session.post("/server/devices", json!({"limit": 3})).await.json();
    assert_eq!((&first["more_to_follow"], serials(&first).len()), (&json!(true), 3));
    let body = json!({"cursor": first["cursor"], "limit": 3});
    let last = session.post("/server/devices", body).await.json();
    assert_eq!(last["more_to_follow"], false);
    assert_eq!([serials(&first), serials(&last)].concat(), bought);
    let done = session.post("/server/devices", json!({"cursor": last["cursor"]})).await;
    assert_eq!(done.words(), (400, "EXHAUSTED_CURSOR"));
    let sync = session.post("/devices/sync", json!({"cursor": last["cursor"]})).await;
    assert_eq!(sync.json()["devices"], json!([]));
}

#[tokio::test]
async fn a_page_without_limit_holds_a_hundred() {
    let rehearsal = rehearsal().await;
    rehearsal.stock("iPad", 101).await;
    let page = rehearsal.session().await.post("/server/devices", json!({})).await.json();
    assert_eq!((serials(&page).len(), &page["more_to_follow"]), (100, &json!(true)));
}

#[tokio::test]
async fn cursors_have_their_words() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let cursor = caught_up(&session).await;
    let sync = async |body: Value| session.post("/devices/sync", body).await;
    assert_eq!(sync(json!({})).await.words(), (400, "CURSOR_REQUIRED"));
    assert_eq!(sync(json!({"cursor": ""})).await.words(), (400, "CURSOR_REQUIRED"));
    assert_eq!(sync(json!({"cursor": "bm9uZQ=="})).await.words(), (400, "INVALID_CURSOR"));
    let fetch = session.post("/server/devices", json!({"cursor": "bm9uZQ=="})).await;
    assert_eq!(fetch.words(), (400, "INVALID_CURSOR"));
    rehearsal.advance(7 * 86_400 + 1);
    let session = rehearsal.session().await;
    let expired = session.post("/devices/sync", json!({"cursor": cursor})).await;
    assert_eq!(expired.words(), (400, "EXPIRED_CURSOR"));
}

#[tokio::test]
async fn sync_tells_of_added_modified_and_deleted_in_order() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let cursor = caught_up(&session).await;
    let bought = rehearsal.stock("iPad", 1).await;
    let uuid = session.define().await;
    session.call("PUT", "/profile/devices", json!({"profile_uuid": uuid, "devices": bought})).await;
    rehearsal.org("POST", "/assign", json!({"serials": bought, "server": null})).await;
    let page = session.post("/devices/sync", json!({"cursor": cursor})).await.json();
    let told = page["devices"].as_array().unwrap();
    let kinds: Vec<_> = told.iter().map(|event| event["op_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["added", "modified", "deleted"]);
    assert_eq!(told[1]["profile_uuid"], uuid.as_str());
    assert_eq!(told[1]["profile_status"], "assigned");
    assert_eq!(told[0]["op_date"], "2026-05-09T02:30:00Z");
    assert!(told.iter().all(|event| event["serial_number"] == bought[0].as_str()));
}

#[tokio::test]
async fn fields_come_with_the_protocol_version_that_brought_them() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let deadline = json!({"serials": bought, "deadline": "2026-06-01T00:00:00Z"});
    assert_eq!(rehearsal.org("PUT", "/migration", deadline).await.status, 204);
    let mut session = rehearsal.session().await;
    let since = [
        (2, "device_family"),
        (2, "os"),
        (8, "mdm_migration_deadline"),
        (10, "wifi_mac_address"),
        (10, "is_replacement_device"),
    ];
    for version in 1..=10 {
        session.version = version;
        let page = session.post("/server/devices", json!({})).await.json();
        let device = &page["devices"][0];
        for (since, field) in since {
            assert_eq!(device.get(field).is_some(), version >= since, "{field} in version {version}");
        }
        if version >= 2 {
            assert_eq!(device["os"], if version >= 7 { "iPadOS" } else { "iOS" });
        }
    }
}

#[tokio::test]
async fn without_a_version_header_it_is_version_one() {
    let rehearsal = rehearsal().await;
    rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let url = format!("{}/server/devices", rehearsal.practice.ade_url);
    let request = rehearsal.http.post(url).header("x-adm-auth-session", &session.token).json(&json!({}));
    let page = Answer::of(request).await.json();
    assert_eq!(page["devices"][0].get("os"), None);
}

#[tokio::test]
async fn families_have_their_systems_and_an_iphone_its_imei() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    for (family, os) in
        [("iPhone", "iOS"), ("iPad", "iPadOS"), ("Mac", "OSX"), ("AppleTV", "tvOS"), ("Vision", "visionOS")]
    {
        let bought = rehearsal.stock(family, 1).await;
        let details = session.post("/devices", json!({"devices": bought})).await.json();
        let device = &details["devices"][&bought[0]];
        assert_eq!((&device["os"], &device["device_family"]), (&json!(os), &json!(family)));
        assert_eq!(device.get("imei").is_some(), family == "iPhone");
    }
}

#[tokio::test]
async fn details_tell_which_devices_are_not_ours() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("Mac", 1).await;
    let session = rehearsal.session().await;
    let body = json!({"devices": [bought[0], "NOTMINE0000"]});
    let details = session.post("/devices", body).await.json();
    assert_eq!(details["devices"][&bought[0]]["response_status"], "SUCCESS");
    assert_eq!(details["devices"]["NOTMINE0000"]["response_status"], "NOT_ACCESSIBLE");
    let none = session.post("/devices", json!({"devices": []})).await;
    assert_eq!(none.words(), (400, "DEVICE_ID_REQUIRED"));
}

#[tokio::test]
async fn a_disowned_device_is_gone() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let disown = async || session.post("/devices/disown", json!({"devices": bought})).await.json();
    assert_eq!(disown().await["devices"][&bought[0]], "SUCCESS");
    assert_eq!(disown().await["devices"][&bought[0]], "NOT_ACCESSIBLE");
    let none = session.post("/devices/disown", json!({"devices": []})).await;
    assert_eq!(none.words(), (400, "DEVICE_ID_REQUIRED"));
}

#[tokio::test]
async fn activation_lock_answers_by_device() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let lock = async |body: Value| session.post("/device/activationlock", body).await;
    let bad = lock(json!({"device": bought[0], "escrow_key": "zz"})).await;
    assert_eq!(bad.words(), (400, "MALFORMED_REQUEST_BODY"));
    assert_eq!(lock(json!({})).await.words(), (400, "MALFORMED_REQUEST_BODY"));
    let body = json!({"device": bought[0], "escrow_key": "6A".repeat(32), "lost_message": "call us"});
    assert_eq!(
        lock(body.clone()).await.json(),
        json!({"serial_number": bought[0], "response_status": "SUCCESS"})
    );
    assert_eq!(lock(body).await.json()["response_status"], "DEVICE_ALREADY_LOCKED");
    assert_eq!(lock(json!({"device": "NOTMINE0000"})).await.json()["response_status"], "NOT_ACCESSIBLE");
}

#[tokio::test]
async fn a_replacement_names_its_original() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let cursor = caught_up(&session).await;
    let path = format!("/devices/{}/replace", bought[0]);
    let fresh =
        rehearsal.org("POST", &path, json!({})).await.json()["serials"][0].as_str().unwrap().to_owned();
    let page = session.post("/devices/sync", json!({"cursor": cursor})).await.json();
    assert_eq!(page["devices"][0]["released_by_replacement"], true);
    assert_eq!(page["devices"][1]["is_replacement_device"], true);
    let details = session.get(&format!("/device/replacementDetails?device={fresh}")).await.json();
    let expected = json!({
        "serial_number": fresh,
        "original_device_serial_number": bought[0],
        "replacement_date": "2026-05-09",
    });
    assert_eq!(details, expected);
    let none = session.get("/device/replacementDetails").await;
    assert_eq!(none.words(), (400, "DEVICE_ID_REQUIRED"));
    let unknown = session.get("/device/replacementDetails?device=NOTMINE0000").await;
    assert_eq!(unknown.words(), (404, "DEVICE_NOT_FOUND"));
}

#[tokio::test]
async fn account_driven_enrolment_keeps_one_url() {
    const PATH: &str = "/account-driven-enrollment/profile";
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    assert_eq!(session.get(PATH).await.words(), (404, "NOT_FOUND"));
    let missing = session.post(PATH, json!({})).await;
    assert_eq!(missing.words(), (400, "MDM_SERVICE_DISCOVERY_URL_REQUIRED"));
    let invalid = session.post(PATH, json!({"mdm_service_discovery_url": "http://x"})).await;
    assert_eq!(invalid.words(), (400, "MDM_SERVICE_DISCOVERY_URL_NOT_VALID"));
    let url = "https://mdm.example.com/MDMServiceConfig";
    assert_eq!(session.post(PATH, json!({"mdm_service_discovery_url": url})).await.status, 200);
    let kept = session.get(PATH).await.json();
    assert_eq!(kept["mdm_service_discovery_url"], url);
    assert_eq!(kept["last_updated_timestamp"], "2026-05-09T02:30:00Z");
    assert_eq!(session.call("DELETE", PATH, json!(null)).await.status, 200);
    assert_eq!(session.get(PATH).await.status, 404);
    rehearsal.org("PUT", "/services", json!({"accountDriven": false})).await;
    assert_eq!(session.get(PATH).await.words(), (400, "ORG_NOT_SUPPORTED"));
}

#[tokio::test]
async fn beta_tokens_need_apple_seed() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let tokens = session.get("/os-beta-enrollment/tokens").await.json();
    assert_eq!(tokens["betaEnrollmentTokens"][0]["os"], "iOS");
    rehearsal.org("PUT", "/services", json!({"appleSeed": false})).await;
    let off = session.get("/os-beta-enrollment/tokens").await;
    assert_eq!(off.words(), (403, "APPLE_SEED_FOR_IT_TURNED_OFF"));
}

#[tokio::test]
async fn no_body_of_any_kind_is_more_than_malformed() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    for path in
        ["/server/devices", "/devices/sync", "/devices", "/devices/disown", "/profile", "/profile/devices"]
    {
        for body in
            ["", "{", "[]x", "\"\"", "{\"devices\": 7, \"cursor\": []}", "\u{0}", &"[".repeat(100_000)]
        {
            let answer = Answer::of(session.request("POST", path).body(body.to_owned())).await;
            assert_eq!(answer.words(), (400, "MALFORMED_REQUEST_BODY"), "{path}");
        }
        let huge = "x".repeat(1024 * 1024 + 1);
        assert_eq!(Answer::of(session.request("POST", path).body(huge)).await.status, 413);
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_a_wrong_path_404() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    assert_eq!(session.get("/devices/sync").await.status, 405);
    assert_eq!(session.get("/nothing").await.status, 404);
}
