//! Activation lock bypass codes: what a person types, and what Apple is given instead of it.
//!
//! Apple, "Creating and using bypass codes" (Device Management). The device is locked with the *escrow key*, which does
//! not reveal the code; the code, in dashes, unlocks it.

use crate::{Error, Result, random};
use aws_lc_rs::pbkdf2;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Apple's alphabet: no B, I, O or S, which people misread.
const ALPHABET: &[u8; 32] = b"0123456789ACDEFGHJKLMNPQRTUVWXYZ";
/// Dashes follow these many symbols.
const DASH_AFTER: [usize; 5] = [5, 10, 14, 18, 22];
const ITERATIONS: u32 = 50_000;
const SALT: [u8; 4] = [0; 4];

/// An activation lock bypass code: 128 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct BypassCode(Zeroizing<[u8; 16]>);

impl std::fmt::Debug for BypassCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BypassCode(..)")
    }
}

impl BypassCode {
    /// A fresh code.
    ///
    /// # Errors
    /// As [`random::bytes`].
    pub fn generate() -> Result<Self> {
        Ok(Self(Zeroizing::new(random::bytes()?)))
    }

    /// The code with these bits.
    #[must_use]
    pub fn from_raw(raw: [u8; 16]) -> Self {
        Self(Zeroizing::new(raw))
    }

    /// The form that people type: 26 symbols and five dashes.
    #[must_use]
    pub fn to_human(&self) -> Zeroizing<String> {
        let bits = u128::from_be_bytes(*self.0);
        let mut text = Zeroizing::new(String::with_capacity(31));
        for index in 0..26 {
            if DASH_AFTER.contains(&index) {
                text.push('-');
            }
            // 25 symbols of five bits, then the last three bits as they are.
            let value = if index < 25 { (bits >> (123 - 5 * index)) & 31 } else { bits & 7 };
            text.extend(ALPHABET.get(value as usize).map(|symbol| char::from(*symbol)));
        }
        text
    }

    /// Reads the form that people type; dashes, spaces and case do not matter.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not 26 symbols of Apple's alphabet.
    pub fn from_human(text: &str) -> Result<Self> {
        const BAD: Error = Error::Key("not an activation lock bypass code");
        let mut bits = 0u128;
        let mut count = 0;
        for symbol in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
            let upper = symbol.to_ascii_uppercase();
            let value = ALPHABET.iter().position(|known| *known == upper).ok_or(BAD)? as u128;
            bits = match count {
                0..25 => (bits << 5) | value,
                25 if value < 8 => (bits << 3) | value,
                _ => return Err(BAD),
            };
            count += 1;
        }
        if count == 26 { Ok(Self(Zeroizing::new(bits.to_be_bytes()))) } else { Err(BAD) }
    }

    /// The `escrow_key` for `POST /device/activationlock`: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn escrow_key(&self) -> String {
        let mut out = [0; 32];
        let iterations = NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &SALT, self.0.as_slice(), &mut out);
        hex::encode(out)
    }
}

#[cfg(test)]
mod tests;
