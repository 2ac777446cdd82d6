//! Writing DER, from the inside out.

use super::tag;
use const_oid::ObjectIdentifier;

/// One element with `parts` as its content.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    push_length(&mut out, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Appends a definite length in its shortest form.
pub(crate) fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let significant = octets.get(zeros..).unwrap_or_default();
    out.push(0x80 | significant.len() as u8);
    out.extend_from_slice(significant);
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// A SET OF: DER wants the elements sorted by their encoding (X.690 section 11.6).
pub(crate) fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort_unstable();
    tlv(tag::SET, &[&elements.concat()])
}

/// `[n] EXPLICIT` around `parts`.
pub(crate) fn explicit(n: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::constructed(n), parts)
}

/// `[n] IMPLICIT` of a primitive type.
pub(crate) fn context(n: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::primitive(n), &[content])
}

/// A non-negative INTEGER from big-endian octets.
pub(crate) fn integer(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|octet| **octet == 0).count();
    let significant = magnitude.get(zeros..).unwrap_or_default();
    let pad: &[u8] = if significant.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tlv(tag::INTEGER, &[pad, significant])
}

/// An INTEGER from 0 to 127.
pub(crate) fn small(value: u8) -> Vec<u8> {
    integer(&[value])
}

pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(tag::OID, &[oid.as_bytes()])
}

pub(crate) fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, &[content])
}

pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], octets])
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(tag::BOOLEAN, &[&[if value { 0xff } else { 0 }]])
}

pub(crate) fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}
