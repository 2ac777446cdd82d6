use super::*;

fn keys() -> Keys {
    Keys {
        seal: "one\ntwo\n".into(),
        authority: Some("certificate".into()),
        authority_key: Some("key".into()),
    }
}

#[test]
fn keys_open_with_their_passphrase_alone_and_are_sealed_anew_each_time() {
    let passphrase = Passphrase::new("  a long enough one\n").unwrap();
    let sealed = keys().sealed(&passphrase).unwrap();
    let opened = Keys::open(&sealed, &Passphrase::new("a long enough one").unwrap()).unwrap();
    assert_eq!(
        (&opened.seal, &opened.authority, &opened.authority_key),
        (&keys().seal, &keys().authority, &keys().authority_key)
    );
    assert_ne!(keys().sealed(&passphrase).unwrap(), sealed);
    assert!(Keys::open(&sealed, &Passphrase::new("a long enough two").unwrap()).is_err());
    assert!(Passphrase::new("  elevenchars  ").is_err());
}

#[test]
fn strange_keys_are_refused_and_cost_no_time() {
    let passphrase = Passphrase::new("a long enough one").unwrap();
    let sealed = String::from_utf8(keys().sealed(&passphrase).unwrap()).unwrap();
    for strange in [
        String::new(),
        "{}".to_owned(),
        sealed.replace("420000", "0"),
        sealed.replace("420000", "4000000000"),
        sealed.replace("SHA-512", "SHA-1"),
        sealed.replace("\"salt\": \"", "\"salt\": \"!"),
    ] {
        assert!(Keys::open(strange.as_bytes(), &passphrase).is_err(), "{strange}");
    }
}
