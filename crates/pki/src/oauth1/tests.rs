use super::*;
use proptest::prelude::*;

const TEST: Credentials<'static> = Credentials {
    consumer_key: "CK_test",
    consumer_secret: "CS_test",
    access_token: "AT_test",
    access_secret: "AS_test",
};

fn signature_of(header: &str) -> String {
    parse_header(header).unwrap().get("oauth_signature").unwrap().to_owned()
}

#[test]
fn session_requests_sign_as_oauthlib_signs_them() {
    // Computed with oauthlib 3.
    for (url, signature) in [
        ("https://mdmenrollment.apple.com/session", "bT2E4ZcxmosPXcNCbRt0TzLRgX0="),
        ("HTTPS://MDMEnrollment.apple.com:443/session", "bT2E4ZcxmosPXcNCbRt0TzLRgX0="),
        ("http://127.0.0.1:8080/session", "D63bAcE4werayKjtKnDihB5ofWs="),
    ] {
        let header = authorization_header(&TEST, "GET", url, 1_700_000_000, "abcdef0123456789").unwrap();
        assert_eq!(signature_of(&header), signature, "{url}");
    }
}

#[test]
fn query_parameters_are_signed_as_in_the_core_specification() {
    // OAuth Core 1.0a, appendix A.5.
    let credentials = Credentials {
        consumer_key: "dpf43f3p2l4k3l03",
        consumer_secret: "kd94hf93k423kf44",
        access_token: "nnch734d00sl2jdk",
        access_secret: "pfkkdhi9sl3r4s00",
    };
    let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
    let header = authorization_header(&credentials, "GET", url, 1_191_242_096, "kllo9940pd9333jh").unwrap();
    assert_eq!(signature_of(&header), "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
}

#[test]
fn the_header_has_the_form_that_apple_documents() {
    let header =
        authorization_header(&TEST, "GET", "http://127.0.0.1:8080/session", 1_700_000_000, "n").unwrap();
    assert!(
        header.starts_with("OAuth realm=\"ADM\", oauth_consumer_key=\"CK_test\", oauth_token=\"AT_test\", ")
    );
    assert!(header.contains("%3D\""), "the signature is escaped: {header}");
}

#[test]
fn a_genuine_request_verifies_in_any_order_and_without_realm() {
    let url = "http://127.0.0.1:8080/session";
    let header = authorization_header(&TEST, "GET", url, 1_700_000_000, "n").unwrap();
    let parsed = parse_header(&header).unwrap();
    assert_eq!(
        (parsed.consumer_key(), parsed.timestamp(), parsed.nonce()),
        ("CK_test", Some(1_700_000_000), "n")
    );
    assert_eq!(parsed.verify("GET", url, &TEST), Ok(()));
    let mut parts: Vec<_> =
        header.trim_start_matches("OAuth realm=\"ADM\", ").split(", ").map(str::to_owned).collect();
    parts.reverse();
    let shuffled = format!("oauth {}", parts.join(",\t"));
    assert_eq!(parse_header(&shuffled).unwrap().verify("get", url, &TEST), Ok(()));
}

#[test]
fn another_request_or_secret_is_refused() {
    let url = "http://127.0.0.1:8080/session";
    let parsed = parse_header(&authorization_header(&TEST, "GET", url, 1, "n").unwrap()).unwrap();
    assert!(parsed.verify("POST", url, &TEST).is_err());
    assert!(parsed.verify("GET", "http://127.0.0.1:8081/session", &TEST).is_err());
    assert!(parsed.verify("GET", "http://127.0.0.1:8080/session?a=b", &TEST).is_err());
    for other in [
        Credentials { consumer_secret: "x", ..TEST },
        Credentials { access_secret: "x", ..TEST },
        Credentials { access_token: "x", ..TEST },
        Credentials { consumer_key: "x", ..TEST },
    ] {
        assert!(parsed.verify("GET", url, &other).is_err());
    }
}

#[test]
fn malformed_headers_are_refused() {
    let good = authorization_header(&TEST, "GET", "http://h/session", 1, "n").unwrap();
    let repeated = format!("{good}, oauth_nonce=\"m\"");
    let without_nonce = good.replace("oauth_nonce", "other");
    let long = format!("{good}, x=\"{}\"", "y".repeat(MAX_HEADER));
    for header in [
        "",
        "OAuth",
        "Basic eDp5",
        "OAuth a",
        "OAuth a=b",
        "OAuth a=\"%zz\"",
        &repeated,
        &without_nonce,
        &long,
    ] {
        assert!(matches!(parse_header(header), Err(Error::OAuth(_))), "{header:.80}");
    }
}

#[test]
fn secrets_are_not_in_debug() {
    let shown = format!("{TEST:?}");
    assert!(!shown.contains("CS_test") && !shown.contains("AS_test") && !shown.contains("AT_test"));
}

proptest! {
    #[test]
    fn whatever_the_secrets_are_made_of_they_verify(secret in ".{0,40}", nonce in "[!-~]{1,20}", query in "[a-z]{0,4}=?[a-z%41+]{0,3}") {
        let credentials = Credentials { consumer_secret: &secret, ..TEST };
        let url = format!("https://host/session?{query}");
        if let Ok(header) = authorization_header(&credentials, "GET", &url, 1, &nonce) {
            prop_assert_eq!(parse_header(&header).unwrap().verify("GET", &url, &credentials), Ok(()));
        }
    }

    #[test]
    fn random_headers_never_panic(header in "OAuth .{0,200}") {
        let _ = parse_header(&header);
    }
}
