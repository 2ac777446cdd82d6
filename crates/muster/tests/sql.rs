//! No value becomes a part of a statement: what is put into SQL text is named here, and all of it is ours.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// What may stand in braces in a text with SQL in it: lists of columns and places, expressions of columns, and other
/// statements, all made from constants.
const OURS: &[&str] = &[
    "GAPS",
    "LEAST_INT",
    "alias",
    "bits",
    "body",
    "count",
    "equal",
    "expr",
    "found",
    "from",
    "key",
    "later",
    "least:e",
    "left",
    "list",
    "n",
    "name",
    "needle",
    "no",
    "number",
    "on",
    "order",
    "pattern",
    "place",
    "places",
    "plain",
    "rest",
    "right",
    "select",
    "set",
    "sign",
    "term",
    "text",
    "value",
    "waits",
];

/// The files that assemble statements. They know columns and places; values go past them as parameters.
const ASSEMBLE: &[&str] = &[
    "store/src/archive/table.rs",
    "store/src/bulk.rs",
    "store/src/device.rs",
    "store/src/device/assignment.rs",
    "store/src/managed_device.rs",
    "store/src/page.rs",
    "store/src/push.rs",
    "store/src/table.rs",
    "query/src/sql.rs",
    "query/src/sql/keyset.rs",
];

const WORDS: &[&str] = &["select ", "insert ", "update ", "delete ", " from ", "where ", " is null", " in ("];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Sources of the two rooms that know SQL, by their path in `crates`.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![crates().join("store/src"), crates().join("query/src/sql")];
    let mut files = vec![crates().join("query/src/sql.rs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for path in files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let name = path.strip_prefix(crates()).unwrap().to_str().unwrap().to_owned();
        found.push((name, fs::read_to_string(path).unwrap()));
    }
    found
}

/// The text literals that a macro which fills in values begins with.
fn filled(source: &str) -> Vec<&str> {
    let calls = ["format!(", "write!(text, ", "write!(sql, ", "push_str(&format!("];
    let starts = calls.iter().flat_map(|call| source.match_indices(call).map(|(at, call)| at + call.len()));
    let literal = |at: usize| {
        let rest = source.get(at..)?.trim_start().strip_prefix('"')?;
        let end = rest.char_indices().find(|(n, c)| *c == '"' && !rest.get(..*n).unwrap().ends_with('\\'))?.0;
        rest.get(..end)
    };
    starts.filter_map(literal).collect()
}

/// What stands in braces; two of them stand for a brace.
fn holes(literal: &str) -> impl Iterator<Item = &str> {
    literal
        .split("{{")
        .flat_map(|part| part.split('{').skip(1))
        .filter_map(|rest| rest.split_once('}'))
        .map(|(hole, _)| hole)
}

fn is_sql(literal: &str) -> bool {
    let text = literal.to_lowercase();
    let goes_on = ["and ", "or "].iter().any(|word| text.trim_start().starts_with(word));
    goes_on || WORDS.iter().any(|word| text.contains(word))
}

/// What is wrong with a source, if anything.
fn strays(file: &str, source: &str) -> Vec<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let sql = filled(&code).into_iter().filter(|literal| is_sql(literal) && !literal.starts_with("failed"));
    let wrong = |literal: &&str| {
        let foreign = holes(literal).any(|hole| !hole.is_empty() && !OURS.contains(&hole));
        let elsewhere = !ASSEMBLE.contains(&file) && holes(literal).next().is_some();
        let quoted = literal.contains("'{") && !literal.contains("'{least:e}'");
        foreign || elsewhere || quoted
    };
    sql.filter(wrong).map(|literal| format!("{file}: {literal}")).collect()
}

/// Refuses: H
#[test]
fn no_statement_is_made_of_values() {
    let sources = sources();
    assert!(sources.len() > 20, "the search finds the sources");
    let strays: Vec<String> = sources.iter().flat_map(|(file, source)| strays(file, source)).collect();
    assert!(strays.is_empty(), "give these as parameters: {strays:#?}");
}

#[test]
fn the_search_knows_a_statement_made_of_values_when_it_sees_one() {
    for source in [
        r#"format!("select * from device where serial = {serial}")"#,
        r#"format!("select * from device where serial = '{value}'")"#,
        "format!(\n    \"delete from device where serial = {}\",\n    serial,\n)",
        r#"let _ = write!(sql, " and name = {device_name}");"#,
    ] {
        assert_eq!(strays("store/src/identity.rs", source).len(), 1, "{source}");
    }
    assert!(strays("store/src/identity.rs", r#"format!("failed to read {name} from a file")"#).is_empty());
    assert!(strays("store/src/table.rs", r#"format!("select {} from {name} {rest}", list)"#).is_empty());
}
