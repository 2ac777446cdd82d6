//! Texts made to hurt: refused or read, quickly, without a panic.

use muster_query::{
    Error, MAX_CLAUSES, MAX_DEPTH, MAX_EXPAND_DEPTH, MAX_IN_LIST, MAX_LAMBDAS, MAX_QUERY_BYTES, Options,
    Segment, check, matches, parse_filter, split_path,
};
use proptest::prelude::*;

use crate::rows::{THING, three};

/// Everything that can be done with a filter; whether it succeeds does not matter here.
fn exercise(text: &str) {
    let Ok(expr) = parse_filter(text) else { return };
    assert_eq!(parse_filter(&expr.to_string()), Ok(expr.clone()), "{text}");
    let Ok(test) = check(&expr, &THING) else { return };
    for row in three() {
        matches(&test, &row);
    }
}

/// Refuses: A
#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse_filter(&nested(MAX_DEPTH)).is_ok());
    for text in [
        nested(MAX_DEPTH + 1),
        "(".repeat(MAX_QUERY_BYTES),
        "not ".repeat(MAX_QUERY_BYTES / 4),
        format!("{}a{} eq 1", "tolower(".repeat(900), ")".repeat(900)),
        format!("{}true{}", "a/any(a:".repeat(900), ")".repeat(900)),
        format!("{}true{}", "not(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH)),
    ] {
        assert!(matches!(parse_filter(&text), Err(Error::Limit { .. })), "{}", &text[..40]);
    }
}

/// Refuses: A
#[test]
fn nested_lambdas_are_bounded() {
    // Each level walks the whole collection again for each element of the level around it.
    let nested = |depth: usize| {
        let opens: String = (0..depth).map(|at| format!("roleScopeTagIds/any(v{at}: ")).collect();
        format!("{opens}false{}", ")".repeat(depth))
    };
    assert!(parse_filter(&nested(MAX_LAMBDAS)).is_ok());
    assert!(matches!(parse_filter(&nested(MAX_LAMBDAS + 1)), Err(Error::Limit { .. })));
    let beside = vec![nested(MAX_LAMBDAS); 3].join(" or ");
    assert!(parse_filter(&beside).is_ok());
}

/// Refuses: A
#[test]
fn length_clauses_lists_and_paths_are_bounded() {
    let clauses = |count: usize| vec!["a eq 1"; count].join(" or ");
    assert!(parse_filter(&clauses(MAX_CLAUSES)).is_ok());
    let list = |count: usize| format!("a in ({})", vec!["1"; count].join(","));
    assert!(parse_filter(&list(MAX_IN_LIST)).is_ok());
    for text in [
        clauses(MAX_CLAUSES + 1),
        list(MAX_IN_LIST + 1),
        format!("{} eq 1", vec!["a"; 100].join("/")),
        format!("a eq '{}'", "x".repeat(MAX_QUERY_BYTES)),
    ] {
        assert!(matches!(parse_filter(&text), Err(Error::Limit { .. })), "{}", &text[..40]);
    }
    let long = format!("$search={}", "x".repeat(MAX_QUERY_BYTES));
    assert!(matches!(Options::parse(&long), Err(Error::Limit { .. })));
    let many = format!("$select={}", vec!["a"; 300].join(","));
    assert!(matches!(Options::parse(&many), Err(Error::Limit { .. })));
    let others = vec!["a=1"; 300].join("&");
    assert!(matches!(Options::parse(&others), Err(Error::Limit { .. })));
}

/// Refuses: A
#[test]
fn nested_expand_is_bounded() {
    let nested = |depth: usize| format!("{}$top=1{}", "$expand=a(".repeat(depth), ")".repeat(depth));
    assert!(Options::parse(&nested(MAX_EXPAND_DEPTH)).is_ok());
    assert!(matches!(Options::parse(&nested(MAX_EXPAND_DEPTH + 1)), Err(Error::Limit { .. })));
    assert!(Options::parse(&nested(700)).is_err());
}

/// Refuses: H
#[test]
fn strange_characters_are_text_inside_quotes_and_errors_outside() {
    for text in
        ["deviceName eq '\u{202e}\u{1f600}\u{feff}'", "deviceName eq '\u{7f}\r\n\t'", "deviceName eq 'İßſ'"]
    {
        assert!(parse_filter(text).is_ok(), "{text}");
        exercise(text);
    }
    for text in
        ["deviceName eq '\0'", "\0", "\u{feff}", "a eq \u{1f600}", "'", "''''''' eq", "a eq 1e999", "a eq -"]
    {
        assert!(parse_filter(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_repeats_only_a_little_of_the_query() {
    let long = "x".repeat(5000);
    for filter in
        [format!("deviceName eq \"{long}"), format!("{long} eq 1"), format!("platform eq '{long}' {long}")]
    {
        let error = parse_filter(&filter).and_then(|expr| check(&expr, &THING).map(|_| ())).unwrap_err();
        assert!(error.to_string().len() < 400, "{error}");
    }
    let error = check(&parse_filter(&format!("platform eq '{long}'")).unwrap(), &THING).unwrap_err();
    assert!(error.to_string().len() < 400, "{error}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        exercise(&text);
        let _ = Options::parse(&text);
        let _ = Segment::parse(&text);
        let _ = split_path(&text);
    }

    #[test]
    fn any_mix_of_words_is_read_or_refused(words in prop::collection::vec(word(), 0..20)) {
        let text = words.join(" ");
        exercise(&text);
        let _ = Options::parse(&format!("$expand={text}&$select={text}&$orderby={text}"));
        let _ = Segment::parse(&words.concat());
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "(",
        ")",
        ",",
        ":",
        "/",
        "*",
        "'",
        "''",
        "'a'",
        "1",
        "-1",
        "1.5",
        "null",
        "true",
        "not",
        "and",
        "or",
        "eq",
        "in",
        "has",
        "deviceName",
        "assignments/any(",
        "a:",
        "a/id",
        "roleScopeTagIds",
        "/any(",
        "contains(",
        "tolower(",
        "length(",
        "isof(",
        "microsoft.graph.managedApp",
        "2026-01-31",
        "technologies",
        "$count",
        "$it",
        ";",
        "$select=",
        "=",
        "%27",
        "%",
    ])
}
