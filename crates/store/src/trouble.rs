//! The last trouble of each kind of work.

use domain::trouble::{Trouble, TroubleKind};
use domain::{TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "trouble",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("kind", Text),
        ("subject", Text),
        ("since", Int),
        ("last_at", Int),
        ("times", Int),
        ("words", Text),
        ("ended_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(trouble: &Trouble) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &trouble.tenant,
        Value::word(&trouble.kind)?,
        &trouble.subject,
        trouble.since,
        trouble.last_at,
        trouble.times,
        &trouble.words,
        trouble.ended_at,
    ])
}

fn decode(mut row: Row) -> Result<Trouble, StoreError> {
    Ok(Trouble {
        tenant: row.id()?,
        kind: row.word()?,
        subject: row.text()?,
        since: row.time()?,
        last_at: row.time()?,
        times: row.u32()?,
        words: row.text()?,
        ended_at: row.opt_time()?,
    })
}

/// The trouble of that kind, over or not.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: TroubleKind,
    subject: &str,
) -> Result<Option<Trouble>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, Value::word(&kind)?, subject]).await?.map(decode).transpose()
}

/// Writes trouble in the place of what was there. Who writes last is right: it was met last.
///
/// # Errors
/// The engine's.
pub async fn put(tx: &mut Tx<'_>, trouble: &Trouble) -> Result<(), StoreError> {
    tx.execute(TABLE.replace(), values(trouble)?).await.map(drop)
}

/// The trouble of that kind, if there is any, is over.
///
/// # Errors
/// The engine's.
pub async fn end(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: TroubleKind,
    subject: &str,
    now: Time,
) -> Result<(), StoreError> {
    let sql = "update trouble set ended_at = $4 \
        where tenant_id = $1 and kind = $2 and subject = $3 and ended_at is null";
    tx.execute(sql, params![tenant, Value::word(&kind)?, subject, now]).await.map(drop)
}

/// Every trouble of a tenant, over or not, what was met last first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Trouble>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by last_at desc, kind, subject");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}

/// Forgets what was last met before `before`.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from trouble where (tenant_id, kind, subject) in \
        (select tenant_id, kind, subject from trouble where last_at < $1 limit $2)";
    tx.execute(sql, params![before, limit]).await
}
