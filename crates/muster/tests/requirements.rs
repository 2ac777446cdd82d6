//! Makes `docs/requirements.md` from `docs/requirements.in` and the `Shows:` lines of the tests, and fails when a
//! requirement has neither a test nor a reason to come later, or when the page is out of date.
//!
//! `MUSTER_BLESS=1` writes the page anew (`make docs`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

struct Requirement {
    id: String,
    asks: String,
    later: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn requirements() -> Vec<Requirement> {
    let text = fs::read_to_string(root().join("docs/requirements.in")).unwrap();
    let rows = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    rows.map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next().map(str::to_owned);
        let (id, asks) = (next().unwrap(), next().unwrap());
        let later = next().map(|l| l.strip_prefix("later: ").unwrap_or_else(|| panic!("{line}")).to_owned());
        Requirement { id, asks, later }
    })
    .collect()
}

/// Requirement id to the tests that show it, as `room::file::name`.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                collect(&path, &mut shown);
            }
        }
    }
    shown.values_mut().for_each(|tests| tests.sort());
    shown
}

fn collect(path: &Path, shown: &mut BTreeMap<String, Vec<String>>) {
    let text = fs::read_to_string(path).unwrap();
    let mut pending: Vec<String> = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if let Some(ids) = line.strip_prefix("/// Shows:") {
            pending.extend(ids.split(',').map(|id| id.trim().trim_end_matches('.').to_owned()));
        } else if line.starts_with("#[") && (line.contains("test") || line.starts_with("#[case")) {
            is_test = true;
        } else if let Some(name) = function_name(line) {
            if !pending.is_empty() {
                assert!(
                    is_test || ["proptest!", "on_both_engines!"].iter().any(|m| text.contains(m)),
                    "{}: {name} is not a test",
                    path.display()
                );
                let file = path.strip_prefix(root()).unwrap().display();
                for id in pending.drain(..) {
                    shown.entry(id).or_default().push(format!("`{name}` ({file})"));
                }
            }
            is_test = false;
        }
    }
    assert!(pending.is_empty(), "{}: a Shows line without a test", path.display());
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

fn page(requirements: &[Requirement], shown: &BTreeMap<String, Vec<String>>) -> String {
    let mut page = String::from(
        "# Requirements\n\nMade by `make docs` from `docs/requirements.in` and the `Shows:` lines of the tests. \
         R, L and N number the requirements of the document that Muster implements.\n\n\
         | id | asks | shown by |\n|---|---|---|\n",
    );
    for requirement in requirements {
        let tests = shown.get(&requirement.id).map(|tests| tests.join("<br>"));
        let later = requirement.later.as_ref().map(|why| format!("later: {why}"));
        let cell = [tests, later].into_iter().flatten().collect::<Vec<_>>().join("<br>");
        let _ = writeln!(page, "| {} | {} | {cell} |", requirement.id, requirement.asks);
    }
    page
}

#[test]
fn every_requirement_has_a_test_or_a_reason_to_come_later() {
    let (requirements, shown) = (requirements(), shown());
    let bare: Vec<&str> = requirements
        .iter()
        .filter(|r| r.later.is_none() && !shown.contains_key(&r.id))
        .map(|r| r.id.as_str())
        .collect();
    assert!(bare.is_empty(), "no test shows {bare:?}, and no reason is given for later");
}

#[test]
fn no_test_shows_a_requirement_that_does_not_exist() {
    let known: Vec<String> = requirements().into_iter().map(|r| r.id).collect();
    let strays: Vec<String> = shown().into_keys().filter(|id| !known.contains(id)).collect();
    assert!(strays.is_empty(), "{strays:?} are not in docs/requirements.in");
}

#[test]
fn the_page_of_requirements_is_up_to_date() {
    let path = root().join("docs/requirements.md");
    let page = page(&requirements(), &shown());
    if std::env::var_os("MUSTER_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "run `make docs`");
}
