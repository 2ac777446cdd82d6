//! Certificate requests: PKCS #10 (RFC 2986).

use super::Name;
use super::name::text;
use crate::asn1::{self, Reader, explicit, oid, sequence, set_of, tag, write_oid};
use crate::digest::HashAlg;
use crate::key::{PublicKey, SigningKey, signature_scheme};
use crate::{Error, Result, ber, pem};
use zeroize::Zeroizing;

const PEM_LABEL: &str = "CERTIFICATE REQUEST";
/// Most attributes read in one request. Real ones have two.
const MAX_ATTRIBUTES: usize = 16;

/// A request whose self-signature was checked: its sender holds the key.
///
/// The subject is what the sender wishes, nothing more. Extensions that it asks for are not even read.
#[derive(Clone)]
pub struct CertificateRequest {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKey,
    challenge_password: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateRequest").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl CertificateRequest {
    /// Makes and signs a request. For the push certificate: an RSA key, any subject, no challenge.
    ///
    /// # Errors
    /// [`Error::Crypto`] if signing is refused.
    pub fn create(key: &SigningKey, subject: &Name, challenge_password: Option<&str>) -> Result<Self> {
        let attributes = challenge_password.map_or_else(Vec::new, |challenge| {
            let value = asn1::tlv(challenge_string(challenge), &[challenge.as_bytes()]);
            sequence(&[&write_oid(&oid::CHALLENGE_PASSWORD), &set_of(vec![value])])
        });
        let info = sequence(&[
            &asn1::small(0),
            subject.der(),
            key.public_key().spki(),
            &explicit(0, &[&attributes]),
        ]);
        let signature = asn1::bit_string(&key.sign_sha256(&info)?);
        Ok(Self {
            der: sequence(&[&info, &key.signature_algorithm(), &signature]),
            subject: subject.clone(),
            public_key: key.public_key().clone(),
            challenge_password: challenge_password.map(|text| Zeroizing::new(text.to_owned())),
        })
    }

    /// Reads a request in DER and checks that it is signed with the key in it.
    ///
    /// # Errors
    /// [`Error::Asn1`], [`Error::Algorithm`], or [`Error::Signature`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        if der.len() > ber::MAX_LEN {
            return Err(Error::TooLarge("larger than any request should be"));
        }
        let mut request = Reader::whole(der, tag::SEQUENCE)?;
        let info = request.expect(tag::SEQUENCE)?;
        let algorithm = request.sequence()?.oid()?;
        let signature = request.bits()?;
        request.finish()?;

        let mut fields = Reader::new(info.content);
        fields.small()?;
        let subject = Name::from_der(fields.expect(tag::SEQUENCE)?.raw)?;
        let public_key = PublicKey::from_spki(fields.expect(tag::SEQUENCE)?.raw)?;
        let challenge_password = match fields.optional(tag::constructed(0))? {
            Some(attributes) => challenge(Reader::new(attributes.content))?,
            None => None,
        };
        let (hash, _) = signature_scheme(algorithm)?;
        public_key.verify(hash.unwrap_or(HashAlg::Sha256), info.raw, signature)?;
        Ok(Self { der: der.to_vec(), subject, public_key, challenge_password })
    }

    /// Reads a PEM `CERTIFICATE REQUEST` block.
    ///
    /// # Errors
    /// [`Error::Pem`] or as [`Self::from_der`].
    pub fn from_pem(text: &str) -> Result<Self> {
        Self::from_der(&pem::decode(PEM_LABEL, text)?)
    }

    /// The encoding.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// A PEM `CERTIFICATE REQUEST` block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, &self.der)
    }

    /// The subject that the sender wishes.
    #[must_use]
    pub const fn subject(&self) -> &Name {
        &self.subject
    }

    /// The key that the sender holds.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The challenge password (RFC 2985 section 5.4.1), by which SCEP authorises.
    #[must_use]
    pub fn challenge_password(&self) -> Option<&str> {
        self.challenge_password.as_ref().map(|text| text.as_str())
    }
}

/// PrintableString if the characters allow it, as RFC 2985 prefers, else UTF8String.
fn challenge_string(text: &str) -> u8 {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    if text.bytes().all(printable) { tag::PRINTABLE_STRING } else { tag::UTF8_STRING }
}

fn challenge(mut attributes: Reader<'_>) -> Result<Option<Zeroizing<String>>> {
    let mut found = None;
    let mut count = 0;
    while !attributes.is_empty() {
        count += 1;
        if count > MAX_ATTRIBUTES {
            return Err(Error::TooLarge("more attributes than any request needs"));
        }
        let mut attribute = attributes.sequence()?;
        let name = attribute.oid()?;
        let mut values = attribute.enter(tag::SET)?;
        if name == oid::CHALLENGE_PASSWORD.as_bytes() {
            let value = text(values.any()?).ok_or(Error::Asn1("the challenge password is not text"))?;
            values.finish()?;
            if found.replace(Zeroizing::new(value)).is_some() {
                return Err(Error::Asn1("there are two challenge passwords"));
            }
        }
    }
    Ok(found)
}
