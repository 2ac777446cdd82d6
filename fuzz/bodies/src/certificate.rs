//! BER, certificates, requests, and what administrators upload.

use pki::pem;
use pki::x509::{Certificate, CertificateRequest, certificates_from_pem, verify_current_issued_by};

use crate::keys::AUTHORITY;

/// DER comes out, of bounded size, and DER stays as it is.
pub(crate) fn ber(input: &[u8]) {
    let Ok(der) = pki::ber::to_der(input) else { return };
    // An indefinite element of four bytes of frame may become a definite one of five.
    assert!(der.len() <= input.len() + input.len() / 4 + 1);
    assert_eq!(pki::ber::to_der(&der).as_ref(), Ok(&der));
}

/// A certificate or request is kept as it was sent, and says nothing that contradicts itself.
pub(crate) fn x509(input: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(input) {
        read_all(&certificate);
        assert_eq!(certificate.der(), input);
        assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(&certificate));
    }
    if let Ok(request) = CertificateRequest::from_der(input) {
        assert_eq!(request.der(), input);
        let again = CertificateRequest::from_pem(&request.to_pem()).expect("what was read");
        assert_eq!(again.challenge_password(), request.challenge_password());
        let _ = (request.subject().common_name(), request.public_key().bits());
    }
}

fn read_all(certificate: &Certificate) {
    let _ = (certificate.common_name(), certificate.user_id(), certificate.serial_hex());
    let _ = (certificate.is_ca(), certificate.allows_client_auth(), certificate.tls_server_end_point());
    let _ = certificate.extension("2.5.29.17");
    let _ = certificate.verify_signature(certificate.public_key());
    assert_eq!(
        certificate.is_valid_at(certificate.not_before()),
        certificate.not_before() <= certificate.not_after()
    );
    // Nobody but us has the key of our authority, and it has issued nothing.
    let authority = AUTHORITY.certificate();
    assert!(verify_current_issued_by(certificate, &[], authority, 1_700_000_000).is_err());
}

/// A push certificate or an authority as an administrator uploads it: PEM or DER, with anything around it.
pub(crate) fn upload(input: &[u8]) {
    let _ = Certificate::from_pem_or_der(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    for certificate in certificates_from_pem(text).unwrap_or_default() {
        read_all(&certificate);
        assert_eq!(Certificate::from_pem(&certificate.to_pem()), Ok(certificate));
    }
    for block in pem::decode_all("CERTIFICATE REQUEST", text).unwrap_or_default() {
        assert!(block.len() <= input.len());
        let again = pem::decode("CERTIFICATE REQUEST", &pem::encode("CERTIFICATE REQUEST", &block));
        assert_eq!(again.as_deref(), Ok(&*block));
        let _ = CertificateRequest::from_der(&block);
    }
}
