use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use domain::device::{EnrollmentState, Presence};
use domain::profile::ProfileSettings;
use http::{Request, StatusCode};
use mdm::guard::Value;
use pki::cms::Signer;
use pki::x509::{IssuePolicy, Name, Usage, Validity, self_signed};

use super::pretend::{House, Pad, SECRET, START, TOPIC, authority, key, payload};

fn refused_as_unrecognised(heard: &super::pretend::Heard) {
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert_eq!(heard.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!(body["code"], "com.apple.unrecognized.device");
}

#[tokio::test]
async fn a_device_of_ours_is_given_a_signed_profile_with_everything_it_needs() {
    let house = House::ready(ProfileSettings::default()).await;
    let profile = house.profile(&house.enroll(Pad::new().signed_by(&house.devices)).await).await;
    let mdm = payload(&profile, "com.apple.mdm");
    assert_eq!(mdm["Topic"].as_string(), Some(TOPIC));
    assert_eq!(mdm["ServerURL"].as_string(), Some("https://mdm.test/t/default/mdm"));
    assert_eq!(mdm["AccessRights"].as_signed_integer(), Some(8191));
    assert_eq!(mdm["SignMessage"].as_boolean(), Some(true));
    assert_eq!(mdm["CheckOutWhenRemoved"].as_boolean(), Some(true));
    assert_eq!(
        mdm["ServerCapabilities"].as_array().unwrap().as_slice(),
        [Value::from("com.apple.mdm.token")]
    );
    let scep = payload(&profile, "com.apple.security.scep");
    assert_eq!(mdm["IdentityCertificateUUID"], scep["PayloadUUID"]);
    let root = payload(&profile, "com.apple.security.root");
    assert_eq!(root["PayloadContent"].as_data(), Some(house.ca().await.der()));
}

/// Shows: R45
#[tokio::test]
async fn a_shared_ipad_gets_a_channel_for_each_user() {
    let settings = ProfileSettings { enable_shared_ipad: true, ..ProfileSettings::default() };
    let house = House::ready(settings).await;
    let profile = house.profile(&house.enroll(Pad::new().signed_by(&house.devices)).await).await;
    let capabilities = payload(&profile, "com.apple.mdm")["ServerCapabilities"].as_array().unwrap().clone();
    assert_eq!(capabilities, ["com.apple.mdm.per-user-connections", "com.apple.mdm.token"].map(Value::from));
}

#[tokio::test]
async fn the_web_variant_is_checked_in_the_same_way() {
    let house = House::ready(ProfileSettings::default()).await;
    let signed = Pad::new().signed_by(&house.devices);
    let path = format!("/t/default/enroll/{SECRET}");
    let get = |value: Option<String>| {
        let request = Request::get(&path);
        let request = match value {
            Some(value) => request.header("x-apple-aspen-deviceinfo", value),
            None => request,
        };
        house.send(request.body(axum::body::Body::empty()).unwrap())
    };
    assert_eq!(get(Some(STANDARD.encode(&signed))).await.status, StatusCode::OK);
    assert_eq!(get(Some(URL_SAFE.encode(&signed))).await.status, StatusCode::OK);
    refused_as_unrecognised(&get(Some("nonsense".into())).await);
    refused_as_unrecognised(&get(None).await);
}

/// Refuses: B
/// Who signed, and nobody else.
#[tokio::test]
async fn machine_info_that_no_apple_device_signed_is_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let pad = Pad::new();
    refused_as_unrecognised(&house.enroll(pad.signed_by(&authority("Another CA", 1))).await);
    refused_as_unrecognised(&house.enroll(pad.signed_by(&authority("Pretend Device CA", 1))).await);
    let own = IssuePolicy::new(Name::of("device"), Validity::days(START, 9), Usage::ClientIdentity);
    let own = self_signed(&key(1).into(), &own).unwrap();
    let by_itself = Signer::new(key(1).into(), own).unwrap().sign_attached(&pad.machine_info()).unwrap();
    refused_as_unrecognised(&house.enroll(by_itself).await);
    refused_as_unrecognised(&house.enroll(pad.machine_info()).await);
    refused_as_unrecognised(&house.enroll(Vec::new()).await);
}

/// Refuses: C
/// What was signed, and nothing else.
#[tokio::test]
async fn machine_info_that_was_changed_after_signing_is_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let signed = Pad::other().signed_by(&house.devices);
    let at = signed.windows(9).position(|w| w == b"C02OTHER2").unwrap();
    let mut changed = signed.clone();
    changed[at..at + 9].copy_from_slice(b"C02PRETEN");
    refused_as_unrecognised(&house.enroll(changed).await);
    assert_eq!(house.enroll(signed).await.status, StatusCode::OK);
}

/// Refuses: D
/// A serial number is no secret, the URL's secret is one.
#[tokio::test]
async fn a_wrong_secret_or_another_tenants_is_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let signed = Pad::new().signed_by(&house.devices);
    for path in ["/t/default/enroll/guess", "/t/elsewhere/enroll/the-secret-of-the-url"] {
        refused_as_unrecognised(&house.post(path, signed.clone()).await);
    }
}

/// Refuses: D
#[tokio::test]
async fn a_serial_that_apple_does_not_give_us_is_refused_and_the_administrator_sees_it() {
    let house = House::ready(ProfileSettings::default()).await;
    let stranger = Pad { serial: "C02STRANGE", ..Pad::new() };
    refused_as_unrecognised(&house.enroll(stranger.signed_by(&house.devices)).await);
    let signed = Pad::new().signed_by(&house.devices);
    house.change_row(|row| row.presence = Presence::Gone { at: domain::Time::from_unix(1) }).await;
    refused_as_unrecognised(&house.enroll(signed.clone()).await);
    assert_eq!(house.serial_row().await.enrollment.state, EnrollmentState::Failed);
    house.change_row(|row| row.presence = Presence::Present).await;
    assert_eq!(house.enroll(signed.clone()).await.status, StatusCode::OK);
    house.change_row(|row| row.enrollment.state = EnrollmentState::Blocked).await;
    refused_as_unrecognised(&house.enroll(signed).await);
    assert_eq!(house.serial_row().await.enrollment.state, EnrollmentState::Blocked);
}

/// Shows: L29
#[tokio::test]
async fn without_a_push_certificate_nothing_enrols() {
    let house = House::without_push_certificate(ProfileSettings::default()).await;
    let signed = Pad::new().signed_by(&house.devices);
    refused_as_unrecognised(&house.enroll(signed.clone()).await);
    house.get_push_certificate(TOPIC).await;
    assert_eq!(house.enroll(signed.clone()).await.status, StatusCode::OK);
    house.pass(domain::time::DAY * 366);
    refused_as_unrecognised(&house.enroll(signed).await);
}

/// Refuses: A
#[tokio::test]
async fn one_serial_cannot_ask_without_end() {
    let house = House::ready(ProfileSettings::default()).await;
    let signed = Pad::new().signed_by(&house.devices);
    for _ in 0..10 {
        assert_eq!(house.enroll(signed.clone()).await.status, StatusCode::OK);
    }
    let heard = house.enroll(signed.clone()).await;
    assert_eq!(
        (heard.status, &heard.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"900".parse().unwrap())
    );
    assert_eq!(house.enroll(Pad::other().signed_by(&house.devices)).await.status, StatusCode::OK);
}

/// Lessons, section 4.
#[tokio::test]
async fn two_udids_for_one_serial_are_noted_and_the_enrolled_one_goes_on() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    let rival = Pad { udid: "RIVAL", key: key(1), ..Pad::new() };
    house.profile(&house.enroll(rival.signed_by(&house.devices)).await).await;
    let device = house.managed().await;
    assert_eq!(device.rival.map(|rival| rival.udid).as_deref(), Some("RIVAL"));
    assert_eq!(pad.idle(&house).await.status, StatusCode::OK);
}

/// Refuses: T
/// A device that has left is enrolled again by a restored backup, which asks nobody; not so one that was blocked.
#[tokio::test]
async fn a_blocked_device_that_has_left_does_not_come_back_with_its_old_identity() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    let out = [("MessageType", "CheckOut".into()), ("Topic", TOPIC.into())];
    pad.say(&house, &out).await;
    assert_eq!(pad.token_update(&house, false).await.status, StatusCode::OK);
    pad.say(&house, &out).await;
    house.change_row(|row| row.enrollment.state = EnrollmentState::Blocked).await;
    assert_eq!(pad.token_update(&house, false).await.status, StatusCode::FORBIDDEN);
    assert!(!house.managed().await.stage.is_managed());
}
