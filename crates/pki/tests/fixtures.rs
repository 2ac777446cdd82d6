//! Messages made by OpenSSL, as Apple's portals and devices make them: read, verified, refused.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use muster_pki::digest::HashAlg;
use muster_pki::key::{EcKey, RsaKey};
use muster_pki::smime::ServerToken;
use muster_pki::x509::{Certificate, CertificateAuthority, IssuePolicy, Name, Usage, Validity};
use muster_pki::x509::{verify_current_issued_by, verify_issued_by};
use muster_pki::{Error, cms};
use proptest::prelude::*;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(read(name)).unwrap()
}

fn key() -> RsaKey {
    RsaKey::from_pem(&text("token.key")).unwrap()
}

fn ca() -> Certificate {
    Certificate::from_pem(&text("ca.pem")).unwrap()
}

#[test]
fn any_extension_can_be_read() {
    let certificate = Certificate::from_pem(&text("below.pem")).unwrap();
    // subjectKeyIdentifier: an OCTET STRING of 20 bytes.
    assert_eq!(certificate.extension("2.5.29.14").unwrap().get(..2), Some(&[0x04, 0x14][..]));
    assert_eq!(certificate.extension("1.2.840.113635.100.8.9.1"), None);
    assert_eq!(certificate.extension("no identifier"), None);
}

#[test]
fn a_short_key_gets_no_certificate_from_us() {
    let short = Certificate::from_pem(&text("leaf.pem")).unwrap();
    let key = EcKey::generate().unwrap().into();
    let ca = CertificateAuthority::create(key, Name::of("CA"), Validity::days(0, 1)).unwrap();
    let policy = IssuePolicy::new(Name::of("device"), Validity::days(0, 1), Usage::ClientIdentity);
    assert!(matches!(ca.issue(&policy, short.public_key()), Err(Error::Key(_))));
}

/// Shows: R18
#[test]
fn token_files_of_every_cipher_and_encoding_are_read() {
    let key = key();
    for name in [
        "token_aes128_stream.p7m",
        "token_aes128.p7m",
        "token_aes192.p7m",
        "token_aes256_stream.p7m",
        "token_aes256.der",
        "token_des3.p7m",
        "token_pem.p7m",
    ] {
        let token = ServerToken::read(&read(name), &key).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(token.consumer_key, "CK_fixture", "{name}");
        assert_eq!(token.access_secret.as_str(), "AS_fixture", "{name}");
        assert_eq!(token.access_token_expiry, "2027-01-14T21:27:41Z", "{name}");
    }
}

#[test]
fn a_token_under_single_des_is_refused() {
    let refused = ServerToken::read(&read("token_des.p7m"), &key());
    assert_eq!(refused, Err(Error::ServerToken("file is not encrypted in a way that Apple uses")));
}

#[test]
fn a_negative_serial_number_is_kept_as_it_is() {
    let certificate = Certificate::from_pem(&text("token.pem")).unwrap();
    assert_eq!(certificate.serial(), [0xfb]);
    assert_eq!(certificate.public_key(), key().public_key());
}

#[test]
fn messages_of_every_kind_of_device_verify() {
    let body = read("body.xml");
    for (name, digest) in [
        ("attached_sha1", HashAlg::Sha1),
        ("attached_sha256", HashAlg::Sha256),
        ("attached_sha512", HashAlg::Sha512),
        ("attached_noattr", HashAlg::Sha1),
        ("attached_stream", HashAlg::Sha1),
        ("attached_keyid", HashAlg::Sha256),
        ("attached_ec", HashAlg::Sha256),
        ("attached_ec384", HashAlg::Sha384),
    ] {
        let signed = cms::verify_signed(&read(&format!("{name}.der")), None)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&signed.content, signed.digest), (&body, digest), "{name}");
        assert_eq!(signed.signing_time.is_some(), name != "attached_noattr", "{name}");
        assert_eq!(verify_issued_by(&signed.signer, &signed.certificates, &ca()), Ok(()), "{name}");
    }
    for name in ["detached_sha1", "detached_sha256"] {
        let message = read(&format!("{name}.der"));
        assert_eq!(cms::verify_signed(&message, Some(&body)).unwrap().content, body, "{name}");
    }
}

#[test]
fn the_signer_is_kept_byte_for_byte() {
    let signed = cms::verify_signed(&read("attached_sha1.der"), None).unwrap();
    assert_eq!(signed.signer_cert_der(), Certificate::from_pem(&text("leaf.pem")).unwrap().der());
}

/// Refuses: C
/// A signature that holds, over other content.
#[test]
fn swapped_content_is_refused() {
    let mut body = read("body.xml");
    let at = body.iter().position(|byte| *byte == b'D').unwrap();
    *body.get_mut(at).unwrap() = b'E';
    for name in ["detached_sha1", "detached_sha256"] {
        let refused = cms::verify_signed(&read(&format!("{name}.der")), Some(&body));
        assert!(matches!(refused, Err(Error::Signature(_))), "{name}");
    }
}

/// Refuses: B
/// Signers whom the anchor does not know.
#[test]
fn signers_that_do_not_lead_to_the_anchor_are_refused() {
    for (name, anchor) in
        [("attached_puppet", "ca.pem"), ("attached_sha1", "middle.pem"), ("attached_ec", "token.pem")]
    {
        let signed = cms::verify_signed(&read(&format!("{name}.der")), None).unwrap();
        let anchor = Certificate::from_pem(&text(anchor)).unwrap();
        let refused = verify_issued_by(&signed.signer, &signed.certificates, &anchor);
        assert!(matches!(refused, Err(Error::Chain(_))), "{name}");
    }
}

/// Refuses: B
#[test]
fn what_is_as_old_as_apples_anchor_is_good_for_nothing_else() {
    let signed = cms::verify_signed(&read("attached_sha1.der"), None).unwrap();
    let now = signed.signing_time.unwrap();
    assert!(verify_current_issued_by(&signed.signer, &signed.certificates, &ca(), now).is_err());
}

/// Refuses: B
#[test]
fn two_signers_and_an_absent_certificate_are_refused() {
    for name in ["refused_two_signers", "refused_no_certificate"] {
        let refused = cms::verify_signed(&read(&format!("{name}.der")), None);
        assert!(matches!(refused, Err(Error::Signature(_))), "{name}");
    }
}

/// The messages that mutation starts from.
const SEEDS: [&str; 4] =
    ["attached_sha1.der", "attached_stream.der", "attached_noattr.der", "attached_ec.der"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Refuses: A, C
    /// Whatever is changed in a message, it is refused or still says the same.
    #[test]
    fn a_changed_message_never_says_something_else(
        seed in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), chop in any::<bool>(),
    ) {
        let mut message = read(SEEDS.get(seed).unwrap());
        let at = at.index(message.len());
        *message.get_mut(at).unwrap() = byte;
        if chop {
            message.truncate(cut.index(message.len()));
        }
        if let Ok(signed) = cms::verify_signed(&message, None) {
            prop_assert_eq!(signed.content, read("body.xml"));
        }
    }

    #[test]
    fn a_changed_certificate_or_request_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut der = Certificate::from_pem(&text("below.pem")).unwrap().der().to_vec();
        let at = at.index(der.len());
        *der.get_mut(at).unwrap() = byte;
        let _ = Certificate::from_der(&der);
        let _ = muster_pki::x509::CertificateRequest::from_der(&der);
    }
}
