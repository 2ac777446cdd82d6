//! The push certificate, and devices that want waking.

use std::time::Duration;

use domain::managed_device::PushTarget;
use domain::push::{PushCertificate, Wake};
use domain::{ManagedDeviceId, TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx, managed_device};

static CERTIFICATE: Table = Table {
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
    texts: Texts::new(),
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
    tx.query_opt(CERTIFICATE.get(), params![tenant]).await?.map(decode).transpose()
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
/// The row is written in either case, so that whoever settles it at the same time meets a conflict and looks again.
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
        on conflict (tenant_id, device_id) do update set \
        due = case when wake.due > excluded.due then excluded.due else wake.due end";
    tx.execute(sql, params![tenant, device, due_at]).await.map(drop)
}

/// Claims devices of every tenant that are due, longest first: for [`WAKE_LEASE`] no other call gets them. One that
/// has no token is taken off the list instead.
///
/// # Errors
/// The engine's.
pub async fn wakes_due(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<Wake>, StoreError> {
    let sql = format!(
        "update wake set due = $2 where (tenant_id, device_id) in \
         (select tenant_id, device_id from wake where due <= $1 order by due, tenant_id, device_id limit $3{}) \
         returning tenant_id, device_id, attempts, (select m.push from managed_device m \
         where m.tenant_id = wake.tenant_id and m.id = wake.device_id)",
        tx.skip_locked()
    );
    let claimed = tx.returning(&sql, params![now, now.plus(WAKE_LEASE), limit]).await?;
    let mut wakes = Vec::with_capacity(claimed.len());
    for mut row in claimed {
        let (tenant, device, attempts) = (row.id()?, row.id()?, row.u32()?);
        let target: Option<PushTarget> = row.opt_json()?;
        match target {
            Some(target) => wakes.push(Wake { tenant, device, target, attempts }),
            None => wake_settle(tx, &tenant, &device, Time::NEVER, attempts).await?,
        }
    }
    wakes.sort_by(|a, b| (&a.tenant, &a.device).cmp(&(&b.tenant, &b.device)));
    Ok(wakes)
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

/// How a claim ends that lasts until [`Settled::claimed_until`].
#[derive(Debug, Clone)]
pub struct Settled {
    /// Whose.
    pub tenant: TenantId,
    /// Which device was woken.
    pub device: ManagedDeviceId,
    /// The claim.
    pub claimed_until: Time,
    /// When it is to be woken again, if a command waits for it still.
    pub next_due: Time,
    /// How often it was woken in a row.
    pub attempts: u32,
}

/// Ends claims; how many still stood. One stands no more when the device was heard from meanwhile or something new waits
/// for it: then that decides when it is due. A device for which nothing waits is not woken again.
///
/// # Errors
/// The engine's.
pub async fn wakes_settle(tx: &mut Tx<'_>, settled: &[Settled]) -> Result<u64, StoreError> {
    let mut settled: Vec<&Settled> = settled.iter().collect();
    settled.sort_by(|a, b| (&a.tenant, &a.device).cmp(&(&b.tenant, &b.device)));
    let rows = settled
        .into_iter()
        .map(|one| {
            params![&one.tenant, &one.device, one.claimed_until, one.next_due, one.attempts, Time::NEVER]
        })
        .collect();
    let waits =
        "exists (select 1 from command c where c.tenant_id = v.tenant_id and c.device_id = v.device_id)";
    let sql = format!(
        "with v(tenant_id, device_id, claimed, due, attempts, never) as ({{rows}}) \
         update wake set due = case when {waits} then v.due else v.never end, \
         attempts = case when {waits} then v.attempts else 0 end from v \
         where wake.tenant_id = v.tenant_id and wake.device_id = v.device_id and wake.due = v.claimed"
    );
    tx.execute_rows(&sql, &[Text, Text, Int, Int, Int, Int], rows).await
}

/// Notes that a device cannot be reached by `target` until it sends a new token; that one is tried again at `due`, not
/// before. Changes nothing when the device has sent one since that target was read: the answer is about the old one.
///
/// # Errors
/// [`StoreError::Conflict`] if the device changed meanwhile.
pub async fn mark_unreachable(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    target: &PushTarget,
    words: &str,
    due: Time,
) -> Result<(), StoreError> {
    let Some(mut found) = managed_device::get(tx, tenant, device).await? else { return Ok(()) };
    let Some(push) = found.push.as_mut().filter(|push| *push == target) else { return Ok(()) };
    push.unreachable = Some(words.to_owned());
    let sql = "update wake set due = $3 where tenant_id = $1 and device_id = $2";
    tx.execute(sql, params![tenant, device, due]).await?;
    managed_device::update(tx, &found).await
}

/// Takes back what [`mark_unreachable`] noted of `target`: APNs has taken a push for it after all.
///
/// # Errors
/// [`StoreError::Conflict`] if the device changed meanwhile.
pub async fn mark_reachable(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    target: &PushTarget,
) -> Result<(), StoreError> {
    let Some(mut found) = managed_device::get(tx, tenant, device).await? else { return Ok(()) };
    let Some(push) = found.push.as_mut().filter(|push| *push == target) else { return Ok(()) };
    push.unreachable = None;
    managed_device::update(tx, &found).await
}
