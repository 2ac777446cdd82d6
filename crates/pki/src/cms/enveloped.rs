//! EnvelopedData (RFC 5652 section 6) with RSA key transport.

use super::Cipher;
use crate::asn1::{self, Reader, explicit, oid, sequence, set_of, tag, write_oid};
use crate::key::RsaKey;
use crate::x509::Certificate;
use crate::{Error, Result, ber};
use zeroize::Zeroizing;

/// Most recipients tried. Apple encrypts to exactly one.
const MAX_RECIPIENTS: usize = 8;
/// Size of the pieces that [`encrypt_streamed`] writes, in bytes: small, so that a reader meets several.
const PIECE: usize = 160;

/// Whether single DES may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Legacy {
    Refuse,
    /// For SCEP only, where the content is authorised by more than its encryption.
    AcceptDes,
}

/// Decrypts EnvelopedData (BER or DER) that was encrypted to `key`, with AES or triple DES in CBC mode.
///
/// Which issuer and serial number the message names does not matter: Apple's may be negative, and only the key decides.
///
/// # Errors
/// [`Error::Decrypt`] if it was not encrypted to this key or was damaged, deliberately not told apart;
/// [`Error::Asn1`], [`Error::Algorithm`] or [`Error::TooLarge`] for what cannot be a message to us at all.
pub fn decrypt_enveloped(message: &[u8], key: &RsaKey) -> Result<Zeroizing<Vec<u8>>> {
    decrypt(message, key, Legacy::Refuse).map(|(content, _)| content)
}

/// As [`decrypt_enveloped`], and tells the cipher, so that an answer can be as strong.
pub(crate) fn decrypt(message: &[u8], key: &RsaKey, legacy: Legacy) -> Result<(Zeroizing<Vec<u8>>, Cipher)> {
    let der = ber::to_der(message)?;
    let mut data = super::signed::content_info(&der, &oid::ENVELOPED_DATA)?.sequence()?;
    data.small()?;
    data.optional(tag::constructed(0))?; // originatorInfo
    let recipients = data.enter(tag::SET)?;
    let mut content = data.sequence()?;
    data.optional(tag::constructed(1))?; // unprotectedAttrs
    data.finish()?;

    content.oid()?;
    let mut algorithm = content.sequence()?;
    let cipher = Cipher::from_oid(algorithm.oid()?)?;
    if cipher == Cipher::Des && legacy == Legacy::Refuse {
        return Err(Error::Algorithm(cipher.oid().to_string()));
    }
    let iv = algorithm.octets()?;
    let body = content.expect(tag::primitive(0))?.content;
    content.finish()?;
    let content_key = content_key(recipients, key, cipher)?;
    Ok((cipher.decrypt(&content_key, iv, body)?, cipher))
}

/// The content key, or a random one: then decryption fails later and like any other damage, which leaves nothing to
/// learn about the padding of the key (RFC 3218).
fn content_key(mut recipients: Reader<'_>, key: &RsaKey, cipher: Cipher) -> Result<Zeroizing<Vec<u8>>> {
    let mut found = cipher.generate_key()?;
    let mut count = 0;
    while !recipients.is_empty() {
        count += 1;
        if count > MAX_RECIPIENTS {
            return Err(Error::TooLarge("more recipients than any message to us has"));
        }
        let recipient = recipients.any()?;
        // Other kinds of recipient ([1] to [4]) are for other keys.
        if recipient.tag != tag::SEQUENCE {
            continue;
        }
        let mut fields = Reader::new(recipient.content);
        fields.small()?;
        fields.any()?; // issuerAndSerialNumber, or [0] subjectKeyIdentifier
        let algorithm = fields.sequence()?.oid()?;
        if algorithm != oid::RSA_ENCRYPTION.as_bytes() {
            return Err(Error::Algorithm(oid::dotted(algorithm)));
        }
        if let Some(opened) = key.decrypt_content_key(fields.octets()?)
            && opened.len() == cipher.key_len()
        {
            found = opened;
        }
    }
    Ok(found)
}

/// Encrypts `content` to the RSA key of `recipient`, as DER.
///
/// # Errors
/// [`Error::Key`] if the recipient's key is not RSA; [`Error::Algorithm`] for single DES, which is never produced.
pub fn encrypt_enveloped(recipient: &Certificate, content: &[u8], cipher: Cipher) -> Result<Vec<u8>> {
    let parts = Enveloped::encrypt(recipient, content, cipher)?;
    let encrypted =
        sequence(&[&write_oid(&oid::DATA), &parts.content_algorithm, &asn1::context(0, &parts.body)]);
    let data = sequence(&[&asn1::small(0), &parts.recipients, &encrypted]);
    Ok(sequence(&[&write_oid(&oid::ENVELOPED_DATA), &explicit(0, &[&data])]))
}

/// As [`encrypt_enveloped`], in the BER that a streaming encoder writes and Apple sends: indefinite lengths, and the
/// content in pieces.
///
/// # Errors
/// As [`encrypt_enveloped`].
pub fn encrypt_streamed(recipient: &Certificate, content: &[u8], cipher: Cipher) -> Result<Vec<u8>> {
    const INDEFINITE: u8 = 0x80;
    let parts = Enveloped::encrypt(recipient, content, cipher)?;
    let mut out = vec![tag::SEQUENCE, INDEFINITE]; // ContentInfo
    out.extend(write_oid(&oid::ENVELOPED_DATA));
    out.extend([tag::constructed(0), INDEFINITE, tag::SEQUENCE, INDEFINITE]); // EnvelopedData
    out.extend(asn1::small(0));
    out.extend(parts.recipients);
    out.extend([tag::SEQUENCE, INDEFINITE]); // EncryptedContentInfo
    out.extend(write_oid(&oid::DATA));
    out.extend(parts.content_algorithm);
    out.extend([tag::constructed(0), INDEFINITE]);
    for piece in parts.body.chunks(PIECE) {
        out.extend(asn1::octet_string(piece));
    }
    // One end marker for each of the five.
    out.extend([0; 10]);
    Ok(out)
}

/// The parts that both encodings arrange.
struct Enveloped {
    recipients: Vec<u8>,
    content_algorithm: Vec<u8>,
    body: Vec<u8>,
}

impl Enveloped {
    fn encrypt(recipient: &Certificate, content: &[u8], cipher: Cipher) -> Result<Self> {
        if cipher == Cipher::Des {
            return Err(Error::Algorithm(cipher.oid().to_string()));
        }
        let key = cipher.generate_key()?;
        let (iv, body) = cipher.encrypt(&key, content)?;
        let info = sequence(&[
            &asn1::small(0),
            &issuer_and_serial(recipient),
            &sequence(&[&write_oid(&oid::RSA_ENCRYPTION), &asn1::null()]),
            &asn1::octet_string(&recipient.public_key().encrypt_content_key(&key)?),
        ]);
        let content_algorithm = sequence(&[&write_oid(&cipher.oid()), &asn1::octet_string(&iv)]);
        Ok(Self { recipients: set_of(vec![info]), content_algorithm, body })
    }
}

/// `IssuerAndSerialNumber` of a certificate.
pub(super) fn issuer_and_serial(certificate: &Certificate) -> Vec<u8> {
    sequence(&[certificate.issuer().der(), &asn1::tlv(tag::INTEGER, &[certificate.serial()])])
}
