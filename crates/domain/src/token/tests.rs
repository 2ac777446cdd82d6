use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Limits;
use crate::time::DAY;

const NOW: Time = Time::from_unix(1_800_000_000);

fn pair(id: &str) -> KeyPair {
    KeyPair {
        id: id.parse().unwrap(),
        certificate_pem: format!("PEM of {id}"),
        fingerprint: format!("{id}-0123456789abcdef"),
        created_at: NOW,
    }
}

fn draft() -> Token {
    Token::draft("default".parse().unwrap(), "t1".parse().unwrap(), "Headquarters", NOW).unwrap()
}

fn agreed() -> Token {
    let mut token = draft();
    token.agree("Ada", NOW);
    token
}

fn account(uuid: &str) -> Account {
    Account { server_name: format!("Server {uuid}"), server_uuid: uuid.into(), ..Account::default() }
}

fn file(key: &str, consumer: &str, uuid: Option<&str>) -> Upload {
    Upload {
        consumer_key: consumer.into(),
        expires_at: NOW.plus(365 * DAY),
        opened_by: key.parse().unwrap(),
        account: uuid.map(account),
        apple_id: Some("it@example.org".into()),
    }
}

fn live() -> Token {
    let mut token = agreed();
    token.stage_key(pair("k1")).unwrap();
    token.accept(file("k1", "CK_1", Some("S1")), false, NOW).unwrap().token
}

/// Shows: R6
#[test]
fn no_public_key_without_consent() {
    let mut token = draft();
    assert_eq!(token.stage_key(pair("k1")), Err(TokenRefusal::NoConsent));
    assert_eq!(token.key_to_give(), Err(TokenRefusal::NoConsent));
    token.agree("Ada", NOW);
    token.agree("Bob", NOW.plus(DAY));
    assert_eq!(
        token.consent.as_ref().map(|c| c.by.as_str()),
        Some("Ada"),
        "the first consent is the evidence"
    );
    assert_eq!(token.key_to_give(), Err(TokenRefusal::NoKey));
    token.stage_key(pair("k1")).unwrap();
    assert_eq!(token.key_to_give().unwrap().id.as_str(), "k1");
}

/// Shows: R18, R19, R21
#[test]
fn a_file_for_the_pending_key_makes_a_token() {
    let mut token = agreed();
    assert_eq!(token.stage_key(pair("k1")).unwrap(), None);
    assert_eq!(token.stage_key(pair("k2")).unwrap().unwrap().as_str(), "k1", "the key left behind is named");
    let refused = token.accept(file("k1", "CK_1", None), false, NOW).unwrap_err();
    assert!(refused.to_string().contains("k2-0123456789abc"), "{refused}");
    let accepted = token.accept(file("k2", "CK_1", Some("S1")), false, NOW).unwrap();
    assert_eq!((accepted.change, accepted.retired_key), (ServerChange::First, None));
    assert_eq!(accepted.key.id.as_str(), "k2");
    assert_eq!(accepted.token.key.as_ref().unwrap().id.as_str(), "k2");
    assert_eq!(accepted.token.pending_key, None);
    assert_eq!(accepted.token.apple_id.as_deref(), Some("it@example.org"));
}

/// Shows: R19, R24
#[test]
fn a_pending_key_never_displaces_the_one_in_use_before_its_token_has_arrived() {
    let mut token = live();
    token.stage_key(pair("k2")).unwrap();
    assert_eq!(token.key.as_ref().unwrap().id.as_str(), "k1");
    let renewed = token.accept(file("k1", "CK_1", Some("S1")), false, NOW).unwrap();
    assert_eq!((renewed.change, &renewed.retired_key), (ServerChange::Same, &None));
    assert_eq!(renewed.token.pending_key.as_ref().unwrap().id.as_str(), "k2", "it still waits");
    let moved = renewed.token.accept(file("k2", "CK_1", Some("S1")), false, NOW).unwrap();
    assert_eq!(moved.retired_key.unwrap().as_str(), "k1");
    assert_eq!(moved.token.key.unwrap().id.as_str(), "k2");
}

/// Shows: R24
#[test]
fn a_renewal_knows_its_server_by_its_id_even_when_the_consumer_key_changed() {
    let renewed = live().accept(file("k1", "CK_2", Some("S1")), false, NOW).unwrap();
    assert_eq!(renewed.change, ServerChange::Same);
    let unreachable = live().accept(file("k1", "CK_1", None), false, NOW).unwrap();
    assert_eq!(unreachable.change, ServerChange::Same);
    assert_eq!(unreachable.token.server.unwrap().server_uuid(), Some("S1"), "what was known stays known");
}

/// Shows: R24
#[test]
fn another_server_is_refused_with_an_explanation_unless_confirmed() {
    let refused = live().accept(file("k1", "CK_1", Some("S2")), false, NOW).unwrap_err();
    assert!(
        refused.to_string().contains("Server S2") && refused.to_string().contains("Server S1"),
        "{refused}"
    );
    let accepted = live().accept(file("k1", "CK_1", Some("S2")), true, NOW).unwrap();
    assert_eq!(accepted.change, ServerChange::Other);
}

/// Shows: R24
#[test]
fn an_older_or_expired_file_is_refused() {
    let mut old = file("k1", "CK_1", Some("S1"));
    old.expires_at = NOW.plus(300 * DAY);
    assert_eq!(live().accept(old.clone(), true, NOW), Err(TokenRefusal::Older));
    old.expires_at = NOW;
    assert!(matches!(live().accept(old, true, NOW), Err(TokenRefusal::Expired(_))));
}

/// Shows: R25
#[test]
fn a_token_with_devices_cannot_be_deleted_and_its_profiles_go_only_with_confirmation() {
    let contents = |devices, profiles| Contents { devices, default_profile_devices: devices, profiles };
    assert!(matches!(
        live().delete(contents(3, 0), true, NOW),
        Err(TokenRefusal::HasDevices { devices: 3, default: 3 })
    ));
    assert_eq!(live().delete(contents(0, 2), false, NOW), Err(TokenRefusal::HasProfiles(2)));
    assert!(live().delete(contents(0, 2), true, NOW).is_ok());
    assert!(live().delete(contents(0, 0), false, NOW).is_ok());
}

/// Shows: R26
#[test]
fn a_deleted_token_is_a_tombstone_without_keys() {
    let gone = live().delete(Contents::default(), false, NOW).unwrap();
    assert_eq!(gone.deleted_at, Some(NOW));
    assert_eq!(gone.keys().count(), 0);
}

/// Shows: R22
#[test]
fn a_token_always_has_a_scope_tag() {
    let mut token = draft();
    token.tag(vec!["7".into(), String::new(), "3".into(), "7".into()]);
    assert_eq!(token.scope_tags, ["3", "7"]);
    token.tag(Vec::new());
    assert_eq!(token.scope_tags, ["0"]);
}

/// Shows: R24, R27
#[test]
fn health_tells_the_worst_that_holds() {
    let limits = Limits::default();
    assert_eq!(draft().health(NOW, &limits).health, Health::Draft);
    let mut token = live();
    assert_eq!(token.health(NOW, &limits).health, Health::Valid);
    assert_eq!(token.health(NOW.plus(335 * DAY), &limits).health, Health::Expiring);
    assert_eq!(token.health(NOW.plus(365 * DAY), &limits).health, Health::Expired);
    token.standing = token.standing.after(Heard::TermsNotSigned, NOW);
    assert_eq!(token.health(NOW, &limits).health, Health::TermsNotAccepted);
    assert_eq!(token.health(NOW.plus(365 * DAY), &limits).health, Health::Expired);
    token.standing = token.standing.after(Heard::Refused("ACCESS_DENIED".into()), NOW);
    let refused = token.health(NOW, &limits);
    assert_eq!(refused.health, Health::Rejected);
    assert!(refused.words.contains("ACCESS_DENIED"));
}

/// Shows: R24
#[test]
fn a_token_counts_as_rejected_only_after_several_rejections_in_a_row() {
    let limits = Limits::default();
    let mut token = live();
    for times in 1..limits.rejections_before_alarm {
        token.standing = token.standing.after(Heard::Rejected("token_rejected".into()), NOW);
        assert_eq!(token.health(NOW, &limits).health, Health::Valid, "after {times}");
    }
    let last = token.standing.after(Heard::Rejected("token_rejected".into()), NOW.plus(DAY));
    token.standing = last;
    assert_eq!(token.health(NOW, &limits).health, Health::Rejected);
    assert_eq!(token.health(NOW, &limits).since, Some(NOW), "since the first of the row");
    token.standing = token.standing.after(Heard::Good, NOW);
    assert_eq!(token.health(NOW, &limits).health, Health::Valid);
}

/// Shows: R5
#[test]
fn consent_authority_and_push_certificate_block_a_token_and_devices_do_not() {
    let all = PrerequisiteFacts {
        consent: true,
        mdm_authority: true,
        push_certificate: true,
        token: false,
        devices: false,
    };
    assert_eq!(first_unmet(all), None);
    assert_eq!(checklist(all).iter().filter(|item| !item.done).count(), 2);
    for (facts, item) in [
        (PrerequisiteFacts { consent: false, ..all }, Prerequisite::Consent),
        (PrerequisiteFacts { mdm_authority: false, ..all }, Prerequisite::MdmAuthority),
        (PrerequisiteFacts { push_certificate: false, ..all }, Prerequisite::PushCertificate),
    ] {
        assert_eq!(first_unmet(facts).map(|unmet| unmet.item), Some(item));
    }
}

proptest! {
    /// Whatever keys are staged and files uploaded, the key of the stored token is one whose file arrived, and no
    /// private key that a later file may need is retired.
    ///
    /// Shows: R19, R24
    #[test]
    fn the_key_in_use_is_always_one_whose_file_arrived(steps in prop::collection::vec((any::<bool>(), 0_u8..6), 0..40)) {
        let mut token = agreed();
        let mut arrived: Vec<KeyId> = Vec::new();
        for (at, (stage, number)) in steps.into_iter().enumerate() {
            let now = NOW.plus(Duration::from_secs(at as u64));
            let name = format!("k{number}");
            if stage {
                token.stage_key(pair(&name)).unwrap();
            } else if let Ok(accepted) = token.accept(file(&name, "CK_1", Some("S1")), false, now) {
                arrived.push(accepted.key.id.clone());
                if let Some(retired) = accepted.retired_key {
                    prop_assert!(accepted.token.keys().all(|key| key.id != retired));
                }
                token = accepted.token;
            }
            if let Some(key) = &token.key {
                prop_assert!(arrived.contains(&key.id));
                prop_assert_eq!(&token.server.as_ref().unwrap().key, &key.id);
            } else {
                prop_assert!(token.server.is_none());
            }
        }
    }
}
