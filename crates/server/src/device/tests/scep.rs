use domain::profile::ProfileSettings;
use http::{Request, StatusCode};
use pki::cms::Cipher;
use pki::scep::{Client, FailInfo, Outcome};
use pki::x509::Name;

use super::pretend::{House, Pad, key};

const OPERATION: &str = "/t/default/scep?operation=PKIOperation";

async fn served(house: &House, pad: &Pad) -> String {
    Pad::challenge(&house.profile(&house.enroll(pad.signed_by(&house.devices)).await).await)
}

async fn ask(house: &House, client: &Client) -> Outcome {
    let reply = house.post(OPERATION, client.message().to_vec()).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["content-type"], "application/x-pki-message");
    client.read_reply(&reply.body).unwrap()
}

const NO: Outcome = Outcome::Refused(FailInfo::BadRequest);

#[tokio::test]
async fn the_service_says_what_it_can_and_who_it_is() {
    let house = House::ready(ProfileSettings::default()).await;
    let get = |operation: &str| {
        let path = format!("/t/default/scep?operation={operation}");
        house.send(Request::get(path).body(axum::body::Body::empty()).unwrap())
    };
    let capabilities = String::from_utf8(get("GetCACaps").await.body).unwrap();
    assert!(capabilities.lines().any(|line| line == "Renewal") && capabilities.contains("SHA-256"));
    let certificate = get("GetCACert").await;
    assert_eq!(certificate.headers["content-type"], "application/x-x509-ca-cert");
    assert_eq!(certificate.body, house.ca().await.der());
    assert_eq!(get("GetNextCACert").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_has_no_authority() {
    let house = House::ready(ProfileSettings::default()).await;
    let request = Request::get("/t/nobody/scep?operation=GetCACert").body(axum::body::Body::empty()).unwrap();
    assert_eq!(house.send(request).await.status, StatusCode::FORBIDDEN);
}

/// Refuses: R
/// The server fixes the subject.
#[tokio::test]
async fn the_subject_of_an_identity_is_ours_whatever_was_asked() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.get_identity(&house).await;
    let subject = pad.identity.unwrap().common_name().unwrap();
    assert_eq!(subject, house.managed().await.id.as_str());
}

/// Refuses: R, T
#[tokio::test]
async fn a_challenge_is_good_for_one_transaction_and_one_key() {
    let house = House::ready(ProfileSettings::default()).await;
    let pad = Pad::new();
    let challenge = served(&house, &pad).await;
    let first = pad.scep(&house, &challenge).await;
    let issued = ask(&house, &first).await;
    assert!(matches!(issued, Outcome::Issued(_)));
    assert_eq!(ask(&house, &first).await, issued, "a lost answer is given again");
    let replayed = Pad { key: key(1), ..Pad::new() }.scep(&house, &challenge).await;
    assert_eq!(ask(&house, &replayed).await, NO);
}

/// Shows: N29
/// Refuses: R, T
#[tokio::test]
async fn a_challenge_ends_after_a_quarter_of_an_hour() {
    let house = House::ready(ProfileSettings::default()).await;
    let pad = Pad::new();
    let challenge = served(&house, &pad).await;
    house.pass(house.app.limits.challenge);
    assert_eq!(ask(&house, &pad.scep(&house, &challenge).await).await, NO);
}

/// Refuses: R, S
/// Bound to the device that it was served to.
#[tokio::test]
async fn a_challenge_that_was_served_to_another_device_is_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let challenge = served(&house, &Pad::new()).await;
    assert_eq!(ask(&house, &Pad::other().scep(&house, &challenge).await).await, NO);
}

/// Refuses: R
#[tokio::test]
async fn no_challenge_or_a_guessed_one_gets_nothing() {
    let house = House::ready(ProfileSettings::default()).await;
    let pad = Pad::new();
    served(&house, &pad).await;
    assert_eq!(ask(&house, &pad.scep(&house, "guess").await).await, NO);
    let now = house.clock.now_unix();
    let ca = house.ca().await;
    let without = Client::enrol(&pad.key, &ca, &Name::of(pad.udid), None, Cipher::Aes256, now).unwrap();
    assert_eq!(ask(&house, &without).await, NO);
}

#[tokio::test]
async fn what_is_no_scep_message_is_a_bad_request() {
    let house = House::ready(ProfileSettings::default()).await;
    for body in [Vec::new(), b"hello".to_vec(), vec![0x30; 5_000]] {
        assert_eq!(house.post(OPERATION, body).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(house.post(OPERATION, vec![0; 70_000]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_enrolled_device_renews_with_the_identity_it_has() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    let now = house.clock.now_unix();
    let present = pad.identity.clone().unwrap();
    let renewal =
        Client::renew((&pad.key, &present), &key(1), &house.ca().await, Cipher::Aes256, now).unwrap();
    let Outcome::Issued(renewed) = ask(&house, &renewal).await else { panic!("refused") };
    let old = Pad { identity: Some(present), ..Pad::new() };
    assert_eq!(old.idle(&house).await.status, StatusCode::OK, "good until the new one is used");
    let new = Pad { key: key(1), identity: Some(renewed), ..Pad::new() };
    assert_eq!(new.idle(&house).await.status, StatusCode::OK);
    assert_eq!(old.idle(&house).await.status, StatusCode::FORBIDDEN);
}

/// Refuses: A
/// A challenge is good for one identity; a device that asks again and again with the identity that it has fills no disk.
#[tokio::test]
async fn an_enrolled_device_renews_at_a_pace() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    let present = pad.identity.clone().unwrap();
    let (ca, now) = (house.ca().await, house.clock.now_unix());
    let renewal = || Client::renew((&pad.key, &present), &key(1), &ca, Cipher::Aes256, now).unwrap();
    let mut answers = Vec::new();
    for _ in 0..11 {
        answers.push(house.post(OPERATION, renewal().message().to_vec()).await.status);
    }
    assert_eq!((answers[0], answers[10]), (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
}
