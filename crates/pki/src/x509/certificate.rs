//! Reading certificates (RFC 5280).

use super::Name;
use crate::asn1::{self, Reader, oid, tag};
use crate::digest::{HashAlg, sha256};
use crate::key::{PublicKey, signature_scheme};
use crate::{Error, Result, ber, pem};
use std::sync::Arc;

const PEM_LABEL: &str = "CERTIFICATE";
/// Most extensions read in one certificate. Apple's have about a dozen.
const MAX_EXTENSIONS: usize = 64;

/// A certificate: its bytes, and what Muster wants to know about it. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: i64,
    not_after: i64,
    public_key: PublicKey,
    signature_hash: Option<HashAlg>,
    signature_rsa: bool,
    signature: Vec<u8>,
    extensions: Extensions,
}

/// The extensions that decide something here.
#[derive(Debug, Default)]
struct Extensions {
    is_ca: bool,
    path_length: Option<u8>,
    /// Bit 0 (digitalSignature) is the highest bit of the first octet.
    key_usage: Option<[u8; 2]>,
    purposes: Vec<Vec<u8>>,
    subject_key_id: Option<Vec<u8>>,
    /// All of them, by the content octets of their identifiers.
    all: Vec<(Vec<u8>, Vec<u8>)>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({:?}, {})", self.0.subject, self.sha256_fingerprint())
    }
}

impl Certificate {
    /// Reads one certificate in DER. The bytes are kept as they are: fingerprints are of what was received.
    ///
    /// # Errors
    /// [`Error::Asn1`], [`Error::Algorithm`] or [`Error::TooLarge`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        if der.len() > ber::MAX_LEN {
            return Err(Error::TooLarge("larger than any certificate should be"));
        }
        let mut certificate = Reader::whole(der, tag::SEQUENCE)?;
        let tbs = certificate.expect(tag::SEQUENCE)?;
        let algorithm = certificate.expect(tag::SEQUENCE)?;
        let signature = certificate.bits()?.to_vec();
        certificate.finish()?;
        let (signature_hash, signature_rsa) = signature_scheme(Reader::new(algorithm.content).oid()?)?;

        let mut fields = Reader::new(tbs.content);
        fields.optional(tag::constructed(0))?; // version: v1 certificates have none
        let serial = fields.integer()?.to_vec();
        if fields.expect(tag::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::Asn1("the certificate names two signature algorithms"));
        }
        let issuer = Name::from_der(fields.expect(tag::SEQUENCE)?.raw)?;
        let mut validity = fields.sequence()?;
        let not_before = asn1::time::read(validity.any()?)?;
        let not_after = asn1::time::read(validity.any()?)?;
        let subject = Name::from_der(fields.expect(tag::SEQUENCE)?.raw)?;
        let public_key = PublicKey::from_spki(fields.expect(tag::SEQUENCE)?.raw)?;
        fields.optional(tag::primitive(1))?;
        fields.optional(tag::primitive(2))?;
        let extensions = match fields.optional(tag::constructed(3))? {
            Some(wrapper) => Extensions::read(wrapper.content)?,
            None => Extensions::default(),
        };
        fields.finish()?;
        Ok(Self(Arc::new(Parts {
            der: der.to_vec(),
            tbs: tbs.raw.to_vec(),
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            signature_hash,
            signature_rsa,
            signature,
            extensions,
        })))
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// [`Error::Pem`] or as [`Self::from_der`].
    pub fn from_pem(text: &str) -> Result<Self> {
        Self::from_der(&pem::decode(PEM_LABEL, text)?)
    }

    /// Reads PEM, or DER if there is no armour: for files that people upload.
    ///
    /// # Errors
    /// As [`Self::from_pem`] and [`Self::from_der`].
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN") => Self::from_pem(text),
            _ => Self::from_der(bytes),
        }
    }

    /// The bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// A PEM `CERTIFICATE` block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, &self.0.der)
    }

    /// SHA-256 of the bytes: the name by which Muster knows a certificate.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&self.0.der)
    }

    /// [`Self::sha256`] as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> String {
        hex::encode(self.sha256())
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// The subject's common name.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.0.subject.common_name()
    }

    /// The subject's UID: the topic of a push certificate (`com.apple.mgmt...`).
    #[must_use]
    pub fn user_id(&self) -> Option<String> {
        self.0.subject.first_user_id()
    }

    /// The serial number's octets as they stand in the certificate (two's complement, big-endian).
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The serial number as lower-case hexadecimal digits.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex::encode(&self.0.serial)
    }

    /// First valid second, in seconds since 1970.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// Last valid second, in seconds since 1970.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// Whether `unix` lies within the validity, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, unix: i64) -> bool {
        (self.0.not_before..=self.0.not_after).contains(&unix)
    }

    /// The subject's public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// Whether issuer and subject are the same name. Says nothing about the signature.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.issuer == self.0.subject
    }

    /// Whether it may issue certificates: basicConstraints says CA and keyUsage, if present, allows it.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        // keyCertSign is bit 5.
        self.0.extensions.is_ca && self.0.extensions.key_usage.is_none_or(|[first, _]| first & 0x04 != 0)
    }

    /// How many further intermediates may stand below this CA.
    pub(super) fn path_length(&self) -> Option<u8> {
        self.0.extensions.path_length
    }

    /// Whether it may be used as a TLS client: extendedKeyUsage is absent or names clientAuth.
    #[must_use]
    pub fn allows_client_auth(&self) -> bool {
        let purposes = &self.0.extensions.purposes;
        purposes.is_empty() || purposes.iter().any(|purpose| purpose == oid::CLIENT_AUTH.as_bytes())
    }

    /// The raw value of any extension by its dotted identifier: what Apple attests about a device stands in such
    /// (`1.2.840.113635.100.8.9.1` is the serial number). `None` if there is none, or the identifier is malformed.
    #[must_use]
    pub fn extension(&self, dotted: &str) -> Option<&[u8]> {
        let name = const_oid::ObjectIdentifier::new(dotted).ok()?;
        let mut all = self.0.extensions.all.iter();
        all.find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// The subject key identifier extension.
    pub(crate) fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_id.as_deref()
    }

    /// Whether it was signed with something weaker than SHA-256.
    #[must_use]
    pub fn is_signed_with_sha1(&self) -> bool {
        self.0.signature_hash == Some(HashAlg::Sha1)
    }

    /// The `tls-server-end-point` channel binding of a connection whose server showed this certificate (RFC 5929
    /// section 4.1): its hash by the function of its signature, and by SHA-256 where that is SHA-1. `None` if the
    /// signature names no function.
    #[must_use]
    pub fn tls_server_end_point(&self) -> Option<Vec<u8>> {
        let hash = match self.0.signature_hash? {
            HashAlg::Sha1 => HashAlg::Sha256,
            named => named,
        };
        Some(hash.hash(&self.0.der))
    }

    /// Whether `key` made this certificate's signature. Dates, names and permissions are not looked at.
    ///
    /// # Errors
    /// [`Error::Signature`] if not.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<()> {
        let hash = self.0.signature_hash.ok_or(Error::Signature("the certificate names no hash"))?;
        if self.0.signature_rsa != (key.kind() == crate::key::KeyKind::Rsa) {
            return Err(Error::Signature("the certificate was signed with another kind of key"));
        }
        key.verify(hash, &self.0.tbs, &self.0.signature)
    }
}

/// Every certificate of a PEM text, in order.
///
/// # Errors
/// As [`Certificate::from_pem`]; none at all is an error too.
pub fn certificates_from_pem(text: &str) -> Result<Vec<Certificate>> {
    let all: Vec<_> = pem::decode_all(PEM_LABEL, text)?
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_>>()?;
    if all.is_empty() { Err(Error::Pem("no certificate in it")) } else { Ok(all) }
}

impl Extensions {
    fn read(wrapped: &[u8]) -> Result<Self> {
        let mut out = Self::default();
        let mut list = Reader::whole(wrapped, tag::SEQUENCE)?;
        while !list.is_empty() {
            let mut extension = list.sequence()?;
            let name = extension.oid()?;
            extension.optional(tag::BOOLEAN)?;
            let value = extension.octets()?;
            extension.finish()?;
            // Two of a kind would let two readers see two certificates.
            if out.all.len() >= MAX_EXTENSIONS || out.all.iter().any(|(known, _)| known == name) {
                return Err(Error::Asn1("an extension is repeated, or there are too many"));
            }
            out.all.push((name.to_vec(), value.to_vec()));
            out.take(name, value)?;
        }
        Ok(out)
    }

    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        if name == oid::BASIC_CONSTRAINTS.as_bytes() {
            let mut constraints = Reader::whole(value, tag::SEQUENCE)?;
            self.is_ca = constraints.optional(tag::BOOLEAN)?.is_some_and(|ca| ca.content != [0]);
            if !constraints.is_empty() {
                self.path_length = Some(constraints.small()?);
            }
        } else if name == oid::KEY_USAGE.as_bytes() {
            let bits = Reader::new(value).expect(tag::BIT_STRING)?.content;
            let octet = |index| bits.get(index).copied().unwrap_or_default();
            self.key_usage = Some([octet(1), octet(2)]);
        } else if name == oid::EXTENDED_KEY_USAGE.as_bytes() {
            let mut purposes = Reader::whole(value, tag::SEQUENCE)?;
            while !purposes.is_empty() {
                self.purposes.push(purposes.oid()?.to_vec());
            }
        } else if name == oid::SUBJECT_KEY_IDENTIFIER.as_bytes() {
            self.subject_key_id = Some(Reader::new(value).octets()?.to_vec());
        }
        Ok(())
    }
}
