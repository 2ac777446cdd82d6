//! The server's own certificate authority, for operators without a certificate for its host names.
//!
//! Devices trust it because its certificate goes to Apple in the profile (`anchor_certs`); programs and browsers are
//! given its PEM file.

use pki::key::{EcKey, SigningKey};
use pki::x509::{Certificate, CertificateAuthority, IssuePolicy, Name, SubjectAltName, Usage, Validity};
use zeroize::Zeroizing;

use crate::open::internal;
use crate::{AppError, Result};

/// Life of the authority, days. It cannot be replaced under devices that wait in their boxes.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Life of a certificate, days. Apple's systems refuse server certificates of more than 825 days, and of more than 398
/// from public authorities.
const CERTIFICATE_DAYS: i64 = 397;

/// The authority as its two files: both PEM.
pub struct ServerAuthority {
    /// Its certificate.
    pub certificate_pem: String,
    /// Its private key.
    pub key_pem: Zeroizing<String>,
}

/// A certificate for the server: both PEM.
pub struct ServerCertificate {
    /// The certificate; its issuer is known to those who trust the authority.
    pub chain_pem: String,
    /// Its private key.
    pub key_pem: Zeroizing<String>,
}

impl ServerAuthority {
    /// A new authority. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// No randomness.
    pub fn create(now: i64) -> Result<Self> {
        let key = SigningKey::from(EcKey::generate().map_err(internal)?);
        let name = Name::empty().organization("Muster").and_common_name("Muster Server CA");
        let made =
            CertificateAuthority::create(key, name, Validity::days(now, AUTHORITY_DAYS)).map_err(internal)?;
        Ok(Self { certificate_pem: made.certificate().to_pem(), key_pem: made.key().to_pem() })
    }

    /// A certificate with a fresh key for these host names and addresses. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when certificate and key are not an authority's, or there is no host.
    pub fn issue(&self, hosts: &[String], now: i64) -> Result<ServerCertificate> {
        let unusable = |e: pki::Error| AppError::invalid("server CA", format!("failed to {e}"));
        let certificate = Certificate::from_pem(&self.certificate_pem).map_err(unusable)?;
        let key = SigningKey::from_pem(&self.key_pem).map_err(unusable)?;
        let authority = CertificateAuthority::new(certificate, key).map_err(unusable)?;
        let first =
            hosts.first().ok_or_else(|| AppError::invalid("host", "a certificate needs a host name"))?;
        // RFC 5280: a common name holds 64 characters; who reads it nowadays looks at the other names.
        let common_name: String = first.chars().take(64).collect();
        let policy =
            IssuePolicy::new(Name::of(&common_name), Validity::days(now, CERTIFICATE_DAYS), Usage::TlsServer)
                .with_san(hosts.iter().map(|host| SubjectAltName::from(host.as_str())));
        let key = EcKey::generate().map_err(unusable)?;
        let issued = authority.issue(&policy, key.public_key()).map_err(unusable)?;
        Ok(ServerCertificate { chain_pem: issued.to_pem(), key_pem: key.to_pem() })
    }
}
