//! Distinguished names.

use crate::asn1::{self, Reader, oid, tag};
use crate::{Error, Result};
use const_oid::ObjectIdentifier;

/// Longest attribute value read or written, in bytes. X.520 allows 64 characters for most.
const MAX_VALUE: usize = 1024;

/// A distinguished name in DER.
///
/// Comparison is by encoding, which is how issuers and subjects are matched here: a CA copies its own name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    der: Vec<u8>,
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name({:?})", self.common_name())
    }
}

impl Name {
    /// A name of only a common name.
    #[must_use]
    pub fn of(common_name: &str) -> Self {
        Self::empty().with(&oid::COMMON_NAME, common_name)
    }

    /// The name without attributes, to add some.
    #[must_use]
    pub fn empty() -> Self {
        Self { der: asn1::sequence(&[]) }
    }

    /// Reads a `Name` in DER.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let name = Self { der: der.to_vec() };
        name.attributes(|_, _| None::<()>)?;
        Ok(name)
    }

    /// The encoding.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Adds the organisation (O).
    #[must_use]
    pub fn organization(self, value: &str) -> Self {
        self.with(&oid::ORGANIZATION, value)
    }

    /// Adds the organisational unit (OU).
    #[must_use]
    pub fn organizational_unit(self, value: &str) -> Self {
        self.with(&oid::ORGANIZATIONAL_UNIT, value)
    }

    /// Adds the country (C), two letters.
    #[must_use]
    pub fn country(self, value: &str) -> Self {
        self.with_value(&oid::COUNTRY, tag::PRINTABLE_STRING, value)
    }

    /// Adds the user id (UID): in a push certificate this is the topic.
    #[must_use]
    pub fn user_id(self, value: &str) -> Self {
        self.with(&oid::USER_ID, value)
    }

    /// Adds the state (ST).
    #[must_use]
    pub fn state(self, value: &str) -> Self {
        self.with(&oid::STATE, value)
    }

    /// Adds the locality (L).
    #[must_use]
    pub fn locality(self, value: &str) -> Self {
        self.with(&oid::LOCALITY, value)
    }

    /// Adds the common name (CN).
    #[must_use]
    pub fn and_common_name(self, value: &str) -> Self {
        self.with(&oid::COMMON_NAME, value)
    }

    fn with(self, attribute: &ObjectIdentifier, value: &str) -> Self {
        self.with_value(attribute, tag::UTF8_STRING, value)
    }

    fn with_value(self, attribute: &ObjectIdentifier, string: u8, value: &str) -> Self {
        let end = value.floor_char_boundary(MAX_VALUE.min(value.len()));
        let value = asn1::tlv(string, &[value.get(..end).unwrap_or_default().as_bytes()]);
        let pair = asn1::sequence(&[&asn1::write_oid(attribute), &value]);
        let part = asn1::set_of(vec![pair]);
        let before =
            Reader::new(&self.der).expect(tag::SEQUENCE).map(|name| name.content).unwrap_or_default();
        Self { der: asn1::sequence(&[before, &part]) }
    }

    /// The first common name, if it is text.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.value(&oid::COMMON_NAME)
    }

    /// The first user id (`0.9.2342.19200300.100.1.1`): the topic of a push certificate.
    #[must_use]
    pub fn first_user_id(&self) -> Option<String> {
        self.value(&oid::USER_ID)
    }

    /// The first organisation, if it is text.
    #[must_use]
    pub fn first_organization(&self) -> Option<String> {
        self.value(&oid::ORGANIZATION)
    }

    fn value(&self, attribute: &ObjectIdentifier) -> Option<String> {
        self.attributes(|name, value| if name == attribute.as_bytes() { text(value) } else { None })
            .ok()
            .flatten()
    }

    /// The first attribute for which `find` returns something. Reads all, so that a damaged name is noticed.
    fn attributes<T>(&self, find: impl Fn(&[u8], asn1::Tlv<'_>) -> Option<T>) -> Result<Option<T>> {
        let mut found = None;
        let mut parts = Reader::whole(&self.der, tag::SEQUENCE)?;
        while !parts.is_empty() {
            let mut pairs = parts.enter(tag::SET)?;
            while !pairs.is_empty() {
                let mut pair = pairs.sequence()?;
                let (name, value) = (pair.oid()?, pair.any()?);
                pair.finish()?;
                found = found.or_else(|| find(name, value));
            }
        }
        Ok(found)
    }
}

/// The text of any directory string.
pub(crate) fn text(value: asn1::Tlv<'_>) -> Option<String> {
    if value.content.len() > MAX_VALUE {
        return None;
    }
    match value.tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
            std::str::from_utf8(value.content).ok().map(str::to_owned)
        }
        // Latin-1 in practice.
        tag::T61_STRING => Some(value.content.iter().map(|byte| char::from(*byte)).collect()),
        tag::BMP_STRING => {
            let (units, rest) = value.content.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
        }
        _ => None,
    }
}

/// Refuses a name without attributes, which nobody could recognise.
pub(crate) fn not_empty(name: &Name) -> Result<()> {
    if name.der.len() <= 2 { Err(Error::Chain("the name is empty")) } else { Ok(()) }
}
