//! The gap between the profile that a serial should have and the one that Apple says it has.

use domain::device::{AppleRecord, Assignment, Device};
use domain::{ProfileId, Serial, TenantId, Time, TokenId};
use query::fold;

use super::{TABLE, decode, outcome_word, platform_word};
use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

/// A serial whose profile at Apple is not the wanted one.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The serial.
    pub device: Device,
    /// The profile it should have.
    pub wanted: ProfileId,
    /// Its UUID at Apple; none until its present content has been defined there.
    pub wanted_uuid: Option<String>,
}

/// `w`: live serials with the profile they want: the chosen one, else the token's default for the platform as long as
/// the serial has never enrolled. `g`: where the profile's UUID at Apple is another than the serial's.
const GAPS: &str = "with w as ( \
        select d.*, coalesce(d.wanted_profile, case when d.enrolled_at is null then case d.platform \
            when 'ios' then t.default_ios when 'macOS' then t.default_macos \
            when 'tvOS' then t.default_tvos when 'visionOS' then t.default_visionos end end) as wanted \
        from device d join token t on t.tenant_id = d.tenant_id and t.id = d.token_id \
        where d.tenant_id = $1 and d.token_id = $2 and d.present and d.deleted_at is null), \
    g as ( \
        select w.*, p.current_uuid as uuid from w left join profile p \
            on p.tenant_id = w.tenant_id and p.token_id = w.token_id and p.id = w.wanted \
        where w.wanted is not null and (p.current_uuid is null or w.profile_uuid is null \
            or w.profile_uuid <> p.current_uuid or w.profile_status in ('empty', 'removed'))) ";

/// Serials of a token whose gap may be closed at `now`. Those that wait for their profile to be defined come last, so
/// that a profile which Apple refuses holds up no other.
///
/// # Errors
/// The engine's.
pub async fn assignment_gap(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    now: Time,
    limit: u32,
) -> Result<Vec<Gap>, StoreError> {
    let sql = format!(
        "{GAPS} select {}, g.wanted, g.uuid from g where g.retry_at <= $3 \
         order by case when g.uuid is null then 1 else 0 end, g.serial limit $4",
        TABLE.list_of("g"),
    );
    let gap =
        |mut row: Row| Ok(Gap { device: decode(&mut row)?, wanted: row.id()?, wanted_uuid: row.opt_text()? });
    tx.list(&sql, params![tenant, token, now, limit]).await?.into_iter().map(gap).collect()
}

/// When the first gap of a token may be closed, among those whose profile is defined; none: there is no such gap.
///
/// # Errors
/// The engine's.
pub async fn next_assignment_due(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
) -> Result<Option<Time>, StoreError> {
    // Not `where g.uuid is not null`: that invites PostgreSQL to go from each profile over all serials.
    let sql = format!("{GAPS} select min(case when g.uuid is not null then g.retry_at end) from g");
    let row = tx.list(&sql, params![tenant, token]).await?.into_iter().next();
    row.map_or(Ok(None), |mut row| row.opt_time())
}

/// Records what Apple answered, and what it thereby says of the serial. A serial that has gone meanwhile is left out.
///
/// It raises the version and does not ask for it: the answer is a fact, whatever was decided meanwhile.
///
/// # Errors
/// The engine's.
pub async fn set_assignment_results(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    results: &[(Serial, Assignment, Option<AppleRecord>)],
) -> Result<(), StoreError> {
    let mut plain = Vec::new();
    let mut with_record = Vec::new();
    let mut results: Vec<_> = results.iter().collect();
    results.sort_by(|a, b| a.0.cmp(&b.0));
    for (serial, assignment, record) in results {
        let mut row = assignment_values(tenant, token, serial, assignment)?;
        match record {
            None => plain.push(row),
            Some(apple) => {
                row.extend(params![
                    Value::json(apple)?,
                    &apple.family,
                    platform_word(&apple.family),
                    fold(&apple.model),
                    Value::word(&apple.profile_status)?,
                    apple.profile_uuid.as_ref(),
                ]);
                with_record.push(row);
            }
        }
    }
    const ASSIGNMENT: [crate::table::Shape; 9] = [Text, Text, Text, Text, Text, Text, Int, Int, Int];
    const WITH_RECORD: [crate::table::Shape; 15] =
        [Text, Text, Text, Text, Text, Text, Int, Int, Int, Text, Text, Text, Text, Text, Text];
    tx.execute_rows(SET_ASSIGNMENT, &ASSIGNMENT, plain).await?;
    tx.execute_rows(SET_WITH_RECORD, &WITH_RECORD, with_record).await?;
    Ok(())
}

const SET_ASSIGNMENT: &str = "with v(tenant_id, token_id, serial, assigned_uuid, outcome, outcome_word, \
        attempted_at, failures, retry_at) as ({rows}) \
    update device set version = device.version + 1, assigned_uuid = v.assigned_uuid, outcome = v.outcome, \
        outcome_word = v.outcome_word, attempted_at = v.attempted_at, failures = v.failures, retry_at = v.retry_at \
    from v where device.tenant_id = v.tenant_id and device.token_id = v.token_id and device.serial = v.serial";

const SET_WITH_RECORD: &str = "with v(tenant_id, token_id, serial, assigned_uuid, outcome, outcome_word, \
        attempted_at, failures, retry_at, apple, family, platform, model_fold, profile_status, profile_uuid) \
        as ({rows}) \
    update device set version = device.version + 1, assigned_uuid = v.assigned_uuid, outcome = v.outcome, \
        outcome_word = v.outcome_word, attempted_at = v.attempted_at, failures = v.failures, retry_at = v.retry_at, \
        apple = v.apple, family = v.family, platform = v.platform, model_fold = v.model_fold, \
        profile_status = v.profile_status, profile_uuid = v.profile_uuid \
    from v where device.tenant_id = v.tenant_id and device.token_id = v.token_id and device.serial = v.serial";

fn assignment_values(
    tenant: &TenantId,
    token: &TokenId,
    serial: &Serial,
    assignment: &Assignment,
) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        tenant,
        token,
        serial,
        assignment.profile_uuid.as_ref(),
        Value::opt_json(assignment.outcome.as_ref())?,
        outcome_word(assignment.outcome.as_ref()),
        assignment.attempted_at,
        assignment.failures,
        assignment.retry_at,
    ])
}
