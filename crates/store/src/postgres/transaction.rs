//! A transaction, or a savepoint inside one, that is opened in the same flight as its first statement.

use deadpool_postgres::Client;
use futures_util::future::join;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::StoreError;

/// Statements on one connection, with what has to stand before the first of them.
///
/// It is not rolled back when it is dropped: whoever opened it ends it, or closes the connection.
pub(crate) struct Transaction<'a> {
    client: &'a Client,
    opening: Option<&'static str>,
    /// A statement was refused before the opening was sent: on what had been opened before it.
    refused: bool,
}

impl<'a> Transaction<'a> {
    pub(super) const fn new(client: &'a Client, opening: &'static str) -> Self {
        Self { client, opening: Some(opening), refused: false }
    }

    /// Whether anything was asked of the database.
    pub(super) const fn is_open(&self) -> bool {
        self.opening.is_none()
    }

    /// Whether a statement was refused before this was opened. PostgreSQL then takes nothing more in the transaction that
    /// it would have been a part of.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// Ends a whole transaction, if it was begun.
    pub(super) async fn end(&self, how: &'static str) -> Result<(), StoreError> {
        if self.is_open() {
            self.client.batch_execute(how).await?;
        }
        Ok(())
    }

    pub(crate) async fn query(
        &mut self,
        sql: &str,
        kept: bool,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client;
        let statement = if kept { client.prepare_cached(sql).await } else { client.prepare(sql).await };
        let statement = statement.inspect_err(|_| self.refused = self.opening.is_some())?;
        match self.opening.take() {
            None => Ok(client.query(&statement, params).await?),
            Some(opening) => {
                // Both are sent before either is answered, in this order.
                let (opened, rows) =
                    join(client.batch_execute(opening), client.query(&statement, params)).await;
                opened?;
                Ok(rows?)
            }
        }
    }

    pub(crate) async fn execute(
        &mut self,
        sql: &str,
        kept: bool,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let client = self.client;
        let statement = if kept { client.prepare_cached(sql).await } else { client.prepare(sql).await };
        let statement = statement.inspect_err(|_| self.refused = self.opening.is_some())?;
        match self.opening.take() {
            None => Ok(client.execute(&statement, params).await?),
            Some(opening) => {
                let (opened, written) =
                    join(client.batch_execute(opening), client.execute(&statement, params)).await;
                opened?;
                Ok(written?)
            }
        }
    }
}
