use super::*;
use crate::digest::HashAlg;
use crate::key::{EcKey, RsaKey, SigningKey};
use crate::x509::{Certificate, IssuePolicy, Name, Usage, Validity, self_signed};
use crate::{Error, asn1, ber};
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

#[test]
fn embedded_content_is_not_mistaken_for_the_body_beside_it() {
    let message = signer(EcKey::generate().unwrap()).sign_attached(b"x").unwrap();
    assert!(matches!(verify_signed(&message, Some(b"x")), Err(Error::Signature(_))));
}

#[test]
fn a_message_that_nobody_signed_is_refused() {
    let empty = certificates_only(&[certificate(&RSA.clone().into())]);
    assert!(matches!(verify_signed(&empty, Some(b"")), Err(Error::Signature("nobody signed"))));
    assert_eq!(certificates_in(&empty).unwrap().len(), 1);
}

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
