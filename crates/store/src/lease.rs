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

/// Gives a lease back, if `holder` has it.
///
/// # Errors
/// The engine's.
pub async fn release(tx: &mut Tx<'_>, name: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "delete from lease where name = $1 and holder = $2";
    tx.execute(sql, params![name, holder]).await.map(drop)
}
