//! SCEP messages to our authority.

use pki::cms::verify_signed;
use pki::digest::HashAlg;
use pki::key::EcKey;
use pki::scep::{FailInfo, PkiMessage, message_from_query};
use pki::x509::Certificate;

use crate::keys::{AUTHORITY, CLIENT};

/// A message as it comes, by `POST` or in a query.
pub(crate) fn scep(input: &[u8]) {
    if let Ok(message) = PkiMessage::read(input, &AUTHORITY) {
        answer(&message);
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(message) = message_from_query(text)
        && let Ok(message) = PkiMessage::read(&message, &AUTHORITY)
    {
        answer(&message);
    }
}

/// A message that a stranger really signed: its attributes, after a length of two bytes, and its content. Only so does
/// a fuzzer get past the signature.
pub(crate) fn scep_signed(input: &[u8]) {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
    let Some((attributes, content)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else {
        return;
    };
    let (key, certificate) = &*CLIENT;
    if let Ok(message) = PkiMessage::read(&sign(key, certificate, attributes, content), &AUTHORITY) {
        assert!(message.signer == *certificate);
        answer(&message);
    }
}

/// Whatever can be read can be refused, in a message that the client can read.
fn answer(message: &PkiMessage) {
    let id = &message.transaction_id;
    assert!(!id.is_empty() && id.len() <= 255 && !id.chars().any(char::is_control));
    assert!(message.challenge_password().is_none_or(|password| password.len() <= 4096));
    let refusal = message.failure(&AUTHORITY, FailInfo::BadRequest, 0).expect("an answer");
    let read = verify_signed(&refusal, Some(&[])).expect("a signed answer");
    assert!(read.signer == *AUTHORITY.certificate());
}

/// SignedData with the attributes that a signature needs and these, each one whole element or the message is refused.
fn sign(key: &EcKey, certificate: &Certificate, attributes: &[u8], content: &[u8]) -> Vec<u8> {
    const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    const CONTENT_TYPE: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
    const MESSAGE_DIGEST: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
    const SHA256: &[u8] = &[0x30, 11, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    const ECDSA: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const VERSION: &[u8] = &[2, 1, 1];
    let attribute = |name: &[u8], value: &[u8]| tlv(0x30, &[name, &tlv(0x31, &[value])]);
    let digest = tlv(4, &[&HashAlg::Sha256.hash(content)]);
    let mut all = vec![attribute(CONTENT_TYPE, DATA), attribute(MESSAGE_DIGEST, &digest)];
    all.extend(elements(attributes).map(<[u8]>::to_vec));
    all.sort_unstable();
    let all = all.concat();
    let signature = key.sign_sha256(&tlv(0x31, &[&all])).expect("a signature");
    let identifier = tlv(0x30, &[certificate.issuer().der(), &tlv(2, &[certificate.serial()])]);
    let info = tlv(0x30, &[VERSION, &identifier, SHA256, &tlv(0xa0, &[&all]), ECDSA, &tlv(4, &[&signature])]);
    let data = tlv(
        0x30,
        &[
            VERSION,
            &tlv(0x31, &[SHA256]),
            &tlv(0x30, &[DATA, &tlv(0xa0, &[&tlv(4, &[content])])]),
            &tlv(0xa0, &[certificate.der()]),
            &tlv(0x31, &[&info]),
        ],
    );
    tlv(0x30, &[SIGNED_DATA, &tlv(0xa0, &[&data])])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x83);
            out.extend(length.to_be_bytes().iter().skip(5));
        }
    }
    out.extend(parts.concat());
    out
}

/// The elements of short length in a row of them.
fn elements(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(*rest.get(1)?);
        let (element, after) = rest.split_at_checked(length + 2)?;
        rest = after;
        Some(element)
    })
}
