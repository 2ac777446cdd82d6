//! The push certificate, and devices that want waking.

use std::time::Duration;

use domain::managed_device::PushTarget;
use domain::push::{PushCertificate, Wake};
use domain::{ManagedDeviceId, TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::Table;
use crate::value::{Value, params};
use crate::{StoreError, Tx, managed_device};

const CERTIFICATE: Table = Table {
    name: "push_certificate",
    key: 1,
    columns: &[
        ("tenant_id", Text),
        ("version", Int),
        ("issued", Text),
        ("pending_key", Text),
        ("apple_id", Text),
        ("modified_at", Int),
        ("last_refusal", Text),
    ],
    fixed: &[],
};

/// How long a claimed wake is left to the loop that claimed it; after that it is anybody's again. Longer than APNs
/// takes for a page, short enough that a node which died delays nobody by much.
pub const WAKE_LEASE: Duration = Duration::from_secs(60);

fn values(certificate: &PushCertificate, version: i64) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &certificate.tenant,
        version,
        Value::opt_json(certificate.current.as_ref())?,
        certificate.pending_key.as_ref(),
        certificate.apple_id.as_ref(),
        certificate.modified_at,
        certificate.last_refusal.as_ref(),
    ])
}

fn decode(mut row: Row) -> Result<PushCertificate, StoreError> {
    Ok(PushCertificate {
        tenant: row.id()?,
        version: row.int()?,
        current: row.opt_json()?,
        pending_key: row.opt_id()?,
        apple_id: row.opt_text()?,
        modified_at: row.time()?,
        last_refusal: row.opt_text()?,
    })
}

/// The tenant's push certificate, or the request for one.
///
/// # Errors
/// The engine's.
pub async fn certificate_get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<Option<PushCertificate>, StoreError> {
    tx.query_opt(&CERTIFICATE.get(), params![tenant]).await?.map(decode).transpose()
}

/// Adds or writes back the tenant's push certificate. Its stored version becomes the given one plus one.
///
/// # Errors
/// [`StoreError::Conflict`] if there is one with another version.
pub async fn certificate_upsert(tx: &mut Tx<'_>, certificate: &PushCertificate) -> Result<(), StoreError> {
    let sql = format!("{} where push_certificate.version = excluded.version - 1", CERTIFICATE.replace());
    tx.execute_versioned(&sql, values(certificate, certificate.version.saturating_add(1))?).await
}

/// Asks for a device to be woken at `due_at`, or earlier if that was asked before.
///
/// # Errors
/// The engine's.
pub async fn wake_request(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    due_at: Time,
) -> Result<(), StoreError> {
    let sql = "insert into wake (tenant_id, device_id, due, attempts) values ($1, $2, $3, 0) \
        on conflict (tenant_id, device_id) do update set due = excluded.due where wake.due > excluded.due";
    tx.execute(sql, params![tenant, device, due_at]).await.map(drop)
}

/// Claims devices of every tenant that are due, longest first: for [`WAKE_LEASE`] no other call gets them. One that
/// cannot be reached is taken off the list instead.
///
/// # Errors
/// The engine's.
pub async fn wakes_due(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<Wake>, StoreError> {
    let sql = format!(
        "update wake set due = $2 where (tenant_id, device_id) in \
         (select tenant_id, device_id from wake where due <= $1 order by due, tenant_id, device_id limit $3{}) \
         returning tenant_id, device_id, attempts",
        tx.skip_locked()
    );
    let claimed = tx.returning(&sql, params![now, now.plus(WAKE_LEASE), limit]).await?;
    let mut wakes = Vec::with_capacity(claimed.len());
    for mut row in claimed {
        let (tenant, device, attempts) = (row.id()?, row.id()?, row.u32()?);
        match reachable(tx, &tenant, &device).await? {
            Some(target) => wakes.push(Wake { tenant, device, target, attempts }),
            None => wake_settle(tx, &tenant, &device, Time::NEVER, attempts).await?,
        }
    }
    wakes.sort_by(|a, b| (&a.tenant, &a.device).cmp(&(&b.tenant, &b.device)));
    Ok(wakes)
}

async fn reachable(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<Option<PushTarget>, StoreError> {
    let sql = "select push from managed_device where tenant_id = $1 and id = $2";
    let target = tx.query_opt(sql, params![tenant, device]).await?;
    let target: Option<PushTarget> = target.map_or(Ok(None), |mut row| row.opt_json())?;
    Ok(target.filter(|target| target.unreachable.is_none()))
}

/// When the first wake of any tenant is due; none: nobody waits.
///
/// # Errors
/// The engine's.
pub async fn next_wake_due(tx: &mut Tx<'_>) -> Result<Option<Time>, StoreError> {
    let row = tx.query_opt("select min(due) from wake", Vec::new()).await?;
    let due = row.map_or(Ok(None), |mut row| row.opt_time())?;
    Ok(due.filter(|due| *due != Time::NEVER))
}

/// Ends a claim: the device is due again at `next_due`, or [`Time::NEVER`].
///
/// # Errors
/// The engine's.
pub async fn wake_settle(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    next_due: Time,
    attempts: u32,
) -> Result<(), StoreError> {
    let sql = "update wake set due = $3, attempts = $4 where tenant_id = $1 and device_id = $2";
    tx.execute(sql, params![tenant, device, next_due, attempts]).await.map(drop)
}

/// Ends the claim that lasts until `claimed_until` as [`wake_settle`] does; whether it still stood. It stands no more
/// when the device was heard from meanwhile or something new waits for it: then that decides when it is due.
///
/// # Errors
/// The engine's.
pub async fn wake_settle_claim(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    claimed_until: Time,
    next_due: Time,
    attempts: u32,
) -> Result<bool, StoreError> {
    let sql = "update wake set due = $3, attempts = $4 where tenant_id = $1 and device_id = $2 and due = $5";
    Ok(tx.execute(sql, params![tenant, device, next_due, attempts, claimed_until]).await? > 0)
}

/// Notes that a device cannot be reached by `target` until it sends a new token, and asks for it no more. Changes
/// nothing when the device has sent one since that target was read: the answer is about the old one.
///
/// # Errors
/// [`StoreError::Conflict`] if the device changed meanwhile.
pub async fn mark_unreachable(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    target: &PushTarget,
    words: &str,
) -> Result<(), StoreError> {
    let Some(mut found) = managed_device::get(tx, tenant, device).await? else { return Ok(()) };
    let Some(push) = found.push.as_mut().filter(|push| *push == target) else { return Ok(()) };
    push.unreachable = Some(words.to_owned());
    let sql = "update wake set due = $3 where tenant_id = $1 and device_id = $2";
    tx.execute(sql, params![tenant, device, Time::NEVER]).await?;
    managed_device::update(tx, &found).await
}
