//! `$select` over rows in memory.

use serde_json::{Map, Value};

use crate::check::Property;

/// What is left of a row: the selected properties, their annotations, the row's own `@odata.` annotations, and the
/// members named in `keep` (what `$expand` brought in, say). `None` selects everything.
pub fn project(row: Value, select: Option<&[Property]>, keep: &[&str]) -> Value {
    let (Some(select), Value::Object(members)) = (select, &row) else { return row };
    let mut kept = Map::new();
    for (name, value) in members {
        // `name@odata.nextLink` goes with `name`, and `@odata.type` with the row.
        let (owner, annotation) =
            name.split_once('@').map_or((name.as_str(), false), |(owner, _)| (owner, true));
        let paths: Vec<&[&str]> = select
            .iter()
            .filter_map(|property| property.path.split_first())
            .filter(|(first, _)| **first == owner)
            .map(|(_, rest)| rest)
            .collect();
        if owner.is_empty() || keep.contains(&owner) || (annotation && !paths.is_empty()) {
            kept.insert(name.clone(), value.clone());
        } else if !paths.is_empty() {
            kept.insert(name.clone(), narrowed(value, &paths));
        }
    }
    Value::Object(kept)
}

/// The parts of a complex value that the paths name; an empty path names all of it.
fn narrowed(value: &Value, paths: &[&[&str]]) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    if paths.iter().any(|path| path.is_empty()) {
        return value.clone();
    }
    let kept = members.iter().filter_map(|(name, member)| {
        let rests: Vec<&[&str]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| **first == name.as_str())
            .map(|(_, rest)| rest)
            .collect();
        let wanted = !rests.is_empty() || name.starts_with('@');
        wanted
            .then(|| (name.clone(), if rests.is_empty() { member.clone() } else { narrowed(member, &rests) }))
    });
    Value::Object(kept.collect())
}
