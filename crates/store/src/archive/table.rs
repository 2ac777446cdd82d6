//! Tables as the engine itself describes them: a table that a later migration adds is in every copy, without a list that
//! somebody could forget.

use crate::table::Shape;
use crate::tx::Engine;
use crate::value::{Value, params};
use crate::{StoreError, Tx};

/// Tables that are not copied: the ledger is made by migrations, and leases belong to processes.
const LEFT_OUT: [&str; 3] = ["migration", "migration_oldest", "lease"];

/// A table that is there.
pub(super) struct SourceTable {
    pub(super) name: String,
    /// But for one that the engine counts by itself: such numbers order rows, and are given anew in the same order.
    pub(super) columns: Vec<Column>,
    /// That one.
    counted: Option<String>,
}

/// A column of it.
pub(super) struct Column {
    pub(super) name: String,
    shape: Shape,
}

/// Every table that is copied, by name.
pub(super) async fn all(tx: &mut Tx<'_>) -> Result<Vec<SourceTable>, StoreError> {
    let sql = if is_sqlite(tx) {
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name"
    } else {
        "select cast(table_name as text) from information_schema.tables \
         where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1"
    };
    let mut tables = Vec::new();
    for mut row in tx.list(sql, params![]).await? {
        let name = row.text()?;
        if !LEFT_OUT.contains(&name.as_str()) {
            let (columns, counted) = columns(tx, &name).await?;
            tables.push(SourceTable { name, columns, counted });
        }
    }
    Ok(tables)
}

const fn is_sqlite(tx: &Tx<'_>) -> bool {
    matches!(tx.engine, Engine::SqliteRead(_) | Engine::SqliteWrite(_))
}

async fn columns(tx: &mut Tx<'_>, table: &str) -> Result<(Vec<Column>, Option<String>), StoreError> {
    // Of SQLite's tables the one with a single whole number for a key counts it by itself.
    let sql = if is_sqlite(tx) {
        "select c.name, c.type, c.type = 'INTEGER' and c.pk = 1 and (select count(*) from pragma_table_info($1) k \
         where k.pk > 0) = 1 from pragma_table_info($1) c order by c.cid"
    } else {
        "select cast(column_name as text), cast(data_type as text), is_identity = 'YES' \
         from information_schema.columns where table_schema = current_schema() \
         and cast(table_name as text) = cast($1 as text) order by ordinal_position"
    };
    let (mut columns, mut counted) = (Vec::new(), None);
    for mut row in tx.list(sql, params![table]).await? {
        let (name, kind, counts) = (row.text()?, row.text()?.to_lowercase(), row.bool()?);
        let shape = match kind.as_str() {
            "integer" | "bigint" => Shape::Int,
            "text" => Shape::Text,
            "blob" | "bytea" => Shape::Bytes,
            "boolean" => Shape::Bool,
            other => {
                return Err(StoreError::Corrupt { what: format!("{table}.{name} is of the kind {other}") });
            }
        };
        if counts {
            counted = Some(name);
        } else {
            columns.push(Column { name, shape });
        }
    }
    Ok((columns, counted))
}

/// The rows of a table, a page at a time.
pub(super) enum Pages {
    /// SQLite: by the number that each row has there, after which one to go on, and the statement.
    Rows(i64, String),
    /// PostgreSQL: by a cursor, which lives as long as its transaction.
    Cursor,
}

impl SourceTable {
    fn list(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Opens its rows.
    pub(super) async fn pages(&self, tx: &mut Tx<'_>) -> Result<Pages, StoreError> {
        let (list, name) = (self.list(), &self.name);
        if is_sqlite(tx) {
            let sql = format!("select rowid, {list} from {name} where rowid > $1 order by rowid limit $2");
            return Ok(Pages::Rows(i64::MIN, sql));
        }
        // In the order in which they were given numbers, where the table has such.
        let order = self.counted.as_ref().map(|n| format!(" order by {n}")).unwrap_or_default();
        let sql = format!("declare archive no scroll cursor for select {list} from {name}{order}");
        tx.execute(&sql, params![]).await?;
        Ok(Pages::Cursor)
    }

    /// The columns with these names, in this order; none if one is missing or is there too much.
    pub(super) fn named(&self, names: &[String]) -> Option<Vec<&Column>> {
        let find = |name: &String| self.columns.iter().find(|column| column.name == *name);
        let found = names.iter().map(find).collect::<Option<Vec<_>>>()?;
        (found.len() == self.columns.len()).then_some(found)
    }

    /// Adds rows; how many.
    pub(super) async fn insert(
        &self,
        tx: &mut Tx<'_>,
        columns: &[&Column],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        let list = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        let shapes: Vec<Shape> = columns.iter().map(|column| column.shape).collect();
        let name = &self.name;
        let sql = format!("insert into {name} ({list}) {{rows}}");
        tx.execute_rows(&sql, &shapes, rows).await
    }
}

impl Pages {
    /// The next rows, at most `count`.
    pub(super) async fn next(&mut self, tx: &mut Tx<'_>, count: u32) -> Result<Vec<Vec<Value>>, StoreError> {
        let Pages::Rows(after, sql) = self else {
            let rows = tx.list(&format!("fetch forward {count} from archive"), params![]).await?;
            return Ok(rows.into_iter().map(crate::row::Row::rest).collect());
        };
        let mut page = Vec::new();
        for mut row in tx.list(sql, params![*after, count]).await? {
            *after = row.int()?;
            page.push(row.rest());
        }
        Ok(page)
    }

    /// Closes them.
    pub(super) async fn end(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        match self {
            Pages::Rows(..) => Ok(()),
            Pages::Cursor => tx.execute("close archive", params![]).await.map(drop),
        }
    }
}

impl Column {
    /// A value of a copy, in this column's shape.
    pub(super) fn read(&self, value: serde_json::Value) -> Option<Value> {
        use base64::Engine as _;
        Some(match (self.shape, value) {
            (_, serde_json::Value::Null) => Value::Null,
            (Shape::Bool, value) => Value::Bool(match value.as_i64()? {
                0 => false,
                1 => true,
                _ => return None,
            }),
            (Shape::Int, value) => Value::Int(value.as_i64()?),
            (Shape::Text, serde_json::Value::String(text)) => Value::Text(text),
            (Shape::Bytes, value) => {
                let text = value.get("base64")?.as_str()?;
                Value::Bytes(base64::engine::general_purpose::STANDARD.decode(text).ok()?)
            }
            _ => return None,
        })
    }
}
