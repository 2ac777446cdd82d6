//! Statements that every table needs, made from one list of its columns, so that a new column is added in one place.

use std::fmt::Write as _;

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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// How many of the first columns are the key of a row.
    pub(crate) key: usize,
    pub(crate) columns: &'static [(&'static str, Shape)],
    /// Columns that `update` leaves alone: they are written by statements of their own.
    pub(crate) fixed: &'static [&'static str],
}

impl Table {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    fn key_names(&self) -> impl Iterator<Item = &'static str> {
        self.names().take(self.key)
    }

    /// `a, b, c`
    pub(crate) fn list(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
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
    pub(crate) fn get(&self) -> String {
        self.select(&format!("where {}", numbered(self.key_names(), " and ")))
    }

    /// One row, its values in the order of the columns.
    pub(crate) fn insert(&self) -> String {
        let places = (1..=self.columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        format!("insert into {} ({}) values ({places})", self.name, self.list())
    }

    /// One row by its key, all values in the order of the columns, where its `version` is the given one; stores the
    /// next version.
    pub(crate) fn update(&self) -> String {
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

    /// One row, replacing the row with its key, if any.
    pub(crate) fn replace(&self) -> String {
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
