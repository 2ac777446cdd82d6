//! Leases: one node at a time does a thing. A lease ends by itself, so that a node which died holds up nobody.

use std::time::Duration;

use domain::Time;

use crate::value::params;
use crate::{StoreError, Tx};

/// Takes or prolongs a lease; whether `holder` has it now.
///
/// # Errors
/// The engine's.
pub async fn try_acquire(
    tx: &mut Tx<'_>,
    name: &str,
    holder: &str,
    now: Time,
    ttl: Duration,
) -> Result<bool, StoreError> {
    let sql = "insert into lease (name, holder, expires_at) values ($1, $2, $3) \
        on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at \
        where lease.holder = excluded.holder or lease.expires_at <= $4";
    Ok(tx.execute(sql, params![name, holder, now.plus(ttl), now]).await? == 1)
}

/// A lease that somebody has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// Every lease whose name begins so.
///
/// # Errors
/// The engine's.
pub async fn with_prefix(tx: &mut Tx<'_>, prefix: &str) -> Result<Vec<Lease>, StoreError> {
    // The last character there is: what begins with the prefix comes before.
    let end = format!("{prefix}\u{10ffff}");
    let sql = "select name, holder, expires_at from lease where name >= $1 and name < $2 order by name";
    let rows = tx.query(sql, params![prefix, end]).await?;
    let lease = |mut row: crate::row::Row| {
        Ok(Lease { name: row.text()?, holder: row.text()?, expires_at: row.time()? })
    };
    rows.into_iter().map(lease).collect()
}

/// Deletes leases that ended before; how many.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, before: Time) -> Result<u64, StoreError> {
    tx.execute("delete from lease where expires_at < $1", params![before]).await
}

/// Gives a lease back, if `holder` has it.
///
/// # Errors
/// The engine's.
pub async fn release(tx: &mut Tx<'_>, name: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "delete from lease where name = $1 and holder = $2";
    tx.execute(sql, params![name, holder]).await.map(drop)
}

/// Gives back all that `holder` has.
///
/// # Errors
/// The engine's.
pub async fn release_all(tx: &mut Tx<'_>, holder: &str) -> Result<(), StoreError> {
    tx.execute("delete from lease where holder = $1", params![holder]).await.map(drop)
}
