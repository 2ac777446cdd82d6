use pki::key::{EcKey, RsaKey, SigningKey};
use pki::smime::ServerToken;
use pki::x509::{Certificate, CertificateRequest, IssuePolicy, Name, Usage, Validity, self_signed};
use serde_json::json;

use crate::client::{Answer, KEY, START, add_server, found, public_key, rehearsal};

#[tokio::test]
async fn the_token_file_is_named_and_shaped_as_apples_and_only_the_uploaded_key_opens_it() {
    let rehearsal = rehearsal().await;
    let path = format!("/servers/{}/token", rehearsal.server);
    let file = rehearsal.org("POST", &path, json!({})).await;
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"MDM-of-Works_Token_2026-05-09T02-30-00Z_smime.p7m\"");
    let lines: Vec<&str> = file.text.lines().take(5).collect();
    assert!(lines[0].starts_with("Content-Type: application/pkcs7-mime"));
    assert_eq!(lines[4], "");
    let token = ServerToken::read(file.text.as_bytes(), &rehearsal.key).unwrap();
    assert_eq!(token.access_token_expiry, "2027-05-09T02:30:00Z");
    let other = RsaKey::generate().unwrap();
    assert!(ServerToken::read(file.text.as_bytes(), &other).is_err());
}

#[tokio::test]
async fn a_replaced_public_key_seals_the_next_token() {
    let rehearsal = rehearsal().await;
    let fresh = RsaKey::generate().unwrap();
    let path = format!("/servers/{}", rehearsal.server);
    let body = json!({"name": "Renamed", "publicKey": public_key(&fresh)});
    assert_eq!(rehearsal.org("PUT", &path, body).await.json()["name"], "Renamed");
    let file = rehearsal.org("POST", &format!("{path}/token"), json!({})).await;
    assert!(ServerToken::read(file.text.as_bytes(), &fresh).is_ok());
    let bad = rehearsal.org("PUT", &path, json!({"publicKey": "no certificate"})).await;
    assert_eq!(bad.status, 400);
    let policy = IssuePolicy::new(Name::of("MDM"), Validity::days(START, 1), Usage::ServerToken);
    let ec = self_signed(&EcKey::generate().unwrap().into(), &policy).unwrap().to_pem();
    let refused = rehearsal.org("PUT", &path, json!({"publicKey": ec})).await;
    assert_eq!(refused.json()["error"], "failed to use the public key: token files need an RSA key");
}

#[tokio::test]
async fn devices_are_assigned_by_serial_number_order_and_csv() {
    let rehearsal = rehearsal().await;
    let buy = json!({"family": "iPad", "count": 3, "number": "W77"});
    let bought = rehearsal.org("POST", "/orders", buy).await.json();
    assert_eq!(bought["order"], "W77");
    let by_order = json!({"order": "W77", "server": rehearsal.server});
    let done = rehearsal.org("POST", "/assign", by_order).await.json();
    assert_eq!(done["done"], bought["serials"]);
    let csv = format!("Serial Number\r\n{}\r\nNOTMINE0000\r\n!!\r\n", bought["serials"][0].as_str().unwrap());
    let done = rehearsal.org("POST", "/assign", json!({"csv": csv, "server": null})).await.json();
    assert_eq!(done, json!({"done": [bought["serials"][0]], "unknown": ["NOTMINE0000", "!!"]}));
    let unassigned = rehearsal.org("GET", "/devices?server=none", json!(null)).await.json();
    assert_eq!(unassigned.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_device_shows_its_assignment_history() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("Mac", 1).await;
    rehearsal.org("POST", "/release", json!({"serials": bought, "by": "bob@example.com"})).await;
    let gone = rehearsal.org("GET", &format!("/devices/{}", bought[0]), json!(null)).await;
    assert_eq!(gone.status, 404, "a released device is no longer the organisation's");
    let back = json!({"family": "Mac", "serial": bought[0]});
    assert_eq!(rehearsal.org("POST", "/configurator", back).await.status, 200);
    let device = rehearsal.org("GET", &format!("/devices/{}", bought[0]), json!(null)).await.json();
    let history = device["history"].as_array().unwrap();
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["bought", "assigned", "unassigned", "released", "addedByConfigurator"]);
    assert_eq!(history[3]["by"], "bob@example.com");
    assert_eq!(device["provisionalUntil"], "2026-06-08T02:30:00Z");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 5).await;
    let first = rehearsal.org("GET", "/devices?limit=3", json!(null)).await.json();
    let after = first[2]["serial"].as_str().unwrap();
    let rest = rehearsal.org("GET", &format!("/devices?limit=3&after={after}"), json!(null)).await.json();
    assert_eq!(
        (first[0]["serial"].as_str(), rest[1]["serial"].as_str()),
        (Some(&*bought[0]), Some(&*bought[4]))
    );
    let orgs = rehearsal.portal("GET", "/orgs", &json!(null)).await.json();
    assert_eq!((&orgs[0]["devices"], &orgs[0]["servers"][0]["devices"]), (&json!(5), &json!(5)));
}

#[tokio::test]
async fn one_organisation_cannot_touch_anothers_servers_and_devices() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let other = found(&rehearsal.practice, &rehearsal.http, "business").await;
    let foreign = add_server(&rehearsal.practice, &rehearsal.http, &other, &rehearsal.key).await;
    let onto = json!({"serials": bought, "server": foreign});
    assert_eq!(rehearsal.org("POST", "/assign", onto.clone()).await.status, 404);
    let as_other = rehearsal.portal("POST", &format!("/orgs/{other}/assign"), &onto).await;
    assert_eq!(as_other.json(), json!({"done": [], "unknown": bought}));
}

#[tokio::test]
async fn a_default_server_takes_new_devices_of_its_family() {
    let rehearsal = rehearsal().await;
    let set = json!({"family": "Vision", "server": rehearsal.server});
    assert_eq!(rehearsal.org("PUT", "/defaults", set).await.status, 204);
    rehearsal.org("POST", "/orders", json!({"family": "Vision"})).await;
    let devices = rehearsal.org("GET", "/devices", json!(null)).await.json();
    assert_eq!(devices[0]["server"], rehearsal.server.as_str());
}

#[tokio::test]
async fn the_portal_says_in_words_what_it_refuses() {
    let rehearsal = rehearsal().await;
    let cases = [
        (
            "/orders",
            json!({"family": "iPad", "count": 100_001}),
            400,
            "failed to take more than 100000 at once",
        ),
        ("/orders", json!({"family": "iPad", "model": "none"}), 400, "failed to find such a product"),
        ("/devices/NOSUCH0000/replace", json!({}), 404, "failed to find the device NOSUCH0000"),
    ];
    for (path, body, status, words) in cases {
        let answer = rehearsal.org("POST", path, body).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(words)));
    }
    let unknown = rehearsal.portal("GET", "/orgs/none", &json!(null)).await;
    assert_eq!(unknown.json()["error"], "failed to find the organisation");
}

#[tokio::test]
async fn the_portal_hands_out_push_certificates() {
    let rehearsal = rehearsal().await;
    let key = SigningKey::from(KEY.clone());
    let csr = CertificateRequest::create(&key, &Name::of("push"), None).unwrap().to_pem();
    let url = format!("{}?appleAccount=it@example.com", rehearsal.practice.pushcert_url);
    let made = Answer::of(rehearsal.http.post(&url).body(csr.clone())).await;
    let topic = Certificate::from_pem(&made.text).unwrap().user_id().unwrap();
    assert_eq!(made.headers["x-topic"], topic.as_str());
    let renewed = Answer::of(rehearsal.http.post(format!("{url}&renew={topic}")).body(csr.clone())).await;
    assert_eq!(Certificate::from_pem(&renewed.text).unwrap().user_id().unwrap(), topic);
    let foreign = format!("{}?appleAccount=x@example.com&renew={topic}", rehearsal.practice.pushcert_url);
    assert_eq!(Answer::of(rehearsal.http.post(foreign).body(csr)).await.status, 400);
}

#[tokio::test]
async fn a_token_is_downloaded_in_the_process_too() {
    let rehearsal = rehearsal().await;
    let server = rehearsal.practice.world().model().find_server(&rehearsal.server).unwrap();
    let file = rehearsal.practice.download_token(server, "bob@example.com").unwrap();
    let token = ServerToken::read(&file, &rehearsal.key).unwrap();
    assert_eq!(rehearsal.ask_session(&token, START, "n").await.status, 200);
}
