//! What the push certificates portal takes: a request for a push certificate, countersigned by an MDM vendor.

use super::{Certificate, CertificateRequest};
use crate::key::RsaKey;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The file for `identity.apple.com/pushcert` (Apple, "Setting up push notifications for your MDM customers"): a
/// property list in one line of base64. `vendor` is the key of the first certificate of `chain`: the MDM vendor
/// certificate, then Apple's intermediate, then Apple's root.
///
/// # Errors
/// [`Error::Key`] if the vendor's key does not belong to the chain's first certificate.
pub fn push_cert_request(
    request: &CertificateRequest,
    vendor: &RsaKey,
    chain: &[Certificate],
) -> Result<String> {
    if chain.first().is_none_or(|first| first.public_key() != vendor.public_key()) {
        return Err(Error::Key("it does not belong to the vendor certificate"));
    }
    // Base64 and PEM have no character that XML would need escaped.
    let values = [
        ("PushCertRequestCSR", STANDARD.encode(request.der())),
        ("PushCertCertificateChain", chain.iter().map(Certificate::to_pem).collect()),
        ("PushCertSignature", STANDARD.encode(vendor.sign_sha256(request.der())?)),
    ];
    let dict: String =
        values.iter().map(|(key, value)| format!("<key>{key}</key>\n<string>{value}</string>\n")).collect();
    Ok(STANDARD.encode(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n{dict}</dict>\n</plist>\n"
    )))
}
