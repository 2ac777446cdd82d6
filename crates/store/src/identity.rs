//! The tenant's device CA, one-time challenges, and the identities issued.

use domain::identity::Challenge;
use domain::{ManagedDeviceId, TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Bytes, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static CHALLENGE: Table = Table {
    name: "challenge",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("hash", Text),
        ("device_id", Text),
        ("enrolment", Int),
        ("expires_at", Int),
        ("used_at", Int),
        ("used_by", Text),
        ("certificate", Bytes),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(challenge: &Challenge) -> Vec<Value> {
    let used = challenge.used.as_ref();
    params![
        &challenge.tenant,
        &challenge.hash,
        &challenge.device,
        challenge.enrolment,
        challenge.expires_at,
        used.map(|(at, _)| *at),
        used.map(|(_, transaction)| transaction),
        challenge.certificate.as_deref(),
    ]
}

fn decode(mut row: Row) -> Result<Challenge, StoreError> {
    let (tenant, hash, device) = (row.id()?, row.text()?, row.id()?);
    let (enrolment, expires_at) = (row.int()?, row.time()?);
    let used = row.opt_time()?.zip(row.opt_text()?);
    Ok(Challenge { hash, tenant, device, enrolment, expires_at, used, certificate: row.opt_bytes()? })
}

/// Adds a challenge.
///
/// # Errors
/// [`StoreError::Duplicate`] if its hash exists.
pub async fn challenge_insert(tx: &mut Tx<'_>, challenge: &Challenge) -> Result<(), StoreError> {
    tx.execute(CHALLENGE.insert(), values(challenge)).await.map(drop)
}

/// The challenge with this hash, of any tenant, used or expired or not.
///
/// # Errors
/// The engine's.
pub async fn challenge_get(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Challenge>, StoreError> {
    let sql = CHALLENGE.select("where hash = $1");
    tx.query_opt(&sql, params![hash]).await?.map(decode).transpose()
}

/// Uses a challenge, once and before its end: notes the SCEP transaction and the certificate issued for it. Whether it
/// could be used; if not, nothing is written and no certificate may be given out.
///
/// # Errors
/// The engine's.
pub async fn challenge_use(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hash: &str,
    transaction: &str,
    certificate: &[u8],
    now: Time,
) -> Result<bool, StoreError> {
    let sql = "update challenge set used_at = $3, used_by = $4, certificate = $5 \
        where tenant_id = $1 and hash = $2 and used_at is null and expires_at > $3";
    Ok(tx.execute(sql, params![tenant, hash, now, transaction, certificate]).await? == 1)
}

/// Deletes the challenges of every tenant whose time is over; how many.
///
/// # Errors
/// The engine's.
pub async fn challenges_expire(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from challenge where (tenant_id, hash) in \
        (select tenant_id, hash from challenge where expires_at <= $1 limit $2)";
    tx.execute(sql, params![now, limit]).await
}

/// The certificate of the tenant's device CA, DER. Its key is a secret.
///
/// # Errors
/// The engine's.
pub async fn ca_get(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_opt("select certificate from ca where tenant_id = $1", params![tenant]).await?;
    row.map(|mut row| row.bytes()).transpose()
}

/// Adds the certificate of the tenant's device CA.
///
/// # Errors
/// [`StoreError::Duplicate`] if the tenant has one.
pub async fn ca_insert(tx: &mut Tx<'_>, tenant: &TenantId, certificate: &[u8]) -> Result<(), StoreError> {
    let sql = "insert into ca (tenant_id, certificate) values ($1, $2)";
    tx.execute(sql, params![tenant, certificate]).await.map(drop)
}

/// Records an identity certificate that was issued.
///
/// # Errors
/// [`StoreError::Duplicate`] if it was recorded before.
pub async fn issued_insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    fingerprint: &str,
    serial_hex: &str,
    not_after: Time,
    certificate: &[u8],
) -> Result<(), StoreError> {
    let sql = "insert into issued_identity \
        (tenant_id, device_id, fingerprint, serial_number, not_after, certificate) values ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, params![tenant, device, fingerprint, serial_hex, not_after, certificate]).await.map(drop)
}

/// Forgets the identities of a device that ended before `before`; how many.
///
/// # Errors
/// The engine's.
pub async fn issued_prune(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    before: Time,
) -> Result<u64, StoreError> {
    let sql = "delete from issued_identity where tenant_id = $1 and device_id = $2 and not_after < $3";
    tx.execute(sql, params![tenant, device, before]).await
}

/// The issued identity with this SHA-256 (hex): for which device, and its DER.
///
/// # Errors
/// The engine's.
pub async fn issued_get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    fingerprint: &str,
) -> Result<Option<(ManagedDeviceId, Vec<u8>)>, StoreError> {
    let sql = "select device_id, certificate from issued_identity where tenant_id = $1 and fingerprint = $2";
    let row = tx.query_opt(sql, params![tenant, fingerprint]).await?;
    row.map(|mut row| Ok((row.id()?, row.bytes()?))).transpose()
}
