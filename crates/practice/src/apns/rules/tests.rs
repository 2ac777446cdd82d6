use axum::http::HeaderMap;

use super::{Refusal, check};
use crate::apple::Moment;

const TOPIC: &str = "com.apple.mgmt.External.0c0ffee0";
const BODY: &[u8] = br#"{"mdm":"MAGIC"}"#;

fn path() -> String {
    format!("/3/device/{}", "ab".repeat(32))
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

const GOOD: &[(&str, &str)] = &[
    ("apns-topic", TOPIC),
    ("apns-push-type", "mdm"),
    ("apns-priority", "10"),
    ("apns-expiration", "1778300000"),
    ("apns-id", "6F1D9C1A-1F0E-4C58-9C5E-8A6C1D2E3F40"),
];

/// The good headers, with one replaced.
fn with(name: &'static str, value: &'static str) -> HeaderMap {
    let pairs: Vec<_> = GOOD.iter().map(|pair| if pair.0 == name { (name, value) } else { *pair }).collect();
    headers(&pairs)
}

fn reason(headers: &HeaderMap) -> Refusal {
    check(&path(), headers, BODY, TOPIC).unwrap_err()
}

#[test]
fn a_good_push_is_accepted_with_its_id_and_expiration() {
    let accepted = check(&path(), &headers(GOOD), BODY, TOPIC).unwrap();
    assert_eq!((accepted.push.magic.as_str(), accepted.topic.as_str()), ("MAGIC", TOPIC));
    assert_eq!(accepted.push.expires, Some(Moment::from_seconds(1_778_300_000)));
    assert_eq!(accepted.id, "6F1D9C1A-1F0E-4C58-9C5E-8A6C1D2E3F40");
}

#[test]
fn only_the_push_type_is_needed_when_the_certificate_has_a_topic() {
    let accepted = check(&path(), &headers(&[("apns-push-type", "mdm")]), BODY, TOPIC).unwrap();
    assert_eq!((accepted.topic.as_str(), accepted.push.expires), (TOPIC, None));
    assert_eq!(accepted.id.len(), 36);
}

#[test]
fn each_broken_rule_has_its_reason() {
    let rules = [
        (with("apns-topic", "com.apple.mgmt.External.other"), "TopicDisallowed"),
        (with("apns-topic", "com.example.app"), "BadTopic"),
        (with("apns-push-type", "alert"), "InvalidPushType"),
        (headers(&[("apns-topic", TOPIC)]), "InvalidPushType"),
        (with("apns-priority", "11"), "BadPriority"),
        (with("apns-expiration", "tomorrow"), "BadExpirationDate"),
        (with("apns-expiration", "-1"), "BadExpirationDate"),
        (with("apns-id", "1"), "BadMessageId"),
        (headers(&[("apns-push-type", "mdm"), ("apns-push-type", "mdm")]), "DuplicateHeaders"),
    ];
    for (headers, expected) in rules {
        assert_eq!(reason(&headers), Refusal(400, expected));
    }
}

#[test]
fn a_certificate_without_topic_makes_the_header_missing() {
    let headers = headers(&[("apns-push-type", "mdm")]);
    assert_eq!(check(&path(), &headers, BODY, "").unwrap_err(), Refusal(400, "MissingTopic"));
}

#[test]
fn paths_and_payloads_have_their_reasons() {
    let good = headers(GOOD);
    let long = format!(r#"{{"mdm":"{}"}}"#, "x".repeat(4_096));
    let short_token = "/3/device/abcd";
    let cases: [(&str, &[u8], Refusal); 8] = [
        ("/2/device/abcd", BODY, Refusal(404, "BadPath")),
        ("/", BODY, Refusal(404, "BadPath")),
        ("/3/device/", BODY, Refusal(400, "MissingDeviceToken")),
        (short_token, BODY, Refusal(400, "BadDeviceToken")),
        ("/3/device/zz", BODY, Refusal(400, "BadDeviceToken")),
        (&path(), b"", Refusal(400, "PayloadEmpty")),
        (&path(), br#"{"aps":{}}"#, Refusal(400, "PayloadEmpty")),
        (&path(), long.as_bytes(), Refusal(413, "PayloadTooLarge")),
    ];
    for (path, body, expected) in cases {
        assert_eq!(check(path, &good, body, TOPIC).unwrap_err(), expected);
    }
}
