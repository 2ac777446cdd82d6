//! Simple Certificate Enrolment Protocol (RFC 8894): both ends of its messages.
//!
//! The server end is generous in what it reads, for devices fall back to triple DES and SHA-1, and answers as strongly
//! as it was asked. Who may have a certificate is not decided here: callers compare the challenge password, or check
//! the signer of a renewal against their CA, and fix the subject.

mod client;
mod server;

pub use client::{Client, Outcome};
pub use server::{Asked, Enrolment, PkiMessage, message_from_query};

use crate::asn1::{self, Reader, tag};
use crate::x509::CertificateAuthority;
use crate::{Error, Result, cms};

/// Longest transaction id read, in bytes. RFC 8894 leaves it open; clients send 32 to 64 characters.
const MAX_TRANSACTION_ID: usize = 255;
/// Longest nonce read, in bytes. RFC 8894 says 16.
const MAX_NONCE: usize = 64;

/// `messageType` (section 3.2.1.2).
const CERT_REP: &str = "3";
const RENEWAL_REQ: &str = "17";
const PKCS_REQ: &str = "19";

/// `pkiStatus` (section 3.2.1.3).
const SUCCESS: &str = "0";
const FAILURE: &str = "2";
const PENDING: &str = "3";

/// Why a request was refused (section 3.2.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailInfo {
    /// An algorithm is not accepted.
    BadAlg,
    /// Signature or encryption does not hold.
    BadMessageCheck,
    /// Not permitted or not supported.
    BadRequest,
    /// The signing time is too far off.
    BadTime,
    /// No certificate matches.
    BadCertId,
}

impl FailInfo {
    const ALL: [Self; 5] =
        [Self::BadAlg, Self::BadMessageCheck, Self::BadRequest, Self::BadTime, Self::BadCertId];

    const fn text(self) -> &'static str {
        match self {
            Self::BadAlg => "0",
            Self::BadMessageCheck => "1",
            Self::BadRequest => "2",
            Self::BadTime => "3",
            Self::BadCertId => "4",
        }
    }
}

/// The answer to `GetCACaps`. Every digest is listed, for strongSwan 5.9.8 overlooks AES if SHA-384 is not.
#[must_use]
pub const fn ca_caps() -> &'static str {
    "AES\nDES3\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-1\nSHA-256\nSHA-384\nSHA-512\n"
}

/// The answer to `GetCACert`, to be sent as `application/x-x509-ca-cert`: the CA signs and decrypts by itself.
#[must_use]
pub fn ca_cert(ca: &CertificateAuthority) -> Vec<u8> {
    ca.certificate().der().to_vec()
}

fn printable(text: &str) -> Vec<u8> {
    asn1::tlv(tag::PRINTABLE_STRING, &[text.as_bytes()])
}

/// A signed attribute that is text.
fn text_attribute(signed: &cms::Signed, name: &const_oid::ObjectIdentifier) -> Result<String> {
    const BAD: Error = Error::Scep("an attribute is missing or malformed");
    let value = Reader::new(signed.attribute(name).ok_or(BAD)?).any()?;
    // PrintableString by the RFC, UTF8String from some clients.
    if !matches!(value.tag, tag::PRINTABLE_STRING | tag::UTF8_STRING | tag::IA5_STRING) {
        return Err(BAD);
    }
    let text = std::str::from_utf8(value.content).map_err(|_| BAD)?;
    // No character of control: the text is stored, logged and sent back.
    let good = !text.is_empty() && text.len() <= MAX_TRANSACTION_ID && !text.chars().any(char::is_control);
    if good { Ok(text.to_owned()) } else { Err(BAD) }
}

/// A signed attribute that is a nonce.
fn nonce_attribute(signed: &cms::Signed, name: &const_oid::ObjectIdentifier) -> Result<Vec<u8>> {
    const BAD: Error = Error::Scep("a nonce is missing or malformed");
    let nonce = Reader::new(signed.attribute(name).ok_or(BAD)?).octets()?;
    if nonce.is_empty() || nonce.len() > MAX_NONCE { Err(BAD) } else { Ok(nonce.to_vec()) }
}

#[cfg(test)]
mod tests;
