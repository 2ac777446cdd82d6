//! What changed between two states of an object, in Graph's names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Modified, VALUE_CHARS_MAX};

/// The values of an object that the audit log may show, by Graph's names. No aggregate carries a secret, so that none is
/// among them.
pub type Properties = Map<String, Value>;

/// What differs; `None` is an object that is not there.
#[must_use]
pub fn modified(before: Option<&Properties>, after: Option<&Properties>) -> Vec<Modified> {
    let names = [before, after].into_iter().flatten().flat_map(Map::keys).collect::<BTreeSet<_>>();
    let of = |object: Option<&Properties>, name: &str| {
        object.and_then(|object| object.get(name)).filter(|value| !value.is_null()).map(shown)
    };
    let changes = names.into_iter().map(|name| Modified {
        name: name.clone(),
        old: of(before, name),
        new: of(after, name),
    });
    changes.filter(|change| change.old != change.new).collect()
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    let cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    format!("{cut}… (cut)")
}
