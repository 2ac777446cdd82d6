use ::app::{AppError, push_certificate};
use domain::profile::ProfileSettings;
use domain::push::PushStanding;

use super::pretend::{House, Pad, TOPIC, authority, key};

fn upload(pem: String, force: bool) -> push_certificate::Upload {
    push_certificate::Upload { pem, apple_id: None, force }
}

/// Shows: L28
#[tokio::test]
async fn a_push_certificate_is_requested_uploaded_and_shown() {
    let house = House::ready(ProfileSettings::default()).await;
    let (certificate, standing) = push_certificate::get(&house.app, &house.actor()).await.unwrap().unwrap();
    let current = certificate.current.unwrap();
    assert_eq!((current.topic.as_str(), standing), (TOPIC, PushStanding::Active));
    assert_eq!(certificate.apple_id.as_deref(), Some("it@test.example"));
}

/// Shows: L29, L30
#[tokio::test]
async fn another_topic_is_refused_with_the_count_of_devices_it_would_cost_unless_forced() {
    let house = House::ready(ProfileSettings::default()).await;
    Pad::new().enrol(&house, false).await;
    let pem = house.portal("com.apple.mgmt.External.other").await;
    let refused = push_certificate::upload(&house.app, &house.actor(), upload(pem.clone(), false)).await;
    let Err(AppError::NeedsConfirmation { words }) = refused else { panic!("{refused:?}") };
    assert!(words.contains("1 enrolled devices"), "{words}");
    let (kept, _) = push_certificate::get(&house.app, &house.actor()).await.unwrap().unwrap();
    assert_eq!(kept.last_refusal, Some(words));
    let forced = push_certificate::upload(&house.app, &house.actor(), upload(pem, true)).await.unwrap();
    assert_eq!(
        (forced.current.unwrap().topic.as_str(), forced.last_refusal),
        ("com.apple.mgmt.External.other", None)
    );
}

/// Shows: L30
#[tokio::test]
async fn a_certificate_for_another_request_is_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let subject = pki::x509::Name::of("x").user_id(TOPIC);
    let validity = pki::x509::Validity::days(house.clock.now_unix(), 365);
    let policy = pki::x509::IssuePolicy::new(subject, validity, pki::x509::Usage::ClientIdentity);
    let other = authority("Pretend Portal", 2).issue(&policy, key(1).public_key()).unwrap();
    let refused = push_certificate::upload(&house.app, &house.actor(), upload(other.to_pem(), true)).await;
    assert!(matches!(refused, Err(AppError::Invalid { .. })), "{refused:?}");
    let nonsense =
        push_certificate::upload(&house.app, &house.actor(), upload("nonsense".into(), true)).await;
    assert!(matches!(nonsense, Err(AppError::Invalid { .. })));
}

/// Asking twice gives two requests for one key, so that an answer to either fits.
#[tokio::test]
async fn a_request_asked_for_again_is_for_the_same_key() {
    let house = House::without_push_certificate(ProfileSettings::default()).await;
    let first = house.portal(TOPIC).await;
    house.portal(TOPIC).await;
    push_certificate::upload(&house.app, &house.actor(), upload(first, false)).await.unwrap();
}
