//! Making SignedData (RFC 5652 section 5).

use super::enveloped::issuer_and_serial;
use crate::asn1::{self, explicit, oid, sequence, set_of, tag, write_oid};
use crate::digest::HashAlg;
use crate::key::{KeyKind, SigningKey};
use crate::x509::Certificate;
use crate::{Error, Result};
use const_oid::ObjectIdentifier;

/// Signs messages with one key. Build it once and keep it; signing borrows it.
///
/// SHA-256 throughout. RSA signatures carry the algorithm `rsaEncryption`, as OpenSSL and Apple write it and as strict
/// SCEP clients insist; the digest algorithm stands beside it.
#[derive(Debug, Clone)]
pub struct Signer {
    key: SigningKey,
    certificate: Certificate,
    chain: Vec<Certificate>,
    hash: HashAlg,
    signing_time: Option<i64>,
    without_attributes: bool,
    attributes: Vec<Vec<u8>>,
}

impl Signer {
    /// A signer with this key and certificate.
    ///
    /// # Errors
    /// [`Error::Key`] if they do not belong together.
    pub fn new(key: SigningKey, certificate: Certificate) -> Result<Self> {
        if key.public_key() != certificate.public_key() {
            return Err(Error::Key("it does not belong to the certificate"));
        }
        let (chain, attributes) = (Vec::new(), Vec::new());
        Ok(Self {
            key,
            certificate,
            chain,
            hash: HashAlg::Sha256,
            signing_time: None,
            without_attributes: false,
            attributes,
        })
    }

    /// Embeds these certificates beside the signer's own.
    #[must_use]
    pub fn with_chain(mut self, chain: impl IntoIterator<Item = Certificate>) -> Self {
        self.chain.extend(chain);
        self
    }

    /// States the signing time, in seconds since 1970.
    #[must_use]
    pub const fn at(mut self, unix: i64) -> Self {
        self.signing_time = Some(unix);
        self
    }

    /// Signs the content directly, without signed attributes: a shape that some devices send.
    #[must_use]
    pub const fn without_attributes(mut self) -> Self {
        self.without_attributes = true;
        self
    }

    /// Signs with SHA-1, as devices sign MachineInfo. The key must be RSA.
    #[cfg(any(test, feature = "practice"))]
    #[must_use]
    pub const fn sha1_for_practice(mut self) -> Self {
        self.hash = HashAlg::Sha1;
        self
    }

    /// Adds a signed attribute with one value in DER.
    pub(crate) fn attribute(mut self, name: &ObjectIdentifier, value: Vec<u8>) -> Self {
        self.attributes.push(attribute(name, value));
        self
    }

    /// A message with `content` in it, as DER.
    ///
    /// # Errors
    /// [`Error::Crypto`] if signing is refused.
    pub fn sign_attached(&self, content: &[u8]) -> Result<Vec<u8>> {
        self.sign(content, true)
    }

    /// A message about `content`, which travels separately, as DER.
    ///
    /// # Errors
    /// [`Error::Crypto`] if signing is refused.
    pub fn sign_detached(&self, content: &[u8]) -> Result<Vec<u8>> {
        self.sign(content, false)
    }

    fn sign(&self, content: &[u8], attached: bool) -> Result<Vec<u8>> {
        let digest = sequence(&[&write_oid(&self.hash.oid()), &asn1::null()]);
        let signer = self.signer_info(&digest, content)?;
        let body = if attached { explicit(0, &[&asn1::octet_string(content)]) } else { Vec::new() };
        let data = sequence(&[
            &asn1::small(1),
            &set_of(vec![digest]),
            &sequence(&[&write_oid(&oid::DATA), &body]),
            &certificate_set(std::iter::once(&self.certificate).chain(&self.chain)),
            &set_of(vec![signer]),
        ]);
        Ok(signed_data(&data))
    }

    fn signer_info(&self, digest: &[u8], content: &[u8]) -> Result<Vec<u8>> {
        let (attributes, signature) = if self.without_attributes {
            (Vec::new(), self.raw_signature(content)?)
        } else {
            let set = self.signed_attributes(content);
            let signature = self.raw_signature(&set)?;
            // In the message the same bytes stand under [0] IMPLICIT.
            let implicit = set.split_first().map(|(_, rest)| [&[tag::constructed(0)], rest].concat());
            (implicit.unwrap_or_default(), signature)
        };
        Ok(sequence(&[
            &asn1::small(1),
            &issuer_and_serial(&self.certificate),
            digest,
            &attributes,
            &self.signature_algorithm(),
            &asn1::octet_string(&signature),
        ]))
    }

    fn raw_signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        match (self.hash, &self.key) {
            #[cfg(any(test, feature = "practice"))]
            (HashAlg::Sha1, SigningKey::Rsa(key)) => crate::practice::sign_sha1(key, message),
            (HashAlg::Sha256, key) => key.sign_sha256(message),
            _ => Err(Error::Key("it does not sign with this hash")),
        }
    }

    fn signature_algorithm(&self) -> Vec<u8> {
        match self.key.public_key().kind() {
            KeyKind::Rsa => sequence(&[&write_oid(&oid::RSA_ENCRYPTION), &asn1::null()]),
            KeyKind::P256 | KeyKind::P384 => sequence(&[&write_oid(&oid::ECDSA_WITH_SHA256)]),
        }
    }

    fn signed_attributes(&self, content: &[u8]) -> Vec<u8> {
        let mut list = self.attributes.clone();
        list.push(attribute(&oid::CONTENT_TYPE, write_oid(&oid::DATA)));
        list.push(attribute(&oid::MESSAGE_DIGEST, asn1::octet_string(&self.hash.hash(content))));
        if let Some(unix) = self.signing_time {
            list.push(attribute(&oid::SIGNING_TIME, asn1::time::write(unix)));
        }
        set_of(list)
    }
}

fn attribute(name: &ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    sequence(&[&write_oid(name), &set_of(vec![value])])
}

/// A message that carries certificates and nothing else: the degenerate SignedData of SCEP's `GetCACert` and `CertRep`.
#[must_use]
pub fn certificates_only(certificates: &[Certificate]) -> Vec<u8> {
    let data = sequence(&[
        &asn1::small(1),
        &set_of(Vec::new()),
        &sequence(&[&write_oid(&oid::DATA)]),
        &certificate_set(certificates),
        &set_of(Vec::new()),
    ]);
    signed_data(&data)
}

fn certificate_set<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    let mut all: Vec<&[u8]> = certificates.into_iter().map(Certificate::der).collect();
    all.sort_unstable();
    explicit(0, &[&all.concat()])
}

fn signed_data(data: &[u8]) -> Vec<u8> {
    sequence(&[&write_oid(&oid::SIGNED_DATA), &explicit(0, &[data])])
}
