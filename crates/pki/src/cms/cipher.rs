//! Content encryption in CBC mode with PKCS #7 padding.

use crate::asn1::oid;
use crate::{Error, Result, random};
use aws_lc_rs::cipher::{self as lc, DecryptionContext, EncryptionContext};
use aws_lc_rs::cipher::{PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

/// A content encryption algorithm that messages name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// Single DES. Accepted only from SCEP clients that know no better, never produced.
    Des,
    /// Three-key triple DES.
    TripleDes,
    /// AES-128: what Apple encrypts server tokens with.
    Aes128,
    /// AES-192.
    Aes192,
    /// AES-256.
    Aes256,
}

impl Cipher {
    pub(super) fn from_oid(content: &[u8]) -> Result<Self> {
        [Self::Des, Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256]
            .into_iter()
            .find(|cipher| cipher.oid().as_bytes() == content)
            .ok_or_else(|| Error::Algorithm(oid::dotted(content)))
    }

    pub(super) const fn oid(self) -> const_oid::ObjectIdentifier {
        match self {
            Self::Des => oid::DES_CBC,
            Self::TripleDes => oid::DES_EDE3_CBC,
            Self::Aes128 => oid::AES_128_CBC,
            Self::Aes192 => oid::AES_192_CBC,
            Self::Aes256 => oid::AES_256_CBC,
        }
    }

    #[expect(deprecated, reason = "Apple's SCEP client falls back to triple DES, and old ones to DES")]
    const fn algorithm(self) -> &'static lc::Algorithm {
        match self {
            Self::Des => &lc::DES_FOR_LEGACY_USE_ONLY,
            Self::TripleDes => &lc::DES_EDE3_FOR_LEGACY_USE_ONLY,
            Self::Aes128 => &lc::AES_128,
            Self::Aes192 => &lc::AES_192,
            Self::Aes256 => &lc::AES_256,
        }
    }

    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 => 16,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// A fresh key. (A random triple DES key has three different parts but for a chance of 2^-56.)
    pub(super) fn generate_key(self) -> Result<Zeroizing<Vec<u8>>> {
        let random = Zeroizing::new(random::bytes::<32>()?);
        Ok(Zeroizing::new(random.iter().copied().take(self.key_len()).collect()))
    }

    /// Encrypts; returns the initialisation vector and the ciphertext.
    pub(super) fn encrypt(self, key: &[u8], content: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        const REFUSED: Error = Error::Crypto("encryption was refused");
        let key = UnboundCipherKey::new(self.algorithm(), key).map_err(|_| REFUSED)?;
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| REFUSED)?;
        let mut body = content.to_vec();
        let context = key.encrypt(&mut body).map_err(|_| REFUSED)?;
        let iv: &[u8] = (&context).try_into().map_err(|_| REFUSED)?;
        Ok((iv.to_vec(), body))
    }

    /// Decrypts. Whatever is wrong, the answer is the same.
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let key = UnboundCipherKey::new(self.algorithm(), key).map_err(|_| Error::Decrypt)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| Error::Decrypt)?;
        let mut content = Zeroizing::new(body.to_vec());
        let length = key.decrypt(&mut content, context(iv)?).map_err(|_| Error::Decrypt)?.len();
        content.truncate(length);
        Ok(content)
    }
}

fn context(iv: &[u8]) -> Result<DecryptionContext> {
    if let Ok(iv) = <&[u8; 16]>::try_from(iv) {
        return Ok(EncryptionContext::Iv128(FixedLength::from(iv)).into());
    }
    let iv = <&[u8; 8]>::try_from(iv).map_err(|_| Error::Decrypt)?;
    Ok(DecryptionContext::Iv64(FixedLength::from(iv)))
}
