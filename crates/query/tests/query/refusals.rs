//! What is refused, and in which words.

use crate::rows::{THING, checked};
use muster_query::{Error, Options, Path, check_order, check_select};

fn path(text: &str) -> Path {
    Path(text.split('/').map(str::to_owned).collect())
}

#[test]
fn a_property_that_is_not_offered_is_refused_by_name() {
    for filter in [
        "passwordHash eq 'x'",
        "startswith(passwordHash, 'a')",
        "templateReference/passwordHash eq 'x'",
        "templateReference/templateId/passwordHash eq 'x'",
        "assignments/any(a: a/passwordHash eq 'x')",
        "roleScopeTagIds/any(t: t/passwordHash eq 'x')",
        "microsoft.graph.managedApp/passwordHash eq 'x'",
        "length(passwordHash) eq 1",
        "passwordHash in ('a')",
    ] {
        match checked(filter) {
            Err(Error::UnknownProperty { name, .. }) => assert_eq!(name, "passwordHash", "{filter}"),
            other => panic!("{filter}: {other:?}"),
        }
    }
    assert!(matches!(checked("activationLockBypassCode eq 'x'"), Err(Error::NotOffered { .. })));
}

#[test]
fn order_and_select_are_held_to_the_same_list() {
    let order = |text| check_order(&[(path(text), muster_query::Direction::Ascending)], &THING);
    assert!(order("deviceName").is_ok());
    assert!(matches!(order("passwordHash"), Err(Error::UnknownProperty { .. })));
    for text in ["activationLockBypassCode", "notes", "assignments", "technologies", "templateReference"] {
        assert!(matches!(order(text), Err(Error::NotOffered { .. })), "{text}");
    }
    assert!(check_select(&[path("activationlockbypasscode")], &THING).is_ok());
    assert!(matches!(check_select(&[path("passwordHash")], &THING), Err(Error::UnknownProperty { .. })));
}

#[test]
fn literals_of_another_type_are_refused() {
    for filter in [
        "freeBytes eq '64'",
        "freeBytes eq 1.5",
        "isSupervised eq 1",
        "isSupervised gt false",
        "id eq 'not-a-guid'",
        "enrolledDateTime gt 'yesterday'",
        "enrolledDateTime gt 5",
        "deviceName eq 5",
        "platform gt 'ios'",
        "platform eq 'amiga'",
        "technologies has 'magic'",
        "deviceName has 'x'",
        "deviceName",
        "'text'",
        "null",
        "tolower(deviceName)",
        "contains(freeBytes, '1')",
        "contains('x', deviceName)",
        "contains(deviceName, serialNumber)",
        "deviceName eq freeBytes",
        "assignments eq 'x'",
        "deviceName/any(a: a eq 'x')",
        "deviceName/$count eq 1",
        "contains(deviceName,'x') eq 5",
        "1 gt 0",
        "isof('microsoft.graph.nothing')",
        "microsoft.graph.managedApp eq null",
        "assignments/any(a: a/target/groupId eq '1')",
    ] {
        assert!(checked(filter).is_err(), "{filter}");
    }
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    for (filter, expected) in [
        ("deviceName eq \"x\"", "at character 15, expected text in single quotes instead of double quotes"),
        ("deviceName eq 'x", "at character 15, expected text that ends with a single quote"),
        ("deviceName = 'x'", "at character 12, expected an operator in letters"),
        ("deviceName eq 'x' & isSupervised", "at character 19, expected 'and' or 'or' in letters"),
        ("deviceName eq", "at character 14, expected a property, a function, a value or '(', found the end"),
        ("(deviceName eq 'x'", "at character 19, expected ')', found the end"),
        ("deviceName like 'x'", "at character 12, expected 'and', 'or', or the end, found 'like'"),
        ("ä eq 'x' x", "at character 10, expected 'and', 'or', or the end, found 'x'"),
        ("matchesPattern(deviceName,'x')", "at character 1, expected one of the functions isof, contains"),
        ("deviceName in 'x'", "at character 15, expected '(' and a list of values"),
        ("enrolledDateTime gt 2026-13-31", "at character 21, expected a number, a GUID, or a date"),
        ("tags/any(eq 'x')", "at character 13, expected ':', found ''x''"),
        ("platform eq 'amiga'", "'amiga', which is none of unknown, ios, macOS"),
        ("nothing eq 1", "find a property named 'nothing' on type 'microsoft.graph.thing'"),
    ] {
        let text = checked(filter).unwrap_err().to_string();
        assert!(text.contains(expected), "{filter}: failed to {text}");
    }
}

#[test]
fn options_are_refused_in_words() {
    for (query, expected) in [
        ("$top=x", "read $top: 'x' is not a whole number from 0"),
        ("$top=-1", "read $top"),
        ("$top=%2B1", "read $top"),
        ("$skip=", "read $skip: '' is not a whole number"),
        ("$count=yes", "read $count: 'yes' is not true or false"),
        ("$top=1&top=2", "read the query: $top is given twice"),
        ("$filter=true&FILTER=false", "$filter is given twice"),
        ("$apply=x", "$apply is not an option this server knows"),
        ("$orderby=a sideways", "expected 'asc', 'desc', ',' or the end"),
        ("$orderby=", ""),
        ("$select=a,", "expected a property or '*', found the end"),
        ("$expand=a($select=b", "expected ')'"),
        ("$expand=a)", "found )"),
        ("$expand=a($top=1;$top=2)", "$top is given twice"),
        ("$filter=%ff", "once decoded it is not text"),
        ("$filter=a eq '%00'", "once decoded it is not text"),
    ] {
        match (Options::parse(query), expected) {
            (Ok(_), "") => {}
            (Err(error), expected) => {
                assert!(error.to_string().contains(expected), "{query}: failed to {error}");
            }
            (Ok(options), _) => panic!("{query}: {options:?}"),
        }
    }
}
