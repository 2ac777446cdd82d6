use super::*;
use crate::asn1::{Reader, oid, tag};
use crate::digest::HashAlg;
use crate::key::{EcKey, RsaKey, SigningKey};
use crate::x509::{Certificate, IssuePolicy, Name, Usage, Validity, self_signed};
use crate::{Error, asn1, ber};
use const_oid::ObjectIdentifier;
use proptest::prelude::*;
use std::sync::LazyLock;

const NOW: i64 = 1_790_000_000;

static RSA: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

fn certificate(key: &SigningKey) -> Certificate {
    let policy = IssuePolicy::new(Name::of("signer"), Validity::days(NOW, 1), Usage::ServerToken);
    self_signed(key, &policy).unwrap()
}

fn signer(key: impl Into<SigningKey>) -> Signer {
    let key = key.into();
    let certificate = certificate(&key);
    Signer::new(key, certificate).unwrap().at(NOW)
}

#[test]
fn what_we_sign_verifies() {
    for signer in [signer(RSA.clone()), signer(EcKey::generate().unwrap())] {
        for signer in [signer.clone(), signer.without_attributes()] {
            let attached = verify_signed(&signer.sign_attached(b"body").unwrap(), None).unwrap();
            assert_eq!((attached.content.as_slice(), attached.digest), (&b"body"[..], HashAlg::Sha256));
            assert_eq!(attached.signer_cert_der(), attached.certificates[0].der());
            let detached = signer.sign_detached(b"body").unwrap();
            assert_eq!(verify_signed(&detached, Some(b"body")).unwrap().content, b"body");
            assert!(matches!(verify_signed(&detached, Some(b"other")), Err(Error::Signature(_))));
            assert!(matches!(verify_signed(&detached, None), Err(Error::Signature(_))));
        }
    }
}

#[test]
fn the_signing_time_is_told() {
    let message = signer(EcKey::generate().unwrap()).sign_attached(b"x").unwrap();
    assert_eq!(verify_signed(&message, None).unwrap().signing_time, Some(NOW));
}

/// Refuses: C
#[test]
fn embedded_content_is_not_mistaken_for_the_body_beside_it() {
    let message = signer(EcKey::generate().unwrap()).sign_attached(b"x").unwrap();
    assert!(matches!(verify_signed(&message, Some(b"x")), Err(Error::Signature(_))));
}

/// Refuses: B
#[test]
fn a_message_that_nobody_signed_is_refused() {
    let empty = certificates_only(&[certificate(&RSA.clone().into())]);
    assert!(matches!(verify_signed(&empty, Some(b"")), Err(Error::Signature("nobody signed"))));
    assert_eq!(certificates_in(&empty).unwrap().len(), 1);
}

/// Refuses: C
#[test]
fn signed_attributes_do_not_pass_for_content() {
    // The signature over attributes, presented as a signature without attributes over "content" of the same bytes.
    let content = asn1::set_of(vec![asn1::sequence(&[&asn1::small(1)])]);
    let message = signer(RSA.clone()).without_attributes().sign_detached(&content).unwrap();
    let refused = verify_signed(&message, Some(&content)).unwrap_err();
    assert_eq!(refused, Error::Signature("the content looks like attributes"));
}

#[test]
fn what_we_encrypt_opens_only_with_the_right_key() {
    let recipient = certificate(&RSA.clone().into());
    for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
        let message = encrypt_enveloped(&recipient, b"secret", cipher).unwrap();
        assert_eq!(decrypt_enveloped(&message, &RSA).unwrap().as_slice(), b"secret");
        let other = RsaKey::generate().unwrap();
        // A random key has one chance in 256 of plausible padding; the content is garbage even then.
        assert_ne!(
            decrypt_enveloped(&message, &other).ok().as_deref().map(Vec::as_slice),
            Some(&b"secret"[..])
        );
    }
    assert!(encrypt_enveloped(&recipient, b"secret", Cipher::Des).is_err());
}

#[test]
fn an_elliptic_key_cannot_be_encrypted_to() {
    let recipient = certificate(&EcKey::generate().unwrap().into());
    assert!(matches!(encrypt_enveloped(&recipient, b"x", Cipher::Aes128), Err(Error::Key(_))));
}

#[test]
fn der_passes_the_normaliser_unchanged() {
    let message = signer(RSA.clone()).sign_attached(b"body").unwrap();
    assert_eq!(ber::to_der(&message).unwrap(), message);
    let message = encrypt_enveloped(&certificate(&RSA.clone().into()), b"x", Cipher::Aes256).unwrap();
    assert_eq!(ber::to_der(&message).unwrap(), message);
}

/// A message whose signature always holds, over whatever attributes a liar may choose.
struct Liar {
    attributes: Vec<Vec<u8>>,
    content_type: ObjectIdentifier,
    signers: usize,
}

impl Liar {
    fn honest() -> Self {
        Self {
            attributes: vec![
                attribute(&oid::CONTENT_TYPE, &[asn1::write_oid(&oid::DATA)]),
                attribute(&oid::MESSAGE_DIGEST, &[digest_of(b"body")]),
            ],
            content_type: oid::DATA,
            signers: 1,
        }
    }

    fn message(&self) -> Vec<u8> {
        use asn1::{explicit, sequence, set_of, small, write_oid};
        let key = SigningKey::from(RSA.clone());
        let certificate = certificate(&key);
        let set = set_of(self.attributes.clone());
        let signature = key.sign_sha256(&set).unwrap();
        let attributes = if self.attributes.is_empty() { vec![] } else { [&[0xa0], &set[1..]].concat() };
        let signature =
            if self.attributes.is_empty() { key.sign_sha256(b"body").unwrap() } else { signature };
        let digest = sequence(&[&write_oid(&oid::SHA256)]);
        let signer = sequence(&[
            &small(1),
            &enveloped::issuer_and_serial(&certificate),
            &digest,
            &attributes,
            &sequence(&[&write_oid(&oid::RSA_ENCRYPTION)]),
            &asn1::octet_string(&signature),
        ]);
        let data = sequence(&[
            &small(1),
            &set_of(vec![digest]),
            &sequence(&[&write_oid(&self.content_type), &explicit(0, &[&asn1::octet_string(b"body")])]),
            &explicit(0, &[certificate.der()]),
            &set_of(vec![signer; self.signers]),
        ]);
        sequence(&[&write_oid(&oid::SIGNED_DATA), &explicit(0, &[&data])])
    }

    fn refusal(&self) -> Error {
        verify_signed(&self.message(), None).unwrap_err()
    }
}

fn attribute(name: &ObjectIdentifier, values: &[Vec<u8>]) -> Vec<u8> {
    asn1::sequence(&[&asn1::write_oid(name), &asn1::set_of(values.to_vec())])
}

fn digest_of(content: &[u8]) -> Vec<u8> {
    asn1::octet_string(&HashAlg::Sha256.hash(content))
}

/// Refuses: C
/// The signature holds, yet says nothing about this content.
#[test]
fn signed_attributes_must_be_about_the_content() {
    assert_eq!(verify_signed(&Liar::honest().message(), None).unwrap().content, b"body");
    let honest = Liar::honest().attributes;
    let (kind, digest) = (honest[0].clone(), honest[1].clone());
    for (attributes, why) in [
        (vec![kind.clone()], "messageDigest was not signed"),
        (vec![digest.clone()], "contentType was not signed"),
        (
            vec![kind.clone(), attribute(&oid::MESSAGE_DIGEST, &[digest_of(b"other")])],
            "other content was signed",
        ),
        (
            vec![attribute(&oid::CONTENT_TYPE, &[asn1::write_oid(&oid::SIGNED_DATA)]), digest.clone()],
            "another contentType was signed",
        ),
        (
            vec![kind.clone(), attribute(&oid::MESSAGE_DIGEST, &[digest_of(b"body"), digest_of(b"other")])],
            "an attribute has more than one value",
        ),
        (
            vec![kind.clone(), digest, attribute(&oid::MESSAGE_DIGEST, &[digest_of(b"other")])],
            "an attribute is repeated, or there are too many",
        ),
    ] {
        assert_eq!(Liar { attributes, ..Liar::honest() }.refusal(), Error::Signature(why));
    }
    // Nothing but the digest of nothing.
    let empty = vec![kind, attribute(&oid::MESSAGE_DIGEST, &[])];
    assert!(matches!(Liar { attributes: empty, ..Liar::honest() }.refusal(), Error::Asn1(_)));
}

/// Refuses: B
/// Exactly one signer.
#[test]
fn none_or_two_signers_are_refused() {
    assert_eq!(Liar { signers: 0, ..Liar::honest() }.refusal(), Error::Signature("nobody signed"));
    assert_eq!(Liar { signers: 2, ..Liar::honest() }.refusal(), Error::Signature("more than one signed"));
}

/// Refuses: C
#[test]
fn only_plain_data_may_go_without_attributes() {
    let bare = Liar { attributes: vec![], ..Liar::honest() };
    assert!(verify_signed(&bare.message(), None).is_ok());
    let other = Liar { content_type: oid::SIGNED_DATA, ..bare };
    assert_eq!(other.refusal(), Error::Signature("attributes are missing"));
}

#[test]
fn sha1_messages_verify_as_devices_sign_them() {
    for signer in [signer(RSA.clone()), signer(RSA.clone()).without_attributes()] {
        let message = signer.sha1_for_practice().sign_attached(b"body").unwrap();
        let signed = verify_signed(&message, None).unwrap();
        assert_eq!((signed.content.as_slice(), signed.digest), (&b"body"[..], HashAlg::Sha1));
    }
    let elliptic = signer(EcKey::generate().unwrap()).sha1_for_practice();
    assert!(matches!(elliptic.sign_attached(b"body"), Err(Error::Key(_))));
}

/// A file of `tests/fixtures`; its README says how they were made.
fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn single_des_is_read_only_where_it_is_asked_for() {
    let key = RsaKey::from_pem(&fixture("token.key")).unwrap();
    let file = fixture("token_des.p7m");
    let (_, body) = file.split_once("\n\n").unwrap();
    let message = crate::pem::base64_lenient(body.as_bytes()).unwrap();
    let (content, cipher) = decrypt(&message, &key, Legacy::AcceptDes).unwrap();
    assert!(content.windows(10).any(|window| window == b"CK_fixture"));
    assert_eq!(cipher, Cipher::Des);
    assert!(matches!(decrypt(&message, &key, Legacy::Refuse), Err(Error::Algorithm(_))));
}

/// Refuses: A
#[test]
fn more_certificates_than_any_message_needs_are_refused() {
    let key = SigningKey::from(RSA.clone());
    let many = vec![certificate(&key); MAX_CERTIFICATES + 1];
    assert!(matches!(certificates_in(&certificates_only(&many)), Err(Error::TooLarge(_))));
}

/// The message as it would be with `more` recipients of another kind before its own.
fn with_recipients_before(message: &[u8], more: usize) -> Vec<u8> {
    let mut info = Reader::whole(message, tag::SEQUENCE).unwrap();
    let name = info.any().unwrap().raw;
    let mut data = info.enter(tag::constructed(0)).unwrap().sequence().unwrap();
    let version = data.any().unwrap().raw;
    let own = data.enter(tag::SET).unwrap().any().unwrap().raw;
    let encrypted = data.any().unwrap().raw;
    let others = asn1::explicit(1, &[&asn1::small(0)]).repeat(more);
    let data = asn1::sequence(&[version, &asn1::tlv(tag::SET, &[&others, own]), encrypted]);
    asn1::sequence(&[name, &asn1::explicit(0, &[&data])])
}

/// Refuses: A
#[test]
fn eight_recipients_are_tried_and_nine_are_refused() {
    let recipient = certificate(&RSA.clone().into());
    let message = encrypt_enveloped(&recipient, b"secret", Cipher::Aes128).unwrap();
    for before in [0, 1, 7] {
        let opened = decrypt_enveloped(&with_recipients_before(&message, before), &RSA).unwrap();
        assert_eq!(opened.as_slice(), b"secret", "{before} before ours");
    }
    for before in [8, 9, 100] {
        let refused = decrypt_enveloped(&with_recipients_before(&message, before), &RSA);
        assert!(matches!(refused, Err(Error::TooLarge(_))), "{before} before ours");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A damaged envelope never panics.
    #[test]
    fn a_damaged_envelope_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let recipient = certificate(&RSA.clone().into());
        let mut message = encrypt_streamed(&recipient, &[7; 500], Cipher::Aes256).unwrap();
        let at = at.index(message.len());
        message[at] = byte;
        let _ = decrypt_enveloped(&message, &RSA);
    }
}
