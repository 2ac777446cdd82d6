use super::*;
use crate::x509::{IssuePolicy, Name, Usage, Validity, self_signed};
use proptest::prelude::*;
use std::sync::LazyLock;

static KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());
static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let policy = IssuePolicy::new(Name::of("Muster"), Validity::days(0, 1), Usage::ServerToken);
    self_signed(&KEY.clone().into(), &policy).unwrap()
});

fn token() -> ServerToken {
    ServerToken {
        consumer_key: "CK_1".into(),
        consumer_secret: Zeroizing::new("CS_1".into()),
        access_token: Zeroizing::new("AT_1".into()),
        access_secret: Zeroizing::new("AS_1".into()),
        access_token_expiry: "2027-01-14T21:27:41Z".into(),
    }
}

/// A token file around any inner text.
fn file_around(inner: &str) -> Vec<u8> {
    encrypt_streamed(&CERTIFICATE, inner.as_bytes(), Cipher::Aes128).unwrap()
}

/// Shows: R18, R19
#[test]
fn a_token_file_encrypted_to_our_certificate_gives_its_credentials() {
    let file = token().write(&CERTIFICATE).unwrap();
    assert!(file.starts_with("Content-Type: application/pkcs7-mime; name=\"smime.p7m\""));
    assert_eq!(ServerToken::read(file.as_bytes(), &KEY), Ok(token()));
}

#[test]
fn the_wrapping_does_not_matter() {
    let file = token().write(&CERTIFICATE).unwrap();
    let (headers, body) = file.split_once("\n\n").unwrap();
    let message = pem::base64_lenient(body.as_bytes()).unwrap();
    for variant in [
        file.replace('\n', "\r\n").into_bytes(),
        format!("\u{feff}MIME-Version: 1.0\n{headers}\n\n{body}\n\n").into_bytes(),
        // Apple's documentation breaks the first header without indentation.
        file.replacen("; smime-type", ";\nsmime-type", 1).into_bytes(),
        body.as_bytes().to_vec(),
        body.replace('\n', "").into_bytes(),
        pem::encode("PKCS7", &message).into_bytes(),
        pem::encode("CMS", &message).into_bytes(),
        message.to_vec(),
        crate::ber::to_der(&message).unwrap(),
    ] {
        assert_eq!(ServerToken::read(&variant, &KEY), Ok(token()), "{}", String::from_utf8_lossy(&variant));
    }
}

#[test]
fn the_json_may_be_bare_or_broken_across_lines() {
    let json = r#"{"consumer_key":"CK_1","consumer_secret":"CS_1","access_token":"AT_1","access_secret":"AS_1","access_token_expiry":"2027-01-14T21:27:41Z","more":1}"#;
    let broken: String =
        json.as_bytes().chunks(20).map(|c| format!("{}\r\n", String::from_utf8_lossy(c))).collect();
    for inner in [
        json.to_owned(),
        broken.clone(),
        format!("-----BEGIN MESSAGE-----\n{json}\n-----END MESSAGE-----\n"),
        format!("Content-Type: text/plain\n\n{json}"),
        format!("{INNER_HEADER}-----BEGIN MESSAGE-----\r\n{broken}-----END MESSAGE-----\r\n"),
    ] {
        assert_eq!(ServerToken::read(&file_around(&inner), &KEY), Ok(token()), "{inner}");
    }
}

/// Shows: R19
#[test]
fn a_token_for_another_key_says_so() {
    let other = RsaKey::generate().unwrap();
    for _ in 0..20 {
        let file = token().write(&CERTIFICATE).unwrap();
        assert_eq!(ServerToken::read(file.as_bytes(), &other), Err(NOT_OURS));
    }
}

#[test]
fn what_is_no_token_is_refused_with_a_reason() {
    let certificate = CERTIFICATE.to_pem();
    let large = vec![b'A'; MAX_FILE + 1];
    for (file, reason) in [
        (&b""[..], "damaged"),
        (b"hello", "damaged"),
        (b"\x30\x80\xff", "damaged"),
        (certificate.as_bytes(), "certificate"),
        (&large, "larger"),
    ] {
        let error = ServerToken::read(file, &KEY).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for inner in [
        "",
        "{}",
        "text",
        r#"{"consumer_key":1}"#,
        r#"{"consumer_key":"","consumer_secret":"a","access_token":"a","access_secret":"a","access_token_expiry":"a"}"#,
    ] {
        let error = ServerToken::read(&file_around(inner), &KEY).unwrap_err().to_string();
        assert!(error.contains("not what Apple puts"), "{inner}: {error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", token());
    for secret in ["CS_1", "AT_1", "AS_1"] {
        assert!(!shown.contains(secret));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_file_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut file = file_around("{}");
        let at = at.index(file.len());
        file[at] = byte;
        let _ = ServerToken::read(&file, &KEY);
    }
}
