use proptest::prelude::*;
use rstest::rstest;

use super::*;

const NOW: Time = Time::from_unix(1_000_000);
const TOPIC: &str = "com.apple.mgmt.External.1f";

fn none() -> PushCertificate {
    PushCertificate {
        tenant: "t".parse().unwrap(),
        version: 1,
        current: None,
        pending_key: Some("new".parse().unwrap()),
        apple_id: None,
        modified_at: NOW,
        last_refusal: Some("before".into()),
    }
}

fn upload(key: &str, topic: &str) -> UploadedPushCertificate {
    UploadedPushCertificate {
        pem: "pem".into(),
        topic: Some(topic.into()),
        serial: "01".into(),
        not_before: NOW,
        not_after: NOW.plus(365 * DAY),
        key: Some(key.parse().unwrap()),
    }
}

fn in_use() -> PushCertificate {
    let accepted = accept(&none(), upload("new", TOPIC), 0, false, NOW).unwrap();
    PushCertificate { pending_key: Some("next".parse().unwrap()), ..accepted }
}

/// Shows: L28
#[test]
fn the_answer_to_our_request_is_taken_into_use() {
    let accepted = accept(&none(), upload("new", TOPIC), 0, false, NOW).unwrap();
    assert_eq!(accepted.topic(NOW), Some(TOPIC));
    assert_eq!((accepted.pending_key.clone(), accepted.last_refusal.clone()), (None, None));
    assert_eq!(accepted.standing(&Limits::default(), NOW), PushStanding::Active);
}

/// Shows: L28, L30
#[test]
fn a_certificate_for_another_key_or_of_another_kind_is_refused() {
    let other_key = UploadedPushCertificate { key: None, ..upload("new", TOPIC) };
    assert_eq!(accept(&none(), other_key, 0, true, NOW), Err(PushRefusal::OtherKey));
    for topic in ["", "com.example", "com.apple.mgmt.", "com.apple.mgmt.a\r\nb"] {
        assert_eq!(
            accept(&none(), upload("new", topic), 0, true, NOW),
            Err(PushRefusal::NoTopic),
            "{topic:?}"
        );
    }
    let no_uid = UploadedPushCertificate { topic: None, ..upload("new", TOPIC) };
    assert_eq!(accept(&none(), no_uid, 0, true, NOW), Err(PushRefusal::NoTopic));
    let ended = UploadedPushCertificate { not_after: NOW, ..upload("new", TOPIC) };
    assert!(matches!(accept(&none(), ended, 0, true, NOW), Err(PushRefusal::Expired(_))));
}

/// Shows: L29, L30
#[test]
fn a_renewal_with_another_topic_is_refused_and_says_how_many_devices_it_would_cost() {
    let other = "com.apple.mgmt.External.2e";
    let refusal = accept(&in_use(), upload("next", other), 312, false, NOW).unwrap_err();
    assert!(refusal.to_string().contains("312 enrolled devices"), "{refusal}");
    let forced = accept(&in_use(), upload("next", other), 312, true, NOW).unwrap();
    assert_eq!(forced.topic(NOW), Some(other));
}

/// Shows: L29
#[test]
fn a_renewal_with_the_same_topic_is_accepted_with_a_new_key_or_the_old_one() {
    let with_new = accept(&in_use(), upload("next", TOPIC), 5, false, NOW).unwrap();
    assert_eq!(with_new.pending_key, None);
    let with_old = accept(&in_use(), upload("new", TOPIC), 5, false, NOW).unwrap();
    assert_eq!(with_old.pending_key, Some("next".parse().unwrap()));
}

/// Shows: L28, L29
#[test]
fn a_certificate_grows_old() {
    let (limits, certificate) = (Limits::default(), in_use());
    assert_eq!(certificate.standing(&limits, NOW.plus(336 * DAY)), PushStanding::Expiring);
    assert_eq!(certificate.standing(&limits, NOW.plus(365 * DAY)), PushStanding::Expired);
    assert_eq!(certificate.topic(NOW.plus(365 * DAY)), None);
    assert_eq!(none().standing(&limits, NOW), PushStanding::Missing);
}

fn wake(attempts: u32) -> Wake {
    let target = PushTarget {
        topic: TOPIC.into(),
        token: vec![1],
        magic: "m".into(),
        received_at: NOW,
        unreachable: None,
    };
    Wake { tenant: "t".parse().unwrap(), device: "d".parse().unwrap(), target, attempts }
}

/// The timestamp rule of a 410 (apple.md 5.3).
#[test]
fn a_death_notice_older_than_the_token_is_not_about_it() {
    let limits = Limits::default();
    let older = Pushed::Unregistered { since: Some(NOW.minus(DAY)) };
    assert!(matches!(after_push(&wake(0), &older, NOW, &limits), WakeNext::At { attempts: 1, .. }));
    for since in [None, Some(NOW), Some(NOW.plus(DAY))] {
        let dead = after_push(&wake(0), &Pushed::Unregistered { since }, NOW, &limits);
        assert!(matches!(dead, WakeNext::Unreachable { .. }), "{since:?}");
    }
}

#[test]
fn a_token_that_apns_refuses_is_not_tried_again() {
    let refused = Pushed::BadToken { reason: "BadDeviceToken".into() };
    assert!(matches!(after_push(&wake(3), &refused, NOW, &Limits::default()), WakeNext::Unreachable { .. }));
}

#[rstest]
#[case(0, 60)]
#[case(1, 120)]
#[case(4, 960)]
#[case(30, 86_400)]
fn a_silent_device_is_woken_again_ever_more_rarely_but_daily(#[case] attempts: u32, #[case] seconds: u64) {
    let next = after_push(&wake(attempts), &Pushed::Accepted, NOW, &Limits::default());
    assert_eq!(next, WakeNext::At { due: NOW.plus(Duration::from_secs(seconds)), attempts: attempts + 1 });
}

proptest! {
    #[test]
    fn a_wake_is_never_due_at_once_nor_later_than_a_day(attempts: u32, after in proptest::option::of(0_u64..10_000_000)) {
        let limits = Limits::default();
        for pushed in [Pushed::Accepted, Pushed::CertificateRefused, Pushed::Later { after: after.map(Duration::from_secs) }] {
            let WakeNext::At { due, .. } = after_push(&wake(attempts), &pushed, NOW, &limits) else { panic!() };
            prop_assert!(due >= NOW.plus(limits.push_retry) && due <= NOW.plus(DAY));
        }
    }
}
