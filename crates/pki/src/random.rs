//! Randomness from the operating system.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Fresh random bytes.
///
/// # Errors
/// [`Error::Crypto`] if the system has no randomness, in which case nothing secret can be made.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0; N];
    aws_lc_rs::rand::fill(&mut out).map_err(|_| Error::Crypto("no randomness from the system"))?;
    Ok(out)
}

/// A secret of 256 random bits as 43 characters that need no escaping in URLs, headers or XML.
///
/// # Errors
/// As [`bytes`].
pub fn secret() -> Result<Zeroizing<String>> {
    let raw = Zeroizing::new(bytes::<32>()?);
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(raw.as_slice())))
}

/// A password of so many letters and digits, each as likely as any other.
///
/// # Errors
/// As [`bytes`].
pub fn alphanumeric(count: usize) -> Result<Zeroizing<String>> {
    const SYMBOLS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /// The largest multiple of 62 in a byte: above it, some symbols would come more often.
    const FAIR: u8 = 248;
    let mut text = Zeroizing::new(String::with_capacity(count));
    while text.len() < count {
        let [byte] = bytes::<1>()?;
        let symbol = SYMBOLS.get(usize::from(byte % 62)).filter(|_| byte < FAIR);
        text.extend(symbol.map(|symbol| char::from(*symbol)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
