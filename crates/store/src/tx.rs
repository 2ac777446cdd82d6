//! A transaction on either engine: the only place that tells them apart, beside bulk writes and row locks.

use deadpool_postgres::Client;
use pki::seal::SealKeys;
use tokio_postgres::types::ToSql;

use crate::postgres::Transaction;
use crate::row::Row;
use crate::value::Value;
use crate::{StoreError, sqlite};

/// A transaction, or a read-only view, inside [`crate::Store::transact`] or [`crate::Store::read`].
pub struct Tx<'a> {
    pub(crate) engine: Engine<'a>,
    pub(crate) seal: &'a SealKeys,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

pub(crate) enum Engine<'a> {
    /// The writer's connection, inside a savepoint.
    SqliteWrite(&'a mut rusqlite::Connection),
    /// A reader's connection, inside a read transaction.
    SqliteRead(&'a mut rusqlite::Connection),
    /// A transaction.
    PostgresWrite(Transaction<'a>),
    /// A connection, each statement for itself.
    PostgresRead(&'a Client),
}

/// What a statement is expected to cost on the thread that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// A few rows by key: answered in place, as a hop to another thread costs more (2 against 100 microseconds).
    Point,
    /// Many rows: the runtime is told that this thread is taken.
    Many,
}

impl Tx<'_> {
    /// Rows by key. The text is one of a few, and stays prepared.
    pub(crate) async fn query(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.rows(Reach::Point, sql, params).await
    }

    /// Rows of a list or a count over many. The text may vary.
    pub(crate) async fn list(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.rows(Reach::Many, sql, params).await
    }

    /// The one row, or none. The first of several.
    pub(crate) async fn query_opt(
        &mut self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// The only number of the only row: a count.
    pub(crate) async fn number(&mut self, sql: &str, params: Vec<Value>) -> Result<u64, StoreError> {
        let row = self.list(sql, params).await?.into_iter().next();
        row.ok_or_else(|| StoreError::Corrupt { what: "a count without a row".into() })?.u64()
    }

    async fn rows(&mut self, reach: Reach, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        storable(&params)?;
        match &mut self.engine {
            Engine::SqliteWrite(connection) => sqlite::rows(connection, sql, &params),
            Engine::SqliteRead(connection) if reach == Reach::Many => {
                sqlite::beside_the_runtime(|| sqlite::rows(connection, sql, &params))
            }
            Engine::SqliteRead(connection) => sqlite::rows(connection, sql, &params),
            Engine::PostgresWrite(transaction) => {
                // The text of a list varies with what is asked for: kept prepared, strangers' filters would fill the
                // server.
                let rows = transaction.query(sql, reach == Reach::Point, &borrowed(&params)).await?;
                rows.iter().map(crate::postgres::row).collect()
            }
            Engine::PostgresRead(client) => {
                let statement = match reach {
                    Reach::Point => client.prepare_cached(sql).await?,
                    Reach::Many => client.prepare(sql).await?,
                };
                let rows = client.query(&statement, &borrowed(&params)).await?;
                rows.iter().map(crate::postgres::row).collect()
            }
        }
    }

    /// Rows of a statement that writes: `... returning ...`.
    pub(crate) async fn returning(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.must_write()?;
        self.query(sql, params).await
    }

    /// Writes; the number of rows written.
    pub(crate) async fn execute(&mut self, sql: &str, params: Vec<Value>) -> Result<u64, StoreError> {
        self.must_write()?;
        storable(&params)?;
        match &mut self.engine {
            Engine::SqliteWrite(connection) | Engine::SqliteRead(connection) => {
                sqlite::execute(connection, sql, &params)
            }
            Engine::PostgresWrite(transaction) => transaction.execute(sql, true, &borrowed(&params)).await,
            Engine::PostgresRead(_) => Err(read_only()),
        }
    }

    /// Writes exactly one row by its version, or reports that it has moved on.
    pub(crate) async fn execute_versioned(
        &mut self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<(), StoreError> {
        match self.execute(sql, params).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    /// What follows a `select` of rows to claim, so that two nodes never wait for each other's.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self.engine {
            Engine::SqliteWrite(_) | Engine::SqliteRead(_) => "",
            Engine::PostgresWrite(_) | Engine::PostgresRead(_) => " for update skip locked",
        }
    }

    fn must_write(&self) -> Result<(), StoreError> {
        match self.engine {
            Engine::SqliteWrite(_) | Engine::PostgresWrite(_) => Ok(()),
            Engine::SqliteRead(_) | Engine::PostgresRead(_) => Err(read_only()),
        }
    }
}

fn read_only() -> StoreError {
    StoreError::Engine("a read may not write".into())
}

/// Refuses a zero byte on both engines, as PostgreSQL's text cannot hold one.
pub(crate) fn storable(params: &[Value]) -> Result<(), StoreError> {
    let zero = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if params.iter().any(zero) {
        return Err(StoreError::Unstorable { what: "a text with a zero byte".into() });
    }
    Ok(())
}

/// Values as the driver takes them.
fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
