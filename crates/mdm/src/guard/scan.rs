//! The look at the bytes before the parser has them.

use memchr::{memchr, memchr2, memmem};

use super::{MAX_DEPTH, MAX_ELEMENTS};
use crate::Error;

/// The document types that Apple's own tools write.
const DOCTYPES: [&str; 3] = [
    r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
    r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "https://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
    r#"<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
];

/// The longest character reference, `&#x10FFFF;`, with a few leading zeros.
const MAX_REFERENCE: usize = 16;

/// Elements that hold elements.
const CONTAINERS: [&str; 3] = ["plist", "dict", "array"];

/// Elements that hold text.
const LEAVES: [&str; 8] = ["key", "string", "integer", "real", "date", "data", "true", "false"];

/// Checks structure, depth and count, and refuses what the parser would drop silently.
pub(super) fn check(text: &str) -> Result<(), Error> {
    if text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Err(Error::Forbidden("a control character"));
    }
    Scanner { rest: text, open: Vec::new(), elements: 0 }.run()
}

/// The `Char` production of XML 1.0.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

struct Scanner<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    elements: usize,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Result<(), Error> {
        while let Some(at) = memchr2(b'<', b'&', self.rest.as_bytes()) {
            let here = self.rest.get(at..).unwrap_or_default();
            self.rest = if here.starts_with('&') { reference(here)? } else { self.markup(here)? };
        }
        if self.open.is_empty() && self.elements > 0 {
            Ok(())
        } else {
            Err(malformed("the document ends early"))
        }
    }

    /// Whether the scan is inside an element that holds text.
    fn in_leaf(&self) -> bool {
        self.open.last().is_some_and(|name| LEAVES.contains(name))
    }

    /// Checks what starts with `<` and gives what follows it.
    fn markup(&mut self, here: &'a str) -> Result<&'a str, Error> {
        if let Some(comment) = here.strip_prefix("<!--") {
            if self.in_leaf() {
                return Err(Error::Forbidden("a comment inside a value"));
            }
            return after(comment, "-->");
        }
        if here.starts_with("<!") {
            return self.document_type(here);
        }
        if let Some(instruction) = here.strip_prefix("<?") {
            if self.elements > 0 {
                return Err(Error::Forbidden("a processing instruction"));
            }
            // An instruction has a name. Parsers disagree on where `<?>` ends, so that it could hide what follows.
            if instruction.starts_with('>') {
                return Err(malformed("a processing instruction has no name"));
            }
            return after(instruction, "?>");
        }
        self.tag(here)
    }

    fn document_type(&self, here: &'a str) -> Result<&'a str, Error> {
        let end = memchr(b'>', here.as_bytes()).ok_or_else(|| malformed("a declaration does not end"))?;
        let (declaration, rest) = here.split_at_checked(end + 1).unwrap_or_default();
        let words = declaration.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if self.elements == 0 && DOCTYPES.contains(&words.as_str()) {
            return Ok(rest);
        }
        if here.starts_with("<![") {
            return Err(Error::Forbidden("a CDATA section"));
        }
        if here.starts_with("<!ENTITY") {
            return Err(Error::Forbidden("an entity declaration"));
        }
        Err(Error::Forbidden("a document type other than Apple's"))
    }

    fn tag(&mut self, here: &'a str) -> Result<&'a str, Error> {
        let end = memchr(b'>', here.as_bytes()).ok_or_else(|| malformed("a tag does not end"))?;
        let inner = here.get(1..end).unwrap_or_default();
        let rest = here.get(end + 1..).unwrap_or_default();
        if let Some(name) = inner.strip_prefix('/') {
            if self.open.pop() != Some(name.trim_ascii_end()) {
                return Err(malformed("a closing tag has no opening one"));
            }
            return Ok(rest);
        }
        let (inner, closed) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let name = element_name(inner.trim_ascii_end())?;
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::TooManyElements { limit: MAX_ELEMENTS });
        }
        if self.in_leaf() {
            return Err(malformed("an element is inside a value"));
        }
        if !closed {
            if self.open.len() >= MAX_DEPTH {
                return Err(Error::TooDeep { limit: MAX_DEPTH });
            }
            self.open.push(name);
        }
        Ok(rest)
    }
}

/// The name of an opening tag. Only `plist` has an attribute, its version: so no quote can hide a `>` from the scan.
fn element_name(inner: &str) -> Result<&str, Error> {
    if CONTAINERS.contains(&inner) || LEAVES.contains(&inner) {
        return Ok(inner);
    }
    let attribute = inner.strip_prefix("plist").map(str::trim_ascii_start);
    match attribute {
        Some(r#"version="1.0""# | "version='1.0'") => Ok("plist"),
        _ => Err(malformed("an element is not one of a property list's")),
    }
}

/// Checks a reference: the five of XML by name, or a character that XML has a place for.
fn reference(here: &str) -> Result<&str, Error> {
    let window = here.as_bytes().get(..MAX_REFERENCE).unwrap_or(here.as_bytes());
    let end = memchr(b';', window).ok_or_else(|| malformed("an ampersand stands alone"))?;
    let name = here.get(1..end).unwrap_or_default();
    let known = match name.strip_prefix('#') {
        Some(number) => character(number).is_some_and(is_xml_char),
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    };
    if known {
        Ok(here.get(end + 1..).unwrap_or_default())
    } else {
        Err(Error::Forbidden("an unknown entity"))
    }
}

fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, Error> {
    let at =
        memmem::find(text.as_bytes(), end.as_bytes()).ok_or_else(|| malformed("a comment does not end"))?;
    Ok(text.get(at + end.len()..).unwrap_or_default())
}

fn malformed(words: &str) -> Error {
    Error::Malformed(words.to_owned())
}
