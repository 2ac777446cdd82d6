//! Links that let somebody set up an account.

use domain::invitation::Invitation;
use domain::{TenantId, Time};

use crate::row::Row;
use crate::value::params;
use crate::{StoreError, Tx};

fn decode(mut row: Row) -> Result<Invitation, StoreError> {
    Ok(Invitation { tenant: row.id()?, hash: row.text()?, user: row.opt_id()?, created_at: row.time()? })
}

/// Adds a link in place of every earlier one for the same person, or for the first administrator.
///
/// # Errors
/// [`StoreError::Duplicate`] if its hash exists.
pub async fn replace(tx: &mut Tx<'_>, link: &Invitation) -> Result<(), StoreError> {
    let sql = "delete from invitation where tenant_id = $1 and coalesce(user_id, '') = $2";
    let user = link.user.as_ref().map_or("", |id| id.as_str());
    tx.execute(sql, params![&link.tenant, user]).await?;
    let sql = "insert into invitation (tenant_id, hash, user_id, created_at) values ($1, $2, $3, $4)";
    let values = params![&link.tenant, &link.hash, link.user.as_ref(), link.created_at];
    tx.execute(sql, values).await.map(drop)
}

/// The link with this hash.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<Option<Invitation>, StoreError> {
    let sql =
        "select tenant_id, hash, user_id, created_at from invitation where tenant_id = $1 and hash = $2";
    tx.query_opt(sql, params![tenant, hash]).await?.map(decode).transpose()
}

/// Deletes a link; whether there was one: of two who use it, one does.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<bool, StoreError> {
    let sql = "delete from invitation where tenant_id = $1 and hash = $2";
    Ok(tx.execute(sql, params![tenant, hash]).await? > 0)
}

/// Deletes links of every tenant that were made before; how many.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from invitation where (tenant_id, hash) in \
        (select tenant_id, hash from invitation where created_at <= $1 limit $2)";
    tx.execute(sql, params![before, limit]).await
}
