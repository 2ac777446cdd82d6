//! Skip tokens.

use muster_query::{Cursor, Error, MAX_CURSOR_VALUES, Options, Param, next_query};
use proptest::prelude::*;

fn options(query: &str) -> Options {
    Options::parse(query).unwrap()
}

fn value() -> impl Strategy<Value = Param> {
    prop_oneof![
        "[^\0]{0,20}".prop_map(Param::Text),
        any::<i64>().prop_map(Param::Int),
        prop::num::f64::NORMAL.prop_map(Param::Real),
        any::<bool>().prop_map(Param::Bool),
    ]
}

proptest! {
    #[test]
    fn a_token_gives_back_its_values(values in prop::collection::vec(value(), 0..=MAX_CURSOR_VALUES)) {
        let (cursor, options) = (Cursor { values }, options("$filter=a eq 1&$orderby=b desc"));
        let token = cursor.encode("/beta/devices", &options).unwrap();
        prop_assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        prop_assert_eq!(Cursor::decode(&token, "/beta/devices", &options), Ok(cursor));
    }

    #[test]
    fn a_changed_token_is_refused(values in prop::collection::vec(value(), 1..4), at: prop::sample::Index) {
        let options = Options::default();
        let token = Cursor { values }.encode("/x", &options).unwrap();
        let mut bytes = token.into_bytes();
        // Not the last character: some of its bits carry nothing.
        let at = at.index(bytes.len() - 1);
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let refused = matches!(Cursor::decode(&changed, "/x", &options), Err(Error::SkipToken { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn any_text_is_refused_as_a_token(text in "\\PC{0,80}") {
        prop_assert!(Cursor::decode(&text, "/x", &Options::default()).is_err());
    }
}

#[test]
fn a_token_is_good_for_its_own_list_only() {
    let (list, query) = ("/beta/devices", "$filter=a eq 1&$orderby=b&$search=x&$top=5");
    let token = Cursor { values: vec![Param::Int(1)] }.encode(list, &options(query)).unwrap();
    let decode = |list, query| Cursor::decode(&token, list, &options(query));
    for same in [
        query,
        "$top=9&search=x&orderby=B asc&filter=a+EQ+1",
        "$count=true&$select=a&$filter=a eq 1&$orderby=b&$search=x",
    ] {
        assert!(decode(list, same).is_ok(), "{same}");
        assert!(decode("/Beta/Devices/", same).is_ok(), "{same}");
    }
    for other in [
        "$orderby=b&$search=x",
        "$filter=a eq 2&$orderby=b&$search=x",
        "$filter=a eq 1&$orderby=b desc&$search=x",
        "$filter=a eq 1&$orderby=b",
    ] {
        assert!(decode(list, other).is_err(), "{other}");
    }
    assert!(decode("/beta/users", query).is_err());
}

#[test]
fn too_much_does_not_become_a_token() {
    let encode = |values| Cursor { values }.encode("/x", &Options::default());
    assert!(encode(vec![Param::Bool(true); MAX_CURSOR_VALUES + 1]).is_err());
    assert!(encode(vec![Param::Text("x".repeat(4000))]).is_err());
    assert!(encode(vec![Param::Text("x".repeat(70_000))]).is_err());
    assert!(Cursor::decode(&"A".repeat(10_000), "/x", &Options::default()).is_err());
}

#[test]
fn the_next_page_keeps_the_options_as_they_were_sent() {
    for (raw, next) in [
        ("", "$skiptoken=T"),
        ("$filter=a%20eq%201&$top=5", "$filter=a%20eq%201&$top=5&$skiptoken=T"),
        ("$skiptoken=old&$top=5", "$top=5&$skiptoken=T"),
        ("%24skipToken=old&skip=5&$Skip=5&$count=true&&", "$count=true&$skiptoken=T"),
    ] {
        assert_eq!(next_query(raw, "T"), next, "{raw}");
    }
}
