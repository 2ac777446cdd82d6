use std::time::Duration;

use bytes::Bytes;
use http::Response;
use rstest::rstest;

use super::{PushError, read};

fn refused(status: u16, body: &'static str) -> PushError {
    let answer = Response::builder().status(status).header("retry-after", "7");
    read(&answer.body(Bytes::from_static(body.as_bytes())).unwrap(), 0).unwrap_err()
}

#[test]
fn a_device_that_is_gone_is_known_with_the_time() {
    let error = refused(410, r#"{"reason":"Unregistered","timestamp":1700000000123}"#);
    assert!(matches!(error, PushError::Unregistered { since: Some(1_700_000_000_123_000) }), "{error:?}");
    let error = refused(410, r#"{"reason":"ExpiredToken"}"#);
    assert!(matches!(error, PushError::Unregistered { since: None }), "{error:?}");
}

#[rstest]
#[case(400, "BadDeviceToken")]
#[case(400, "DeviceTokenNotForTopic")]
#[case(410, "Unregistered")]
fn a_dead_token_is_told_from_everything_else(#[case] status: u16, #[case] reason: &str) {
    let body: &'static str = Box::leak(format!(r#"{{"reason":"{reason}"}}"#).into_boxed_str());
    let error = refused(status, body);
    assert!(error.is_token_dead() && !error.is_transient(), "{error:?}");
}

#[rstest]
#[case(403, r#"{"reason":"BadCertificate"}"#, "BadCertificate")]
#[case(403, r#"{"reason":"BadCertificateEnvironment"}"#, "BadCertificateEnvironment")]
#[case(403, r#"{"reason":"MissingProviderToken"}"#, "MissingProviderToken")]
#[case(403, "", "status 403")]
#[case(400, r#"{"reason":"TopicDisallowed"}"#, "TopicDisallowed")]
fn a_certificate_that_is_refused_keeps_apples_word(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] word: &str,
) {
    match refused(status, body) {
        PushError::Certificate { reason } => assert_eq!(reason.as_str(), word),
        other => unreachable!("{other:?}"),
    }
}

#[rstest]
#[case(429, r#"{"reason":"TooManyRequests"}"#)]
#[case(500, r#"{"reason":"InternalServerError"}"#)]
#[case(503, r#"{"reason":"Shutdown"}"#)]
#[case(503, "<html>")]
fn what_passes_is_tried_again_when_apple_says(#[case] status: u16, #[case] body: &'static str) {
    let error = refused(status, body);
    assert!(error.is_transient() && !error.is_token_dead(), "{error:?}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[rstest]
#[case(400, r#"{"reason":"BadExpirationDate"}"#)]
#[case(404, r#"{"reason":"BadPath"}"#)]
#[case(405, r#"{"reason":"MethodNotAllowed"}"#)]
#[case(413, r#"{"reason":"PayloadTooLarge"}"#)]
#[case(302, "")]
#[case(400, "not JSON")]
fn a_fault_of_ours_is_neither(#[case] status: u16, #[case] body: &'static str) {
    let error = refused(status, body);
    assert!(matches!(error, PushError::Refused { .. }), "{error:?}");
    assert!(!error.is_transient() && !error.is_token_dead());
}
