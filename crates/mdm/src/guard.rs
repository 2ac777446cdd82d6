//! The property list, guarded: what devices and administrators send is checked before the parser sees it.
//!
//! The parser recurses once a level, so that a few kilobytes of nested `<array>` overflow the stack and end the
//! process; and it drops CDATA sections and unknown entities without a word, so that what was checked and what was
//! signed would differ. The [scan](parse_xml) refuses all of these. Only XML is read: no device sends the binary form
//! to a server, and the binary form can refer to itself.

mod fields;
mod scan;

use std::io::Cursor;

pub use fields::Fields;
pub use plist::{Date, Dictionary, Value};

pub use crate::Error;
use crate::error::printable;

/// The deepest nesting that is read. Apple's deepest documents (profiles with nested dictionaries) stay under 20.
pub const MAX_DEPTH: usize = 64;

/// The most elements that are read: an iPad with 2,000 apps answers with about 90,000.
pub const MAX_ELEMENTS: usize = 250_000;

/// Reads an XML property list of at most `max_bytes` bytes.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::TooDeep`] and [`Error::TooManyElements`] for the limits, [`Error::Binary`] for the
/// binary form, [`Error::Forbidden`] for CDATA, entities, any document type but Apple's, and comments inside a value,
/// [`Error::Malformed`] for everything else that is no property list.
pub fn parse_xml(body: &[u8], max_bytes: usize) -> Result<Value, Error> {
    if body.len() > max_bytes {
        return Err(Error::TooLarge { limit: max_bytes });
    }
    if body.starts_with(b"bplist") {
        return Err(Error::Binary);
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| Error::Malformed("the text is not UTF-8".to_owned()))?;
    scan::check(text)?;
    Value::from_reader_xml(Cursor::new(body)).map_err(|e| Error::Malformed(printable(&e.to_string())))
}

/// Reads an XML property list whose root is a dictionary, as every message of a device is. See [`parse_xml`].
///
/// # Errors
/// As [`parse_xml`], and [`Error::NotADictionary`].
pub fn parse_dictionary(body: &[u8], max_bytes: usize) -> Result<Dictionary, Error> {
    parse_xml(body, max_bytes)?.into_dictionary().ok_or(Error::NotADictionary)
}

/// Writes an XML property list; dictionaries keep the order in which their keys were put in.
///
/// # Errors
/// [`Error::Unwritable`] if a text or key has a character that XML 1.0 has no place for, or a value is nested deeper
/// than [`MAX_DEPTH`].
pub fn write_xml(value: &Value) -> Result<Vec<u8>, Error> {
    if !writable(value, MAX_DEPTH) {
        return Err(Error::Unwritable);
    }
    let mut out = Vec::new();
    value.to_writer_xml(&mut out).map_err(|_| Error::Unwritable)?;
    Ok(out)
}

/// Whether XML can carry a value of at most `depth` levels.
fn writable(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return false };
    match value {
        Value::String(text) => text.chars().all(scan::is_xml_char),
        Value::Array(items) => items.iter().all(|item| writable(item, below)),
        Value::Dictionary(entries) => {
            entries.iter().all(|(key, item)| key.chars().all(scan::is_xml_char) && writable(item, below))
        }
        Value::Uid(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
