//! Practice Apple's certificate authorities: made at start, gone at the end, in no binary.
//!
//! Four, as at the real one: for the servers' own TLS; the root and the device authority that stand behind every
//! device's certificate; and the one that issues push certificates.

use net::Identity;
use pki::key::{EcKey, PublicKey, RsaKey, SigningKey};
use pki::x509::{CertificateAuthority, IssuePolicy, Name, SubjectAltName, Usage, Validity};

use super::device_identity::DeviceIdentity;
use super::moment::{DAY_S, Moment};
use crate::error::Result;

/// TLS is checked against the computer's clock, and everything else against practice's: valid for both, whatever a
/// test makes of the latter. 2000-01-01 to 2049-01-01.
const ALWAYS: Validity = Validity { not_before: 946_684_800, not_after: 2_493_072_000 };

/// The real Apple iPhone Device CA was valid from 2007-04-16 to 2014-04-16, and has signed devices ever since.
const LONG_EXPIRED: Validity = Validity { not_before: 1_176_763_486, not_after: 1_397_688_286 };

/// How long a device's certificate is valid, in seconds: a year, though nobody checks.
const DEVICE_CERTIFICATE_LIFE_S: i64 = 365 * DAY_S;

/// How long a push certificate is valid, in seconds: one year.
pub const PUSH_CERTIFICATE_LIFE_S: i64 = 365 * DAY_S;

/// The authorities.
#[derive(Debug)]
pub struct Authorities {
    tls: CertificateAuthority,
    device_root: CertificateAuthority,
    device: CertificateAuthority,
    push: CertificateAuthority,
}

impl Authorities {
    /// Makes fresh keys and certificates for all of them.
    ///
    /// # Errors
    /// The computer has no randomness.
    pub fn create() -> Result<Self> {
        let named =
            |name: &str| Name::empty().country("US").organization("Muster Practice").and_common_name(name);
        let ec = || EcKey::generate().map(SigningKey::from);
        let device_root = CertificateAuthority::create(
            RsaKey::generate()?.into(),
            device_name("Practice Apple iPhone Certification Authority"),
            LONG_EXPIRED,
        )?;
        let device_key = SigningKey::from(RsaKey::generate()?);
        let name = device_name("Practice Apple iPhone Device CA");
        let policy = IssuePolicy::new(name, LONG_EXPIRED, Usage::Authority);
        let device = device_root.issue(&policy, device_key.public_key())?;
        Ok(Self {
            tls: CertificateAuthority::create(ec()?, named("Practice Apple TLS CA"), ALWAYS)?,
            device: CertificateAuthority::new(device, device_key)?,
            device_root,
            push: CertificateAuthority::create(ec()?, named("Practice Apple Push CA"), ALWAYS)?,
        })
    }

    /// The authority of practice Apple's servers (DER), for clients to trust.
    pub fn tls_ca(&self) -> &[u8] {
        self.tls.certificate().der()
    }

    /// The device authority (DER), for the MDM server to pin instead of Apple's.
    pub fn device_ca(&self) -> &[u8] {
        self.device.certificate().der()
    }

    /// The push authority.
    pub const fn push(&self) -> &CertificateAuthority {
        &self.push
    }

    /// An identity for one of practice Apple's servers under those host names or addresses.
    ///
    /// # Errors
    /// The computer has no randomness.
    pub fn server_identity(&self, hosts: &[String]) -> Result<Identity> {
        let key = SigningKey::from(EcKey::generate()?);
        let san = hosts.iter().map(|host| SubjectAltName::from(host.as_str()));
        let name = Name::of(hosts.first().map_or("localhost", String::as_str));
        let policy = IssuePolicy::new(name, ALWAYS, Usage::TlsServer).with_san(san);
        let certificate = self.tls.issue(&policy, key.public_key())?;
        Ok(Identity::from_der(vec![certificate.der().to_vec()], &key.to_pkcs8())?)
    }

    /// Issues a device's certificate. Its subject is a random name, as at Apple: the serial number is in what it
    /// signs.
    ///
    /// # Errors
    /// The key is too weak.
    pub fn issue_device_identity(&self, key: &PublicKey, now: Moment) -> Result<DeviceIdentity> {
        let name = device_name(&uuid::Uuid::new_v4().to_string().to_uppercase());
        let not_after = now.plus_seconds(DEVICE_CERTIFICATE_LIFE_S).seconds();
        let validity = Validity { not_before: now.plus_seconds(-DAY_S).seconds(), not_after };
        let certificate = self.device.issue(&IssuePolicy::new(name, validity, Usage::ClientIdentity), key)?;
        Ok(DeviceIdentity {
            certificate: certificate.der().to_vec(),
            device_ca: self.device.certificate().der().to_vec(),
            root: self.device_root.certificate().der().to_vec(),
        })
    }
}

/// A name beside the real `C=US, O=Apple Inc., OU=Apple iPhone`, marked so that nobody takes it for Apple's.
fn device_name(common_name: &str) -> Name {
    let name = Name::empty().country("US").organization("Practice Apple Inc.");
    name.organizational_unit("Practice iPhone").and_common_name(common_name)
}
