//! BER in, DER out: the guard that every outside message passes first.
//!
//! Apple's encoders stream: indefinite lengths, octet strings in pieces. DER parsers refuse that, and lenient ones have
//! returned chunk headers as if they were content. So messages are rewritten first: definite, minimal lengths and
//! primitive octet strings. The rewriter is bounded in size and depth and works in one pass.

use crate::asn1::tag;
use crate::{Error, Result};

/// Largest message accepted, in bytes. What devices and portals send is tens of kilobytes; a signed profile with
/// pictures in it may be larger.
pub const MAX_LEN: usize = 1024 * 1024;

/// Deepest nesting accepted. A certificate inside SignedData needs about a dozen levels.
pub const MAX_DEPTH: usize = 24;

/// The identifier octet of an octet string sent in pieces.
const OCTETS_IN_PIECES: u8 = 0x24;
const CUT: Error = Error::Asn1("an element runs past the end");

/// Rewrites one BER element as DER.
///
/// Elements of SET OF are not sorted: whoever needs that order sorts. One fact of CMS is built in: the third child
/// of `EncryptedContentInfo`, `[0]` in pieces, is an octet string (RFC 5652 section 6.1), while the `[0]` that is the
/// second child of `EncapsulatedContentInfo` is a wrapper.
///
/// # Errors
/// [`Error::TooLarge`] beyond [`MAX_LEN`] or [`MAX_DEPTH`]; [`Error::Asn1`] for what is not one whole BER element.
pub fn to_der(input: &[u8]) -> Result<Vec<u8>> {
    if input.len() > MAX_LEN {
        return Err(Error::TooLarge("larger than any message should be"));
    }
    let mut source = Source { rest: input };
    let mut out = Vec::with_capacity(input.len());
    element(&mut source, MAX_DEPTH, &mut out)?;
    if source.rest.is_empty() { Ok(out) } else { Err(Error::Asn1("something follows the end")) }
}

/// What is left of the enclosing element's input.
struct Source<'a> {
    rest: &'a [u8],
}

/// A header, and for a definite length the content.
struct Header<'a> {
    tag: u8,
    content: Option<&'a [u8]>,
}

impl<'a> Source<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }

    fn octet(&mut self) -> Result<u8> {
        self.take(1)?.first().copied().ok_or(CUT)
    }

    fn header(&mut self) -> Result<Header<'a>> {
        let tag = self.octet()?;
        if tag & 0x1f == 0x1f {
            return Err(Error::Asn1("high tag numbers are not used here"));
        }
        if tag == 0 {
            return Err(Error::Asn1("an end marker without a beginning"));
        }
        let length = match self.octet()? {
            0x80 if tag & 0x20 == 0 => return Err(Error::Asn1("a primitive element has no length")),
            0x80 => return Ok(Header { tag, content: None }),
            short if short < 0x80 => usize::from(short),
            long => {
                let octets = self.take(usize::from(long & 0x7f))?;
                octets.iter().try_fold(0usize, |sum, octet| {
                    // Beyond MAX_LEN the value does not matter, so this cannot overflow.
                    if sum > MAX_LEN { Err(CUT) } else { Ok((sum << 8) | usize::from(*octet)) }
                })?
            }
        };
        Ok(Header { tag, content: Some(self.take(length)?) })
    }

    /// True, and past it, if an end-of-contents marker is next.
    fn at_end_marker(&mut self) -> bool {
        match self.rest.strip_prefix(&[0, 0]) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// Reads one element and appends its DER form.
fn element(source: &mut Source<'_>, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    let depth = depth.checked_sub(1).ok_or(Error::TooLarge("nested too deeply"))?;
    let Header { tag, content } = source.header()?;
    match (tag, content) {
        (OCTETS_IN_PIECES, _) => {
            let mut joined = Vec::new();
            each_child(source, content, |child| pieces(child, depth, &mut joined))?;
            push(out, tag::OCTET_STRING, &joined);
        }
        (tag, Some(content)) if tag & 0x20 == 0 => push(out, tag, content),
        (tag, content) => {
            if tag & 0xc0 == 0 && tag != tag::SEQUENCE && tag != tag::SET {
                return Err(Error::Asn1("only octet strings may come in pieces"));
            }
            let mut inner = Vec::with_capacity(content.map_or(64, <[u8]>::len));
            children(source, tag, content, depth, &mut inner)?;
            push(out, tag, &inner);
        }
    }
    Ok(())
}

/// The children of a constructed element, with the one schema fact described at [`to_der`].
fn children<'a>(
    source: &mut Source<'a>,
    parent: u8,
    content: Option<&'a [u8]>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut index = 0usize;
    let mut begins_with_oid = false;
    each_child(source, content, |child| {
        let next = child.rest.first().copied();
        begins_with_oid |= index == 0 && next == Some(tag::OID);
        let encrypted_content =
            parent == tag::SEQUENCE && index == 2 && begins_with_oid && next == Some(tag::constructed(0));
        index = index.saturating_add(1);
        if encrypted_content {
            let Header { content, .. } = child.header()?;
            let mut joined = Vec::new();
            each_child(child, content, |piece| pieces(piece, depth, &mut joined))?;
            push(out, tag::primitive(0), &joined);
            return Ok(());
        }
        element(child, depth, out)
    })
}

/// Calls `read` for each child: in `content` if the length was definite, else up to the end marker.
fn each_child<'a>(
    source: &mut Source<'a>,
    content: Option<&'a [u8]>,
    mut read: impl FnMut(&mut Source<'a>) -> Result<()>,
) -> Result<()> {
    match content {
        Some(content) => {
            let mut inner = Source { rest: content };
            while !inner.rest.is_empty() {
                read(&mut inner)?;
            }
        }
        None => {
            while !source.at_end_marker() {
                read(source)?;
            }
        }
    }
    Ok(())
}

/// Appends the content of an octet string, itself perhaps in pieces.
fn pieces(source: &mut Source<'_>, depth: usize, joined: &mut Vec<u8>) -> Result<()> {
    let depth = depth.checked_sub(1).ok_or(Error::TooLarge("nested too deeply"))?;
    match source.header()? {
        Header { tag: tag::OCTET_STRING, content: Some(content) } => {
            joined.extend_from_slice(content);
            Ok(())
        }
        Header { tag: OCTETS_IN_PIECES, content } => {
            each_child(source, content, |piece| pieces(piece, depth, joined))
        }
        _ => Err(Error::Asn1("an octet string holds something else")),
    }
}

fn push(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    crate::asn1::push_length(out, content.len());
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests;
