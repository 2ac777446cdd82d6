//! Textual armour (RFC 7468), read leniently and written strictly.

use crate::{Error, Result};
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use zeroize::Zeroizing;

/// Largest text accepted, in bytes: a bundle of a few hundred certificates.
pub const MAX_LEN: usize = 1024 * 1024;

/// Takes base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `der` between BEGIN and END lines, 64 characters a line.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = Zeroizing::new(general_purpose::STANDARD.encode(der));
    let mut text = format!("-----BEGIN {label}-----\n");
    wrap(&mut text, &body, 64);
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// Appends base64 in lines of `width` characters.
pub(crate) fn wrap(text: &mut String, base64: &str, width: usize) {
    for (index, symbol) in base64.chars().enumerate() {
        if index > 0 && index % width == 0 {
            text.push('\n');
        }
        text.push(symbol);
    }
    text.push('\n');
}

/// Every block with this label, in order. Text between blocks and other labels is skipped.
///
/// # Errors
/// [`Error::Pem`] if a block is cut off or not base64; [`Error::TooLarge`] beyond [`MAX_LEN`].
pub fn decode_all(label: &str, text: &str) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    if text.len() > MAX_LEN {
        return Err(Error::TooLarge("larger than any PEM file should be"));
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(&begin) {
        let (body, after) = after.split_once(&end).ok_or(Error::Pem("a block has no end"))?;
        blocks.push(base64_lenient(body.as_bytes())?);
        rest = after;
    }
    Ok(blocks)
}

/// The first block with this label.
///
/// # Errors
/// As [`decode_all`], and [`Error::Pem`] if there is none.
pub fn decode(label: &str, text: &str) -> Result<Zeroizing<Vec<u8>>> {
    decode_all(label, text)?.into_iter().next().ok_or(Error::Pem("no block of the expected kind"))
}

/// Base64 with any white space in it, padded or not.
///
/// # Errors
/// [`Error::Pem`] if it is not base64; [`Error::TooLarge`] beyond [`MAX_LEN`].
pub fn base64_lenient(text: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if text.len() > MAX_LEN {
        return Err(Error::TooLarge("larger than any PEM file should be"));
    }
    let dense: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    LENIENT.decode(dense.as_slice()).map(Zeroizing::new).map_err(|_| Error::Pem("not base64"))
}

#[cfg(test)]
mod tests;
