//! Device codes (RFC 8628).

use domain::device_code::DeviceCode;
use domain::{TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "device_code",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("hash", Text),
        ("version", Int),
        ("user_code_hash", Text),
        ("application_id", Text),
        ("scope", Text),
        ("answer", Text),
        ("created_at", Int),
        ("polled_at", Int),
        ("interval_seconds", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(code: &DeviceCode) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &code.tenant,
        &code.hash,
        code.version,
        &code.user_code_hash,
        Value::key(&code.application)?,
        &code.scope,
        Value::json(&code.answer)?,
        code.created_at,
        code.polled_at,
        code.interval,
    ])
}

fn decode(mut row: Row) -> Result<DeviceCode, StoreError> {
    Ok(DeviceCode {
        tenant: row.id()?,
        hash: row.text()?,
        version: row.int()?,
        user_code_hash: row.text()?,
        application: row.text()?,
        scope: row.text()?,
        answer: row.json()?,
        created_at: row.time()?,
        polled_at: row.opt_time()?,
        interval: row.int()?,
    })
}

/// Adds a code.
///
/// # Errors
/// [`StoreError::Duplicate`] if its hash exists.
pub async fn insert(tx: &mut Tx<'_>, code: &DeviceCode) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(code)?).await.map(drop)
}

/// Writes a code.
///
/// # Errors
/// [`StoreError::Conflict`] if the stored version is another.
pub async fn update(tx: &mut Tx<'_>, code: &DeviceCode) -> Result<(), StoreError> {
    match tx.execute(TABLE.update(), values(code)?).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// The code with this hash, over or not.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<Option<DeviceCode>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, hash]).await?.map(decode).transpose()
}

/// The code of which a person typed the other part, by its hash.
///
/// # Errors
/// The engine's.
pub async fn by_user_code(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hash: &str,
) -> Result<Option<DeviceCode>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and user_code_hash = $2 order by created_at desc limit 1");
    tx.query_opt(&sql, params![tenant, hash]).await?.map(decode).transpose()
}

/// Deletes a code; whether there was one: of two that use it, one does.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<bool, StoreError> {
    let sql = "delete from device_code where tenant_id = $1 and hash = $2";
    Ok(tx.execute(sql, params![tenant, hash]).await? > 0)
}

/// How many codes of a tenant were made after a time.
///
/// # Errors
/// The engine's.
pub async fn count_since(tx: &mut Tx<'_>, tenant: &TenantId, since: Time) -> Result<u64, StoreError> {
    let sql = "select count(*) from device_code where tenant_id = $1 and created_at > $2";
    tx.number(sql, params![tenant, since]).await
}

/// Deletes codes of every tenant that were made before; how many.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from device_code where (tenant_id, hash) in \
        (select tenant_id, hash from device_code where created_at <= $1 limit $2)";
    tx.execute(sql, params![before, limit]).await
}
