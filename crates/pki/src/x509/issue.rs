//! Issuing certificates. The server decides what is in them; a request contributes its public key and nothing else.

use super::name::not_empty;
use super::{Certificate, Name};
use crate::asn1::{self, explicit, oid, sequence, tag, write_oid};
use crate::key::{KeyKind, PublicKey, SigningKey};
use crate::{Error, Result, random};
use const_oid::ObjectIdentifier;
use std::net::IpAddr;

/// First and last valid second, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First valid second.
    pub not_before: i64,
    /// Last valid second.
    pub not_after: i64,
}

impl Validity {
    /// From `now` for `days`, and an hour back for clocks that are slow: devices in Setup Assistant often are.
    #[must_use]
    pub const fn days(now: i64, days: i64) -> Self {
        Self { not_before: now - 3600, not_after: now.saturating_add(days.saturating_mul(86_400)) }
    }
}

/// What a certificate is for. Decides key usage, extended key usage and basic constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Issues certificates to devices, directly: no intermediates below. Also decrypts SCEP requests and signs the
    /// answers, as RFC 8894 section 3.2 wants of a CA without a separate RA.
    Authority,
    /// A TLS server.
    TlsServer,
    /// A device's or a program's identity: TLS client, message signer and, for SCEP renewal, recipient.
    ClientIdentity,
    /// The certificate uploaded to Apple Business Manager, to which server tokens are encrypted.
    ServerToken,
    /// Signs enrolment profiles.
    ProfileSigner,
}

impl Usage {
    /// Bits of keyUsage from the highest: digitalSignature 0x80, keyEncipherment 0x20, keyCertSign 0x04, cRLSign 0x02.
    const fn key_usage(self, key: KeyKind) -> u8 {
        // Only RSA keys can be encrypted to (RFC 8813).
        let encipher = if matches!(key, KeyKind::Rsa) { 0x20 } else { 0 };
        match self {
            Self::Authority => 0x80 | encipher | 0x06,
            Self::TlsServer | Self::ClientIdentity | Self::ServerToken => 0x80 | encipher,
            Self::ProfileSigner => 0x80,
        }
    }

    const fn purpose(self) -> Option<ObjectIdentifier> {
        match self {
            Self::TlsServer => Some(oid::SERVER_AUTH),
            Self::ClientIdentity => Some(oid::CLIENT_AUTH),
            Self::Authority | Self::ServerToken | Self::ProfileSigner => None,
        }
    }
}

/// Another name of the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectAltName {
    /// A host name.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A URI.
    Uri(String),
}

impl SubjectAltName {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => asn1::context(2, name.as_bytes()),
            Self::Uri(uri) => asn1::context(6, uri.as_bytes()),
            Self::Ip(IpAddr::V4(address)) => asn1::context(7, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => asn1::context(7, &address.octets()),
        }
    }
}

impl From<&str> for SubjectAltName {
    /// An address if it is one, else a host name.
    fn from(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::Dns(name.to_owned()), Self::Ip)
    }
}

/// Everything that goes into a certificate but the key.
#[derive(Debug, Clone)]
pub struct IssuePolicy {
    /// The subject.
    pub subject: Name,
    /// The validity.
    pub validity: Validity,
    /// What it is for.
    pub usage: Usage,
    /// Other names; for TLS servers at least one.
    pub san: Vec<SubjectAltName>,
    /// The serial number as big-endian octets, 1 to 20; `None` for 127 random bits.
    pub serial: Option<Vec<u8>>,
}

impl IssuePolicy {
    /// A policy without other names and with a random serial number.
    #[must_use]
    pub const fn new(subject: Name, validity: Validity, usage: Usage) -> Self {
        Self { subject, validity, usage, san: Vec::new(), serial: None }
    }

    /// Adds other names.
    #[must_use]
    pub fn with_san(mut self, san: impl IntoIterator<Item = SubjectAltName>) -> Self {
        self.san.extend(san);
        self
    }
}

/// A certificate authority: certificate and key.
#[derive(Debug, Clone)]
pub struct CertificateAuthority {
    certificate: Certificate,
    key: SigningKey,
}

impl CertificateAuthority {
    /// A new authority with a self-signed certificate. SCEP needs `key` to be RSA.
    ///
    /// # Errors
    /// As [`self_signed`].
    pub fn create(key: SigningKey, subject: Name, validity: Validity) -> Result<Self> {
        let policy = IssuePolicy::new(subject, validity, Usage::Authority);
        Ok(Self { certificate: self_signed(&key, &policy)?, key })
    }

    /// An existing authority.
    ///
    /// # Errors
    /// [`Error::Key`] if the key is not the certificate's, [`Error::Chain`] if the certificate is not a CA's.
    pub fn new(certificate: Certificate, key: SigningKey) -> Result<Self> {
        if certificate.public_key() != key.public_key() {
            return Err(Error::Key("it does not belong to the certificate"));
        }
        if !certificate.is_ca() {
            return Err(Error::Chain("it may not issue certificates"));
        }
        Ok(Self { certificate, key })
    }

    /// The authority's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The authority's key.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Issues a certificate for `public_key` as `policy` says.
    ///
    /// # Errors
    /// [`Error::Key`] for RSA below 2048 bits, [`Error::Chain`] for an empty subject or a bad serial number.
    pub fn issue(&self, policy: &IssuePolicy, public_key: &PublicKey) -> Result<Certificate> {
        build(policy, public_key, self.certificate.subject(), &self.key_identifier(), &self.key)
    }

    fn key_identifier(&self) -> Vec<u8> {
        let own = self.certificate.subject_key_id().map(<[u8]>::to_vec);
        own.unwrap_or_else(|| self.key.public_key().key_identifier().to_vec())
    }
}

/// A certificate that vouches for itself: authorities, the server token key, practice devices.
///
/// # Errors
/// As [`CertificateAuthority::issue`].
pub fn self_signed(key: &SigningKey, policy: &IssuePolicy) -> Result<Certificate> {
    let public = key.public_key();
    build(policy, public, &policy.subject, &public.key_identifier(), key)
}

fn build(
    policy: &IssuePolicy,
    public_key: &PublicKey,
    issuer: &Name,
    issuer_key_id: &[u8],
    signer: &SigningKey,
) -> Result<Certificate> {
    if public_key.kind() == KeyKind::Rsa && public_key.bits() < 2048 {
        return Err(Error::Key("RSA keys need 2048 bits or more"));
    }
    not_empty(&policy.subject)?;
    let algorithm = signer.signature_algorithm();
    let tbs = sequence(&[
        &explicit(0, &[&asn1::small(2)]), // v3, always: web validators refuse v1
        &serial(policy.serial.as_deref())?,
        &algorithm,
        issuer.der(),
        &sequence(&[
            &asn1::time::write(policy.validity.not_before),
            &asn1::time::write(policy.validity.not_after),
        ]),
        policy.subject.der(),
        public_key.spki(),
        &explicit(3, &[&extensions(policy, public_key, issuer_key_id)]),
    ]);
    let signature = asn1::bit_string(&signer.sign_sha256(&tbs)?);
    Certificate::from_der(&sequence(&[&tbs, &algorithm, &signature]))
}

fn serial(given: Option<&[u8]>) -> Result<Vec<u8>> {
    match given {
        // RFC 5280 section 4.1.2.2: positive, at most 20 octets.
        Some(octets) if octets.len() > 20 || octets.iter().all(|octet| *octet == 0) => {
            Err(Error::Chain("its serial number is not 1 to 20 octets"))
        }
        Some(octets) => Ok(asn1::integer(octets)),
        None => {
            // Positive, and always the same length.
            let [first, rest @ ..] = random::bytes::<16>()?;
            Ok(asn1::integer(&[&[(first & 0x7f) | 0x40], rest.as_slice()].concat()))
        }
    }
}

fn extensions(policy: &IssuePolicy, public_key: &PublicKey, issuer_key_id: &[u8]) -> Vec<u8> {
    let constraints = match policy.usage {
        Usage::Authority => sequence(&[&asn1::boolean(true), &asn1::small(0)]),
        _ => sequence(&[]),
    };
    let mut list = vec![
        extension(&oid::BASIC_CONSTRAINTS, true, &constraints),
        extension(&oid::KEY_USAGE, true, &key_usage(policy.usage.key_usage(public_key.kind()))),
        extension(&oid::SUBJECT_KEY_IDENTIFIER, false, &asn1::octet_string(&public_key.key_identifier())),
        extension(&oid::AUTHORITY_KEY_IDENTIFIER, false, &sequence(&[&asn1::context(0, issuer_key_id)])),
    ];
    if let Some(purpose) = policy.usage.purpose() {
        list.push(extension(&oid::EXTENDED_KEY_USAGE, false, &sequence(&[&write_oid(&purpose)])));
    }
    if !policy.san.is_empty() {
        let names: Vec<_> = policy.san.iter().map(SubjectAltName::der).collect();
        list.push(extension(&oid::SUBJECT_ALT_NAME, false, &sequence(&[&names.concat()])));
    }
    sequence(&[&list.concat()])
}

fn key_usage(bits: u8) -> Vec<u8> {
    // DER: trailing zero bits of a named bit list are left out.
    asn1::tlv(tag::BIT_STRING, &[&[bits.trailing_zeros() as u8, bits]])
}

fn extension(name: &ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { asn1::boolean(true) } else { Vec::new() };
    sequence(&[&write_oid(name), &critical, &asn1::octet_string(value)])
}
