//! How a caller describes its rows.

use std::fmt::{self, Debug, Formatter};

/// A type whose rows can be queried.
///
/// What it does not name cannot be filtered, sorted or selected.
pub trait Entity: Sync {
    /// The name for error messages, such as `microsoft.graph.managedDevice`.
    fn type_name(&self) -> &str;

    /// The property of this name, in any case.
    fn property(&self, name: &str) -> Option<PropertyInfo>;

    /// The derived type of this name (without `#`), in any case, or this type itself.
    fn cast(&self, type_name: &str) -> Option<Cast> {
        let _ = type_name;
        None
    }
}

/// What is known of a property.
#[derive(Debug, Clone, Copy)]
pub struct PropertyInfo {
    /// The canonical name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether text compares as it stands. Otherwise case is ignored, as Graph does.
    pub exact: bool,
    /// Whether `$filter` may name it.
    pub filterable: bool,
    /// Whether `$orderby` may name it.
    pub sortable: bool,
    /// Whether `$select` may name it.
    pub selectable: bool,
}

impl PropertyInfo {
    /// A property that may be named everywhere; collections and flag enums cannot be sorted by, and of a complex
    /// property only its parts.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        let sortable = !matches!(kind, Kind::Collection(_) | Kind::Flags(_));
        Self { name, kind, exact: false, filterable: true, sortable, selectable: true }
    }

    /// The same, and its text compares as it stands: for identifiers that differ in case only.
    pub const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// The same, and it can be selected only: for what lists leave out.
    pub const fn select_only(self) -> Self {
        Self { filterable: false, sortable: false, ..self }
    }

    /// The same, and it cannot be sorted by.
    pub const fn unsorted(self) -> Self {
        Self { sortable: false, ..self }
    }
}

/// The type of a property, and with it the literals it compares with.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Text.
    String,
    /// A GUID; compares in lower case, with or without quotes around the literal.
    Guid,
    /// True or false.
    Bool,
    /// A whole number (`Edm.Int32`, `Edm.Int64`).
    Int,
    /// A number with a fraction (`Edm.Double`).
    Real,
    /// An instant: RFC 3339 text in JSON, microseconds since 1970 (UTC) in parameters and columns.
    DateTime,
    /// One of these members, in any case; canonical text in parameters and columns.
    Enum(&'static [&'static str]),
    /// Any of these members: one text with commas in JSON, bit n for the n-th member in parameters and columns.
    /// At most 63 members.
    Flags(&'static [&'static str]),
    /// A value with properties of its own.
    Complex(&'static dyn Entity),
    /// Several values.
    Collection(&'static Kind),
}

impl Debug for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("String"),
            Self::Guid => f.write_str("Guid"),
            Self::Bool => f.write_str("Bool"),
            Self::Int => f.write_str("Int"),
            Self::Real => f.write_str("Real"),
            Self::DateTime => f.write_str("DateTime"),
            Self::Enum(members) => f.debug_tuple("Enum").field(members).finish(),
            Self::Flags(members) => f.debug_tuple("Flags").field(members).finish(),
            Self::Complex(entity) => f.debug_tuple("Complex").field(&entity.type_name()).finish(),
            Self::Collection(element) => f.debug_tuple("Collection").field(element).finish(),
        }
    }
}

impl Kind {
    /// What values of this kind are called in error messages.
    pub(crate) fn called(self) -> &'static str {
        match self {
            Self::String => "text in single quotes",
            Self::Guid => "a GUID",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Real => "a number",
            Self::DateTime => "a date such as 2026-01-31T00:00:00Z",
            Self::Enum(_) => "one of its members",
            Self::Flags(_) => "its members, separated by commas",
            Self::Complex(_) => "a property of it, or null",
            Self::Collection(_) => "any(...) or all(...)",
        }
    }
}

/// A narrower type.
#[derive(Clone, Copy)]
pub struct Cast {
    /// Its description.
    pub entity: &'static dyn Entity,
    /// The names, without `#`, that `@odata.type` has on rows of this type: its own unless abstract, and those of
    /// the types derived from it.
    pub concrete: &'static [&'static str],
}

/// A description from constants.
#[derive(Clone, Copy)]
pub struct Table {
    /// The name of the type.
    pub name: &'static str,
    /// Its properties.
    pub properties: &'static [PropertyInfo],
    /// Itself and its derived types, by name.
    pub types: &'static [(&'static str, Cast)],
}

impl Entity for Table {
    fn type_name(&self) -> &str {
        self.name
    }

    fn property(&self, name: &str) -> Option<PropertyInfo> {
        self.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name)).copied()
    }

    fn cast(&self, type_name: &str) -> Option<Cast> {
        self.types.iter().find(|(name, _)| name.eq_ignore_ascii_case(type_name)).map(|(_, cast)| *cast)
    }
}
