//! The entity table: every property of every type we answer, once. Reading bodies, `$select`, `$filter`, `$orderby`
//! and what an answer looks like when nothing is known all come from here.
//!
//! Names and types are Graph's (intune.md appendix A), held to `graph/model.json` by a test; what Graph does not have
//! is in [`beyond`], each with its reason.

mod beyond;
mod device;
mod device_management;
mod managed_device;
mod muster;
mod profile;
mod push_certificate;
mod token;
mod words;

use std::fmt::{self, Debug, Formatter};

use query::{Cast, Entity, Kind, PropertyInfo};
use serde_json::{Map, Value, json};

pub(crate) use device::{DEVICE, IMPORTED};
pub(crate) use device_management::DEVICE_MANAGEMENT;
pub(crate) use managed_device::MANAGED_DEVICE;
pub(crate) use muster::{
    ALERT, ASSIGNED, CHECKLIST, COMMAND, KEY, READINESS, SETUP, SYNC_RUN, TENANT, TOKEN_STORY, TROUBLE,
    WARNING,
};
pub(crate) use profile::{PROFILE, odata_type, of as profile_of};
pub(crate) use push_certificate::PUSH_CERTIFICATE;
pub(crate) use token::TOKEN;
pub(crate) use words::{OBLITERATION_BEHAVIOR, SYNC_KIND};

/// Graph's date for "never", where a property cannot be null.
pub(crate) const NO_DATE: &str = "0001-01-01T00:00:00Z";

/// One property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    /// What the query options may do with it.
    pub(crate) info: PropertyInfo,
    /// Its type as `model.json` writes it.
    pub(crate) graph: &'static str,
    /// What an answer has when we do not know; null: then an answer may have null.
    pub(crate) absent: Absent,
    /// Sent by a client, it is ignored.
    pub(crate) read_only: bool,
    /// Not in v1.0.
    pub(crate) beta: bool,
    /// Null in lists; filled when one entity is asked for with this name in `$select`.
    pub(crate) select_only: bool,
    /// Every row has the absent value, so a filter by it is answered without asking the store.
    pub(crate) constant: bool,
    /// Its name among the store's columns, where that differs.
    column: Option<&'static str>,
    /// The type of a value with parts, or of the elements of a collection of those. None: it has no such value here.
    pub(crate) part: Option<&'static EntityType>,
    /// A number of 64 bits, whatever the model says.
    wide: bool,
}

/// What an answer has for a property nobody knows the value of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    Null,
    False,
    Zero,
    Word(&'static str),
    NoDate,
    Empty,
}

impl Property {
    const fn new(name: &'static str, graph: &'static str, kind: Kind, absent: Absent) -> Self {
        Self {
            info: PropertyInfo::new(name, kind),
            graph,
            absent,
            read_only: false,
            beta: false,
            select_only: false,
            constant: false,
            column: None,
            part: None,
            wide: false,
        }
    }

    const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    const fn beta(self) -> Self {
        Self { beta: true, ..self }
    }

    /// Neither filtered nor sorted by.
    const fn unasked(self) -> Self {
        Self { info: self.info.select_only(), ..self }
    }

    const fn select_only(self) -> Self {
        Self { select_only: true, ..self.unasked() }
    }

    const fn constant(self) -> Self {
        Self { constant: true, info: self.info.unsorted(), ..self }
    }

    const fn or(self, word: &'static str) -> Self {
        Self { absent: Absent::Word(word), ..self }
    }

    const fn or_null(self) -> Self {
        Self { absent: Absent::Null, ..self }
    }

    const fn or_no_date(self) -> Self {
        Self { absent: Absent::NoDate, ..self }
    }

    const fn column(self, column: &'static str) -> Self {
        Self { column: Some(column), ..self }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.info.name
    }

    /// Whether its numbers have 32 bits.
    pub(crate) fn is_int32(&self) -> bool {
        !self.wide && self.graph.trim_matches(['[', ']']) == "Int32"
    }

    /// Whether it is a text.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.info.kind, Kind::String)
    }

    /// Whether it has parts that nothing here ever has.
    pub(crate) fn has_no_parts(&self) -> bool {
        self.part.is_none()
            && self.graph.starts_with('[')
            && matches!(self.info.kind, Kind::Collection(Kind::Complex(_)))
    }

    fn absent(&self) -> Value {
        match self.absent {
            Absent::Null => Value::Null,
            Absent::False => json!(false),
            Absent::Zero => json!(0),
            Absent::Word(word) => json!(word),
            Absent::NoDate => json!(NO_DATE),
            Absent::Empty => json!([]),
        }
    }
}

const TEXTS: Kind = Kind::Collection(&Kind::String);

pub(crate) const fn text(name: &'static str) -> Property {
    Property::new(name, "String", Kind::String, Absent::Null)
}

pub(crate) const fn guid(name: &'static str) -> Property {
    Property::new(name, "Guid", Kind::Guid, Absent::Null)
}

pub(crate) const fn flag(name: &'static str) -> Property {
    Property::new(name, "Boolean", Kind::Bool, Absent::False)
}

pub(crate) const fn int(name: &'static str) -> Property {
    Property::new(name, "Int32", Kind::Int, Absent::Zero)
}

/// A whole number of 64 bits. The model was made from an SDK that does not tell it from one of 32 (intune.md 4).
const fn long(name: &'static str) -> Property {
    Property { wide: true, ..int(name) }
}

pub(crate) const fn date(name: &'static str) -> Property {
    Property::new(name, "DateTimeOffset", Kind::DateTime, Absent::Null)
}

pub(crate) const fn texts(name: &'static str) -> Property {
    Property::new(name, "[String]", TEXTS, Absent::Empty)
}

/// An enum; `graph` is its type as the model writes it, with `enum ` before the name.
pub(crate) const fn choice(
    name: &'static str,
    graph: &'static str,
    members: &'static [&'static str],
) -> Property {
    Property::new(name, graph, Kind::Enum(members), Absent::Null)
}

/// A value with parts of its own, or a related entity: shown, not asked for.
pub(crate) const fn part(name: &'static str, graph: &'static str, of: &'static EntityType) -> Property {
    let property = Property::new(name, graph, Kind::Complex(of), Absent::Null).unasked();
    Property { part: Some(of), ..property }
}

/// Several of those.
pub(crate) const fn parts(name: &'static str, graph: &'static str, of: &'static EntityType) -> Property {
    Property { part: Some(of), ..no_parts(name, graph) }
}

/// A value with parts that nothing here ever has.
const fn no_part(name: &'static str, graph: &'static str) -> Property {
    Property::new(name, graph, Kind::Complex(&NO_PARTS), Absent::Null).unasked()
}

/// Several of those: always empty.
const fn no_parts(name: &'static str, graph: &'static str) -> Property {
    const KIND: Kind = Kind::Collection(&Kind::Complex(&NO_PARTS));
    Property::new(name, graph, KIND, Absent::Empty).unasked()
}

/// What stands in for parts when somebody asks by them: there are none to ask by.
static NO_PARTS: EntityType = EntityType::new("Edm.Untyped", &[]).without_id();

/// A type, in groups of properties.
pub(crate) struct EntityType {
    /// With its namespace.
    pub(crate) name: &'static str,
    groups: &'static [&'static [Property]],
    types: &'static [(&'static str, Cast)],
    /// Whether it has an `id`: a value with parts has none.
    pub(crate) keyed: bool,
    /// What `$search` looks into.
    pub(crate) search: &'static [&'static str],
}

impl Debug for EntityType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl EntityType {
    const fn new(name: &'static str, groups: &'static [&'static [Property]]) -> Self {
        Self { name, groups, types: &[], keyed: true, search: &[] }
    }

    const fn without_id(self) -> Self {
        Self { keyed: false, ..self }
    }

    const fn search(self, search: &'static [&'static str]) -> Self {
        Self { search, ..self }
    }

    const fn types(self, types: &'static [(&'static str, Cast)]) -> Self {
        Self { types, ..self }
    }

    /// Every property, in the order of answers.
    pub(crate) fn properties(&self) -> impl Iterator<Item = &'static Property> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The names that `@odata.type` has on its rows, without `#`; none: its rows say no type.
    pub(crate) fn concrete(&self) -> &'static [&'static str] {
        let own = self.types.iter().find(|(name, _)| query::same(name, self.name));
        own.map_or(&[], |(_, cast)| cast.concrete)
    }

    /// The property of this name, in any case.
    pub(crate) fn find(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| query::same(property.name(), name))
    }

    /// A row with every property: those of `known`, and for the rest what stands for nothing.
    pub(crate) fn complete(&self, mut known: Map<String, Value>) -> Value {
        let mut row = Map::new();
        if let Some(id) = known.remove("id") {
            row.insert("id".into(), id);
        }
        for property in self.properties() {
            let value = known.remove(property.name()).filter(|value| !value.is_null());
            row.insert(property.name().into(), value.unwrap_or_else(|| property.absent()));
        }
        debug_assert!(known.keys().all(|name| name.starts_with('@')), "{} has no {known:?}", self.name);
        for (name, value) in known {
            row.insert(name, value);
        }
        Value::Object(row)
    }

    /// The values that every row has.
    pub(crate) fn constants(&self) -> Value {
        let constants = self.properties().filter(|property| property.constant);
        Value::Object(constants.map(|property| (property.name().to_owned(), property.absent())).collect())
    }

    /// Takes what v1.0 does not have, and what lists leave empty, out of a row. `named` is in `$select`.
    pub(crate) fn narrow(&self, row: &mut Value, v1: bool, single: bool, named: impl Fn(&str) -> bool) {
        let Value::Object(members) = row else { return };
        for property in self.properties() {
            if v1 && property.beta {
                members.remove(property.name());
            } else if property.select_only && !(single && named(property.name())) {
                members.insert(property.name().into(), property.absent());
            }
        }
    }
}

/// The id of every entity.
const ID: PropertyInfo = PropertyInfo::new("id", Kind::String);

impl Entity for EntityType {
    fn type_name(&self) -> &str {
        self.name
    }

    fn property(&self, name: &str) -> Option<PropertyInfo> {
        if self.keyed && query::same(name, ID.name) {
            return Some(ID);
        }
        self.find(name).map(|property| property.info)
    }

    fn cast(&self, type_name: &str) -> Option<Cast> {
        self.types.iter().find(|(name, _)| query::same(name, type_name)).map(|(_, cast)| *cast)
    }
}

/// The same type with the names of the store's columns, for filters and orders that the store answers.
pub(crate) struct Stored(pub(crate) &'static EntityType);

impl Entity for Stored {
    fn type_name(&self) -> &str {
        self.0.name
    }

    fn property(&self, name: &str) -> Option<PropertyInfo> {
        let info = self.0.property(name)?;
        let column = self.0.find(name).and_then(|property| property.column);
        Some(PropertyInfo { name: column.unwrap_or(info.name), ..info })
    }

    fn cast(&self, type_name: &str) -> Option<Cast> {
        self.0.cast(type_name)
    }
}

#[cfg(test)]
mod tests;
