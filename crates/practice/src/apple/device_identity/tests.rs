use std::process::Command;

use pki::cms::verify_signed;
use pki::key::{EcKey, RsaKey, SigningKey};
use pki::x509::{Certificate, verify_issued_by};

use super::{ChainStyle, SigningStyle};
use crate::apple::Moment;
use crate::apple::authority::Authorities;

const NOW: Moment = Moment::from_seconds(1_778_293_800);
const CONTENT: &[u8] =
    b"<plist version=\"1.0\"><dict><key>SERIAL</key><string>C8TJ500QF1MN</string></dict></plist>";

/// Every style a device may have, with the number of certificates it embeds.
fn styles() -> Vec<(SigningStyle, usize)> {
    let mut styles = Vec::new();
    for (chain, count) in [(ChainStyle::Own, 1), (ChainStyle::WithIssuer, 2), (ChainStyle::Whole, 3)] {
        for sha1 in [false, true] {
            for without_attributes in [false, true] {
                let signing_time = (!without_attributes).then_some(NOW.seconds());
                styles.push((SigningStyle { chain, sha1, without_attributes, signing_time }, count));
            }
        }
    }
    styles
}

#[test]
fn every_style_of_signature_verifies_and_leads_to_the_device_authority() {
    let authorities = Authorities::create().unwrap();
    let key = SigningKey::from(RsaKey::generate().unwrap());
    let identity = authorities.issue_device_identity(key.public_key(), NOW).unwrap();
    let anchor = Certificate::from_der(authorities.device_ca()).unwrap();
    for (style, count) in styles() {
        let message = identity.sign(&key, CONTENT, style).unwrap();
        let signed = verify_signed(&message, None).unwrap();
        assert_eq!(signed.signer_cert_der(), identity.certificate, "{style:?}");
        let embedded = pki::cms::certificates_in(&message).unwrap();
        assert_eq!(embedded.len(), count, "{style:?}");
        let leaf = Certificate::from_der(signed.signer_cert_der()).unwrap();
        verify_issued_by(&leaf, &embedded, &anchor).unwrap();
    }
}

#[test]
fn another_practice_does_not_vouch_for_the_device() {
    let key = SigningKey::from(EcKey::generate().unwrap());
    let identity = Authorities::create().unwrap().issue_device_identity(key.public_key(), NOW).unwrap();
    let stranger = Certificate::from_der(Authorities::create().unwrap().device_ca()).unwrap();
    let leaf = Certificate::from_der(&identity.certificate).unwrap();
    let issuer = Certificate::from_der(&identity.device_ca).unwrap();
    assert!(verify_issued_by(&leaf, &[issuer], &stranger).is_err());
}

#[test]
fn openssl_verifies_every_style() {
    let authorities = Authorities::create().unwrap();
    let key = SigningKey::from(RsaKey::generate().unwrap());
    let identity = authorities.issue_device_identity(key.public_key(), NOW).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (style, _) in styles() {
        let path = folder.path().join("machine_info.der");
        std::fs::write(&path, identity.sign(&key, CONTENT, style).unwrap()).unwrap();
        let mut command = Command::new("openssl");
        command.args(["smime", "-verify", "-noverify", "-binary", "-inform", "DER", "-in"]).arg(path);
        let Ok(output) = command.output() else {
            println!("skipped: no openssl");
            return;
        };
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && output.stdout == CONTENT, "{style:?} {words}");
    }
}
