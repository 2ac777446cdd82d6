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

#[test]
fn derived_keys_are_those_of_other_programs() {
    // As Python's hashlib.pbkdf2_hmac derives them.
    for (iterations, expected) in [
        (
            1,
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
        ),
        (
            4096,
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5",
        ),
    ] {
        let mut out = [0; 64];
        pbkdf2_hmac_sha512(b"password", b"salt", NonZeroU32::new(iterations).unwrap(), &mut out);
        assert_eq!(hex::encode(out), expected);
    }
}

#[test]
fn a_hash_of_pieces_is_the_hash_of_the_whole() {
    let mut pieces = Sha256::default();
    for piece in [b"some ".as_slice(), b"", b"words"] {
        pieces.update(piece);
    }
    assert_eq!(pieces.finish_hex(), sha256_hex(b"some words"));
}
