//! The little of DER that certificates and messages need: a bounded reader, a writer, names for the identifiers.
//!
//! Outside input passes [`crate::ber::to_der`] first, so the reader may insist on DER.

pub(crate) mod oid;
mod read;
pub(crate) mod time;
mod write;

pub(crate) use read::{Reader, Tlv};
pub(crate) use write::{
    bit_string, boolean, context, explicit, integer, null, octet_string, oid as write_oid, push_length,
    sequence, set_of, small, tlv,
};

/// Identifier octets of the types used here (X.690 section 8.1.2).
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const T61_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]`, constructed: explicit tags, and implicit tags of constructed types.
    pub(crate) const fn constructed(n: u8) -> u8 {
        0xa0 | n
    }

    /// `[n]`, primitive: implicit tags of primitive types.
    pub(crate) const fn primitive(n: u8) -> u8 {
        0x80 | n
    }
}

#[cfg(test)]
mod tests;
