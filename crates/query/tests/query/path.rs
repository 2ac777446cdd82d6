//! Segments of URL paths.

use muster_query::{Arguments, Error, MAX_PATH_BYTES, Segment, same, split_key, split_path};

#[test]
fn a_key_is_read_with_and_without_quotes() {
    for (raw, name, key) in [
        ("depOnboardingSettings('abc')", "depOnboardingSettings", Some("abc")),
        ("depOnboardingSettings(%27a%2Fb%27)", "depOnboardingSettings", Some("a/b")),
        ("x('O''Brien, (Bob)=1')", "x", Some("O'Brien, (Bob)=1")),
        ("x(5)", "x", Some("5")),
        ("x(d1_d2-aa)", "x", Some("d1_d2-aa")),
        ("x('')", "x", Some("")),
        ("x", "x", None),
        ("sync()", "sync", None),
        ("ECV2_a_b", "ECV2_a_b", None),
        ("a+b", "a+b", None),
        ("1(2)", "1(2)", None),
        ("o'brien@example.com", "o'brien@example.com", None),
    ] {
        let expected = (name.to_owned(), key.map(str::to_owned));
        assert_eq!(split_key(raw), Ok(expected), "{raw}");
    }
}

#[test]
fn function_calls_have_named_arguments() {
    let call = Segment::parse("microsoft.graph.getThing(userId='a,''b',top=2, Flag=true)").unwrap();
    assert!(call.is("GETTHING"));
    assert!(call.is("microsoft.graph.getthing"));
    assert!(!call.is("get"));
    assert_eq!(call.argument("USERID"), Some("a,'b"));
    assert_eq!(call.argument("top"), Some("2"));
    assert_eq!(call.argument("flag"), Some("true"));
    assert_eq!(call.argument("other"), None);
    assert_eq!(Segment::parse("f( )").unwrap().arguments, Arguments::Empty);
    assert_eq!(Segment::parse("f(id='v')").unwrap().key(), Some("v"));
}

#[test]
fn a_path_has_no_empty_segments() {
    let path = split_path(
        "/beta//deviceManagement/depOnboardingSettings('t')/syncWithAppleDeviceEnrollmentProgram/",
    );
    let names: Vec<_> = path.unwrap().into_iter().map(|segment| segment.name).collect();
    assert_eq!(
        names,
        ["beta", "deviceManagement", "depOnboardingSettings", "syncWithAppleDeviceEnrollmentProgram"]
    );
    assert!(same("deviceManagement", "devicemanagement"));
}

#[test]
fn malformed_segments_are_refused() {
    for raw in [
        "x('a",
        "x('a'",
        "x(a)b",
        "x('a'b')",
        "x(a=1,a=2)",
        "x(a=1,2)",
        "x('a','b')",
        "x(a=)",
        "x(a'b)",
        "x(a='b)",
    ] {
        assert!(matches!(Segment::parse(raw), Err(Error::Segment { .. })), "{raw}");
    }
    for raw in ["%ff", "a%00b", "x('%00')"] {
        assert!(matches!(Segment::parse(raw), Err(Error::Encoding { .. })), "{raw}");
    }
    assert!(matches!(split_path(&"a/".repeat(33)), Err(Error::Limit { .. })));
    assert!(matches!(split_path(&"a".repeat(MAX_PATH_BYTES + 1)), Err(Error::Limit { .. })));
    let many: Vec<_> = (0..17).map(|n| format!("a{n}=1")).collect();
    assert!(Segment::parse(&format!("f({})", many.join(","))).is_err());
}
