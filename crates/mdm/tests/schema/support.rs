//! The schemas, read as trees of keys.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use muster_mdm::guard::{Dictionary, Value};
use serde_yaml_ng::Value as Yaml;

/// The folder with the schemas, or a word that the test is skipped.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MUSTER_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join("data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no shared data");
    None
}

/// One key of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) subkeys: Vec<Key>,
    pub(crate) versions: Versions,
}

pub(crate) fn yaml(path: &std::path::Path) -> Yaml {
    serde_yaml_ng::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The keys under `payloadkeys` or `responsekeys`.
pub(crate) fn keys(schema: &Yaml, under: &str) -> Vec<Key> {
    schema
        .get(under)
        .and_then(Yaml::as_sequence)
        .map(|list| list.iter().map(key).collect())
        .unwrap_or_default()
}

fn key(yaml: &Yaml) -> Key {
    let text = |name: &str| yaml.get(name).and_then(Yaml::as_str).unwrap_or_default().to_owned();
    Key {
        name: text("key"),
        kind: text("type").trim_matches(['<', '>']).to_owned(),
        required: text("presence") == "required",
        subkeys: keys(yaml, "subkeys"),
        versions: versions(yaml),
    }
}

/// By platform.
pub(crate) type Versions = BTreeMap<String, Span>;

/// Where something begins and ends; `n/a` where it never was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) introduced: Option<String>,
    pub(crate) deprecated: Option<String>,
}

/// What is under `supportedOS`.
pub(crate) fn versions(yaml: &Yaml) -> Versions {
    let version = |platform: &Yaml, name: &str| match platform.get(name) {
        Some(Yaml::String(text)) => Some(text.clone()),
        Some(Yaml::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let span = |platform: &Yaml| Span {
        introduced: version(platform, "introduced"),
        deprecated: version(platform, "deprecated"),
    };
    let platforms = yaml.get("supportedOS").and_then(Yaml::as_mapping).into_iter().flatten();
    platforms.map(|(name, platform)| (name.as_str().unwrap().to_owned(), span(platform))).collect()
}

/// The lines of `beyond_schema.txt` that start with a prefix, and which of them were needed.
pub(crate) struct Beyond {
    lines: BTreeSet<&'static str>,
    needed: RefCell<BTreeSet<&'static str>>,
}

impl Beyond {
    pub(crate) fn of(prefix: &str) -> Self {
        let lines = include_str!("beyond_schema.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let paths = lines.map(|line| {
            let (path, source) = line.split_once(" | ").unwrap_or_else(|| panic!("no source: {line}"));
            assert!(!source.is_empty());
            path
        });
        Self { lines: paths.filter(|path| path.starts_with(prefix)).collect(), needed: RefCell::default() }
    }

    /// Whether a path is listed.
    pub(crate) fn has(&self, path: &str) -> bool {
        let line = self.lines.get(path).copied();
        self.needed.borrow_mut().extend(line);
        line.is_some()
    }

    /// The last parts of the listed paths under a parent; they count as needed.
    pub(crate) fn under(&self, parent: &str) -> Vec<&'static str> {
        let children = self.lines.iter().filter_map(|line| line.strip_prefix(parent)?.strip_prefix('/'));
        let children: Vec<_> = children.collect();
        self.needed.borrow_mut().extend(self.lines.iter().filter(|line| line.starts_with(parent)));
        children
    }

    pub(crate) fn assert_all_needed(&self) {
        let stale: Vec<_> = self.lines.difference(&self.needed.borrow()).copied().collect();
        assert!(stale.is_empty(), "no longer beyond the schema: {stale:?}");
    }
}

/// Checks that a dictionary has only keys of the schema, with their types, and all that are required.
pub(crate) fn check(dictionary: &Dictionary, schema: &[Key], path: &str, beyond: &Beyond) {
    for (name, value) in dictionary {
        let here = format!("{path}/{name}");
        match schema.iter().find(|key| key.name == *name) {
            Some(key) => check_value(value, key, &here, beyond),
            None if schema.iter().any(|key| key.name == "ANY") => {}
            None => assert!(beyond.has(&here), "{here} is not in Apple's schema"),
        }
    }
    for key in schema.iter().filter(|key| key.required && key.name != "ANY") {
        assert!(dictionary.contains_key(&key.name), "{path}/{} is required", key.name);
    }
}

fn check_value(value: &Value, key: &Key, path: &str, beyond: &Beyond) {
    let kind = match value {
        Value::String(_) => "string",
        Value::Integer(_) => "integer",
        Value::Boolean(_) => "boolean",
        Value::Data(_) => "data",
        Value::Real(_) => "real",
        Value::Date(_) => "date",
        Value::Array(_) => "array",
        Value::Dictionary(_) => "dictionary",
        other => panic!("{path}: {other:?}"),
    };
    assert!(key.kind == kind || key.kind == "any", "{path} is {kind}, Apple says {}", key.kind);
    match value {
        Value::Dictionary(inner) if !key.subkeys.is_empty() => check(inner, &key.subkeys, path, beyond),
        Value::Array(items) => items.iter().for_each(|item| check_item(item, key, path, beyond)),
        _ => {}
    }
}

/// An item of an array: of the one kind the schema has, or of the kind that its `Item` names.
fn check_item(item: &Value, key: &Key, path: &str, beyond: &Beyond) {
    let named = item.as_dictionary().and_then(|d| d.get("Item")).and_then(Value::as_string);
    match (named, key.subkeys.as_slice()) {
        (None, [one]) => check_value(item, one, path, beyond),
        (None, _) => {
            assert!(item.as_string().is_some_and(|s| key.subkeys.is_empty() || !s.is_empty()), "{path}")
        }
        (Some(name), kinds) => {
            let kind =
                kinds.iter().find(|kind| kind.name == name).unwrap_or_else(|| panic!("{path}: {name}"));
            check_value(item, kind, &format!("{path}/{name}"), beyond);
        }
    }
}
