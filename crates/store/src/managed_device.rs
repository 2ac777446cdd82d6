//! Enrolled devices.

use std::sync::LazyLock;

use domain::command::Purpose;
use domain::managed_device::{Caller, ManagedDevice, PendingEnrollment, PinnedCertificate, Stage};
use domain::{ManagedDeviceId, Platform, Serial, TenantId, Time};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

static TABLE: Table = Table {
    name: "managed_device",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("serial", Text),
        ("udid", Text),
        ("device_id", Text),
        ("token_id", Text),
        ("profile_id", Text),
        ("profile_name", Text),
        ("profile_name_fold", Text),
        ("platform", Text),
        ("stage", Text),
        ("enrolment", Int),
        ("fingerprint", Text),
        ("not_after", Int),
        ("next_fingerprint", Text),
        ("next_not_after", Int),
        ("pending", Text),
        ("pending_fingerprint", Text),
        ("rival", Text),
        ("info", Text),
        ("device_name", Text),
        ("device_name_fold", Text),
        ("operating_system", Text),
        ("os_version", Text),
        ("model_fold", Text),
        ("imei", Text),
        ("supervised", Bool),
        ("encrypted", Bool),
        ("total_storage", Int),
        ("free_storage", Int),
        ("push", Text),
        ("awaiting_configuration", Bool),
        ("name_override", Text),
        ("served_at", Int),
        ("enrolled_at", Int),
        ("last_seen", Int),
    ],
    // Flushed in batches by `touch_last_seen`, which asks for no version and changes none.
    fixed: &["last_seen"],
    texts: Texts::new(),
};

/// Graph's properties of `managedDevice` and where they are stored. What Graph never shows as null is none here either:
/// an unknown date is 0001-01-01 (-62135596800 s), an unknown truth false, an unknown size 0.
pub const COLUMNS: &[Column] = &[
    Column::new("id", "m.id").fold("lower(m.id)"),
    Column::new("serialNumber", "m.serial").fold("lower(m.serial)"),
    Column::new("udid", "m.udid").fold("lower(m.udid)"),
    Column::new("deviceName", "m.device_name").fold("m.device_name_fold").nullable(),
    Column::new("enrollmentProfileName", "m.profile_name").fold("m.profile_name_fold"),
    Column::new("operatingSystem", "m.operating_system").fold("lower(m.operating_system)"),
    Column::new("osVersion", "m.os_version").fold("lower(m.os_version)").nullable(),
    Column::new("model", "m.model_fold").fold("m.model_fold").nullable(),
    Column::new("imei", "m.imei").fold("lower(m.imei)").nullable(),
    Column::new("manufacturer", "cast('Apple' as text)").fold("cast('apple' as text)"),
    Column::new("managementAgent", "cast('mdm' as text)").fold("cast('mdm' as text)"),
    Column::new("managedDeviceOwnerType", "cast('company' as text)").fold("cast('company' as text)"),
    Column::new("isSupervised", "coalesce(m.supervised, 1 = 0)"),
    Column::new("isEncrypted", "coalesce(m.encrypted, 1 = 0)"),
    Column::new("totalStorageSpaceInBytes", "coalesce(m.total_storage, 0)"),
    Column::new("freeStorageSpaceInBytes", "coalesce(m.free_storage, 0)"),
    Column::new("enrolledDateTime", "coalesce(m.enrolled_at, -62135596800000000)"),
    Column::new("lastSyncDateTime", "coalesce(m.last_seen, m.enrolled_at, -62135596800000000)"),
    Column::new("managementCertificateExpirationDate", "coalesce(m.not_after, -62135596800000000)"),
    Column::new("platform", "m.platform").fold("lower(m.platform)"),
    Column::new("stage", "m.stage").fold("lower(m.stage)"),
    Column::new("tokenId", "m.token_id").fold("lower(m.token_id)"),
    Column::new("profileId", "m.profile_id").fold("lower(m.profile_id)"),
];

/// Graph's word for what runs on a device.
fn operating_system(device: &ManagedDevice) -> &'static str {
    let info = &device.info;
    let name = info.product_name.as_deref().or(info.model_name.as_deref()).unwrap_or_default();
    match device.platform {
        Platform::Ios if name.starts_with("iPad") => "iPadOS",
        Platform::Ios => "iOS",
        other => other.as_str(),
    }
}

fn values(device: &ManagedDevice) -> Result<Vec<Value>, StoreError> {
    let info = &device.info;
    let model = info.model_name.as_deref().or(info.product_name.as_deref());
    let (current, next) = (device.certificate.as_ref(), device.next_certificate.as_ref());
    let pending = device.pending.as_ref().and_then(|pending| pending.certificate.as_ref());
    Ok(params![
        &device.tenant,
        &device.id,
        device.version,
        &device.serial,
        Value::key(&device.udid)?,
        &device.device,
        &device.token,
        &device.profile,
        &device.profile_name,
        fold(&device.profile_name),
        device.platform,
        Value::word(&device.stage)?,
        device.enrolment,
        current.map(|pin| &pin.fingerprint),
        current.map(|pin| pin.not_after),
        next.map(|pin| &pin.fingerprint),
        next.map(|pin| pin.not_after),
        Value::opt_json(device.pending.as_ref())?,
        pending.map(|pin| &pin.fingerprint),
        Value::opt_json(device.rival.as_ref())?,
        Value::json(info)?,
        info.device_name.as_ref(),
        info.device_name.as_deref().map(fold),
        operating_system(device),
        info.os_version.as_ref(),
        model.map(fold),
        info.imei.as_ref(),
        info.is_supervised,
        info.is_encrypted,
        info.total_storage_bytes,
        info.free_storage_bytes,
        Value::opt_json(device.push.as_ref())?,
        device.awaiting_configuration,
        device.name_override.as_ref(),
        device.served_at,
        device.enrolled_at,
        device.last_seen,
    ])
}

fn decode_pin(row: &mut Row) -> Result<Option<PinnedCertificate>, StoreError> {
    let (fingerprint, not_after) = (row.opt_text()?, row.opt_time()?);
    Ok(fingerprint
        .zip(not_after)
        .map(|(fingerprint, not_after)| PinnedCertificate { fingerprint, not_after }))
}

fn decode(row: &mut Row) -> Result<ManagedDevice, StoreError> {
    let (tenant, id, version, serial, udid) = (row.id()?, row.id()?, row.int()?, row.id()?, row.text()?);
    let (device, token, profile) = (row.id()?, row.id()?, row.id()?);
    let (profile_name, _fold) = (row.text()?, row.text()?);
    let (platform, stage, enrolment) = (row.word()?, row.word()?, row.int()?);
    let (certificate, next_certificate) = (decode_pin(row)?, decode_pin(row)?);
    let pending: Option<PendingEnrollment> = row.opt_json()?;
    let _fingerprint_beside_it = row.opt_text()?;
    let (rival, info) = (row.opt_json()?, row.json()?);
    // Beside the JSON for statements only: name, system, version, model, IMEI, two truth values, two sizes.
    for _ in 0..10 {
        row.value()?;
    }
    Ok(ManagedDevice {
        tenant,
        id,
        version,
        serial,
        udid,
        device,
        token,
        profile,
        profile_name,
        platform,
        stage,
        enrolment,
        certificate,
        next_certificate,
        pending,
        rival,
        info,
        push: row.opt_json()?,
        awaiting_configuration: row.bool()?,
        name_override: row.opt_text()?,
        served_at: row.time()?,
        enrolled_at: row.opt_time()?,
        last_seen: row.opt_time()?,
    })
}

async fn one(tx: &mut Tx<'_>, rest: &str, params: Vec<Value>) -> Result<Option<ManagedDevice>, StoreError> {
    tx.query_opt(&TABLE.select(rest), params).await?.map(|mut row| decode(&mut row)).transpose()
}

/// Adds a device.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id, or its serial in this tenant, exists.
pub async fn insert(tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(device)?).await.map(drop)
}

/// Writes a device back, but for `last_seen`, which is [`touch_last_seen`]'s.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(device)?).await
}

/// As [`update`], only what differs from the device as it was read.
///
/// # Errors
/// As [`update`].
pub async fn update_from(
    tx: &mut Tx<'_>,
    before: &ManagedDevice,
    device: &ManagedDevice,
) -> Result<(), StoreError> {
    let (sql, params) = TABLE.update_changed(&values(before)?, values(device)?);
    tx.execute_versioned(&sql, params).await
}

/// Deletes a device with its queue, plan, wake and history; whether there was one. Its secrets are the caller's.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &ManagedDeviceId) -> Result<bool, StoreError> {
    for sql in [
        "delete from command where tenant_id = $1 and device_id = $2",
        "delete from command_history where tenant_id = $1 and device_id = $2",
        "delete from setup_plan where tenant_id = $1 and device_id = $2",
        "delete from wake where tenant_id = $1 and device_id = $2",
        "delete from challenge where tenant_id = $1 and device_id = $2",
    ] {
        tx.execute(sql, params![tenant, id]).await?;
    }
    Ok(tx.execute("delete from managed_device where tenant_id = $1 and id = $2", params![tenant, id]).await?
        > 0)
}

/// The device with this id.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ManagedDeviceId,
) -> Result<Option<ManagedDevice>, StoreError> {
    one(tx, "where tenant_id = $1 and id = $2", params![tenant, id]).await
}

/// The device with this serial.
///
/// # Errors
/// The engine's.
pub async fn by_serial(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    serial: &Serial,
) -> Result<Option<ManagedDevice>, StoreError> {
    one(tx, "where tenant_id = $1 and serial = $2", params![tenant, serial]).await
}

/// The device that enrolled with this UDID; of several, the one that was served last.
///
/// # Errors
/// The engine's.
pub async fn by_udid(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    udid: &str,
) -> Result<Option<ManagedDevice>, StoreError> {
    let rest = "where tenant_id = $1 and udid = $2 order by served_at desc, id limit 1";
    one(tx, rest, params![tenant, udid]).await
}

/// The device that holds the identity with this SHA-256 (hex), as its current, its renewed or its pending one, in any
/// tenant. The caller holds the tenant against the one that was called.
///
/// # Errors
/// The engine's.
pub async fn by_certificate(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<ManagedDevice>, StoreError> {
    // Without an order: for one, PostgreSQL would rather walk through all devices in that order until it meets the one.
    for rest in ["where m.fingerprint = $1", OTHER_IDENTITY] {
        let sql = format!("{} {rest}", &*BY_IDENTITY);
        if let Some(mut row) = tx.query_opt(&sql, params![fingerprint]).await? {
            return decode(&mut row).map(Some);
        }
    }
    Ok(None)
}

/// The identities that a device may hold besides its current one.
const OTHER_IDENTITY: &str = "where m.next_fingerprint = $1 or m.pending_fingerprint = $1";

static BY_IDENTITY: LazyLock<String> =
    LazyLock::new(|| format!("select {} from managed_device m", TABLE.list_of("m")));

/// The device whose current identity this is, in any tenant, and how many commands it has pending: all that an idle
/// check-in needs to know, in one statement that looks into one index.
///
/// # Errors
/// The engine's.
pub async fn calling(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<(Caller, u64)>, StoreError> {
    let sql = "select m.tenant_id, m.id, m.udid, m.not_after, \
        (select count(*) from command c where c.tenant_id = m.tenant_id and c.device_id = m.id) \
        from managed_device m where m.fingerprint = $1";
    let Some(mut row) = tx.query_opt(sql, params![fingerprint]).await? else { return Ok(None) };
    let caller = Caller { tenant: row.id()?, id: row.id()?, udid: row.text()?, not_after: row.time()? };
    Ok(Some((caller, row.u64()?)))
}

/// One page of a tenant's devices.
///
/// # Errors
/// [`StoreError::Query`] for a property without a column.
pub async fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    query: &PageQuery,
) -> Result<Page<ManagedDevice>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("m"),
        from: "managed_device m",
        condition: "m.tenant_id = $1",
        params: params![tenant],
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// Notes when devices were last heard from. Never goes back, and leaves versions as they are.
///
/// # Errors
/// The engine's.
pub async fn touch_last_seen(
    tx: &mut Tx<'_>,
    seen: &[(TenantId, ManagedDeviceId, Time)],
) -> Result<(), StoreError> {
    let mut latest = std::collections::BTreeMap::new();
    for (tenant, device, at) in seen {
        let kept = latest.entry((tenant, device)).or_insert(*at);
        *kept = (*kept).max(*at);
    }
    let rows = latest.into_iter().map(|((tenant, device), at)| params![tenant, device, at]).collect();
    let sql = "with v(tenant_id, id, at) as ({rows}) \
        update managed_device set last_seen = v.at from v \
        where managed_device.tenant_id = v.tenant_id and managed_device.id = v.id \
        and (managed_device.last_seen is null or managed_device.last_seen < v.at)";
    tx.execute_rows(sql, &[Text, Text, Int], rows).await.map(drop)
}

/// Devices of a tenant, under management, whose identity ends before `before` and which hold no renewed one; soonest
/// first.
///
/// # Errors
/// The engine's.
pub async fn expiring_identities(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    before: Time,
    limit: u32,
) -> Result<Vec<ManagedDevice>, StoreError> {
    let sql = TABLE.select(
        "where tenant_id = $1 and not_after < $2 and (next_not_after is null or next_not_after < $2) \
         and stage in ('authenticated', 'awaitingConfiguration', 'enrolled') \
         order by not_after, id limit $3",
    );
    let rows = tx.list(&sql, params![tenant, before, limit]).await?;
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// Devices of every tenant whose identity is to be renewed: as [`expiring_identities`], if they can be woken and no
/// offer waits for them yet. So devices that never answer do not stand before the others (lessons 60, 61).
///
/// # Errors
/// The engine's.
pub async fn identities_to_renew(
    tx: &mut Tx<'_>,
    before: Time,
    limit: u32,
) -> Result<Vec<ManagedDevice>, StoreError> {
    let sql = TABLE.select(
        "where not_after < $1 and (next_not_after is null or next_not_after < $1) \
         and stage in ('authenticated', 'awaitingConfiguration', 'enrolled') and push is not null \
         and not exists (select 1 from command c where c.tenant_id = managed_device.tenant_id \
            and c.device_id = managed_device.id and c.purpose = $2) \
         order by not_after, tenant_id, id limit $3",
    );
    let offered = Value::json(&Purpose::IdentityRenewal)?;
    let rows = tx.list(&sql, params![before, offered, limit]).await?;
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// How many devices of a tenant are at each stage; stages without a device are left out.
///
/// # Errors
/// The engine's.
pub async fn count_by_stage(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<(Stage, u64)>, StoreError> {
    let sql = "select stage, count(*) from managed_device where tenant_id = $1 group by stage order by stage";
    let rows = tx.list(sql, params![tenant]).await?;
    rows.into_iter().map(|mut row| Ok((row.word()?, row.u64()?))).collect()
}

/// Devices whose serial a second UDID has claimed, by id.
///
/// # Errors
/// The engine's.
pub async fn rivals(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limit: u32,
) -> Result<Vec<ManagedDevice>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and rival is not null order by id limit $2");
    let rows = tx.list(&sql, params![tenant, limit]).await?;
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}
