use std::time::Duration;

use super::*;
use crate::push::IssuedPushCertificate;
use crate::{KeyId, Limits, Time};

fn now() -> Time {
    Time::from_unix(1_800_000_000)
}

fn days(count: u32) -> Duration {
    DAY.saturating_mul(count)
}

#[test]
fn a_disk_is_told_by_what_is_left_and_by_how_many_files_it_takes() {
    let found = |free, files| disk("data", Disk { free, files, wanted: 1 << 30 }).verdict;
    assert_eq!(found(1 << 30, Some(1_000_000)), Verdict::Ok);
    assert_eq!(found(1 << 30, None), Verdict::Ok);
    assert_eq!(found((1 << 30) - 1, Some(1_000_000)), Verdict::Warning);
    assert_eq!(found((1 << 28) - 1, Some(1_000_000)), Verdict::Problem);
    let full = disk("data", Disk { free: 1 << 40, files: Some(3), wanted: 1 });
    assert_eq!(full.verdict, Verdict::Problem);
    assert!(full.found.contains("3 more files"), "{}", full.found);
}

#[test]
fn a_secret_file_is_its_owners_alone() {
    let found = |mode| secret_file("data.secrets", "seal.key", mode).map(|finding| finding.verdict);
    assert_eq!(found(0o100_600), None);
    assert_eq!(found(0o400), None);
    assert_eq!(found(0o640), Some(Verdict::Warning));
    assert_eq!(found(0o644), Some(Verdict::Problem));
    let words = secret_file("data.secrets", "seal.key", 0o644).unwrap();
    assert!(words.found.contains("everybody") && words.advice.unwrap().contains("chmod 600 seal.key"));
}

#[test]
fn a_clock_is_told_by_the_server_nearest_to_it_in_either_direction() {
    let source = |off: i64| ClockSource {
        host: "apple".to_owned(),
        theirs: Time::from_unix(now().unix() + off),
        ours: now(),
    };
    assert_eq!(clock(&[]).verdict, Verdict::Warning);
    assert_eq!(clock(&[source(29)]).verdict, Verdict::Ok);
    assert_eq!(clock(&[source(-31)]).verdict, Verdict::Warning);
    assert_eq!(clock(&[source(300)]).verdict, Verdict::Problem);
    assert_eq!(clock(&[source(86_400), source(2)]).verdict, Verdict::Ok, "one that is wrong is outvoted");
    assert!(clock(&[source(3_600)]).found.contains("1 hour behind"));
    assert!(clock(&[source(-3_600)]).found.contains("1 hour ahead of"));
}

#[test]
fn a_schema_is_older_newer_or_this_programs() {
    let found = |applied| schema(Schema { applied, name: "0003_x", known: 3, fits: false }).verdict;
    let fits = |applied| schema(Schema { applied, name: "0003_x", known: 3, fits: true }).verdict;
    assert_eq!(fits(Some(4)), Verdict::Warning);
    assert_eq!(found(Some(3)), Verdict::Ok);
    assert_eq!(found(Some(2)), Verdict::Warning);
    assert_eq!(found(None), Verdict::Warning);
    assert_eq!(found(Some(4)), Verdict::Problem);
}

#[test]
fn postgres_must_keep_what_it_says_it_keeps_and_have_room_for_us() {
    let kept = |fsync, synchronous_commit| durability(Durability { fsync, synchronous_commit }).verdict;
    assert_eq!(kept(true, "on"), Verdict::Ok);
    assert_eq!(kept(true, "remote_apply"), Verdict::Ok);
    assert_eq!(kept(true, "off"), Verdict::Problem);
    assert_eq!(kept(false, "on"), Verdict::Problem);
    assert_eq!(connections(20, 100).verdict, Verdict::Ok);
    assert_eq!(connections(90, 100).verdict, Verdict::Warning);
    assert_eq!(connections(98, 100).verdict, Verdict::Problem);
    assert_eq!(log_size(1 << 30, 16 << 20).verdict, Verdict::Ok);
    assert_eq!(log_size(1 << 30, 1 << 30).verdict, Verdict::Warning);
}

fn issued(ends: Time) -> IssuedPushCertificate {
    IssuedPushCertificate {
        key: KeyId::try_from("K1".to_owned()).unwrap(),
        pem: String::new(),
        topic: "com.apple.mgmt.External.1".to_owned(),
        serial: "01".to_owned(),
        not_after: ends,
        uploaded_at: now(),
    }
}

fn judged(certificate: &IssuedPushCertificate, topic: &str, key_fits: Option<bool>) -> Finding {
    let facts = Push { certificate: Some(certificate), topic: Some(topic), key_fits, needed: true };
    push(facts, &Limits::default(), now())
}

/// Shows: L28, L29, L30
#[test]
fn a_push_certificate_is_missing_over_of_another_topic_without_its_key_or_well() {
    let topic = "com.apple.mgmt.External.1";
    let none = |needed| {
        let facts = Push { certificate: None, topic: None, key_fits: None, needed };
        push(facts, &Limits::default(), now()).verdict
    };
    assert_eq!((none(false), none(true)), (Verdict::Warning, Verdict::Problem));
    let good = issued(now().plus(days(200)));
    assert_eq!(judged(&good, topic, Some(true)).verdict, Verdict::Ok);
    assert_eq!(judged(&good, topic, None).verdict, Verdict::Ok, "what could not be looked at is no fault");
    let keyless = judged(&good, topic, Some(false));
    assert!(keyless.verdict == Verdict::Problem && keyless.found.contains("private key"));
    let other = judged(&good, "com.apple.mgmt.External.2", Some(true));
    assert!(other.verdict == Verdict::Problem && other.found.contains("External.2"), "{}", other.found);
    let soon = judged(&issued(now().plus(days(12))), topic, Some(true));
    assert!(soon.verdict == Verdict::Warning && soon.found.contains("12 days"), "{}", soon.found);
    let over = judged(&issued(now().minus(days(3))), topic, Some(true));
    assert!(over.verdict == Verdict::Problem && over.found.contains("3 days ago"), "{}", over.found);
    assert!(over.advice.unwrap().contains("still renews it for 27 days"));
    let long = judged(&issued(now().minus(days(60))), topic, Some(true));
    assert!(long.advice.unwrap().contains("wiped"));
}

#[test]
fn a_certificate_of_the_operators_warns_before_its_end_and_one_of_our_own_renews_itself() {
    let found = |left, own| {
        let certificate = ServerCertificate { not_after: now().plus(left), own };
        server_certificate("addresses.api", "it answers", certificate, now()).verdict
    };
    assert_eq!(found(days(30), false), Verdict::Ok);
    assert_eq!(found(days(13), false), Verdict::Warning);
    assert_eq!(found(days(13), true), Verdict::Ok);
}

#[test]
fn what_apples_push_service_says_is_a_fault_here_there_or_none() {
    let said = |answer: PushAnswer| push_service("api.push.apple.com", &answer).verdict;
    assert_eq!(said(PushAnswer::Taken), Verdict::Ok);
    assert_eq!(said(PushAnswer::Later("Shutdown".into())), Verdict::Warning);
    assert_eq!(said(PushAnswer::Refused("BadCertificate".into())), Verdict::Problem);
    assert_eq!(said(PushAnswer::Unreachable("refused".into())), Verdict::Problem);
}

#[test]
fn sizes_and_spans_are_said_in_their_largest_unit() {
    assert_eq!(size(999), "999 bytes");
    assert_eq!(size(1_536), "1.5 kB");
    assert_eq!(size(5 << 30), "5.0 GB");
    assert_eq!(span(Duration::from_secs(59)), "59 seconds");
    assert_eq!(span(Duration::from_secs(3_600)), "1 hour");
    assert_eq!(span(days(2)), "2 days");
    assert_eq!(span(Duration::ZERO), "0 seconds");
}

#[test]
fn the_worst_finding_is_the_verdict_on_all() {
    let all = [Finding::ok("a.b", "x"), Finding::problem("a.c", "x", "y"), Finding::warning("a.d", "x", "y")];
    assert_eq!(worst(&all), Verdict::Problem);
    assert_eq!(worst(&[]), Verdict::Ok);
}
