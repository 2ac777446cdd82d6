//! Reading what an admin uploads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Fields, parse_dictionary};
use pki::digest::HashAlg;
use pki::x509::{CertificateRequest, certificates_from_pem};

use crate::error::{Error, Result};

/// The largest upload taken: a CSR and a chain of three are under 16 kB.
pub(super) const UPLOAD_BYTES_MAX: usize = 256 * 1024;

/// Reads a CSR in PEM or a PushCertRequest.
pub(super) fn read(body: &[u8]) -> Result<CertificateRequest> {
    if body.len() > UPLOAD_BYTES_MAX {
        return Err(Error::PushCertRequest("it is too large"));
    }
    let text = std::str::from_utf8(body).map_err(|_| Error::PushCertRequest("it is not text"))?;
    if text.contains("-----BEGIN") {
        return Ok(CertificateRequest::from_pem(text)?);
    }
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let plist =
        STANDARD.decode(packed).map_err(|_| Error::PushCertRequest("it is neither PEM nor base64"))?;
    read_signed(&plist)
}

/// Reads the vendor-signed form: the signature must be that of the first certificate in the chain.
fn read_signed(plist: &[u8]) -> Result<CertificateRequest> {
    let malformed = |_| Error::PushCertRequest("it is not a PushCertRequest");
    let dictionary = parse_dictionary(plist, UPLOAD_BYTES_MAX).map_err(malformed)?;
    let fields = Fields(&dictionary);
    let text = |key| fields.text(key, UPLOAD_BYTES_MAX).map_err(malformed);
    let der = decode(&text("PushCertRequestCSR")?)?;
    let signature = decode(&text("PushCertSignature")?)?;
    let chain = certificates_from_pem(&text("PushCertCertificateChain")?)?;
    let vendor = chain.first().ok_or(Error::PushCertRequest("its chain is empty"))?;
    vendor.public_key().verify(HashAlg::Sha256, &der, &signature)?;
    Ok(CertificateRequest::from_der(&der)?)
}

fn decode(text: &str) -> Result<Vec<u8>> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|_| Error::PushCertRequest("it holds text that is not base64"))
}
