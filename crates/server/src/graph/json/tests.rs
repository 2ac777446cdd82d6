use serde_json::json;

use super::*;

#[test]
fn json_as_the_standard_has_it_reads_as_serde_json_reads_it() {
    for text in [
        "{}",
        "[]",
        " null ",
        "true",
        "-0.5e+3",
        "12345678901234567890",
        "\"\\u00e4\\n\\\\\"",
        r#"{"a":[1,2,{"b":null}],"c":"x\"y","":false}"#,
        "\n\t{ \"a\" : [ ] ,\r\n \"b\" : \"\u{1F34E}\" }\n",
    ] {
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
    }
}

#[test]
fn a_key_without_quotes_and_a_byte_order_mark_are_taken() {
    assert_eq!(parse("{ deviceName:\"x\" }").unwrap(), json!({ "deviceName": "x" }));
    assert_eq!(parse("{@odata.type:\"#a\",b_1:2}").unwrap(), json!({ "@odata.type": "#a", "b_1": 2 }));
    assert_eq!(parse("\u{feff}{}").unwrap(), json!({}));
}

#[test]
fn a_key_given_twice_is_refused_and_named() {
    let error = parse("{\"a\":1,\n \"a\":2}").unwrap_err();
    assert_eq!((error.line, error.column), (2, 2));
    assert!(error.words.contains("'a' is given twice"), "{error}");
    assert!(parse("{a:1,\"a\":2}").is_err());
}

#[test]
fn hostile_bodies_are_refused_with_a_place_and_never_panic() {
    let deep = "[".repeat(100_000);
    let wide = format!("[{}]", "1,".repeat(VALUES_MAX + 1));
    for text in [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\"\\",
        "\"\\\"",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{a}",
        "{,}",
        "[1,]",
        "[1 2]",
        "{\"a\":1,}",
        "{:1}",
        "nul",
        "nulls",
        "True",
        "'a'",
        "{'a':1}",
        "01",
        "1e",
        "-",
        "+1",
        ".5",
        "NaN",
        "Infinity",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "{}{}",
        "// x",
        "{a b:1}",
        "\u{0}",
        "é",
        deep.as_str(),
        wide.as_str(),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.line >= 1 && error.column >= 1);
    }
}
