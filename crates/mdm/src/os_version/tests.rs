use super::*;

#[test]
fn versions_are_compared_by_number() {
    let ordered = ["8.1", "10.9", "10.12.4", "10.13", "11", "17.9", "17.10", "17.10.1 (a)"];
    let versions: Vec<_> = ordered.iter().map(|text| OsVersion::parse(text).unwrap()).collect();
    assert!(versions.is_sorted());
    assert_eq!(versions.iter().map(ToString::to_string).next_back().as_deref(), Some("17.10.1"));
}

#[test]
fn what_is_no_version_is_none() {
    for text in ["", "x", "17.", "17.x", "17.1.1.1", "-1", "99999", "22B83"] {
        assert_eq!(OsVersion::parse(text), None, "{text}");
    }
}
