//! The server end: reading `PKIOperation` messages and answering them.

use super::{
    CERT_REP, FAILURE, FailInfo, PENDING, PKCS_REQ, RENEWAL_REQ, SUCCESS, nonce_attribute, printable,
    text_attribute,
};
use crate::asn1::{self, oid};
use crate::cms::{self, Cipher, Legacy, Signer};
use crate::digest::HashAlg;
use crate::key::{RsaKey, SigningKey};
use crate::x509::{Certificate, CertificateAuthority, CertificateRequest};
use crate::{Error, Result, pem, random};
use zeroize::Zeroizing;

/// A message that can be answered: its signature holds, and it names a transaction.
#[derive(Debug, Clone)]
pub struct PkiMessage {
    /// The client's name for the transaction: the same on every retry.
    pub transaction_id: String,
    /// Who signed. For a renewal this must lead to our CA, and callers check that; otherwise it is self-signed.
    pub signer: Certificate,
    /// The hash that the client signed with.
    pub digest: HashAlg,
    /// What is asked, or why it cannot be granted. Answer the latter with [`Self::failure`].
    pub asked: std::result::Result<Enrolment, FailInfo>,
    sender_nonce: Vec<u8>,
    cipher: Cipher,
}

/// A certificate is asked for.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// By whom.
    pub asked: Asked,
    /// The request; it was signed with the key in it.
    pub request: CertificateRequest,
}

/// What authorises an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The challenge password: the message is signed with the new key itself.
    WithChallenge,
    /// The present certificate, which signed the message: callers check that it is one of ours, valid, and not revoked.
    WithCertificate,
}

/// The message in a `GET` request's `message` parameter, after URL decoding. Decoders that turn `+` into a blank are
/// forgiven.
///
/// # Errors
/// [`Error::Pem`] if it is not base64.
pub fn message_from_query(parameter: &str) -> Result<Zeroizing<Vec<u8>>> {
    pem::base64_lenient(parameter.replace(' ', "+").as_bytes())
}

impl PkiMessage {
    /// Reads a message to our CA.
    ///
    /// # Errors
    /// For what cannot be answered in SCEP: not signed, damaged, or without transaction. Answer with HTTP 400.
    pub fn read(message: &[u8], ca: &CertificateAuthority) -> Result<Self> {
        let signed = cms::verify_signed(message, None)?;
        let transaction_id = text_attribute(&signed, &oid::SCEP_TRANSACTION_ID)?;
        let sender_nonce = nonce_attribute(&signed, &oid::SCEP_SENDER_NONCE)?;
        let kind = text_attribute(&signed, &oid::SCEP_MESSAGE_TYPE)?;
        let mut cipher = Cipher::TripleDes;
        let asked = match kind.as_str() {
            PKCS_REQ | RENEWAL_REQ => open(&signed, rsa_key(ca)?).map(|(request, used)| {
                cipher = used;
                Enrolment { asked: authority_of(&kind, &signed, &request), request }
            }),
            // GetCert, GetCRL, CertPoll: nothing here is fetched or polled this way.
            _ => Err(FailInfo::BadRequest),
        };
        let (signer, digest) = (signed.signer, signed.digest);
        Ok(Self { transaction_id, signer, digest, asked, sender_nonce, cipher })
    }

    /// The challenge password, if one came along.
    #[must_use]
    pub fn challenge_password(&self) -> Option<&str> {
        self.asked.as_ref().ok()?.request.challenge_password()
    }

    /// The answer that hands over `issued`, encrypted to the requester as strongly as the request was, but never with
    /// single DES. `unix` is the time in seconds since 1970.
    ///
    /// # Errors
    /// [`Error::Key`] if the requester's key cannot be encrypted to.
    pub fn success(&self, ca: &CertificateAuthority, issued: &Certificate, unix: i64) -> Result<Vec<u8>> {
        let cipher = if self.cipher == Cipher::Des { Cipher::TripleDes } else { self.cipher };
        let certificates = cms::certificates_only(std::slice::from_ref(issued));
        let envelope = cms::encrypt_enveloped(&self.signer, &certificates, cipher)?;
        self.reply(ca, SUCCESS, unix)?.sign_attached(&envelope)
    }

    /// The answer that refuses.
    ///
    /// # Errors
    /// [`Error::Crypto`] if signing is refused.
    pub fn failure(&self, ca: &CertificateAuthority, why: FailInfo, unix: i64) -> Result<Vec<u8>> {
        self.reply(ca, FAILURE, unix)?
            .attribute(&oid::SCEP_FAIL_INFO, printable(why.text()))
            .sign_detached(&[])
    }

    /// The answer that asks for patience: the client repeats its request later.
    ///
    /// # Errors
    /// [`Error::Crypto`] if signing is refused.
    pub fn pending(&self, ca: &CertificateAuthority, unix: i64) -> Result<Vec<u8>> {
        self.reply(ca, PENDING, unix)?.sign_detached(&[])
    }

    fn reply(&self, ca: &CertificateAuthority, status: &str, unix: i64) -> Result<Signer> {
        let nonce = random::bytes::<16>()?;
        Ok(Signer::new(ca.key().clone(), ca.certificate().clone())?
            .at(unix)
            .attribute(&oid::SCEP_MESSAGE_TYPE, printable(CERT_REP))
            .attribute(&oid::SCEP_PKI_STATUS, printable(status))
            .attribute(&oid::SCEP_TRANSACTION_ID, printable(&self.transaction_id))
            .attribute(&oid::SCEP_RECIPIENT_NONCE, asn1::octet_string(&self.sender_nonce))
            .attribute(&oid::SCEP_SENDER_NONCE, asn1::octet_string(&nonce)))
    }
}

/// SCEP needs a CA that can decrypt.
fn rsa_key(ca: &CertificateAuthority) -> Result<&RsaKey> {
    match ca.key() {
        SigningKey::Rsa(key) => Ok(key),
        SigningKey::Ec(_) => Err(Error::Key("SCEP needs an RSA authority")),
    }
}

/// The request inside the envelope.
fn open(signed: &cms::Signed, key: &RsaKey) -> std::result::Result<(CertificateRequest, Cipher), FailInfo> {
    let (der, cipher) =
        cms::decrypt(&signed.content, key, Legacy::AcceptDes).map_err(|error| match error {
            Error::Algorithm(_) => FailInfo::BadAlg,
            _ => FailInfo::BadMessageCheck,
        })?;
    // One answer for damage and for the wrong key: no oracle about the padding.
    let request = CertificateRequest::from_der(&der).map_err(|_| FailInfo::BadMessageCheck)?;
    Ok((request, cipher))
}

/// A first enrolment is signed with the new key. A message signed with another key leans on that key's certificate,
/// whatever type it says: clients older than RFC 8894 renew with `PKCSReq`.
fn authority_of(kind: &str, signed: &cms::Signed, request: &CertificateRequest) -> Asked {
    if kind == PKCS_REQ && signed.signer.public_key() == request.public_key() {
        Asked::WithChallenge
    } else {
        Asked::WithCertificate
    }
}
