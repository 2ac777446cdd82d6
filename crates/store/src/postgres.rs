//! PostgreSQL: a pool, writers that commit what queued as one, and run again what another was before.

mod address;
mod shared;
mod tls;
mod transaction;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::future::BoxFuture;
use pki::seal::SealKeys;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};

use self::address::Address;
use self::shared::Shared;
use self::tls::Tls;
pub(crate) use self::transaction::Transaction;
use self::writer::Writers;
use crate::row::Row;
use crate::table::Shape;
use crate::tx::Engine;
use crate::value::Value;
use crate::{Retryable, StoreError, Tx};

/// Connections of one node. Statements are short; more connections than this only queue inside the server.
const CONNECTIONS: usize = 16;

/// Longest wait for a free connection before the caller is told to come back.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// Settings of the server that decide what a commit is worth.
const DURABILITY: [&str; 3] = ["synchronous_commit", "fsync", "full_page_writes"];

pub(crate) fn pool(url: &str) -> Result<Pool, StoreError> {
    let Address { config, authorities } = Address::read(url)?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        Manager::from_config(config, Tls::new(authorities.as_deref())?, recycling)
    };
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CONNECTION_WAIT))
        .create_timeout(Some(CONNECTION_WAIT))
        .build()
        .map_err(|e| StoreError::Engine(e.to_string()))
}

/// PostgreSQL as one node uses it: a pool, writers that share commits, and connections that point reads share.
pub(crate) struct Postgres {
    pool: Pool,
    seal: Arc<SealKeys>,
    writers: Writers,
    shared: Shared,
}

impl Postgres {
    pub(crate) fn start(pool: Pool, seal: &Arc<SealKeys>) -> Self {
        let writers = Writers::start(&pool, seal);
        Self { pool, seal: Arc::clone(seal), writers, shared: Shared::default() }
    }

    /// Runs `work` in a transaction until it commits, fails for good, or has been tried often enough.
    pub(crate) async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        self.writers.transact(work).await
    }

    /// Runs `work` on a connection of its own, each statement for itself.
    pub(crate) async fn read<T, E, F>(&self, work: &F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Sync,
        E: From<StoreError>,
    {
        let client = self.pool.get().await.map_err(StoreError::from)?;
        work(&mut Tx { engine: Engine::PostgresRead(&client), seal: &self.seal }).await
    }

    /// As [`Self::read`], on a connection that others have statements under way on.
    pub(crate) async fn glance<T, E, F>(&self, work: &F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Sync,
        E: From<StoreError>,
    {
        let client = self.shared.client(&self.pool).await?;
        work(&mut Tx { engine: Engine::PostgresRead(&client), seal: &self.seal }).await
    }

    /// How the server keeps what a connection of ours commits.
    pub(crate) async fn durability(&self) -> Result<String, StoreError> {
        let client = self.pool.get().await?;
        let mut words = Vec::new();
        for name in DURABILITY {
            let value: String = client.query_one(&format!("show {name}"), &[]).await?.try_get(0)?;
            words.push(format!("{name} = {value}"));
        }
        Ok(words.join(", "))
    }

    /// Takes no more work, and finishes what is queued.
    pub(crate) async fn close(&self) {
        self.writers.close().await;
        self.shared.close();
        self.pool.close();
    }
}

/// A row in neutral shapes.
pub(crate) fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let value = |(n, column): (usize, &tokio_postgres::Column)| {
        Ok(match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(n)?.into(),
            Type::INT8 => row.try_get::<_, Option<i64>>(n)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(n)?.into(),
            Type::TEXT => row.try_get::<_, Option<String>>(n)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(n)?.into(),
            ref other => {
                return Err(StoreError::Corrupt { what: format!("column {} of type {other}", n + 1) });
            }
        })
    };
    row.columns().iter().enumerate().map(value).collect::<Result<Vec<Value>, _>>().map(Row::new)
}

/// Rows turned into one array a column, for `unnest`.
pub(crate) fn columns(shapes: &[Shape], rows: Vec<Vec<Value>>) -> Result<Vec<Array>, StoreError> {
    let mut columns: Vec<Array> = shapes.iter().map(|shape| Array::new(*shape, rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value)?;
        }
    }
    Ok(columns)
}

/// One column of a bulk write.
#[derive(Debug)]
pub(crate) enum Array {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Array {
    fn new(shape: Shape, rows: usize) -> Self {
        match shape {
            Shape::Bool => Array::Bool(Vec::with_capacity(rows)),
            Shape::Int => Array::Int(Vec::with_capacity(rows)),
            Shape::Text => Array::Text(Vec::with_capacity(rows)),
            Shape::Bytes => Array::Bytes(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), StoreError> {
        match (self, value) {
            (Array::Bool(items), Value::Null) => items.push(None),
            (Array::Bool(items), Value::Bool(v)) => items.push(Some(v)),
            (Array::Int(items), Value::Null) => items.push(None),
            (Array::Int(items), Value::Int(v)) => items.push(Some(v)),
            (Array::Text(items), Value::Null) => items.push(None),
            (Array::Text(items), Value::Text(v)) => items.push(Some(v)),
            (Array::Bytes(items), Value::Null) => items.push(None),
            (Array::Bytes(items), Value::Bytes(v)) => items.push(Some(v)),
            _ => {
                return Err(StoreError::Unstorable {
                    what: "a value of another shape than its column".into(),
                });
            }
        }
        Ok(())
    }
}

impl ToSql for Array {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Array::Bool(items) => items.to_sql_checked(kind, out),
            Array::Int(items) => items.to_sql_checked(kind, out),
            Array::Text(items) => items.to_sql_checked(kind, out),
            Array::Bytes(items) => items.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // Each shape asks its own type above.
    }

    tokio_postgres::types::to_sql_checked!();
}
