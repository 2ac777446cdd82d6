use super::*;
use proptest::prelude::*;

fn key(byte: u8) -> SealKey {
    SealKey::from_bytes(&[byte; 32]).unwrap()
}

#[test]
fn a_secret_opens_only_in_its_place() {
    let keys = SealKeys::new(key(1), vec![]);
    let sealed = keys.seal(b"tenant-a/token/1", b"CS_secret").unwrap();
    assert_eq!(keys.open(b"tenant-a/token/1", &sealed).unwrap().as_slice(), b"CS_secret");
    assert_eq!(keys.open(b"tenant-b/token/1", &sealed), Err(Error::Seal));
}

#[test]
fn a_sealed_secret_does_not_show_the_secret_and_is_never_the_same_twice() {
    let keys = SealKeys::new(key(1), vec![]);
    let one = keys.seal(b"", b"a fairly long secret").unwrap();
    let two = keys.seal(b"", b"a fairly long secret").unwrap();
    assert_ne!(one, two);
    assert!(!one.windows(6).any(|window| window == b"secret"));
}

#[test]
fn rotation_opens_with_the_older_key_and_seals_with_the_current() {
    let sealed = SealKeys::new(key(1), vec![]).seal(b"x", b"s").unwrap();
    let rotated = SealKeys::new(key(2), vec![key(1)]);
    let resealed = rotated.reseal(b"x", &sealed).unwrap().unwrap();
    assert!(rotated.is_current(&resealed));
    assert_eq!(rotated.reseal(b"x", &resealed), Ok(None));
    let without_old = SealKeys::new(key(2), vec![]);
    assert_eq!(without_old.open(b"x", &resealed).unwrap().as_slice(), b"s");
    assert_eq!(without_old.open(b"x", &sealed), Err(Error::UnknownSealKey));
}

#[test]
fn a_key_file_is_base64_of_32_bytes() {
    let text = SealKey::generate_base64().unwrap();
    assert!(SealKey::from_base64(&format!(" {}\n", *text)).is_ok());
    for text in ["", "AAAA", "not base64 at all!"] {
        assert!(SealKey::from_base64(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_is_noticed(at in 0usize..64, bit in 0u8..8) {
        let keys = SealKeys::new(key(3), vec![]);
        let mut sealed = keys.seal(b"place", b"secret").unwrap();
        let at = at % sealed.len();
        sealed[at] ^= 1 << bit;
        prop_assert!(keys.open(b"place", &sealed).is_err());
    }
}
