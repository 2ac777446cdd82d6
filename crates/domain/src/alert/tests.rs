use rstest::rstest;

use super::*;
use crate::Limits;
use crate::push::IssuedPushCertificate;
use crate::sync::{SyncError, SyncState};
use crate::time::DAY;
use crate::token::{Account, ServerToken, Standing, Token};

const NOW: Time = Time::from_unix(1_800_000_000);

fn token(standing: Standing, days: u32) -> TokenFacts {
    let mut token =
        Token::draft("default".parse().unwrap(), "t1".parse().unwrap(), "Headquarters", NOW).unwrap();
    token.standing = standing;
    token.server = Some(ServerToken {
        consumer_key: "CK".into(),
        expires_at: NOW.plus(days * DAY),
        uploaded_at: NOW,
        key: "k1".parse().unwrap(),
        account: Some(Account { org_name: Some("Example Ltd".into()), ..Account::default() }),
    });
    TokenFacts { token, sync: None, throttled: 0 }
}

fn certificate(days: u32) -> PushFacts {
    let certificate = IssuedPushCertificate {
        key: "k1".parse().unwrap(),
        pem: String::new(),
        topic: "com.apple.mgmt.External.1".into(),
        serial: "01".into(),
        not_after: NOW.plus(days * DAY),
        uploaded_at: NOW,
    };
    PushFacts { certificate: Some(certificate), needed: true }
}

fn kinds(facts: &Facts) -> Vec<(AlertKind, Severity)> {
    derive(facts, NOW, &Limits::default()).into_iter().map(|alert| (alert.kind, alert.severity)).collect()
}

/// Shows: R24, R27
#[rstest]
#[case::far_away(Standing::Good, 365, &[])]
#[case::soon(Standing::Good, 30, &[(AlertKind::TokenExpiry, Severity::Warning)])]
#[case::over(Standing::Good, 0, &[(AlertKind::TokenExpiry, Severity::Error)])]
#[case::rejected(Standing::Rejected { since: NOW, times: 3, words: "token_rejected".into() }, 365, &[(AlertKind::TokenRejected, Severity::Error)])]
#[case::rejected_once(Standing::Rejected { since: NOW, times: 1, words: "token_rejected".into() }, 365, &[])]
#[case::terms(Standing::TermsNotAccepted { since: NOW }, 365, &[(AlertKind::TermsNotAccepted, Severity::Error)])]
fn a_token_alerts_by_its_health(
    #[case] standing: Standing,
    #[case] days: u32,
    #[case] expected: &[(AlertKind, Severity)],
) {
    let facts = Facts { tokens: vec![token(standing, days)], push: certificate(365), ..Facts::default() };
    assert_eq!(kinds(&facts), expected);
}

/// Lessons 26 and 31.
///
/// Shows: R27
#[test]
fn an_alert_names_the_organisation_and_is_gone_with_its_cause() {
    let mut facts = Facts {
        tokens: vec![token(Standing::TermsNotAccepted { since: NOW }, 365)],
        push: certificate(365),
        ..Facts::default()
    };
    let alerts = derive(&facts, NOW, &Limits::default());
    assert!(alerts[0].title.contains("Example Ltd"), "{alerts:?}");
    facts.tokens.clear();
    assert_eq!(kinds(&facts), []);
}

/// Shows: R5, L28
#[test]
fn the_push_certificate_alerts_when_missing_expiring_or_over() {
    let with = |push| kinds(&Facts { push, ..Facts::default() });
    assert_eq!(with(PushFacts::default()), [], "no token yet: nothing to reach");
    assert_eq!(
        with(PushFacts { certificate: None, needed: true }),
        [(AlertKind::PushCertificate, Severity::Error)]
    );
    assert_eq!(with(certificate(30)), [(AlertKind::PushCertificate, Severity::Warning)]);
    assert_eq!(with(certificate(0)), [(AlertKind::PushCertificate, Severity::Error)]);
    assert_eq!(with(certificate(31)), []);
}

#[test]
fn the_worst_and_then_the_oldest_come_first() {
    let mut failing = token(Standing::Good, 0);
    let mut sync = SyncState::first(failing.token.tenant.clone(), failing.token.id.clone(), NOW);
    sync.last_error = Some(SyncError { code: 9, words: "busy".into(), at: NOW });
    failing.sync = Some(sync);
    failing.throttled = 7;
    let device =
        |kind, at| DeviceFact { kind, subject: "d".into(), name: "iPad".into(), since: at, words: None };
    let facts = Facts {
        tokens: vec![failing],
        push: certificate(365),
        devices: vec![
            device(AlertKind::StuckInSetup, NOW.minus(DAY)),
            device(AlertKind::ReleasedAtDeadline, NOW.minus(DAY)),
        ],
        ..Facts::default()
    };
    let found: Vec<AlertKind> = kinds(&facts).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        found,
        [
            AlertKind::StuckInSetup,
            AlertKind::TokenExpiry,
            AlertKind::ReleasedAtDeadline,
            AlertKind::SyncFailing,
            AlertKind::DevicesThrottled,
        ]
    );
}
