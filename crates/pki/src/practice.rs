//! SHA-1 signatures, which old devices make and our cryptographic library rightly refuses to.
//!
//! Textbook arithmetic without protection against timing: only for virtual devices with throw-away keys. The server
//! is built without this module.

use crate::asn1::{Reader, tag};
use crate::digest::HashAlg;
use crate::key::RsaKey;
use crate::{Error, Result};
use num_bigint_dig::BigUint;

/// `DigestInfo` for SHA-1 up to the hash itself (RFC 8017 section 9.2, note 1).
const SHA1_PREFIX: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

/// RSASSA-PKCS1-v1_5 over SHA-1 of `message`.
///
/// # Errors
/// [`Error::Key`] if the key is damaged.
pub fn sign_sha1(key: &RsaKey, message: &[u8]) -> Result<Vec<u8>> {
    let pkcs8 = key.to_pkcs8();
    let mut info = Reader::whole(&pkcs8, tag::SEQUENCE)?;
    info.small()?;
    info.sequence()?;
    let mut rsa = Reader::whole(info.octets()?, tag::SEQUENCE)?;
    rsa.small()?;
    let modulus = BigUint::from_bytes_be(rsa.integer()?);
    rsa.integer()?; // the public exponent
    let exponent = BigUint::from_bytes_be(rsa.integer()?);

    let length = modulus.bits().div_ceil(8);
    let padded = BigUint::from_bytes_be(&pad(&HashAlg::Sha1.hash(message), length)?);
    let signature = padded.modpow(&exponent, &modulus).to_bytes_be();
    let zeros = length.saturating_sub(signature.len());
    Ok([vec![0; zeros], signature].concat())
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
fn pad(hash: &[u8], length: usize) -> Result<Vec<u8>> {
    let ones = length.checked_sub(3 + SHA1_PREFIX.len() + hash.len()).ok_or(Error::Key("it is too short"))?;
    Ok([&[0, 1], vec![0xff; ones].as_slice(), &[0], &SHA1_PREFIX, hash].concat())
}
