//! Keys that sign bearer tokens: which there are and which sign no more. Their private parts are secrets.

use domain::{KeyId, TenantId, Time};

use crate::row::Row;
use crate::value::params;
use crate::{StoreError, Tx};

/// A key that signs, or has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in tokens (`kid`).
    pub id: KeyId,
    /// When it was made; the newest signs.
    pub created_at: Time,
    /// Since when it signs no more.
    pub retired_at: Option<Time>,
}

fn decode(mut row: Row) -> Result<SigningKey, StoreError> {
    Ok(SigningKey { id: row.id()?, created_at: row.time()?, retired_at: row.opt_time()? })
}

/// Every key of `owner`, newest first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, owner: &TenantId) -> Result<Vec<SigningKey>, StoreError> {
    let sql = "select id, created_at, retired_at from signing_key where tenant_id = $1 \
        order by created_at desc, id desc";
    tx.query(sql, params![owner]).await?.into_iter().map(decode).collect()
}

/// Adds a key that signs from now on, and retires the others.
///
/// # Errors
/// [`StoreError::Duplicate`] if it exists.
pub async fn insert(tx: &mut Tx<'_>, owner: &TenantId, id: &KeyId, now: Time) -> Result<(), StoreError> {
    let sql = "update signing_key set retired_at = $2 where tenant_id = $1 and retired_at is null";
    tx.execute(sql, params![owner, now]).await?;
    let sql = "insert into signing_key (tenant_id, id, created_at) values ($1, $2, $3)";
    tx.execute(sql, params![owner, id, now]).await.map(drop)
}

/// Deletes a key; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, owner: &TenantId, id: &KeyId) -> Result<bool, StoreError> {
    let sql = "delete from signing_key where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![owner, id]).await? > 0)
}
