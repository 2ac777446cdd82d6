//! Sessions of people in browsers.

use domain::session::Session;
use domain::{TenantId, Time, UserId};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "session",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("hash", Text),
        ("user_id", Text),
        ("stage", Text),
        ("created_at", Int),
        ("seen_at", Int),
        ("source", Text),
        ("agent", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn decode(mut row: Row) -> Result<Session, StoreError> {
    Ok(Session {
        tenant: row.id()?,
        hash: row.text()?,
        user: row.id()?,
        stage: row.word()?,
        created_at: row.time()?,
        seen_at: row.time()?,
        source: row.text()?,
        agent: row.text()?,
    })
}

/// Adds a session.
///
/// # Errors
/// [`StoreError::Duplicate`] if its hash exists.
pub async fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<(), StoreError> {
    let values = params![
        &session.tenant,
        &session.hash,
        &session.user,
        Value::word(&session.stage)?,
        session.created_at,
        session.seen_at,
        &session.source,
        &session.agent,
    ];
    tx.execute(TABLE.insert(), values).await.map(drop)
}

/// The session with this hash, of any tenant, over or not.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Session>, StoreError> {
    let sql = TABLE.select("where hash = $1");
    tx.query_opt(&sql, params![hash]).await?.map(decode).transpose()
}

/// The sessions of a person, newest first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId, user: &UserId) -> Result<Vec<Session>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and user_id = $2 order by created_at desc, hash");
    tx.query(&sql, params![tenant, user]).await?.into_iter().map(decode).collect()
}

/// Notes a visit.
///
/// # Errors
/// The engine's.
pub async fn seen(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str, now: Time) -> Result<(), StoreError> {
    let sql = "update session set seen_at = $3 where tenant_id = $1 and hash = $2";
    tx.execute(sql, params![tenant, hash, now]).await.map(drop)
}

/// Deletes a session; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, hash: &str) -> Result<bool, StoreError> {
    let sql = "delete from session where tenant_id = $1 and hash = $2";
    Ok(tx.execute(sql, params![tenant, hash]).await? > 0)
}

/// Deletes the sessions of a person but for one; how many.
///
/// # Errors
/// The engine's.
pub async fn delete_others(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user: &UserId,
    but: &str,
) -> Result<u64, StoreError> {
    let sql = "delete from session where tenant_id = $1 and user_id = $2 and hash <> $3";
    tx.execute(sql, params![tenant, user, but]).await
}

/// Deletes sessions of every tenant that began before `began` or had no visit since `seen`; how many.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, began: Time, seen: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from session where (tenant_id, hash) in \
        (select tenant_id, hash from session where created_at <= $1 or seen_at <= $2 limit $3)";
    tx.execute(sql, params![began, seen, limit]).await
}
