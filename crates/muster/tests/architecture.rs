//! Holds the rooms to the map in ARCHITECTURE.md: every arrow between crates is on it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The table of ARCHITECTURE.md: room to the rooms it may use.
fn map() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut rooms = BTreeMap::new();
    for line in text.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() != 4 {
            continue;
        }
        let room = cells[0].trim_matches('`').to_owned();
        let uses = cells[2]
            .split([',', ' '])
            .map(|w| w.trim_matches(['`', ',']))
            .filter(|w| root().join("crates").join(w).is_dir() && !w.is_empty())
            .map(str::to_owned)
            .collect();
        rooms.insert(room, uses);
    }
    rooms
}

fn rooms_on_disk() -> BTreeSet<String> {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn manifest(room: &str) -> toml::Table {
    fs::read_to_string(root().join("crates").join(room).join("Cargo.toml")).unwrap().parse().unwrap()
}

fn dependencies(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    manifest
        .get(section)
        .and_then(toml::Value::as_table)
        .map(|t| t.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn every_room_is_on_the_map_and_every_entry_of_the_map_is_a_room() {
    assert_eq!(map().into_keys().collect::<BTreeSet<_>>(), rooms_on_disk());
}

#[test]
fn no_room_uses_another_that_the_map_does_not_allow() {
    let rooms = rooms_on_disk();
    let mut strays = Vec::new();
    for (room, allowed) in map() {
        for dependency in dependencies(&manifest(&room), "dependencies") {
            if rooms.contains(&dependency) && !allowed.contains(&dependency) {
                strays.push(format!("{room} -> {dependency}"));
            }
        }
    }
    assert!(strays.is_empty(), "arrows that ARCHITECTURE.md does not have: {strays:?}");
}

#[test]
fn a_crate_with_a_keeper_is_named_by_its_keeper_alone() {
    // library, the only rooms whose manifest may name it
    let keepers: [(&str, &[&str]); 7] = [
        ("aws-lc-rs", &["pki"]),
        ("const-oid", &["pki"]),
        ("rustls", &["net"]),
        ("tokio-rustls", &["net"]),
        ("rusqlite", &["store"]),
        ("tokio-postgres", &["store"]),
        ("jsonwebtoken", &["auth"]),
    ];
    for (library, rooms) in keepers {
        for room in rooms_on_disk() {
            let named = dependencies(&manifest(&room), "dependencies").contains(library);
            assert!(
                !named || rooms.contains(&room.as_str()),
                "{room} names {library}, which belongs to {rooms:?}"
            );
        }
    }
}

#[test]
fn the_domain_knows_no_clock_no_chance_and_no_wire() {
    let forbidden = ["tokio", "uuid", "reqwest", "axum", "rusqlite", "net", "store", "rand"];
    let named = dependencies(&manifest("domain"), "dependencies");
    assert!(forbidden.iter().all(|f| !named.contains(*f)), "{named:?}");
    for (path, text) in sources("domain") {
        for word in ["SystemTime::now", "Instant::now", "Timestamp::now", "async fn"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn sql_is_written_in_the_store_alone() {
    for room in rooms_on_disk().into_iter().filter(|r| r != "store" && r != "query") {
        for (path, text) in sources(&room) {
            for word in ["select * from", "insert into ", "delete from "] {
                assert!(!text.to_lowercase().contains(word), "{} has {word:?}", path.display());
            }
        }
    }
}

#[test]
fn practice_reads_plists_by_the_guard_and_takes_no_other_word_from_mdm() {
    for (path, text) in sources("practice") {
        for line in text.lines().filter(|l| l.contains("mdm::")) {
            let word = line.split("mdm::").nth(1).unwrap_or_default();
            assert!(
                word.starts_with("plist") || word.starts_with("guard") || line.trim_start().starts_with("//"),
                "{}: {line}",
                path.display()
            );
        }
    }
}

/// SHA-1 signatures are for virtual devices alone (ARCHITECTURE.md): only practice's manifest may ask for them.
#[test]
fn no_room_but_practice_turns_on_the_signatures_of_old_devices() {
    let root_manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert!(!turns_on_practice(&root_manifest), "every room would inherit it from the workspace");
    let rooms = rooms_on_disk().into_iter().filter(|room| turns_on_practice(&manifest(room)));
    assert_eq!(rooms.collect::<Vec<_>>(), ["practice"]);
    let pki = manifest("pki");
    assert!(pki["features"].get("practice").is_some(), "the feature that this test is about");
    assert!(pki["features"].get("default").is_none(), "what is on by default is on in the server");
}

#[test]
fn each_way_of_turning_the_feature_on_is_seen() {
    for (text, on) in [
        ("[dependencies]\npki = { workspace = true, features = ['practice'] }", true),
        ("[dev-dependencies.pki]\nfeatures = ['x', 'practice']", true),
        (
            "[target.'cfg(unix)'.dependencies]\nkeys = { package = 'muster-pki', features = ['practice'] }",
            true,
        ),
        ("[workspace.dependencies]\npki = { path = 'x', features = ['practice'] }", true),
        ("[features]\ndefault = ['pki/practice']", true),
        ("[features]\nold = ['pki?/practice']", true),
        ("[dependencies]\npki = { workspace = true }", false),
        ("[dependencies]\npki.workspace = true\npractice.workspace = true", false),
        ("[dependencies]\nother = { version = '1', features = ['practice'] }", false),
    ] {
        assert_eq!(turns_on_practice(&text.parse().unwrap()), on, "{text}");
    }
}

/// Whether a manifest, or a section of it, turns on `practice` of `pki`.
fn turns_on_practice(section: &toml::Table) -> bool {
    section.iter().any(|(key, value)| {
        let within = value.as_table().is_some_and(turns_on_practice);
        let is_pki = key == "pki" || value.get("package").and_then(toml::Value::as_str) == Some("muster-pki");
        let asked = texts(value.get("features")).contains(&"practice");
        let passed_on =
            texts(Some(value)).iter().any(|text| ["pki/practice", "pki?/practice"].contains(text));
        within || (is_pki && asked) || passed_on
    })
}

fn texts(list: Option<&toml::Value>) -> Vec<&str> {
    list.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str).collect()
}

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates").join(room).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}
