use super::*;

#[test]
fn a_signature_belongs_to_its_key_and_message() {
    let (rsa, ec) = (RsaKey::generate().unwrap(), EcKey::generate().unwrap());
    for key in [SigningKey::from(rsa), SigningKey::from(ec)] {
        let signature = key.sign_sha256(b"message").unwrap();
        let public = PublicKey::from_spki(key.public_key().spki()).unwrap();
        assert_eq!(&public, key.public_key());
        assert_eq!(public.verify(HashAlg::Sha256, b"message", &signature), Ok(()));
        assert!(public.verify(HashAlg::Sha256, b"another", &signature).is_err());
        assert!(public.verify(HashAlg::Sha512, b"message", &signature).is_err());
        let other = EcKey::generate().unwrap();
        assert!(other.public_key().verify(HashAlg::Sha256, b"message", &signature).is_err());
    }
}

#[test]
fn sizes_are_told_in_bits() {
    assert_eq!(RsaKey::generate().unwrap().public_key().bits(), 2048);
    assert_eq!(EcKey::generate().unwrap().public_key().bits(), 256);
}

#[test]
fn keys_do_not_show_themselves() {
    let rsa = RsaKey::generate().unwrap();
    assert_eq!(format!("{:?}", SigningKey::from(rsa)), "Rsa(RsaKey(..))");
    assert_eq!(format!("{:?}", EcKey::generate().unwrap()), "EcKey(..)");
}

#[test]
fn what_is_no_key_is_refused() {
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
    ] {
        assert!(SigningKey::from_pem(text).is_err(), "{text}");
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    assert_eq!(RsaKey::from_pem(encrypted).unwrap_err(), Error::Key("it is encrypted: decrypt it first"));
    assert!(RsaKey::from_pkcs8(&EcKey::generate().unwrap().to_pkcs8()).is_err());
    assert!(PublicKey::from_spki(&[0x30, 0x00]).is_err());
}
