//! Many rows in one statement: `unnest` on PostgreSQL, a loop over the same text on SQLite.

use tokio_postgres::types::ToSql;

use crate::table::Shape;
use crate::tx::{Engine, storable};
use crate::value::Value;
use crate::{StoreError, Tx, postgres, sqlite};

/// What stands in a bulk statement for the source of its rows.
const ROWS: &str = "{rows}";

impl Tx<'_> {
    /// Runs `sql` for all `rows`; the number of rows written. The text holds `{rows}` once, where a `with v(a, b) as
    /// ({rows})` takes its rows from. All rows have the `shapes`.
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
            Engine::SqliteWrite(connection) => {
                let places = (1..=shapes.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
                let sql = sql.replace(ROWS, &format!("values ({places})"));
                sqlite::execute_each(connection, &sql, &rows)
            }
            Engine::PostgresWrite(transaction) => {
                let places =
                    shapes.iter().enumerate().map(|(n, shape)| format!("${}::{}", n + 1, shape.array()));
                let sql = sql.replace(
                    ROWS,
                    &format!("select * from unnest({})", places.collect::<Vec<_>>().join(", ")),
                );
                let columns = postgres::columns(shapes, rows)?;
                let columns: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                transaction.execute(&sql, &columns).await
            }
            Engine::SqliteRead(_) | Engine::PostgresRead(_) => {
                Err(StoreError::Engine("a read may not write".into()))
            }
        }
    }
}
