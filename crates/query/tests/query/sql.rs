//! SQL and memory give one answer: random filters and orders over random rows in SQLite.

use muster_query::{
    Column, Columns, Direction, Error, Fragment, Kind, Options, Param, Rows, after, check_order, compare,
    compile, fold, key_of, matches, order_by, order_terms,
};
use proptest::prelude::*;
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value, json};

use crate::rows::{AVAILABILITY, INTENTS, PLATFORMS, TECHNOLOGIES, THING, checked};

/// The columns of a thing `d`. All but the id can be null.
struct ThingColumns;

impl Columns for ThingColumns {
    fn column(&self, path: &str) -> Option<Column> {
        let nullable = |expr: &str, fold: Option<&str>| {
            Some(Column { expr: expr.into(), fold: fold.map(Into::into), nullable: true })
        };
        match path {
            "id" => Some(Column { expr: "d.id".into(), fold: None, nullable: false }),
            "deviceName" => nullable("d.name", Some("d.name_fold")),
            "serialNumber" => nullable("d.serial", Some("d.serial_fold")),
            "templateReference/templateId" => nullable("d.template", Some("d.template_fold")),
            "isSupervised" => nullable("d.supervised", None),
            "freeBytes" => nullable("d.free", None),
            "ratio" => nullable("d.ratio", None),
            "enrolledDateTime" => nullable("d.enrolled", None),
            "platform" => nullable("d.platform", None),
            "technologies" => nullable("d.technologies", None),
            "appAvailability" => nullable("d.availability", None),
            "notes" => nullable("d.notes", None),
            _ => None,
        }
    }

    fn rows(&self, path: &str, depth: usize) -> Option<Rows> {
        let column = move |name: &str, folds: bool| {
            let expr = format!("e{depth}.{name}");
            Some(Column { fold: folds.then(|| format!("{expr}_fold")), expr, nullable: true })
        };
        let columns: Box<dyn Columns> = match path {
            "roleScopeTagIds" => Box::new(move |path: &str| match path {
                "" => column("value", true),
                _ => None,
            }),
            "assignments" => Box::new(move |path: &str| match path {
                "id" => column("id", true),
                "intent" => column("intent", false),
                _ => None,
            }),
            _ => return None,
        };
        let table = if path == "assignments" { "assignment" } else { "tag" };
        Some(Rows { from: format!("{table} e{depth}"), on: format!("e{depth}.thing = d.id"), columns })
    }

    fn type_column(&self) -> Option<String> {
        Some("d.type".into())
    }
}

const TABLES: &str = "
    create table thing (id text primary key, type text not null, name text, name_fold text, serial text,
        serial_fold text, template text, template_fold text, supervised integer, free integer, ratio real,
        enrolled integer, platform text, technologies integer, availability text) strict;
    create table tag (thing text, value text, value_fold text) strict;
    create table assignment (thing text, id text, id_fold text, intent text) strict;";

fn database(rows: &[Value]) -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(TABLES).unwrap();
    for row in rows {
        insert(&database, row);
    }
    database
}

fn text(value: &Value) -> Cell {
    value.as_str().map_or(Cell::Null, |text| Cell::Text(text.into()))
}

fn folded(value: &Value) -> Cell {
    value.as_str().map_or(Cell::Null, |text| Cell::Text(fold(text)))
}

fn insert(database: &Connection, row: &Value) {
    let bits = |names: &str| {
        names.split(',').map(|name| 1_i64 << TECHNOLOGIES.iter().position(|it| *it == name).unwrap()).sum()
    };
    let type_name = row["@odata.type"].as_str().unwrap_or("#none");
    let template = &row["templateReference"]["templateId"];
    let cells = vec![
        text(&row["id"]),
        Cell::Text(type_name[1..].into()),
        text(&row["deviceName"]),
        folded(&row["deviceName"]),
        text(&row["serialNumber"]),
        folded(&row["serialNumber"]),
        text(template),
        folded(template),
        row["isSupervised"].as_bool().map_or(Cell::Null, |value| Cell::Integer(value.into())),
        row["freeBytes"].as_i64().map_or(Cell::Null, Cell::Integer),
        row["ratio"].as_f64().map_or(Cell::Null, Cell::Real),
        row["enrolledDateTime"]
            .as_str()
            .map_or(Cell::Null, |text| Cell::Integer(muster_query::micros(text).unwrap())),
        text(&row["platform"]),
        row["technologies"].as_str().map_or(Cell::Null, |names| Cell::Integer(bits(names))),
        text(&row["appAvailability"]),
    ];
    let places = vec!["?"; cells.len()].join(",");
    database.execute(&format!("insert into thing values ({places})"), params_from_iter(cells)).unwrap();
    for tag in row["roleScopeTagIds"].as_array().into_iter().flatten() {
        let cells = [text(&row["id"]), text(tag), folded(tag)];
        database.execute("insert into tag values (?,?,?)", params_from_iter(cells)).unwrap();
    }
    for item in row["assignments"].as_array().into_iter().flatten() {
        let cells = [text(&row["id"]), text(&item["id"]), folded(&item["id"]), text(&item["intent"])];
        database.execute("insert into assignment values (?,?,?,?)", params_from_iter(cells)).unwrap();
    }
}

fn cell(param: &Param) -> Cell {
    match param {
        Param::Text(text) => Cell::Text(text.clone()),
        Param::Int(value) => Cell::Integer(*value),
        Param::Real(value) => Cell::Real(*value),
        Param::Bool(value) => Cell::Integer((*value).into()),
    }
}

/// The ids that a statement finds, in its order.
fn ids(database: &Connection, fragment: &Fragment, tail: &str) -> Vec<String> {
    let sql = format!("select d.id from thing d where {} {tail}", fragment.sql).replace('$', "?");
    let mut statement = database.prepare(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let found = statement.query_map(params_from_iter(fragment.params.iter().map(cell)), |row| row.get(0));
    found.unwrap().collect::<Result<_, _>>().unwrap()
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// Letters whose case, escape or length differ between engines.
fn words() -> impl Strategy<Value = String> {
    "[aAbς\u{3a3}\u{3c3}éÉ%_\\\\'İß ]{0,3}"
}

fn quoted() -> impl Strategy<Value = String> {
    words().prop_map(|text| format!("'{}'", text.replace('\'', "''")))
}

fn member(members: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(members)
}

fn time() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0001-01-01T00:00:00Z", "2026-01-31T00:00:00Z", "2026-01-31T02:00:00.5+02:00"])
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(row(), 1..6).prop_map(|rows| {
        let numbered = rows.into_iter().enumerate().map(|(number, mut row)| {
            row.insert("id".into(), json!(format!("11111111-aaaa-4bbb-8ccc-{number:012}")));
            Value::Object(row)
        });
        numbered.collect()
    })
}

fn row() -> impl Strategy<Value = Map<String, Value>> {
    use prop::option::of;
    let types = prop::sample::select(vec!["iosVppApp", "managedIOSStoreApp", "other"]);
    let assignments = prop::collection::vec((of(words()), of(member(INTENTS))), 0..3);
    (
        (types, of(words()), of(words()), of(words()), of(any::<bool>()), of(-2_i64..3)),
        (of(prop::sample::select(vec![-0.5, 0.0, 1.5])), of(time()), of(member(PLATFORMS))),
        of(prop::collection::vec(member(TECHNOLOGIES), 1..3)),
        (of(member(AVAILABILITY)), prop::collection::vec(words(), 0..3), assignments),
    )
        .prop_map(|(plain, more, technologies, (availability, tags, assignments))| {
            let (kind, name, serial, template, supervised, free) = plain;
            let technologies = technologies.map(|mut names| {
                names.sort_unstable();
                names.dedup();
                names.join(",")
            });
            let assignments: Vec<_> =
                assignments.into_iter().map(|(id, intent)| json!({"id": id, "intent": intent})).collect();
            let row = json!({
                "@odata.type": format!("#microsoft.graph.{kind}"), "deviceName": name, "serialNumber": serial,
                "templateReference": {"templateId": template}, "isSupervised": supervised, "freeBytes": free,
                "ratio": more.0, "enrolledDateTime": more.1, "platform": more.2, "technologies": technologies,
                "appAvailability": availability, "roleScopeTagIds": tags, "assignments": assignments,
            });
            match row {
                Value::Object(row) => row,
                _ => Map::new(),
            }
        })
}

fn leaf() -> impl Strategy<Value = String> {
    let name = || {
        prop::sample::select(vec![
            "deviceName",
            "serialNumber",
            "templateReference/templateId",
            "tolower(serialNumber)",
        ])
    };
    let op = || prop::sample::select(vec!["eq", "ne", "gt", "lt", "ge", "le"]);
    let same = || prop::sample::select(vec!["eq", "ne"]);
    let find = prop::sample::select(vec!["contains", "startswith", "endswith"]);
    let lambda = || prop::sample::select(vec!["any", "all"]);
    prop_oneof![
        (name(), op(), quoted()).prop_map(|(name, op, text)| format!("{name} {op} {text}")),
        (name(), op(), name()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (find, name(), quoted()).prop_map(|(find, name, text)| format!("{find}({name},{text})")),
        (name(), quoted(), quoted(), any::<bool>()).prop_map(|(name, left, right, null)| {
            format!("{name} in ({left},{right}{})", if null { ",null" } else { "" })
        }),
        (name(), same()).prop_map(|(name, op)| format!("{name} {op} null")),
        (op(), 0..4).prop_map(|(op, count)| format!("length(deviceName) {op} {count}")),
        (op(), -2..3).prop_map(|(op, value)| format!("freeBytes {op} {value}")),
        (op(), -1..2).prop_map(|(op, value)| format!("ratio {op} {value}.5")),
        (op(), time()).prop_map(|(op, time)| format!("enrolledDateTime {op} {time}")),
        (same(), member(PLATFORMS)).prop_map(|(op, member)| format!("platform {op} '{member}'")),
        member(TECHNOLOGIES).prop_map(|member| format!("technologies has '{member}'")),
        (same(), member(AVAILABILITY)).prop_map(|(op, member)| {
            format!("microsoft.graph.managedApp/appAvailability {op} '{member}'")
        }),
        (lambda(), op(), quoted())
            .prop_map(|(lambda, op, text)| format!("roleScopeTagIds/{lambda}(t: t {op} {text})")),
        (lambda(), quoted()).prop_map(|(lambda, text)| format!(
            "assignments/{lambda}(a: not contains(a/id,{text}) or (a/intent eq 'apply' and deviceName eq a/id))"
        )),
        (lambda(), lambda(), quoted()).prop_map(|(outer, inner, text)| format!(
            "roleScopeTagIds/{outer}(a: roleScopeTagIds/{inner}(b: a gt {text} and b lt {text} or a eq b))"
        )),
        (op(), 0..3).prop_map(|(op, count)| format!("roleScopeTagIds/$count {op} {count}")),
        prop::sample::select(vec![
            "isSupervised",
            "isSupervised eq true",
            "isSupervised ne false",
            "isof('microsoft.graph.iosVppApp')",
            "assignments/any()",
            "roleScopeTagIds/all()",
            "platform in ()",
            "true",
        ])
        .prop_map(str::to_owned),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    leaf().prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) and ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) or ({right})")),
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            (inner, any::<bool>()).prop_map(|(inner, value)| format!("({inner} and true) eq {value}")),
        ]
    })
}

fn order() -> impl Strategy<Value = String> {
    let sortable = THING.properties.iter().filter(|it| it.sortable && ThingColumns.column(it.name).is_some());
    let names: Vec<_> = sortable.map(|it| it.name).filter(|name| *name != "id").collect();
    let key = (prop::sample::select(names), any::<bool>())
        .prop_map(|(name, down)| format!("{name} {}", if down { "desc" } else { "asc" }));
    (prop::collection::vec(key, 0..3), any::<bool>()).prop_map(|(mut keys, down)| {
        keys.push(if down { "id desc".into() } else { "id".into() });
        keys.join(",")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_finds_the_same_rows_in_sql_and_in_memory(rows in rows(), filters in prop::collection::vec(filter(), 8)) {
        let database = database(&rows);
        for filter in filters {
            let test = checked(&filter).unwrap();
            let expected: Vec<_> = rows.iter().filter(|row| matches(&test, row)).map(id).collect();
            let fragment = compile(&test, &ThingColumns, 1).unwrap();
            prop_assert_eq!(ids(&database, &fragment, "order by d.id"), expected, "{} -> {}", filter, fragment.sql);
        }
    }

    #[test]
    fn pages_tell_every_row_once_in_the_order_of_memory(rows in rows(), order in order()) {
        let options = Options::parse(&format!("$orderby={order}")).unwrap();
        let keys = check_order(&options.order_by, &THING).unwrap();
        let mut sorted = rows.clone();
        sorted.sort_by(|left, right| compare(&keys, left, right));
        let database = database(&rows);
        let tail = format!("order by {} limit 2", order_by(&keys, &ThingColumns).unwrap());
        let mut place = Fragment { sql: "1 = 1".into(), params: vec![] };
        let mut told = Vec::new();
        loop {
            let page = ids(&database, &place, &tail);
            let Some(last) = page.last().cloned() else { break };
            told.extend(page);
            let last = rows.iter().find(|row| id(row) == last).unwrap();
            place = after(&keys, &key_of(&keys, last), &ThingColumns, 1).unwrap();
        }
        prop_assert_eq!(told, sorted.iter().map(id).collect::<Vec<_>>(), "{} -> {}", order, place.sql);
    }
}

#[test]
fn values_are_parameters_numbered_from_where_the_caller_says() {
    let test = checked("contains(deviceName,'50%''; drop') and freeBytes gt 5").unwrap();
    let fragment = compile(&test, &ThingColumns, 3).unwrap();
    assert_eq!(fragment.sql, "(d.name_fold like $3 escape '\\' and d.free > cast($4 as bigint))");
    assert_eq!(fragment.params, [Param::Text("%50\\%'; drop%".into()), Param::Int(5)]);
}

#[test]
fn what_has_no_column_is_left_to_memory() {
    for filter in [
        "discoverySource eq 'unknown'",
        "contains(notes, 'x')",
        "assignments/any(a: a/target/groupId eq null)",
        "templateReference eq null",
    ] {
        let compiled = compile(&checked(filter).unwrap(), &ThingColumns, 1);
        assert!(matches!(compiled, Err(Error::NotInSql { .. })), "{filter}: {compiled:?}");
    }
}

#[test]
fn a_place_that_does_not_fit_the_order_is_refused() {
    let keys = check_order(&Options::parse("$orderby=freeBytes,id").unwrap().order_by, &THING).unwrap();
    assert!(matches!(keys[0].property.kind, Kind::Int));
    assert_eq!(keys[0].direction, Direction::Ascending);
    for values in [vec![], vec![Param::Int(1)], vec![Param::Text("1".into()), Param::Text("2".into())]] {
        assert!(
            matches!(after(&keys, &values, &ThingColumns, 1), Err(Error::SkipToken { .. })),
            "{values:?}"
        );
    }
    assert_eq!(
        order_terms(&keys, &ThingColumns).unwrap(),
        ["coalesce(d.free, -9223372036854775807)", "d.id"]
    );
}
