use mdm::guard::{Dictionary, Fields, Value, parse_dictionary, write_xml};
use pki::key::{EcKey, RsaKey, SigningKey};
use pki::x509::{Certificate, CertificateRequest, Name, verify_issued_by};
use serde_json::json;

use crate::client::{Answer, Rehearsal, good_profile, rehearsal};

async fn ask(rehearsal: &Rehearsal, path: &str, serial: &str, more: &[(&str, Value)]) -> Answer {
    let mut body = Dictionary::new();
    body.insert("SerialNumber".into(), Value::String(serial.into()));
    for (key, value) in more {
        body.insert((*key).into(), value.clone());
    }
    let xml = write_xml(&Value::Dictionary(body)).unwrap();
    let url = format!("{}{path}", rehearsal.practice.activation_url);
    Answer::of(rehearsal.http.post(url).body(xml)).await
}

fn plist(answer: &Answer) -> Dictionary {
    parse_dictionary(answer.text.as_bytes(), 1 << 20).unwrap()
}

async fn assigned(rehearsal: &Rehearsal, profile: serde_json::Value) -> String {
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let uuid = session.post("/profile", profile).await.json()["profile_uuid"].clone();
    session.call("PUT", "/profile/devices", json!({"profile_uuid": uuid, "devices": bought})).await;
    bought[0].clone()
}

#[tokio::test]
async fn a_device_gets_its_profile_in_the_words_of_devices() {
    let rehearsal = rehearsal().await;
    let mut profile = good_profile();
    profile["department"] = json!("Sales");
    profile["language"] = json!("de");
    let serial = assigned(&rehearsal, profile).await;
    let cloud = plist(&ask(&rehearsal, "", &serial, &[]).await);
    let fields = Fields(&cloud);
    assert_eq!(fields.peek("ConfigurationURL"), Some("https://mdm.example.com/ade/enroll/abc"));
    assert_eq!(fields.peek("OrganizationName"), Some("Example Works"));
    assert_eq!(fields.peek("OrganizationDepartment"), Some("Sales"));
    assert_eq!(fields.peek("OrganizationMagic"), Some("muster"));
    assert_eq!(fields.peek("Language"), Some("de"));
    assert_eq!(fields.peek("Region"), None);
    for (key, expected) in [
        ("IsSupervised", true),
        ("IsMDMUnremovable", true),
        ("AwaitDeviceConfigured", true),
        ("AllowPairing", true),
        ("IsMandatory", false),
        ("IsMultiUser", false),
    ] {
        assert_eq!(fields.opt_flag(key), Some(expected), "{key}");
    }
    let skipped: Vec<_> = fields.items("SkipSetup").iter().filter_map(Value::as_string).collect();
    assert_eq!(skipped, ["AppleID", "Siri"]);
}

#[tokio::test]
async fn activating_shows_as_pushed_and_an_erased_device_takes_the_new_profile() {
    let rehearsal = rehearsal().await;
    let serial = assigned(&rehearsal, good_profile()).await;
    let session = rehearsal.session().await;
    ask(&rehearsal, "", &serial, &[]).await;
    let detail = session.post("/devices", json!({"devices": [serial]})).await.json();
    assert_eq!(detail["devices"][&serial]["profile_status"], "pushed");
    assert_eq!(detail["devices"][&serial]["profile_push_time"], "2026-05-09T02:30:00Z");
    let mut second = good_profile();
    second["url"] = json!("https://mdm.example.com/second");
    second["devices"] = json!([serial]);
    let defined = session.post("/profile", second).await.json();
    assert_eq!(defined["devices"][&serial], "SUCCESS");
    let kept = plist(&ask(&rehearsal, "", &serial, &[]).await);
    assert!(Fields(&kept).peek("ConfigurationURL").unwrap().ends_with("abc"));
    assert_eq!(ask(&rehearsal, "/erased", &serial, &[]).await.status, 204);
    let taken = plist(&ask(&rehearsal, "", &serial, &[]).await);
    assert!(Fields(&taken).peek("ConfigurationURL").unwrap().ends_with("second"));
}

#[tokio::test]
async fn an_unmanaged_device_gets_nothing_and_an_unknown_one_is_not_found() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    assert_eq!(ask(&rehearsal, "", &bought[0], &[]).await.status, 204);
    assert_eq!(ask(&rehearsal, "", "NOSUCH0000", &[]).await.status, 404);
    assert_eq!(ask(&rehearsal, "/erased", "NOSUCH0000", &[]).await.status, 404);
    assert_eq!(ask(&rehearsal, "/migrated", &bought[0], &[]).await.status, 409);
}

#[tokio::test]
async fn the_device_authority_signs_a_devices_key_and_is_long_expired_as_apples() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let key = SigningKey::from(EcKey::generate().unwrap());
    let csr = CertificateRequest::create(&key, &Name::of(&bought[0]), None).unwrap();
    let request = [("DeviceCertRequest", Value::Data(csr.der().to_vec()))];
    let answer = plist(&ask(&rehearsal, "/identity", &bought[0], &request).await);
    let leaf = Certificate::from_der(&Fields(&answer).data("DeviceCertificate", 1 << 16).unwrap()).unwrap();
    let anchor = Certificate::from_der(&rehearsal.practice.device_ca_der).unwrap();
    verify_issued_by(&leaf, &[], &anchor).unwrap();
    assert_eq!(leaf.public_key(), key.public_key());
    assert!(
        leaf.common_name().is_some_and(|name| !name.contains(&bought[0])),
        "no serial number in the subject"
    );
    assert!(!anchor.is_valid_at(crate::client::START));
    assert_eq!(anchor.common_name().as_deref(), Some("Practice Apple iPhone Device CA"));
    let chain = Fields(&answer).items("DeviceCertificateChain");
    assert_eq!(chain[0].as_data(), Some(&*rehearsal.practice.device_ca_der));
    let root = Certificate::from_der(chain[1].as_data().unwrap()).unwrap();
    anchor.verify_signature(root.public_key()).unwrap();
    let stranger = ask(&rehearsal, "/identity", "NOSUCH0000", &request).await;
    assert_eq!(stranger.status, 404);
}

#[tokio::test]
async fn the_same_is_to_be_had_in_the_process() {
    let rehearsal = rehearsal().await;
    let key = SigningKey::from(RsaKey::generate().unwrap());
    let identity = rehearsal.practice.issue_device_identity(key.public_key()).unwrap();
    let leaf = Certificate::from_der(&identity.certificate).unwrap();
    let anchor = Certificate::from_der(&rehearsal.practice.device_ca_der).unwrap();
    verify_issued_by(&leaf, &[], &anchor).unwrap();
}

#[tokio::test]
async fn hostile_bodies_are_bad_requests() {
    let rehearsal = rehearsal().await;
    let url = &rehearsal.practice.activation_url;
    let deep = format!("<plist version=\"1.0\">{}</plist>", "<array>".repeat(5_000));
    for body in
        ["", "bplist00", "<plist><dict/></plist>", deep.as_str(), "<!DOCTYPE x [<!ENTITY e 'x'>]><plist/>"]
    {
        assert_eq!(Answer::of(rehearsal.http.post(url).body(body.to_owned())).await.status, 400);
    }
}
