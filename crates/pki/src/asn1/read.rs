//! A reader over DER that never copies and never panics.

use super::tag;
use crate::{Error, Result};

/// One element: its identifier octet, its content, and the whole as it stands in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The content of a single element of type `tag` that fills `bytes`.
    pub(crate) fn whole(bytes: &'a [u8], tag: u8) -> Result<Self> {
        let mut outer = Self::new(bytes);
        let inner = outer.enter(tag)?;
        outer.finish()?;
        Ok(inner)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn any(&mut self) -> Result<Tlv<'a>> {
        let (tag, header, length) = header(self.rest)?;
        let end = header.checked_add(length).ok_or(Error::Asn1("length overflows"))?;
        let raw = self.rest.get(..end).ok_or(Error::Asn1("an element runs past the end"))?;
        let content = raw.get(header..).ok_or(Error::Asn1("an element runs past the end"))?;
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(Tlv { tag, content, raw })
    }

    pub(crate) fn expect(&mut self, tag: u8) -> Result<Tlv<'a>> {
        if self.peek() != Some(tag) {
            return Err(Error::Asn1("an element is missing or of another type"));
        }
        self.any()
    }

    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// Steps into the content of the next element, which must be of type `tag`.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Self> {
        Ok(Self::new(self.expect(tag)?.content))
    }

    pub(crate) fn sequence(&mut self) -> Result<Self> {
        self.enter(tag::SEQUENCE)
    }

    pub(crate) fn oid(&mut self) -> Result<&'a [u8]> {
        let oid = self.expect(tag::OID)?.content;
        if oid.is_empty() { Err(Error::Asn1("an identifier is empty")) } else { Ok(oid) }
    }

    pub(crate) fn octets(&mut self) -> Result<&'a [u8]> {
        Ok(self.expect(tag::OCTET_STRING)?.content)
    }

    /// The content octets of an INTEGER: two's complement, big-endian, never empty.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8]> {
        let content = self.expect(tag::INTEGER)?.content;
        if content.is_empty() { Err(Error::Asn1("an integer is empty")) } else { Ok(content) }
    }

    /// An INTEGER from 0 to 127: versions and path lengths.
    pub(crate) fn small(&mut self) -> Result<u8> {
        match self.integer()? {
            [value] if *value < 0x80 => Ok(*value),
            _ => Err(Error::Asn1("an integer is out of range")),
        }
    }

    /// The octets of a BIT STRING that has no unused bits.
    pub(crate) fn bits(&mut self) -> Result<&'a [u8]> {
        match self.expect(tag::BIT_STRING)?.content.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Error::Asn1("a bit string is not made of whole octets")),
        }
    }

    pub(crate) const fn finish(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Asn1("something follows the end")) }
    }
}

/// Identifier octet, header length, content length.
fn header(bytes: &[u8]) -> Result<(u8, usize, usize)> {
    const CUT: Error = Error::Asn1("an element runs past the end");
    let (&tag, &first) = (bytes.first().ok_or(CUT)?, bytes.get(1).ok_or(CUT)?);
    if tag & 0x1f == 0x1f {
        return Err(Error::Asn1("high tag numbers are not used here"));
    }
    if first < 0x80 {
        return Ok((tag, 2, usize::from(first)));
    }
    // Four length octets are beyond every bound of this crate already.
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(Error::Asn1("a length is not in DER"));
    }
    let octets = bytes.get(2..count.saturating_add(2)).ok_or(CUT)?;
    let length = octets.iter().fold(0usize, |sum, octet| (sum << 8) | usize::from(*octet));
    let minimal = if count == 1 { 0x80 } else { 1usize << (8 * (count - 1)) };
    if length < minimal {
        return Err(Error::Asn1("a length is not in DER"));
    }
    Ok((tag, count.saturating_add(2), length))
}
