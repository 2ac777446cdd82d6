//! Many rows in one statement: `unnest` on PostgreSQL, a loop over the same text on SQLite.

use tokio_postgres::types::ToSql;

use crate::row::Row;
use crate::table::Shape;
use crate::tx::{Engine, storable};
use crate::value::Value;
use crate::{StoreError, Tx, postgres, sqlite};

/// Not prepared for good: PostgreSQL would plan a join with a table that is empty still, and go on with that plan while
/// it is filled with a hundred thousand rows.
const KEPT: bool = false;

/// What stands in a bulk statement for the source of its rows.
const ROWS: &str = "{rows}";

impl Tx<'_> {
    /// Runs `sql` for all `rows`; the number of rows written. The text holds `{rows}` once, where an `insert into t (a, b)
    /// {rows}` or a `with v(a, b) as ({rows})` takes its rows from. All rows have the `shapes`.
    ///
    /// Callers sort the rows by key, so that two nodes lock in the same order.
    pub(crate) async fn execute_rows(
        &mut self,
        sql: &str,
        shapes: &[Shape],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        rows.iter().try_for_each(|row| storable(row))?;
        match &mut self.engine {
            Engine::SqliteWrite(connection) => sqlite::execute_each(connection, &one_row(sql, shapes), &rows),
            Engine::PostgresWrite(transaction) => {
                let sql = all_rows(sql, shapes);
                let columns = postgres::columns(shapes, rows)?;
                let columns: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                transaction.execute(&sql, KEPT, &columns).await
            }
            Engine::SqliteRead(_) | Engine::PostgresRead(_) => {
                Err(StoreError::Engine("a read may not write".into()))
            }
        }
    }

    /// What `sql`, a `with v(a, b) as ({rows}) select ...`, finds for all `rows`.
    pub(crate) async fn list_rows(
        &mut self,
        sql: &str,
        shapes: &[Shape],
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        rows.iter().try_for_each(|row| storable(row))?;
        match &mut self.engine {
            Engine::SqliteWrite(connection) => sqlite::rows_of_each(connection, &one_row(sql, shapes), &rows),
            Engine::SqliteRead(connection) => {
                sqlite::beside_the_runtime(|| sqlite::rows_of_each(connection, &one_row(sql, shapes), &rows))
            }
            Engine::PostgresWrite(transaction) => {
                let columns = postgres::columns(shapes, rows)?;
                let columns: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                let found = transaction.query(&all_rows(sql, shapes), KEPT, &columns).await?;
                found.iter().map(postgres::row).collect()
            }
            Engine::PostgresRead(client) => {
                let columns = postgres::columns(shapes, rows)?;
                let columns: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                let statement = client.prepare(&all_rows(sql, shapes)).await?;
                client.query(&statement, &columns).await?.iter().map(postgres::row).collect()
            }
        }
    }
}

/// The text for one row at a time, as SQLite runs it.
fn one_row(sql: &str, shapes: &[Shape]) -> String {
    let places = (1..=shapes.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    sql.replace(ROWS, &format!("values ({places})"))
}

/// The text for all rows at once, an array a column, as PostgreSQL runs it.
fn all_rows(sql: &str, shapes: &[Shape]) -> String {
    let places = shapes.iter().enumerate().map(|(n, shape)| format!("${}::{}", n + 1, shape.array()));
    sql.replace(ROWS, &format!("select * from unnest({})", places.collect::<Vec<_>>().join(", ")))
}
