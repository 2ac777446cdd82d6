use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::key::{RsaKey, SigningKey};
use pki::x509::{Certificate, CertificateRequest, IssuePolicy, Name, Usage, Validity, self_signed};

use super::{PushCertPortal, TOPIC_PREFIX};
use crate::apple::Moment;
use crate::apple::authority::Authorities;
use crate::error::Error;

const NOW: Moment = Moment::from_seconds(1_778_293_800);

struct Asking {
    authorities: Authorities,
    portal: PushCertPortal,
    key: SigningKey,
    csr: CertificateRequest,
}

fn asking() -> Asking {
    let key = SigningKey::from(RsaKey::generate().unwrap());
    let csr = CertificateRequest::create(&key, &Name::of("push"), None).unwrap();
    Asking { authorities: Authorities::create().unwrap(), portal: PushCertPortal::default(), key, csr }
}

impl Asking {
    fn ask(&self, body: &[u8], account: &str, renew: Option<&str>) -> Result<super::PushCertificate, Error> {
        self.portal.request(&self.authorities, body, account, renew, NOW)
    }

    /// The vendor-signed form of the request, signed by its own key, over `der`.
    fn push_cert_request(&self, der: &[u8]) -> Vec<u8> {
        let policy =
            IssuePolicy::new(Name::of("vendor"), Validity::days(NOW.seconds(), 1), Usage::ClientIdentity);
        let vendor = self_signed(&self.key, &policy).unwrap();
        let plist = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PushCertRequestCSR</key><string>{}</string>
<key>PushCertCertificateChain</key><string>{}</string>
<key>PushCertSignature</key><string>{}</string>
</dict></plist>"#,
            STANDARD.encode(self.csr.der()),
            vendor.to_pem(),
            STANDARD.encode(self.key.sign_sha256(der).unwrap()),
        );
        STANDARD.encode(plist).into_bytes()
    }
}

#[test]
fn the_certificate_is_for_the_requests_key_and_its_topic_is_in_the_user_id() {
    let asking = asking();
    let made = asking.ask(asking.csr.to_pem().as_bytes(), "it@example.com", None).unwrap();
    let certificate = Certificate::from_pem(&made.pem).unwrap();
    assert_eq!(certificate.user_id().as_deref(), Some(made.topic.as_str()));
    assert!(made.topic.starts_with(TOPIC_PREFIX));
    assert_eq!(certificate.public_key(), asking.key.public_key());
    assert_eq!(certificate.not_after(), NOW.plus_seconds(365 * 86_400).seconds());
}

#[test]
fn renewing_keeps_the_topic_and_only_for_the_same_apple_account() {
    let asking = asking();
    let pem = asking.csr.to_pem();
    let made = asking.ask(pem.as_bytes(), "it@example.com", None).unwrap();
    let renewed = asking.ask(pem.as_bytes(), "it@example.com", Some(&made.topic)).unwrap();
    assert_eq!(renewed.topic, made.topic);
    assert_eq!(asking.portal.list().len(), 1);
    let refused = asking.ask(pem.as_bytes(), "other@example.com", Some(&made.topic)).unwrap_err();
    assert!(matches!(refused, Error::RenewalRefused(_)));
    let other = asking.ask(pem.as_bytes(), "other@example.com", None).unwrap();
    assert_ne!(other.topic, made.topic);
}

#[test]
fn a_vendor_signed_request_is_taken_and_one_with_another_signature_is_not() {
    let asking = asking();
    let good = asking.push_cert_request(asking.csr.der());
    assert!(asking.ask(&good, "it@example.com", None).is_ok());
    let forged = asking.push_cert_request(b"something else");
    assert!(matches!(asking.ask(&forged, "it@example.com", None), Err(Error::Pki(_))));
}

#[test]
fn what_is_no_request_is_refused_in_words() {
    let asking = asking();
    let large = vec![b'A'; 300_000];
    for body in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE REQUEST-----", b"\xff\xfe", &large] {
        assert!(asking.ask(body, "it@example.com", None).is_err());
    }
}
