//! Verifying SignedData (RFC 5652 section 5).

use crate::asn1::{self, Reader, Tlv, oid, set_of, tag};
use crate::digest::{HashAlg, constant_time_eq};
use crate::key::{KeyKind, signature_scheme};
use crate::x509::Certificate;
use crate::{Error, Result, ber};
use const_oid::ObjectIdentifier;

/// Most certificates read from one message. Apple's devices send up to four.
pub const MAX_CERTIFICATES: usize = crate::x509::MAX_EMBEDDED;
/// Most attributes read from one signer.
const MAX_ATTRIBUTES: usize = 32;

/// A message whose signature holds. Whether its signer is to be trusted is another question: see
/// [`crate::x509::verify_issued_by`].
#[derive(Debug, Clone)]
pub struct Signed {
    /// The bytes that the signature covers: embedded ones, or a copy of those given.
    pub content: Vec<u8>,
    /// The signer's certificate, with its bytes as received.
    pub signer: Certificate,
    /// All embedded certificates, the signer's among them.
    pub certificates: Vec<Certificate>,
    /// When the signer says it signed, in seconds since 1970: a soft signal, for anybody can say so.
    pub signing_time: Option<i64>,
    /// The hash that was signed. SHA-1 is accepted here; refuse it where the peer can do better.
    pub digest: HashAlg,
    /// Signed attributes by identifier: content octets and the DER of the first value.
    attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Signed {
    /// The signer's certificate, as received.
    #[must_use]
    pub fn signer_cert_der(&self) -> &[u8] {
        self.signer.der()
    }

    /// The first value of a signed attribute, in DER.
    pub(crate) fn attribute(&self, name: &ObjectIdentifier) -> Option<&[u8]> {
        self.attributes.iter().find(|(oid, _)| oid == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// Checks a message in BER or DER: exactly one signer, whose certificate is embedded, and whose signature covers the
/// content. Pass the body as `detached` if it travels separately (`Mdm-Signature`), else `None`.
///
/// # Errors
/// [`Error::Signature`] if a rule or the signature does not hold; [`Error::Asn1`], [`Error::Algorithm`] or
/// [`Error::TooLarge`] if the message cannot be read.
pub fn verify_signed(message: &[u8], detached: Option<&[u8]>) -> Result<Signed> {
    let der = ber::to_der(message)?;
    let data = SignedData::read(&der)?;
    let content = match (data.content, detached) {
        (Some(embedded), None) => embedded,
        (None, Some(body)) => body,
        (Some(_), Some(_)) => return Err(Error::Signature("content is embedded that should be separate")),
        (None, None) => return Err(Error::Signature("there is no content")),
    };
    let info = SignerInfo::read(data.only_signer()?)?;
    let signer = info.find_certificate(&data.certificates)?.clone();
    let attributes = match info.attributes {
        Some(raw) => {
            let attributes = read_attributes(raw)?;
            check_attributes(&attributes, data.content_type, info.digest, content)?;
            info.verify(&signer, &signed_attributes_der(raw)?)?;
            attributes
        }
        None => {
            check_without_attributes(data.content_type, content)?;
            info.verify(&signer, content)?;
            Vec::new()
        }
    };
    let mut signed = Signed {
        content: content.to_vec(),
        signer,
        certificates: data.certificates,
        signing_time: None,
        digest: info.digest,
        attributes,
    };
    signed.signing_time = match signed.attribute(&oid::SIGNING_TIME) {
        Some(value) => Some(asn1::time::read(Reader::new(value).any()?)?),
        None => None,
    };
    Ok(signed)
}

/// The certificates of a message that carries nothing else (a degenerate SignedData, as SCEP uses it), or of any
/// SignedData. Nothing is verified.
///
/// # Errors
/// [`Error::Asn1`] or [`Error::TooLarge`].
pub fn certificates_in(message: &[u8]) -> Result<Vec<Certificate>> {
    Ok(SignedData::read(&ber::to_der(message)?)?.certificates)
}

/// Steps into a ContentInfo of the given type.
pub(super) fn content_info<'a>(der: &'a [u8], kind: &ObjectIdentifier) -> Result<Reader<'a>> {
    let mut info = Reader::whole(der, tag::SEQUENCE)?;
    let found = info.oid()?;
    if found != kind.as_bytes() {
        return Err(Error::Algorithm(oid::dotted(found)));
    }
    let content = info.enter(tag::constructed(0))?;
    info.finish()?;
    Ok(content)
}

/// The outer fields.
struct SignedData<'a> {
    content_type: &'a [u8],
    content: Option<&'a [u8]>,
    certificates: Vec<Certificate>,
    signers: Reader<'a>,
}

impl<'a> SignedData<'a> {
    fn read(der: &'a [u8]) -> Result<Self> {
        let mut data = content_info(der, &oid::SIGNED_DATA)?.sequence()?;
        data.small()?;
        data.enter(tag::SET)?; // digestAlgorithms: the signer names its own again
        let mut encapsulated = data.sequence()?;
        let content_type = encapsulated.oid()?;
        let content = match encapsulated.optional(tag::constructed(0))? {
            Some(wrapper) => Some(Reader::new(wrapper.content).octets()?),
            None => None,
        };
        encapsulated.finish()?;
        let certificates = match data.optional(tag::constructed(0))? {
            Some(set) => read_certificates(Reader::new(set.content))?,
            None => Vec::new(),
        };
        data.optional(tag::constructed(1))?; // revocation lists
        let signers = data.enter(tag::SET)?;
        data.finish()?;
        Ok(Self { content_type, content, certificates, signers })
    }

    fn only_signer(&self) -> Result<Reader<'a>> {
        let mut signers = self.signers;
        if signers.is_empty() {
            return Err(Error::Signature("nobody signed"));
        }
        let signer = signers.sequence()?;
        if signers.is_empty() { Ok(signer) } else { Err(Error::Signature("more than one signed")) }
    }
}

fn read_certificates(mut set: Reader<'_>) -> Result<Vec<Certificate>> {
    let mut certificates = Vec::new();
    for count in 0.. {
        if set.is_empty() {
            break;
        }
        if count >= MAX_CERTIFICATES {
            return Err(Error::TooLarge("more certificates than any message needs"));
        }
        let element = set.any()?;
        // [0] to [3] are obsolete formats that nobody sends.
        if element.tag != tag::SEQUENCE {
            continue;
        }
        match Certificate::from_der(element.raw) {
            Ok(certificate) => certificates.push(certificate),
            // A stray one with an unknown kind of key helps nobody and hurts nobody.
            Err(Error::Algorithm(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(certificates)
}

/// One signer's fields.
struct SignerInfo<'a> {
    identifier: Tlv<'a>,
    digest: HashAlg,
    attributes: Option<&'a [u8]>,
    scheme: (Option<HashAlg>, bool),
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn read(mut fields: Reader<'a>) -> Result<Self> {
        fields.small()?;
        let identifier = fields.any()?;
        let digest = HashAlg::from_oid(fields.sequence()?.oid()?)?;
        let attributes = fields.optional(tag::constructed(0))?.map(|set| set.content);
        let scheme = signature_scheme(fields.sequence()?.oid()?)?;
        let signature = fields.octets()?;
        fields.optional(tag::constructed(1))?; // unsigned attributes prove nothing
        fields.finish()?;
        Ok(Self { identifier, digest, attributes, scheme, signature })
    }

    fn find_certificate<'c>(&self, certificates: &'c [Certificate]) -> Result<&'c Certificate> {
        let matches = |certificate: &&Certificate| match self.identifier.tag {
            tag::SEQUENCE => super::enveloped::issuer_and_serial(certificate) == self.identifier.raw,
            _ => certificate.subject_key_id() == Some(self.identifier.content),
        };
        match self.identifier.tag {
            tag::SEQUENCE | 0x80 => certificates.iter().find(matches),
            _ => None,
        }
        .ok_or(Error::Signature("the signer's certificate is not in the message"))
    }

    fn verify(&self, signer: &Certificate, message: &[u8]) -> Result<()> {
        let (named, rsa) = self.scheme;
        if named.is_some_and(|named| named != self.digest) {
            return Err(Error::Signature("it names two hashes"));
        }
        if rsa != (signer.public_key().kind() == KeyKind::Rsa) {
            return Err(Error::Signature("it was made with another kind of key"));
        }
        signer.public_key().verify(self.digest, message, self.signature)
    }
}

/// What the signature covers if there are attributes: the same bytes as a SET OF in DER (section 5.4).
fn signed_attributes_der(content: &[u8]) -> Result<Vec<u8>> {
    let mut attributes = Vec::new();
    let mut reader = Reader::new(content);
    while !reader.is_empty() {
        attributes.push(reader.any()?.raw.to_vec());
    }
    Ok(set_of(attributes))
}

/// Attributes by identifier, each with its only value.
fn read_attributes(content: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut attributes: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut reader = Reader::new(content);
    while !reader.is_empty() {
        let mut attribute = reader.sequence()?;
        let name = attribute.oid()?;
        let mut values = attribute.enter(tag::SET)?;
        attribute.finish()?;
        if attributes.len() >= MAX_ATTRIBUTES || attributes.iter().any(|(known, _)| known == name) {
            return Err(Error::Signature("an attribute is repeated, or there are too many"));
        }
        let value = if values.is_empty() { Vec::new() } else { values.any()?.raw.to_vec() };
        // The attributes that decide here have exactly one value each (section 11).
        let decides = name == oid::MESSAGE_DIGEST.as_bytes() || name == oid::CONTENT_TYPE.as_bytes();
        if decides && !values.is_empty() {
            return Err(Error::Signature("an attribute has more than one value"));
        }
        attributes.push((name.to_vec(), value));
    }
    Ok(attributes)
}

/// The attributes must be about this content: else any old signature would cover any new content.
fn check_attributes(
    attributes: &[(Vec<u8>, Vec<u8>)],
    content_type: &[u8],
    digest: HashAlg,
    content: &[u8],
) -> Result<()> {
    let find = |name: &ObjectIdentifier| {
        attributes.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value.as_slice())
    };
    let signed_type = find(&oid::CONTENT_TYPE).ok_or(Error::Signature("contentType was not signed"))?;
    if Reader::new(signed_type).oid()? != content_type {
        return Err(Error::Signature("another contentType was signed"));
    }
    let signed_digest = find(&oid::MESSAGE_DIGEST).ok_or(Error::Signature("messageDigest was not signed"))?;
    if !constant_time_eq(Reader::new(signed_digest).octets()?, &digest.hash(content)) {
        return Err(Error::Signature("other content was signed"));
    }
    Ok(())
}

/// Without attributes the content must be plain data, and must not look like attributes: a signature over attributes
/// would otherwise pass for one over content of the same bytes.
fn check_without_attributes(content_type: &[u8], content: &[u8]) -> Result<()> {
    if content_type != oid::DATA.as_bytes() {
        return Err(Error::Signature("attributes are missing"));
    }
    if Reader::whole(content, tag::SET).is_ok() {
        return Err(Error::Signature("the content looks like attributes"));
    }
    Ok(())
}
