use std::io::Write;

use super::TrustAnchors;
use crate::testing::{AUTHORITY_PEM, DEVICE_KEY, DEVICE_PEM, FIRST_KEY, FIRST_PEM};
use crate::{Identity, NetError};

#[test]
fn anchors_come_from_a_file_and_add_up() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(AUTHORITY_PEM).unwrap();
    let one = TrustAnchors::from_pem_file(file.path()).unwrap();
    let other = TrustAnchors::from_pem(DEVICE_PEM).unwrap();
    let none = TrustAnchors::from_der::<Vec<u8>>([]).unwrap();
    assert_eq!((one.count(), one.and(&other).count(), none.count()), (1, 2, 0));
}

#[test]
fn a_text_without_certificates_makes_no_anchors() {
    for text in [&b""[..], b"hello", FIRST_KEY] {
        let refused = TrustAnchors::from_pem(text);
        assert!(matches!(refused, Err(NetError::Pem { wanted: "certificate", .. })));
    }
    assert!(matches!(TrustAnchors::from_der([b"not a certificate"]), Err(NetError::TrustAnchor(_))));
}

#[test]
fn the_systems_authorities_are_found_where_there_are_some() {
    match TrustAnchors::system() {
        Ok(anchors) => assert!(anchors.count() > 0),
        Err(error) => assert!(matches!(error, NetError::NoSystemAnchors), "{error}"),
    }
}

#[test]
fn a_missing_file_is_named() {
    let refused = TrustAnchors::from_pem_file("/nowhere/bundle.pem".as_ref()).unwrap_err();
    assert!(refused.to_string().contains("/nowhere/bundle.pem"));
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    assert!(matches!(Identity::from_pem(FIRST_PEM, DEVICE_KEY), Err(NetError::Key(_))));
    assert!(Identity::from_pem(FIRST_PEM, FIRST_KEY).is_ok());
}

#[test]
fn an_identity_does_not_print_its_key() {
    let printed = format!("{:?}", Identity::from_pem(FIRST_PEM, FIRST_KEY).unwrap());
    assert_eq!(printed, "Identity { certificates: 1, .. }");
}
