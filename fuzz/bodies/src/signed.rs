//! Signed and enveloped messages. A fuzzer holds no key, so whatever verifies was signed by somebody who did.

use pki::cms::{MAX_CERTIFICATES, Signed, certificates_in, decrypt_enveloped, verify_signed};
use pki::x509::verify_issued_by;

use crate::keys::{APPLE, RSA, SIGNED_BODY};

/// Nothing verifies but what the makers of the corpus signed, and nothing leads to Apple.
pub(crate) fn cms_signed(input: &[u8]) {
    if let Ok(signed) = verify_signed(input, None) {
        believed(&signed);
    }
    if let Ok(signed) = verify_signed(input, Some(SIGNED_BODY)) {
        believed(&signed);
    }
    assert!(verify_signed(input, Some(b"something else")).is_err(), "other content was taken for signed");
    if let Ok(certificates) = certificates_in(input) {
        assert!(certificates.len() <= MAX_CERTIFICATES);
    }
}

fn believed(signed: &Signed) {
    assert_eq!(signed.content, SIGNED_BODY, "content that nobody signed");
    assert!(signed.certificates.len() <= MAX_CERTIFICATES);
    let trusted = verify_issued_by(&signed.signer, &signed.certificates, &APPLE);
    assert!(trusted.is_err(), "a signer of ours was taken for an Apple device");
}

/// What is decrypted is no longer than what was sent.
pub(crate) fn cms_enveloped(input: &[u8]) {
    if let Ok(content) = decrypt_enveloped(input, &RSA) {
        assert!(content.len() < input.len());
    }
}

/// The header of a device's message up to the first line break, and its body after.
pub(crate) fn mdm_signature(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (Some(header), Some(body)) = (parts.next(), parts.next()) else { return };
    let Ok(signature) = pki::pem::base64_lenient(header) else { return };
    assert!(signature.len() <= header.len());
    if verify_signed(&signature, Some(body)).is_ok() {
        assert_eq!(body, SIGNED_BODY, "a body that nobody signed");
    }
}
