//! The client end, for virtual devices.

use super::{
    CERT_REP, FAILURE, FailInfo, PENDING, PKCS_REQ, RENEWAL_REQ, SUCCESS, nonce_attribute, printable,
    text_attribute,
};
use crate::asn1::{self, oid};
use crate::cms::{self, Cipher, Legacy, Signer};
use crate::digest::{constant_time_eq, sha256_hex};
use crate::key::RsaKey;
use crate::x509::{Certificate, CertificateRequest, IssuePolicy, Name, Usage, Validity, self_signed};
use crate::{Error, Result, random};

/// One transaction: the message to send, and what it takes to read the answer.
#[derive(Debug)]
pub struct Client {
    message: Vec<u8>,
    transaction_id: String,
    nonce: [u8; 16],
    /// Opens the answer: the key that signed the message.
    key: RsaKey,
    wanted: RsaKey,
    ca: Certificate,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The certificate for our key.
    Issued(Certificate),
    /// Refused.
    Refused(FailInfo),
    /// Ask again later.
    Pending,
}

impl Client {
    /// A first enrolment: `key` signs with a temporary certificate of its own. `unix` is the time in seconds since
    /// 1970.
    ///
    /// # Errors
    /// [`Error::Key`] if the CA's key is not RSA.
    pub fn enrol(
        key: &RsaKey,
        ca: &Certificate,
        subject: &Name,
        challenge: Option<&str>,
        cipher: Cipher,
        unix: i64,
    ) -> Result<Self> {
        let policy = IssuePolicy::new(subject.clone(), Validity::days(unix, 1), Usage::ClientIdentity);
        let temporary = self_signed(&key.clone().into(), &policy)?;
        let request = CertificateRequest::create(&key.clone().into(), subject, challenge)?;
        Self::start(PKCS_REQ, (key, temporary), (key, &request), ca, cipher, unix)
    }

    /// A renewal: `present` signs, `key` is the new one.
    ///
    /// # Errors
    /// As [`Self::enrol`].
    pub fn renew(
        present: (&RsaKey, &Certificate),
        key: &RsaKey,
        ca: &Certificate,
        cipher: Cipher,
        unix: i64,
    ) -> Result<Self> {
        let request = CertificateRequest::create(&key.clone().into(), present.1.subject(), None)?;
        Self::start(RENEWAL_REQ, (present.0, present.1.clone()), (key, &request), ca, cipher, unix)
    }

    fn start(
        kind: &str,
        (key, certificate): (&RsaKey, Certificate),
        (wanted, request): (&RsaKey, &CertificateRequest),
        ca: &Certificate,
        cipher: Cipher,
        unix: i64,
    ) -> Result<Self> {
        let transaction_id = sha256_hex(request.der());
        let nonce = random::bytes::<16>()?;
        let envelope = cms::encrypt_enveloped(ca, request.der(), cipher)?;
        let message = Signer::new(key.clone().into(), certificate)?
            .at(unix)
            .attribute(&oid::SCEP_MESSAGE_TYPE, printable(kind))
            .attribute(&oid::SCEP_TRANSACTION_ID, printable(&transaction_id))
            .attribute(&oid::SCEP_SENDER_NONCE, asn1::octet_string(&nonce))
            .sign_attached(&envelope)?;
        Ok(Self { message, transaction_id, nonce, key: key.clone(), wanted: wanted.clone(), ca: ca.clone() })
    }

    /// The message for `PKIOperation`.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Reads the answer: it must be signed by the CA, be about this transaction, and carry a certificate for our key.
    ///
    /// # Errors
    /// [`Error::Scep`] if it is not such an answer; [`Error::Decrypt`] and others if it cannot be read.
    pub fn read_reply(&self, reply: &[u8]) -> Result<Outcome> {
        // Refusals carry no content, so their signature is over nothing.
        let signed = cms::verify_signed(reply, None).or_else(|_| cms::verify_signed(reply, Some(&[])))?;
        if signed.signer != self.ca {
            return Err(Error::Scep("another authority answered"));
        }
        let about_us = text_attribute(&signed, &oid::SCEP_MESSAGE_TYPE)? == CERT_REP
            && text_attribute(&signed, &oid::SCEP_TRANSACTION_ID)? == self.transaction_id
            && constant_time_eq(&nonce_attribute(&signed, &oid::SCEP_RECIPIENT_NONCE)?, &self.nonce);
        if !about_us {
            return Err(Error::Scep("the answer is about another transaction"));
        }
        match text_attribute(&signed, &oid::SCEP_PKI_STATUS)?.as_str() {
            SUCCESS => self.issued(&signed.content),
            PENDING => Ok(Outcome::Pending),
            FAILURE => {
                let why = text_attribute(&signed, &oid::SCEP_FAIL_INFO)?;
                let known = FailInfo::ALL.into_iter().find(|info| info.text() == why);
                known.map(Outcome::Refused).ok_or(Error::Scep("the reason of the refusal is unknown"))
            }
            _ => Err(Error::Scep("the status of the answer is unknown")),
        }
    }

    fn issued(&self, envelope: &[u8]) -> Result<Outcome> {
        // Some services still answer in single DES whatever they were asked in; devices read that too.
        let (message, _) = cms::decrypt(envelope, &self.key, Legacy::AcceptDes)?;
        cms::certificates_in(&message)?
            .into_iter()
            .find(|certificate| certificate.public_key() == self.wanted.public_key())
            .map(Outcome::Issued)
            .ok_or(Error::Scep("the answer has no certificate for our key"))
    }
}
