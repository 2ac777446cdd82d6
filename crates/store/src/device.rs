//! Serials under tokens.

mod assignment;
mod gone;

use std::collections::BTreeSet;

use domain::device::{AppleRecord, Assignment, Device, Enrollment, Outcome, Presence};
use domain::{DeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Shape, Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

pub use assignment::{Gap, assignment_gap, next_assignment_due, set_assignment_results};
pub use gone::{mark_gone_unseen, note_seen};

static TABLE: Table = Table {
    name: "device",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("token_id", Text),
        ("serial", Text),
        ("id", Text),
        ("version", Int),
        ("apple", Text),
        ("family", Text),
        ("platform", Text),
        ("model_fold", Text),
        ("profile_status", Text),
        ("profile_uuid", Text),
        ("present", Bool),
        ("gone_at", Int),
        ("deleted_at", Int),
        ("seen_pass", Int),
        ("source", Text),
        ("description", Text),
        ("description_fold", Text),
        ("wanted_profile", Text),
        ("wanted_at", Int),
        ("assigned_uuid", Text),
        ("outcome", Text),
        ("outcome_word", Text),
        ("attempted_at", Int),
        ("failures", Int),
        ("retry_at", Int),
        ("enrollment_state", Text),
        ("managed_device", Text),
        ("enrolled_profile", Text),
        ("enrolled_at", Int),
        ("last_contact", Int),
        ("converted_at", Int),
        ("created_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// Graph's properties of `importedAppleDeviceIdentity`, some of Apple's, and where they are stored. What
/// Graph never shows as null is none here either: an unknown date is 0001-01-01 (-62135596800 s).
pub const COLUMNS: &[Column] = &[
    Column::new("id", "d.id").fold("lower(d.id)"),
    Column::new("serialNumber", "d.serial").fold("lower(d.serial)"),
    Column::new("tokenId", "d.token_id").fold("lower(d.token_id)"),
    Column::new("createdDateTime", "d.created_at"),
    Column::new("description", "d.description").fold("d.description_fold").nullable(),
    Column::new("discoverySource", "d.source").fold("lower(d.source)"),
    Column::new("enrollmentState", "d.enrollment_state").fold("lower(d.enrollment_state)"),
    Column::new("isDeleted", "(not d.present)"),
    Column::new(
        "isSupervised",
        "exists (select 1 from managed_device m where m.tenant_id = d.tenant_id and m.id = d.managed_device \
         and m.supervised)",
    ),
    Column::new("lastContactedDateTime", "coalesce(d.last_contact, -62135596800000000)"),
    Column::new("platform", "d.platform").fold("lower(d.platform)"),
    Column::new("requestedEnrollmentProfileAssignmentDateTime", "coalesce(d.wanted_at, -62135596800000000)"),
    Column::new("requestedEnrollmentProfileId", "d.wanted_profile")
        .fold("lower(d.wanted_profile)")
        .nullable(),
    Column::new("deviceFamily", "d.family").fold("lower(d.family)"),
    Column::new("model", "d.model_fold").fold("d.model_fold"),
    Column::new("profileStatus", "d.profile_status").fold("lower(d.profile_status)"),
    Column::new("profileUuid", "d.profile_uuid").fold("lower(d.profile_uuid)").nullable(),
];

/// Graph's word for a family that has no platform here.
const UNKNOWN_PLATFORM: &str = "unknown";

pub(crate) fn platform_word(family: &str) -> &'static str {
    Platform::from_family(family).map_or(UNKNOWN_PLATFORM, Platform::as_str)
}

/// The word that counts and conditions look at; the whole outcome is JSON beside it.
pub(crate) fn outcome_word(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "",
        Some(Outcome::Success) => "success",
        Some(Outcome::NotAccessible) => "notAccessible",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Throttled) => "throttled",
        Some(Outcome::Unanswered) => "unanswered",
        Some(Outcome::Other(_)) => "other",
    }
}

/// The values of [`TABLE`]'s columns, with this `version`.
fn values(device: &Device, version: i64) -> Result<Vec<Value>, StoreError> {
    let Device { apple, assignment, enrollment, .. } = device;
    let gone_at = match device.presence {
        Presence::Present => None,
        Presence::Gone { at } => Some(at),
    };
    Ok(params![
        &device.tenant,
        &device.token,
        &device.serial,
        &device.id,
        version,
        Value::json(apple)?,
        &apple.family,
        platform_word(&apple.family),
        fold(&apple.model),
        Value::word(&apple.profile_status)?,
        apple.profile_uuid.as_ref(),
        device.presence == Presence::Present,
        gone_at,
        device.deleted_at,
        device.seen_pass,
        Value::word(&device.source)?,
        device.description.as_ref(),
        device.description.as_deref().map(fold),
        device.wanted_profile.as_ref(),
        device.wanted_at,
        assignment.profile_uuid.as_ref(),
        Value::opt_json(assignment.outcome.as_ref())?,
        outcome_word(assignment.outcome.as_ref()),
        assignment.attempted_at,
        assignment.failures,
        assignment.retry_at,
        Value::word(&enrollment.state)?,
        enrollment.managed_device.as_ref(),
        enrollment.profile.as_ref(),
        enrollment.enrolled_at,
        enrollment.last_contact,
        device.converted_at,
        device.created_at,
    ])
}

fn decode(row: &mut Row) -> Result<Device, StoreError> {
    let (tenant, token, serial, id, version) = (row.id()?, row.id()?, row.id()?, row.id()?, row.int()?);
    let apple: AppleRecord = row.json()?;
    // Beside the JSON for statements only: family, platform, model, status, UUID.
    let _ = (row.value()?, row.value()?, row.value()?, row.value()?, row.value()?);
    let presence = match (row.bool()?, row.opt_time()?) {
        (true, _) => Presence::Present,
        (false, at) => Presence::Gone { at: at.unwrap_or(Time::EPOCH) },
    };
    let (deleted_at, seen_pass, source) = (row.opt_time()?, row.int()?, row.word()?);
    let (description, _fold) = (row.opt_text()?, row.opt_text()?);
    let (wanted_profile, wanted_at) = (row.opt_id()?, row.opt_time()?);
    let (profile_uuid, outcome, _word) = (row.opt_text()?, row.opt_json()?, row.text()?);
    let assignment = Assignment {
        profile_uuid,
        outcome,
        attempted_at: row.opt_time()?,
        failures: row.u32()?,
        retry_at: row.time()?,
    };
    let enrollment = Enrollment {
        state: row.word()?,
        managed_device: row.opt_id()?,
        profile: row.opt_id()?,
        enrolled_at: row.opt_time()?,
        last_contact: row.opt_time()?,
    };
    Ok(Device {
        tenant,
        token,
        id,
        version,
        serial,
        apple,
        presence,
        deleted_at,
        seen_pass,
        source,
        description,
        wanted_profile,
        wanted_at,
        assignment,
        enrollment,
        converted_at: row.opt_time()?,
        created_at: row.time()?,
    })
}

fn decode_all(rows: Vec<Row>) -> Result<Vec<Device>, StoreError> {
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// The rows of these serials under a token, gone and deleted ones too, in no order. A serial without a row is left out.
///
/// # Errors
/// The engine's.
pub async fn by_serials(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    serials: &[Serial],
) -> Result<Vec<Device>, StoreError> {
    let sql = format!(
        "with v(tenant_id, token_id, serial) as ({{rows}}) select {} from v \
         join device d on d.tenant_id = v.tenant_id and d.token_id = v.token_id and d.serial = v.serial",
        TABLE.list_of("d")
    );
    // One that is asked for twice is found once; in the order of the key its neighbours are in memory already.
    let serials: BTreeSet<&Serial> = serials.iter().collect();
    let rows = serials.into_iter().map(|serial| params![tenant, token, serial]).collect();
    decode_all(tx.list_rows(&sql, &[Text, Text, Text], rows).await?)
}

/// The row with this id under a token, gone or deleted or not.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    id: &DeviceId,
) -> Result<Option<Device>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and token_id = $2 and id = $3");
    tx.query_opt(&sql, params![tenant, token, id]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// The rows of this serial under every token of the tenant, gone and deleted ones too.
///
/// # Errors
/// The engine's.
pub async fn find_serial(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    serial: &Serial,
) -> Result<Vec<Device>, StoreError> {
    let sql =
        TABLE.select("where tenant_id = $1 and lower(serial) = lower($2) and serial = $2 order by token_id");
    decode_all(tx.query(&sql, params![tenant, serial]).await?)
}

/// Adds or writes back many rows, found by tenant, token and serial, in one statement. Each row's stored version
/// becomes the given one plus one; a row that exists must have the given one.
///
/// # Errors
/// [`StoreError::Conflict`] if any has changed since it was read, was added meanwhile, or is in here twice; then
/// nothing of the transaction is to be kept.
pub async fn upsert_many(tx: &mut Tx<'_>, devices: &[Device]) -> Result<(), StoreError> {
    let mut devices: Vec<&Device> = devices.iter().collect();
    // In the order of the key, so that two nodes lock in the same order.
    devices.sort_by(|a, b| (&a.tenant, &a.token, &a.serial).cmp(&(&b.tenant, &b.token, &b.serial)));
    let expected = u64::try_from(devices.len()).unwrap_or(u64::MAX);
    let rows = devices.iter().map(|device| values(device, device.version.saturating_add(1)));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let shapes: Vec<Shape> = TABLE.columns.iter().map(|(_, shape)| *shape).collect();
    match tx.execute_rows(&upsert_text(), &shapes, rows).await? {
        written if written == expected => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

fn upsert_text() -> String {
    let set = TABLE.columns.iter().skip(TABLE.key).map(|(name, _)| format!("{name} = excluded.{name}"));
    let list = TABLE.list();
    format!(
        "insert into device ({list}) {{rows}} \
         on conflict (tenant_id, token_id, serial) do update set {} where device.version = excluded.version - 1",
        set.collect::<Vec<_>>().join(", "),
    )
}

/// Writes a row back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, device: &Device) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(device, device.version)?).await
}

/// As [`update`], only what differs from the row as it was read.
///
/// # Errors
/// As [`update`].
pub async fn update_from(tx: &mut Tx<'_>, before: &Device, device: &Device) -> Result<(), StoreError> {
    let (sql, params) =
        TABLE.update_changed(&values(before, before.version)?, values(device, device.version)?);
    tx.execute_versioned(&sql, params).await
}

/// One page of the serials that are not deleted, of a token or of all.
///
/// # Errors
/// [`StoreError::Query`] for a property without a column.
pub async fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: Option<&TokenId>,
    query: &PageQuery,
) -> Result<Page<Device>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("d"),
        from: "device d",
        condition: if token.is_some() {
            "d.tenant_id = $1 and d.token_id = $2 and d.deleted_at is null"
        } else {
            "d.tenant_id = $1 and d.deleted_at is null"
        },
        params: match token {
            Some(token) => params![tenant, token],
            None => params![tenant],
        },
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// How many serials of a token are present and not deleted (`syncedDeviceCount`).
///
/// # Errors
/// The engine's.
pub async fn count(tx: &mut Tx<'_>, tenant: &TenantId, token: &TokenId) -> Result<u64, StoreError> {
    let sql = "select count(*) from device where tenant_id = $1 and token_id = $2 and present and deleted_at is null";
    tx.number(sql, params![tenant, token]).await
}

/// How many serials of a token, present and not deleted, an administrator gave this profile.
///
/// # Errors
/// The engine's.
pub async fn count_wanting(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    profile: &ProfileId,
) -> Result<u64, StoreError> {
    let sql = "select count(*) from device where tenant_id = $1 and wanted_profile = $3 and token_id = $2 \
        and present and deleted_at is null";
    tx.number(sql, params![tenant, token, profile]).await
}

/// How many serials of a token, present and not deleted, Apple has throttled until after `now`.
///
/// # Errors
/// The engine's.
pub async fn count_throttled(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    now: Time,
) -> Result<u64, StoreError> {
    let sql = "select count(*) from device where tenant_id = $1 and token_id = $2 and present \
        and deleted_at is null and outcome_word = 'throttled' and retry_at > $3";
    tx.number(sql, params![tenant, token, now]).await
}

/// Deletes for good what has been gone at Apple since before `before`; how many. A block is kept for ever: a restored
/// backup must not bring such a device back.
///
/// # Errors
/// The engine's.
pub async fn prune_gone(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from device where (tenant_id, token_id, serial) in \
        (select tenant_id, token_id, serial from device where not present and gone_at < $1 \
        and enrollment_state <> 'blocked' limit $2)";
    tx.execute(sql, params![before, limit]).await
}

/// Deletes every row of a token for good, as the token itself is deleted (R26); how many.
///
/// # Errors
/// The engine's.
pub async fn delete_all(tx: &mut Tx<'_>, tenant: &TenantId, token: &TokenId) -> Result<u64, StoreError> {
    tx.execute("delete from sync_seen where tenant_id = $1 and token_id = $2", params![tenant, token])
        .await?;
    tx.execute("delete from device where tenant_id = $1 and token_id = $2", params![tenant, token]).await
}
