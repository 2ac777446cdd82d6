//! Query options and paths of the API.

use query::{
    Column, Columns, Cursor, Entity, Fragment, Kind, MAX_CLAUSES, MAX_IN_LIST, Options, PropertyInfo, Rows,
    Segment, Table, after, check, check_order, check_select, compare, compile, key_of, matches, next_query,
    order_by, parse_filter, project, split_path,
};
use serde_json::{Value, json};

static TARGET: Table = Table {
    name: "microsoft.graph.target",
    properties: &[PropertyInfo::new("groupId", Kind::Guid), PropertyInfo::new("intent", Kind::String)],
    types: &[],
};

/// One property of each kind.
static THING: Table = Table {
    name: "microsoft.graph.thing",
    properties: &[
        PropertyInfo::new("id", Kind::Guid),
        PropertyInfo::new("name", Kind::String),
        PropertyInfo::new("serial", Kind::String).exact(),
        PropertyInfo::new("on", Kind::Bool),
        PropertyInfo::new("free", Kind::Int),
        PropertyInfo::new("ratio", Kind::Real),
        PropertyInfo::new("at", Kind::DateTime),
        PropertyInfo::new("platform", Kind::Enum(&["unknown", "ios", "macOS"])),
        PropertyInfo::new("ways", Kind::Flags(&["none", "mdm", "vpn"])),
        PropertyInfo::new("target", Kind::Complex(&TARGET)),
        PropertyInfo::new("tags", Kind::Collection(&Kind::String)),
        PropertyInfo::new("targets", Kind::Collection(&Kind::Complex(&TARGET))),
        PropertyInfo::new("secret", Kind::String).select_only(),
    ],
    types: &[],
};

struct Stored;

impl Columns for Stored {
    fn column(&self, path: &str) -> Option<Column> {
        let known = ["id", "name", "serial", "on", "free", "ratio", "at", "platform", "ways"];
        let name = known.into_iter().find(|known| *known == path)?;
        Some(Column {
            expr: format!("d.{name}"),
            fold: Some(format!("d.{name}_fold")),
            nullable: name != "id",
        })
    }

    fn rows(&self, path: &str, depth: usize) -> Option<Rows> {
        let columns = move |path: &str| match path {
            "" | "intent" | "groupId" => Some(Column {
                expr: format!("e{depth}.value"),
                fold: Some(format!("e{depth}.fold")),
                nullable: true,
            }),
            _ => None,
        };
        let on = format!("e{depth}.thing = d.id");
        ["tags", "targets"].contains(&path).then(|| Rows {
            from: format!("part e{depth}"),
            on,
            columns: Box::new(columns),
        })
    }

    fn type_column(&self) -> Option<String> {
        Some("d.type".into())
    }
}

fn rows() -> [Value; 2] {
    [
        json!({"id": "11111111-aaaa-4bbb-8ccc-000000000001", "name": "O'Brien", "serial": "C02", "on": true,
            "free": 64, "ratio": 1.5, "at": "2026-01-31T12:00:00Z", "platform": "ios", "ways": "mdm,vpn",
            "target": {"groupId": null, "intent": "apply"}, "tags": ["0", "7"],
            "targets": [{"intent": "apply"}, {"intent": "remove"}], "secret": "hush"}),
        json!({"id": "11111111-aaaa-4bbb-8ccc-000000000002"}),
    ]
}

/// A query string. What is read prints and reads back the same; what is compiled holds no text of the query.
pub(crate) fn odata(input: &[u8]) {
    let Ok(raw) = std::str::from_utf8(input) else { return };
    let Ok(options) = Options::parse(raw) else { return };
    if let Some(filter) = &options.filter {
        assert_eq!(parse_filter(&filter.to_string()).as_ref(), Ok(filter), "{filter}");
        if let Ok(test) = check(filter, &THING) {
            assert!(rows().iter().filter(|row| matches(&test, row)).count() <= 2);
            if let Ok(fragment) = compile(&test, &Stored, 3) {
                only_ours(&fragment, 3);
            }
        }
    }
    order(&options);
    if let Ok(select) = check_select(&options.select, &THING) {
        let [row, _] = rows();
        let shown = project(row, select.as_deref(), &["id"]);
        assert!(shown.get("id").is_some());
    }
    if let Some(token) = &options.skip_token {
        let _ = Cursor::decode(token, "/things", &options);
    }
    let next = next_query(raw, "t0k");
    assert!(!next.contains('&') || next.ends_with("&$skiptoken=t0k"), "{next}");
}

fn order(options: &Options) {
    let Ok(keys) = check_order(&options.order_by, &THING) else { return };
    let [first, second] = rows();
    assert_eq!(compare(&keys, &first, &second), compare(&keys, &second, &first).reverse());
    let values = key_of(&keys, &first);
    if let Ok(text) = order_by(&keys, &Stored) {
        only_known_words(&text);
    }
    if let Ok(fragment) = after(&keys, &values, &Stored, 1) {
        only_ours(&fragment, 1);
    }
    let cursor = Cursor { values };
    if let Ok(token) = cursor.encode("/things", options) {
        assert_eq!(Cursor::decode(&token, "/things", options), Ok(cursor));
    }
}

/// Every value is a parameter, and none is left over.
fn only_ours(fragment: &Fragment, first: usize) {
    let params = fragment.params.len();
    assert!(params <= MAX_CLAUSES * MAX_IN_LIST);
    let numbers = fragment.sql.split('$').skip(1).map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().expect("a number after each $")
    });
    numbers.for_each(|n| assert!((first..first + params).contains(&n), "{}", fragment.sql));
    only_known_words(&fragment.sql);
}

/// SQL of ours has words, `d.` and `e1.` columns, operators and placeholders: nothing that ends a statement, begins a
/// comment or quotes what somebody sent.
fn only_known_words(sql: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || " _.,()$=<>!*+&'\\%|:-".contains(c);
    assert!(sql.chars().all(plain), "{sql}");
    assert!(!sql.contains("--") && !sql.contains("/*"), "{sql}");
}

/// A path: its segments, and the keys in them.
pub(crate) fn url(input: &[u8]) {
    let Ok(path) = std::str::from_utf8(input) else { return };
    for segment in split_path(path).unwrap_or_default() {
        assert!(!segment.text.contains('\0') && segment.text.starts_with(&segment.name));
        let _ = (segment.key(), segment.argument("id"), segment.is("devices"));
        if !segment.text.contains(['%', '/']) {
            assert_eq!(Segment::parse(&segment.text).as_ref(), Ok(&segment));
        }
    }
    let _: &dyn Entity = &THING;
}
