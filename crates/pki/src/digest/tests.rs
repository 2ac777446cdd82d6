use super::*;

#[test]
fn hashes_are_the_standards() {
    // FIPS 180 examples for "abc".
    for (alg, expected) in [
        (HashAlg::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashAlg::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
        assert_eq!(hex::encode(alg.hash(b"abc")), expected);
    }
    assert_eq!(sha256_hex(b"abc"), hex::encode(sha256(b"abc")));
    assert_eq!(sha1(b"abc").as_slice(), HashAlg::Sha1.hash(b"abc"));
    assert_eq!((HashAlg::Sha384.hash(b"").len(), HashAlg::Sha512.hash(b"").len()), (48, 64));
}

#[test]
fn authentication_codes_are_the_standards() {
    // RFC 4231, test case 2.
    assert_eq!(
        hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn equality_is_equality() {
    assert!(constant_time_eq(b"abc", b"abc"));
    assert!(!constant_time_eq(b"abc", b"abd") && !constant_time_eq(b"abc", b"ab"));
}
