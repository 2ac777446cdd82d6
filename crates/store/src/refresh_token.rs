//! Refresh tokens.

use domain::refresh_token::RefreshToken;
use domain::{TenantId, Time, UserId};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "refresh_token",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("hash", Text),
        ("family", Text),
        ("application_id", Text),
        ("user_id", Text),
        ("scope", Text),
        ("family_at", Int),
        ("created_at", Int),
        ("used_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn decode(mut row: Row) -> Result<RefreshToken, StoreError> {
    Ok(RefreshToken {
        tenant: row.id()?,
        hash: row.text()?,
        family: row.text()?,
        application: row.text()?,
        user: row.id()?,
        scope: row.text()?,
        family_at: row.time()?,
        created_at: row.time()?,
        used_at: row.opt_time()?,
    })
}

/// Adds a token.
///
/// # Errors
/// [`StoreError::Duplicate`] if its hash exists.
pub async fn insert(tx: &mut Tx<'_>, token: &RefreshToken) -> Result<(), StoreError> {
    let values = params![
        &token.tenant,
        &token.hash,
        &token.family,
        Value::key(&token.application)?,
        &token.user,
        &token.scope,
        token.family_at,
        token.created_at,
        token.used_at,
    ];
    tx.execute(TABLE.insert(), values).await.map(drop)
}

/// The token with this hash, used or over or not.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<Option<RefreshToken>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, hash]).await?.map(decode).transpose()
}

/// Marks a token as used; whether it was not before: of two that use it, one does.
///
/// # Errors
/// The engine's.
pub async fn mark_used(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hash: &str,
    now: Time,
) -> Result<bool, StoreError> {
    let sql = "update refresh_token set used_at = $3 where tenant_id = $1 and hash = $2 and used_at is null";
    Ok(tx.execute(sql, params![tenant, hash, now]).await? == 1)
}

/// Deletes all tokens of a family; how many.
///
/// # Errors
/// The engine's.
pub async fn delete_family(tx: &mut Tx<'_>, tenant: &TenantId, family: &str) -> Result<u64, StoreError> {
    let sql = "delete from refresh_token where tenant_id = $1 and family = $2";
    tx.execute(sql, params![tenant, family]).await
}

/// Deletes all tokens of a person; how many.
///
/// # Errors
/// The engine's.
pub async fn delete_of(tx: &mut Tx<'_>, tenant: &TenantId, user: &UserId) -> Result<u64, StoreError> {
    let sql = "delete from refresh_token where tenant_id = $1 and user_id = $2";
    tx.execute(sql, params![tenant, user]).await
}

/// Deletes tokens of every tenant that were made before, or whose family began before; how many.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, made: Time, family: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from refresh_token where (tenant_id, hash) in \
        (select tenant_id, hash from refresh_token where created_at <= $1 or family_at <= $2 limit $3)";
    tx.execute(sql, params![made, family, limit]).await
}
