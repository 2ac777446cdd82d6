use super::*;

fn v(text: &str) -> Option<OsVersion> {
    Some(OsVersion::parse(text).unwrap())
}

#[test]
fn the_table_is_in_order_and_says_each_key_once() {
    assert!(SKIP_KEYS.is_sorted_by(|a, b| a.key.to_ascii_lowercase() < b.key.to_ascii_lowercase()));
    let mut graph: Vec<_> = SKIP_KEYS.iter().flat_map(|row| row.graph.iter().copied()).collect();
    graph.extend(GRAPH_WITHOUT_KEY.iter().map(|(property, _)| *property));
    let all = graph.len();
    graph.sort_unstable();
    graph.dedup();
    assert_eq!(graph.len(), all);
}

#[test]
fn every_row_has_words_a_platform_and_readable_versions() {
    let platforms = [Platform::Ios, Platform::MacOs, Platform::TvOs, Platform::VisionOs];
    for row in SKIP_KEYS {
        assert!(!row.title.is_empty() && !row.help.is_empty(), "{}", row.key);
        let spans: Vec<_> = platforms.iter().filter_map(|p| row.on(*p)).collect();
        assert!(!spans.is_empty(), "{}", row.key);
        for span in spans {
            let introduced = OsVersion::parse(span.introduced);
            assert!(introduced.is_some(), "{}", row.key);
            assert!(span.deprecated.is_none_or(|d| OsVersion::parse(d) > introduced), "{}", row.key);
        }
        assert!(row.not_always.iter().all(|p| row.on(*p).is_some()), "{}", row.key);
    }
}

/// Shows: R52
#[test]
fn a_key_applies_by_platform_and_version() {
    assert_eq!(applies("Welcome", Platform::Ios, v("13.0")), Applies::Yes);
    assert_eq!(applies("Welcome", Platform::Ios, v("12.4.9")), Applies::NotBefore("13"));
    assert_eq!(applies("Welcome", Platform::TvOs, v("18.0")), Applies::NotOnPlatform);
    assert_eq!(applies("OnBoarding", Platform::Ios, v("13.7")), Applies::Yes);
    assert_eq!(applies("OnBoarding", Platform::Ios, v("14.0")), Applies::DeprecatedFrom("14"));
    assert_eq!(applies("OnBoarding", Platform::Ios, None), Applies::Yes);
    assert_eq!(applies("NextYear", Platform::Ios, v("30.0")), Applies::Unknown);
}

/// Shows: R52
#[test]
fn panes_without_a_key_of_apples_have_none() {
    for (property, _) in GRAPH_WITHOUT_KEY {
        assert_eq!(find_by_graph(property), None, "{property}");
    }
    for key in OBSERVED_ELSEWHERE {
        assert_eq!(find(key), None, "{key}");
    }
}

#[test]
fn keys_are_found_as_intune_and_graph_write_them() {
    assert_eq!(find("actionbutton").map(|row| row.key), Some("ActionButton"));
    assert_eq!(find_by_graph("appleIdDisabled").map(|row| row.key), Some("AppleID"));
    assert_eq!(find_by_graph("chooseYourLockScreenDisabled").map(|row| row.key), Some("Appearance"));
    assert!(on_platform(Platform::TvOs).any(|row| row.key == "TVRoom"));
}
