//! Percent-decoding (RFC 3986), lenient as browsers are: a `%` that begins no escape stands for itself.

use crate::error::{Error, short};

/// Decodes one option name or value of a query string, where `+` is a space.
pub(crate) fn query(raw: &str, part: &str) -> Result<String, Error> {
    decode(raw, true).ok_or_else(|| Error::Encoding { part: short(part) })
}

/// Decodes one segment of a path, where `+` is a plus.
pub(crate) fn segment(raw: &str) -> Result<String, Error> {
    decode(raw, false).ok_or_else(|| Error::Encoding { part: short(raw) })
}

fn decode(raw: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                tail
            }
            [b'+', tail @ ..] if plus_is_space => {
                bytes.push(b' ');
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
    // PostgreSQL takes no NUL in text and SQLite stops reading at one, so nothing past here has to think of it.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A') + 10,
    }
}
