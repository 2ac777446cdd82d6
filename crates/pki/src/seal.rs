//! Secrets at rest: AES-256-GCM under an operator's key, bound to the place where they belong.
//!
//! A sealed secret is `version (1) | key id (8) | nonce (12) | ciphertext and tag`. The caller's associated data names
//! the place (tenant, kind, owner), so that a sealed value copied to another row does not open there.

use crate::digest::hmac_sha256;
use crate::{Error, Result, random};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// One 256-bit key. Its id is derived from it, so operators name nothing.
pub struct SealKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey({})", self.id())
    }
}

impl SealKey {
    /// The key with these 32 bytes.
    ///
    /// # Errors
    /// [`Error::Key`] if the library refuses it, which it does for no 32 bytes.
    pub fn from_bytes(raw: &[u8; 32]) -> Result<Self> {
        let unbound = UnboundKey::new(&AES_256_GCM, raw).map_err(|_| Error::Key("not an AES-256 key"))?;
        let mut id = [0; KEY_ID_LEN];
        for (to, from) in id.iter_mut().zip(hmac_sha256(raw, b"muster seal key id")) {
            *to = from;
        }
        Ok(Self { id, key: LessSafeKey::new(unbound) })
    }

    /// The key in base64 (44 characters), as it stands in a key file; surrounding white space is ignored.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not the base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self> {
        let raw = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| Error::Key("not base64"))?);
        let raw: &[u8; 32] = raw.as_slice().try_into().map_err(|_| Error::Key("not 32 bytes"))?;
        Self::from_bytes(raw)
    }

    /// A fresh key in base64, for a key file.
    ///
    /// # Errors
    /// As [`random::bytes`].
    pub fn generate_base64() -> Result<Zeroizing<String>> {
        let raw = Zeroizing::new(random::bytes::<32>()?);
        Ok(Zeroizing::new(STANDARD.encode(raw.as_slice())))
    }

    /// The key's public name: 16 hexadecimal digits that say nothing about the key.
    #[must_use]
    pub fn id(&self) -> String {
        hex::encode(self.id)
    }
}

/// The key that seals, and older keys that still open.
#[derive(Debug)]
pub struct SealKeys {
    current: SealKey,
    older: Vec<SealKey>,
}

impl SealKeys {
    /// `current` seals and opens, `older` only open.
    #[must_use]
    pub const fn new(current: SealKey, older: Vec<SealKey>) -> Self {
        Self { current, older }
    }

    /// The public name of the key that seals.
    #[must_use]
    pub fn current_id(&self) -> String {
        self.current.id()
    }

    /// Whether one of the keys has this public name.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        std::iter::once(&self.current).chain(&self.older).any(|key| key.id() == id)
    }

    /// Seals `secret` for the place that `aad` names.
    ///
    /// # Errors
    /// [`Error::Crypto`] without randomness.
    pub fn seal(&self, aad: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        let nonce = random::bytes::<NONCE_LEN>()?;
        let mut out = Vec::with_capacity(HEADER_LEN + secret.len() + AES_256_GCM.tag_len());
        out.push(VERSION);
        out.extend_from_slice(&self.current.id);
        out.extend_from_slice(&nonce);
        let mut body = Zeroizing::new(secret.to_vec());
        let tag = self
            .current
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                bound(&self.current.id, aad),
                &mut body,
            )
            .map_err(|_| Error::Crypto("sealing was refused"))?;
        out.extend_from_slice(&body);
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what was sealed for the place that `aad` names.
    ///
    /// # Errors
    /// [`Error::UnknownSealKey`] if none of our keys sealed it; [`Error::Seal`] if it was changed or belongs elsewhere.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (id, nonce, body) = split(sealed)?;
        let key = std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
            .ok_or(Error::UnknownSealKey)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key
            .key
            .open_in_place(Nonce::assume_unique_for_key(nonce), bound(&id, aad), &mut body)
            .map_err(|_| Error::Seal)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Whether `sealed` was sealed with the current key. Rotation walks those where it was not.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        split(sealed).is_ok_and(|(id, ..)| id == self.current.id)
    }

    /// The same secret under the current key, or `None` if it is there already.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::seal`].
    pub fn reseal(&self, aad: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        if self.is_current(sealed) {
            return Ok(None);
        }
        self.seal(aad, &self.open(aad, sealed)?).map(Some)
    }
}

/// Binds header and place into the tag.
fn bound(id: &[u8; KEY_ID_LEN], aad: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION], id.as_slice(), aad].concat())
}

fn split(sealed: &[u8]) -> Result<([u8; KEY_ID_LEN], [u8; NONCE_LEN], &[u8])> {
    let rest = sealed.strip_prefix(&[VERSION]).ok_or(Error::Seal)?;
    let (id, rest) = rest.split_first_chunk().ok_or(Error::Seal)?;
    let (nonce, body) = rest.split_first_chunk().ok_or(Error::Seal)?;
    Ok((*id, *nonce, body))
}

#[cfg(test)]
mod tests;
