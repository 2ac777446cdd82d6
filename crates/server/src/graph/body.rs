//! Bodies: what a client sends, read by the entity table and the tables of parameters.
//!
//! Lenient where Graph's clients need it (intune.md 4.3): unknown and read-only properties are passed over, names are
//! read in any case, an empty text stands for nothing where it cannot be a value. A value of the wrong type is refused
//! with its place.

use query::{Arguments, Kind, Segment};
use serde_json::{Map, Value};

use super::entity::{EntityType, Property};
use super::error::ApiError;
use super::route::{Parameter, Takes};

/// What goes further than one may think is done only with this.
const CONFIRM: &str = "confirm";

/// The properties of `entity` in `body`, under their canonical names. `null` stays where it means "nothing"; where a
/// property cannot be null it is passed over.
pub(crate) fn read(entity: &EntityType, body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    read_at("", entity, body)
}

fn read_at(
    place: &str,
    entity: &EntityType,
    body: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut known = Map::new();
    for (name, value) in body {
        let Some(property) = entity.find(name).filter(|property| !property.read_only) else { continue };
        let place = format!("{place}{}", property.name());
        if known.contains_key(property.name()) {
            return Err(ApiError::bad_value(&place, format!("The property '{place}' is given twice.")));
        }
        if let Some(value) = typed(&place, property, property.info.kind, value)? {
            known.insert(property.name().to_owned(), value);
        }
    }
    Ok(known)
}

/// A value as its type has it; `None` for one that stands for nothing.
fn typed(place: &str, property: &Property, kind: Kind, value: &Value) -> Result<Option<Value>, ApiError> {
    let wrong = |expected: &str| {
        Err(ApiError::bad_value(
            place,
            format!("Failed to read '{place}': expected {expected}, found {}.", shown(value)),
        ))
    };
    match (kind, value) {
        (Kind::Bool | Kind::Enum(_) | Kind::Flags(_), Value::Null) => Ok(None),
        (_, Value::Null) => Ok(Some(Value::Null)),
        (Kind::Bool, Value::Bool(_)) | (Kind::String, Value::String(_)) => Ok(Some(value.clone())),
        (Kind::Bool, _) => wrong("true or false"),
        (Kind::String, _) => wrong("a text"),
        (Kind::Int, Value::Number(number)) if fits(property, number.as_i64()) => Ok(Some(value.clone())),
        (Kind::Int, Value::Number(_)) if property.is_int32() => wrong("a whole number of 32 bits"),
        (Kind::Int, _) => wrong("a whole number"),
        (Kind::Real, Value::Number(_)) => Ok(Some(value.clone())),
        (Kind::Real, _) => wrong("a number"),
        (Kind::Guid | Kind::DateTime | Kind::Enum(_), Value::String(text)) if text.is_empty() => Ok(None),
        (Kind::Guid, Value::String(text)) if uuid::Uuid::parse_str(text).is_ok() => Ok(Some(value.clone())),
        (Kind::Guid, _) => wrong("a GUID"),
        (Kind::DateTime, Value::String(text)) if domain::Time::parse_rfc3339(text).is_some() => {
            Ok(Some(value.clone()))
        }
        (Kind::DateTime, _) => wrong("a date such as 2026-01-31T00:00:00Z"),
        (Kind::Enum(members), Value::String(text)) => {
            match members.iter().find(|member| query::same(member, text)) {
                Some(member) => Ok(Some(Value::from(*member))),
                None => wrong(&format!("one of {}", members.join(", "))),
            }
        }
        (Kind::Enum(members), _) => wrong(&format!("one of {}", members.join(", "))),
        (Kind::Flags(members), Value::String(_)) if !members.is_empty() => Ok(Some(value.clone())),
        (Kind::Flags(_), _) => wrong("members separated by commas"),
        (Kind::Complex(_), Value::Object(members)) => match property.part {
            Some(entity) => Ok(Some(read_at(&format!("{place}."), entity, members)?.into())),
            None => Ok(Some(value.clone())),
        },
        (Kind::Complex(_), _) => wrong("an object"),
        (Kind::Collection(element), Value::Array(items)) => {
            let mut read = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let item = typed(&format!("{place}[{index}]"), property, *element, item)?;
                read.extend(item.filter(|item| !item.is_null()));
            }
            Ok(Some(Value::Array(read)))
        }
        (Kind::Collection(_), _) => wrong("an array"),
    }
}

fn fits(property: &Property, number: Option<i64>) -> bool {
    number.is_some_and(|number| !property.is_int32() || i32::try_from(number).is_ok())
}

/// What stands in a body instead, without repeating what may be a secret.
fn shown(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "another text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The parameters of an action in `body`, under their own names. What is needed is there.
pub(crate) fn parameters(
    table: &[Parameter],
    body: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut known = Map::new();
    for (name, value) in body {
        let Some(parameter) = table.iter().find(|parameter| query::same(parameter.name(), name)) else {
            continue;
        };
        let name = parameter.name();
        let read =
            typed(name, &parameter.property, parameter.property.info.kind, value).map_err(|error| {
                ApiError {
                    message: format!("Invalid ODataActionParameter '{name}'. {}", error.message),
                    ..error
                }
            })?;
        let Some(value) = read.filter(|value| !value.is_null()) else { continue };
        if parameter.is_text() && value.as_str().is_none_or(|text| text.trim().is_empty()) {
            continue;
        }
        if known.insert(name.to_owned(), value).is_some() {
            return Err(ApiError::bad_value(name, format!("The parameter '{name}' is given twice.")));
        }
    }
    match table.iter().find(|parameter| parameter.needed && !known.contains_key(parameter.name())) {
        Some(missing) => Err(ApiError::bad_value(
            missing.name(),
            format!("Invalid ODataActionParameter '{}': it is missing.", missing.name()),
        )),
        None => Ok(known),
    }
}

/// Holds the arguments of a function, at the end of a path, to its table.
pub(crate) fn arguments(table: &[Parameter], last: &Segment) -> Result<(), ApiError> {
    for argument in table {
        let name = argument.name();
        let given = match &last.arguments {
            Arguments::Key(key) => Some(key.as_str()),
            _ => last.argument(name),
        };
        let value = given.map_or(Value::Null, Value::from);
        let read = typed(name, &argument.property, argument.property.info.kind, &value)?;
        if argument.needed && read.is_none_or(|value| value.is_null()) {
            return Err(ApiError::bad_value(name, format!("Failed to find the argument '{name}'.")));
        }
    }
    Ok(())
}

/// Whether the body says that the caller knows how far this goes.
pub(crate) fn confirms(body: &Map<String, Value>) -> Result<bool, ApiError> {
    match body.iter().find(|(name, _)| query::same(name, CONFIRM)) {
        None | Some((_, Value::Null | Value::Bool(false))) => Ok(false),
        Some((_, Value::Bool(true))) => Ok(true),
        Some((_, other)) => Err(ApiError::bad_value(
            CONFIRM,
            format!("Failed to read '{CONFIRM}': expected true or false, found {}.", shown(other)),
        )),
    }
}

/// The parameters of an action, as its route's table has them.
pub(crate) struct Parameters<'a> {
    given: &'a Map<String, Value>,
    table: &'static [Parameter],
}

impl<'a> Parameters<'a> {
    /// `given` was read by [`parameters`].
    pub(crate) fn new(takes: Takes, given: &'a Map<String, Value>) -> Self {
        let table = match takes {
            Takes::Parameters(table) => table,
            Takes::Nothing | Takes::Entity(_) | Takes::Batch => &[],
        };
        Self { given, table }
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        debug_assert!(self.table.iter().any(|known| known.name() == name), "the route has no {name}");
        self.given.get(name)
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.find(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A text that has to be there.
    pub(crate) fn needed_text(&self, name: &str) -> Result<String, ApiError> {
        self.text(name).ok_or_else(|| not_needed(name))
    }

    /// A truth; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.find(name) == Some(&Value::Bool(true))
    }

    /// Texts that have to be there.
    pub(crate) fn needed_texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let texts = self.find(name).and_then(Value::as_array).ok_or_else(|| not_needed(name))?;
        Ok(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A date.
    pub(crate) fn date(&self, name: &str) -> Option<domain::Time> {
        self.find(name).and_then(Value::as_str).and_then(domain::Time::parse_rfc3339)
    }

    /// Objects that have to be there.
    pub(crate) fn needed_objects(&self, name: &str) -> Result<Vec<&'a Map<String, Value>>, ApiError> {
        let objects = self.find(name).and_then(Value::as_array).ok_or_else(|| not_needed(name))?;
        Ok(objects.iter().filter_map(Value::as_object).collect())
    }
}

/// A handler needs what its route's table says may be missing.
fn not_needed(name: &str) -> ApiError {
    ApiError::internal(format!("the route's table does not say that '{name}' is needed"))
}
