use proptest::prelude::*;

use super::*;

const LIMIT: usize = 8 << 20;
const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#
);

fn read(body: &str) -> Result<Value, Error> {
    parse_xml(body.as_bytes(), LIMIT)
}

fn in_plist(inner: &str) -> String {
    format!("{HEAD}\n<plist version=\"1.0\">{inner}</plist>\n")
}

#[test]
fn an_honest_property_list_is_read_whole() {
    let body = in_plist(
        "<!-- a note --><dict><key>A &amp; B</key><string>x&lt;y&#x41;&#66;z</string><key>F</key><true/><key>N</key>\
         <integer>-7</integer><key>D</key><data>AQID</data><key>L</key><array><string/><real>1.5</real></array></dict>",
    );
    let value = read(&body).unwrap();
    let fields = Fields(value.as_dictionary().unwrap());
    assert_eq!(fields.peek("A & B"), Some("x<yABz"));
    assert!(fields.flag("F"));
    assert_eq!(fields.opt_int("N"), Some(-7));
    assert_eq!(fields.data("D", 3).unwrap(), [1, 2, 3]);
    assert_eq!(fields.items("L").len(), 2);
}

/// Refuses: A
#[test]
fn what_the_parser_would_drop_is_refused() {
    let refused = [
        in_plist("<string><![CDATA[secret]]></string>"),
        in_plist("<string>a&unknown;b</string>"),
        in_plist("<string>a<!-- hidden -->b</string>"),
        in_plist("<string>a<?pi?>b</string>"),
        in_plist("<string>a&#0;b</string>"),
        in_plist("<string>a\0b</string>"),
        in_plist("<string>a&#xD800;b</string>"),
        format!("<!DOCTYPE plist [<!ENTITY a \"b\">]>{}", "<plist><string>&a;</string></plist>"),
        "<!DOCTYPE plist SYSTEM \"file:///etc/passwd\"><plist><string/></plist>".to_owned(),
        "<!DOCTYPE html><plist><string/></plist>".to_owned(),
        "<!ENTITY a \"b\"><plist><string/></plist>".to_owned(),
    ];
    for body in refused {
        assert!(matches!(read(&body), Err(Error::Forbidden(_))), "{body}: {:?}", read(&body));
    }
}

/// Refuses: A
#[test]
fn a_hundred_thousand_levels_are_refused_before_the_parser_sees_them() {
    for element in ["array", "dict"] {
        let nested = format!("<{element}>").repeat(100_000);
        assert_eq!(read(&in_plist(&nested)), Err(Error::TooDeep { limit: MAX_DEPTH }));
    }
}

#[test]
fn the_deepest_allowed_nesting_is_read() {
    let levels = MAX_DEPTH - 1;
    let body = in_plist(&format!("{}{}", "<array>".repeat(levels), "</array>".repeat(levels)));
    assert!(read(&body).is_ok());
    let body = in_plist(&format!("{}{}", "<array>".repeat(levels + 1), "</array>".repeat(levels + 1)));
    assert_eq!(read(&body), Err(Error::TooDeep { limit: MAX_DEPTH }));
}

/// Refuses: A
#[test]
fn mismatched_closing_tags_do_not_hide_depth() {
    let body = in_plist(&"<array></dict>".repeat(100_000));
    assert!(matches!(read(&body), Err(Error::Malformed(_))));
}

/// Refuses: A
#[test]
fn more_elements_than_the_limit_are_refused() {
    let body = in_plist(&format!("<array>{}</array>", "<true/>".repeat(MAX_ELEMENTS)));
    assert_eq!(read(&body), Err(Error::TooManyElements { limit: MAX_ELEMENTS }));
}

/// Refuses: A
#[test]
fn limits_and_other_formats_are_refused_by_name() {
    assert_eq!(parse_xml(b"<plist><true/></plist>", 5), Err(Error::TooLarge { limit: 5 }));
    assert_eq!(read("bplist00\u{1}"), Err(Error::Binary));
    assert!(matches!(parse_xml(b"\xFF\xFE<\0p\0", LIMIT), Err(Error::Malformed(_))));
    assert_eq!(parse_dictionary(b"<plist><array/></plist>", LIMIT), Err(Error::NotADictionary));
}

#[test]
fn malformed_documents_are_refused() {
    let malformed = [
        "",
        "   ",
        "{}",
        "<plist>",
        "<plist><dict></plist>",
        "<plist><dict><key>a</key></dict>",
        "<plist><dict><key>a</key></dict></plist>",
        "<plist><dict><string>a</string></dict></plist>",
        "<plist><string>a<string>b</string></string></plist>",
        "<plist><script>a</script></plist>",
        "<plist><string>a & b</string></plist>",
        "<plist version=\"1.0\" x=\">\"><true/></plist>",
        "<?><plist><true/></plist><?x?>",
        "<plist><integer>99999999999999999999999</integer></plist>",
        "<plist><date>tomorrow</date></plist>",
        "<plist><true/></plist><plist><true/></plist>",
    ];
    for body in malformed {
        assert!(matches!(read(body), Err(Error::Malformed(_))), "{body}: {:?}", read(body));
    }
}

#[test]
fn switches_are_read_leniently() {
    let body = in_plist(
        "<dict><key>a</key><string>true</string><key>b</key><string>NO</string><key>c</key><integer>1</integer>\
         <key>d</key><string>perhaps</string></dict>",
    );
    let value = read(&body).unwrap();
    let fields = Fields(value.as_dictionary().unwrap());
    assert_eq!(fields.opt_flag("a"), Some(true));
    assert_eq!(fields.opt_flag("b"), Some(false));
    assert_eq!(fields.opt_flag("c"), Some(true));
    assert_eq!(fields.opt_flag("d"), None);
    assert!(!fields.flag("absent"));
}

#[test]
fn a_value_over_its_limit_is_refused_by_its_key() {
    let mut dictionary = Dictionary::new();
    dictionary.insert("UDID".to_owned(), Value::String("x".repeat(9)));
    dictionary.insert("Token".to_owned(), Value::Data(vec![0; 9]));
    let fields = Fields(&dictionary);
    assert_eq!(fields.text("UDID", 8), Err(Error::TooLong { key: "UDID", limit: 8 }));
    assert_eq!(fields.data("Token", 8), Err(Error::TooLong { key: "Token", limit: 8 }));
    assert_eq!(fields.data("UDID", 8), Err(Error::WrongType("UDID")));
    assert_eq!(fields.text("Absent", 8), Err(Error::Missing("Absent")));
}

#[test]
fn a_control_character_is_not_written() {
    assert_eq!(write_xml(&Value::String("a\u{0}b".to_owned())), Err(Error::Unwritable));
    assert_eq!(write_xml(&Value::String("a\u{FFFF}b".to_owned())), Err(Error::Unwritable));
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = "[ -~\u{e4}\u{1F600}\n]{0,12}";
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(|n| Value::Integer(n.into())),
        "[!-~\u{e4}\u{1F600}]{0,12}".prop_map(Value::String),
        prop::collection::vec(any::<u8>(), 0..16).prop_map(Value::Data),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(text, inner, 0..6)
                .prop_map(|entries| Value::Dictionary(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let written = write_xml(&value).unwrap();
        prop_assert_eq!(parse_xml(&written, LIMIT).unwrap(), value);
    }

    #[test]
    fn no_mutation_of_an_honest_list_panics(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400) {
        let mut body = in_plist(
            "<dict><key>A</key><array><dict><key>b</key><data>AQID</data></dict></array><key>C</key>\
             <date>2024-01-01T00:00:00Z</date><key>D</key><string>a&amp;b</string></dict>",
        ).into_bytes();
        if let Some(place) = body.get_mut(at) { *place = byte; }
        let _ = parse_xml(&body, LIMIT);
        body.truncate(cut.min(body.len() - 2));
        prop_assert!(parse_xml(&body, LIMIT).is_err());
    }

    #[test]
    fn no_soup_of_markup_panics(soup in prop::collection::vec(prop::sample::select(vec![
        "<plist>", "</plist>", "<dict>", "</dict>", "<array>", "</array>", "<key>", "</key>", "<string>", "</string>",
        "<true/>", "<data>", "</data>", "a", "&amp;", "&#", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "\"", ">", "<",
    ]), 0..60)) {
        let _ = read(&soup.concat());
    }
}
