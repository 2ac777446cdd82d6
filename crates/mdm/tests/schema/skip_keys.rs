//! The table of skip keys, against `other/skipkeys.yaml`; its Graph properties, against Graph's model.

use std::fs;

use muster_mdm::OsVersion;
use muster_mdm::skip_keys::{GRAPH_WITHOUT_KEY, Platform, SKIP_KEYS, Source, find, find_by_graph};

use crate::support::{Beyond, Versions, keys, shared, versions, yaml};

const PLATFORMS: [(&str, Platform); 4] = [
    ("iOS", Platform::Ios),
    ("macOS", Platform::MacOs),
    ("tvOS", Platform::TvOs),
    ("visionOS", Platform::VisionOs),
];

#[test]
fn every_skip_key_and_its_versions_are_apples() {
    let Some(folder) = shared("apple-device-management") else { return };
    let file = yaml(&folder.join("other/skipkeys.yaml"));
    let schema = keys(&file, "payloadkeys");
    let whole_file = versions(&file["payload"]);
    let beyond = Beyond::of("skip-key/");
    for row in SKIP_KEYS {
        let in_schema = schema.iter().any(|key| key.name == row.key);
        let expected = row.source != Source::Documentation;
        assert!(in_schema == expected || beyond.has(&format!("skip-key/{}", row.key)), "{}", row.key);
    }
    for key in &schema {
        let row = find(&key.name).unwrap_or_else(|| panic!("{} is not in the table", key.name));
        assert_eq!(row.key, key.name);
        for (name, platform) in PLATFORMS {
            let version = |text: Option<&str>| text.and_then(OsVersion::parse);
            let of = |versions: &Versions| versions.get(name).cloned().unwrap_or_default();
            // What a key does not say holds for the whole file.
            let own = of(&key.versions);
            let introduced = own.introduced.or(of(&whole_file).introduced);
            let theirs = version(introduced.as_deref()).map(|v| (v, version(own.deprecated.as_deref())));
            let ours = row
                .on(platform)
                .and_then(|span| Some((version(Some(span.introduced))?, version(span.deprecated))));
            let agreed = ours == theirs
                || beyond.has(&format!("skip-key/{}/{name}", key.name))
                || (theirs.is_none() && beyond.has(&format!("skip-key/*/{name}")));
            assert!(agreed, "{} on {name}: ours {ours:?}, Apple's {theirs:?}", key.name);
        }
    }
    beyond.assert_all_needed();
}

/// Shows: R52
#[test]
fn every_pane_of_graphs_profiles_has_a_key_or_a_reason() {
    let Some(folder) = shared("graph") else { return };
    let model: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("model.json")).unwrap()).unwrap();
    let profiles = [
        "depEnrollmentBaseProfile",
        "depEnrollmentProfile",
        "depIOSEnrollmentProfile",
        "depMacOSEnrollmentProfile",
    ];
    let panes: Vec<&str> = profiles
        .iter()
        .flat_map(|name| model["entities"][name]["properties"].as_object().unwrap().keys())
        .map(String::as_str)
        .filter(|name| {
            (name.ends_with("Disabled") || name.ends_with("Blocked")) && *name != "profileRemovalDisabled"
        })
        .collect();
    assert!(panes.len() > 30);
    for pane in &panes {
        let known = find_by_graph(pane).is_some() || GRAPH_WITHOUT_KEY.iter().any(|(name, _)| name == pane);
        assert!(known, "{pane}");
    }
    for property in SKIP_KEYS.iter().flat_map(|row| row.graph) {
        assert!(panes.contains(property), "Graph has no {property}");
    }
}
