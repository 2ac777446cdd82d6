use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};
use rstest::rstest;

use super::retry_after;

/// 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples.
const NOW: i64 = 784_111_777;

#[rstest]
#[case("0", Some(0))]
#[case("120", Some(120))]
#[case(" 120 ", Some(120))]
#[case("999999999999999999999999", Some(86_400))]
#[case("Sun, 06 Nov 1994 08:51:37 GMT", Some(120))]
#[case("Sun, 06 Nov 1994 08:00:00 GMT", Some(0))]
#[case("Tue, 06 Nov 2294 08:51:37 GMT", Some(86_400))]
#[case("", None)]
#[case("-1", None)]
#[case("1.5", None)]
#[case("soon", None)]
fn both_forms_are_read(#[case] text: &str, #[case] seconds: Option<u64>) {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
    assert_eq!(retry_after(&headers, NOW), seconds.map(Duration::from_secs));
}

#[test]
fn no_header_asks_for_no_wait() {
    assert_eq!(retry_after(&HeaderMap::new(), NOW), None);
}
