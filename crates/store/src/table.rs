//! Statements that every table needs, made from one list of its columns, so that a new column is added in one place.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::value::Value;

/// Shape of a column, as both engines have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Bool,
    Int,
    Text,
    Bytes,
}

impl Shape {
    /// PostgreSQL's array type of this shape, for `unnest`.
    pub(crate) const fn array(self) -> &'static str {
        match self {
            Shape::Bool => "boolean[]",
            Shape::Int => "bigint[]",
            Shape::Text => "text[]",
            Shape::Bytes => "bytea[]",
        }
    }
}

/// A table: its name and columns, the primary key first. Only constants of this crate are one, so that no text from
/// outside ever becomes a part of a statement.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// How many of the first columns are the key of a row.
    pub(crate) key: usize,
    pub(crate) columns: &'static [(&'static str, Shape)],
    /// Columns that `update` leaves alone: they are written by statements of their own.
    pub(crate) fixed: &'static [&'static str],
    /// What is made of the columns once.
    pub(crate) texts: Texts,
}

/// Statements of a table that are always the same.
#[derive(Debug)]
pub(crate) struct Texts {
    list: OnceLock<String>,
    get: OnceLock<String>,
    insert: OnceLock<String>,
    update: OnceLock<String>,
    replace: OnceLock<String>,
}

impl Texts {
    pub(crate) const fn new() -> Self {
        Self {
            list: OnceLock::new(),
            get: OnceLock::new(),
            insert: OnceLock::new(),
            update: OnceLock::new(),
            replace: OnceLock::new(),
        }
    }
}

impl Table {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    fn key_names(&self) -> impl Iterator<Item = &'static str> {
        self.names().take(self.key)
    }

    /// `a, b, c`
    pub(crate) fn list(&self) -> &str {
        self.texts.list.get_or_init(|| self.names().collect::<Vec<_>>().join(", "))
    }

    /// `d.a, d.b, d.c`
    pub(crate) fn list_of(&self, alias: &str) -> String {
        self.names().map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
    }

    /// `select` of every column, and what follows: `where ...`, `order by ...`.
    pub(crate) fn select(&self, rest: &str) -> String {
        format!("select {} from {} {rest}", self.list(), self.name)
    }

    /// The row with this key.
    pub(crate) fn get(&self) -> &str {
        self.texts.get.get_or_init(|| self.select(&format!("where {}", numbered(self.key_names(), " and "))))
    }

    /// One row, its values in the order of the columns.
    pub(crate) fn insert(&self) -> &str {
        self.texts.insert.get_or_init(|| {
            let places = (1..=self.columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
            format!("insert into {} ({}) values ({places})", self.name, self.list())
        })
    }

    /// One row by its key, all values in the order of the columns, where its `version` is the given one; stores the
    /// next version.
    pub(crate) fn update(&self) -> &str {
        self.texts.update.get_or_init(|| self.update_text())
    }

    fn update_text(&self) -> String {
        let mut text = format!("update {} set version = version + 1", self.name);
        for (n, name) in self.names().enumerate().skip(self.key) {
            if name != "version" && !self.fixed.contains(&name) {
                let _ = write!(text, ", {name} = ${}", n + 1);
            }
        }
        // Every parameter is named, so that PostgreSQL knows the type of those that are not written.
        let _ = write!(text, " where {}", numbered(self.key_names(), " and "));
        for (n, (name, shape)) in self.columns.iter().enumerate().skip(self.key) {
            if *name == "version" {
                let _ = write!(text, " and version = ${}", n + 1);
            } else if self.fixed.contains(name) {
                let _ = write!(
                    text,
                    " and (cast(${} as {}) is null or true)",
                    n + 1,
                    shape.array().trim_end_matches("[]")
                );
            }
        }
        text
    }

    /// As [`Table::update`], but only what differs between the two, with its values. An engine writes every index of a
    /// column that a statement names, whether its value is another or not.
    pub(crate) fn update_changed(&self, before: &[Value], after: Vec<Value>) -> (String, Vec<Value>) {
        let mut text = format!("update {} set version = version + 1", self.name);
        let mut params = Vec::new();
        let mut version = None;
        for (n, ((name, _), value)) in self.columns.iter().zip(after).enumerate() {
            if n < self.key {
                params.push(value);
            } else if *name == "version" {
                version = Some(value);
            } else if before.get(n) != Some(&value) && !self.fixed.contains(name) {
                params.push(value);
                let _ = write!(text, ", {name} = ${}", params.len());
            }
        }
        params.extend(version);
        let _ =
            write!(text, " where {} and version = ${}", numbered(self.key_names(), " and "), params.len());
        (text, params)
    }

    /// One row, replacing the row with its key, if any.
    pub(crate) fn replace(&self) -> &str {
        self.texts.replace.get_or_init(|| self.replace_text())
    }

    fn replace_text(&self) -> String {
        let set = self.names().skip(self.key).map(|name| format!("{name} = excluded.{name}"));
        let set = set.collect::<Vec<_>>().join(", ");
        let key = self.key_names().collect::<Vec<_>>().join(", ");
        format!("{} on conflict ({key}) do update set {set}", self.insert())
    }
}

/// `a = $1 and b = $2`
fn numbered(names: impl Iterator<Item = &'static str>, between: &str) -> String {
    names.enumerate().map(|(n, name)| format!("{name} = ${}", n + 1)).collect::<Vec<_>>().join(between)
}
