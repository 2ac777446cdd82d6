use super::*;

fn challenge(used: Option<&str>) -> Challenge {
    Challenge {
        hash: "h".into(),
        tenant: "t".parse().unwrap(),
        device: "d".parse().unwrap(),
        enrolment: 1,
        expires_at: Time::from_unix(900),
        used: used.map(|by| (Time::from_unix(10), by.to_owned())),
        certificate: used.map(|_| vec![7]),
    }
}

const NOW: Time = Time::from_unix(20);

/// Shows: N29
/// Refuses: R, T
#[test]
fn a_challenge_is_good_once_and_for_minutes() {
    assert_eq!(challenge(None).redeem("a", |_| false, NOW), Ok(Redemption::Issue));
    assert_eq!(challenge(None).redeem("a", |_| true, Time::from_unix(900)), Err(ChallengeRefusal::Expired));
    assert_eq!(challenge(Some("a")).redeem("b", |_| true, NOW), Err(ChallengeRefusal::Used));
}

/// Refuses: R, T
/// A replay.
#[test]
fn the_same_transaction_gets_the_same_certificate_for_the_same_key_only() {
    let used = challenge(Some("a"));
    assert_eq!(used.redeem("a", |der| der == [7], NOW), Ok(Redemption::Again(vec![7])));
    assert_eq!(used.redeem("a", |_| false, NOW), Err(ChallengeRefusal::Used));
}
