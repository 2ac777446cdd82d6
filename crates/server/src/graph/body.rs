//! Bodies: what a client sends, read by the entity table.
//!
//! Lenient where Graph's clients need it (intune.md 4.3): unknown and read-only properties are passed over, names are
//! read in any case, an empty text stands for nothing where it cannot be a value. A value of the wrong type is refused
//! with its place.

use query::Kind;
use serde_json::{Map, Value};

use super::entity::EntityType;
use super::error::ApiError;

/// The properties of `entity` in `body`, under their canonical names. `null` stays where it means "nothing"; where a
/// property cannot be null it is passed over.
pub(crate) fn read(entity: &EntityType, body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut known = Map::new();
    for (name, value) in body {
        let Some(property) = entity.find(name).filter(|property| !property.read_only) else { continue };
        if known.contains_key(property.name()) {
            return Err(ApiError::bad_value(name, format!("The property '{name}' is given twice.")));
        }
        if let Some(value) = typed(property.name(), property.info.kind, value)? {
            known.insert(property.name().to_owned(), value);
        }
    }
    Ok(known)
}

/// A value as its type has it; `None` for one that stands for nothing.
fn typed(place: &str, kind: Kind, value: &Value) -> Result<Option<Value>, ApiError> {
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
        (Kind::Int, Value::Number(number)) if number.is_i64() => Ok(Some(value.clone())),
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
        (Kind::Complex(_), Value::Object(_)) => Ok(Some(value.clone())),
        (Kind::Complex(_), _) => wrong("an object"),
        (Kind::Collection(element), Value::Array(items)) => {
            let mut read = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                read.extend(
                    typed(&format!("{place}[{index}]"), *element, item)?.filter(|item| !item.is_null()),
                );
            }
            Ok(Some(Value::Array(read)))
        }
        (Kind::Collection(_), _) => wrong("an array"),
    }
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

/// The parameters of an action, in any case of their names.
pub(crate) struct Parameters<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Parameters<'a> {
    fn find(&self, name: &str) -> Option<&'a Value> {
        let found = self.0.iter().find(|(given, _)| query::same(given, name));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    fn read(&self, name: &str, kind: Kind) -> Result<Option<Value>, ApiError> {
        let Some(value) = self.find(name) else { return Ok(None) };
        typed(name, kind, value).map_err(|error| ApiError {
            message: format!("Invalid ODataActionParameter '{name}'. {}", error.message),
            ..error
        })
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        let value = self.read(name, Kind::String)?;
        Ok(value.and_then(|value| value.as_str().map(str::to_owned)).filter(|text| !text.trim().is_empty()))
    }

    /// A text that has to be there.
    pub(crate) fn needed_text(&self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A truth; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.read(name, Kind::Bool)? == Some(Value::Bool(true)))
    }

    /// Texts that have to be there.
    pub(crate) fn needed_texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        const TEXTS: Kind = Kind::Collection(&Kind::String);
        let value = self.read(name, TEXTS)?.ok_or_else(|| missing(name))?;
        Ok(value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A date.
    pub(crate) fn date(&self, name: &str) -> Result<Option<domain::Time>, ApiError> {
        let value = self.read(name, Kind::DateTime)?;
        Ok(value.and_then(|value| domain::Time::parse_rfc3339(value.as_str()?)))
    }

    /// Objects that have to be there.
    pub(crate) fn needed_objects(&self, name: &str) -> Result<Vec<&'a Map<String, Value>>, ApiError> {
        let value = self.find(name).ok_or_else(|| missing(name))?;
        let wrong = || {
            ApiError::bad_value(
                name,
                format!("Invalid ODataActionParameter '{name}': expected an array of objects."),
            )
        };
        let items = value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_object().ok_or_else(wrong)).collect()
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::bad_value(name, format!("Invalid ODataActionParameter '{name}': it is missing."))
}
