//! Setup plans.

use domain::setup::{ReleaseReason, SetupPlan, SetupState};
use domain::{ManagedDeviceId, TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "setup_plan",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("device_id", Text),
        ("enrolment", Int),
        ("version", Int),
        ("started_at", Int),
        ("deadline", Int),
        ("steps", Text),
        ("state", Text),
        ("state_word", Text),
        ("because", Text),
        ("active", Bool),
        ("due_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn words(state: &SetupState) -> (&'static str, Option<&ReleaseReason>) {
    match state {
        SetupState::Running { .. } => ("running", None),
        SetupState::Releasing { because, .. } => ("releasing", Some(because)),
        SetupState::Finished { .. } => ("finished", None),
        SetupState::Released { because, .. } => ("released", Some(because)),
        SetupState::Abandoned { .. } => ("abandoned", None),
    }
}

fn values(plan: &SetupPlan) -> Result<Vec<Value>, StoreError> {
    let (word, because) = words(&plan.state);
    Ok(params![
        &plan.tenant,
        &plan.device,
        plan.enrolment,
        plan.version,
        plan.started_at,
        plan.deadline,
        Value::json(&plan.steps)?,
        Value::json(&plan.state)?,
        word,
        because.map_or(Ok(Value::from("")), Value::word)?,
        plan.is_active(),
        plan.due_at,
    ])
}

fn decode(mut row: Row) -> Result<SetupPlan, StoreError> {
    let (tenant, device, enrolment, version) = (row.id()?, row.id()?, row.int()?, row.int()?);
    let (started_at, deadline, steps, state) = (row.time()?, row.time()?, row.json()?, row.json()?);
    // Beside the JSON for statements only: the state's word, its reason, whether it is active.
    let _ = (row.value()?, row.value()?, row.value()?);
    Ok(SetupPlan {
        tenant,
        device,
        enrolment,
        version,
        started_at,
        deadline,
        steps,
        state,
        due_at: row.time()?,
    })
}

async fn all(tx: &mut Tx<'_>, rest: &str, params: Vec<Value>) -> Result<Vec<SetupPlan>, StoreError> {
    tx.query(&TABLE.select(rest), params).await?.into_iter().map(decode).collect()
}

/// Stores the plan of a new enrolment, in place of the device's earlier one if it has one.
///
/// # Errors
/// The engine's.
pub async fn replace(tx: &mut Tx<'_>, plan: &SetupPlan) -> Result<(), StoreError> {
    tx.execute(TABLE.replace(), values(plan)?).await.map(drop)
}

/// Writes a plan back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, plan: &SetupPlan) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(plan)?).await
}

/// The plan of a device's last enrolment.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<Option<SetupPlan>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, device]).await?.map(decode).transpose()
}

/// Active plans of every tenant that the loop must look at, longest due first.
///
/// # Errors
/// The engine's.
pub async fn due(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<SetupPlan>, StoreError> {
    all(
        tx,
        "where active and due_at <= $1 order by due_at, tenant_id, device_id limit $2",
        params![now, limit],
    )
    .await
}

/// When the first active plan of any tenant is due; none: no plan is active.
///
/// # Errors
/// The engine's.
pub async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Time>, StoreError> {
    let row = tx.query_opt("select min(due_at) from setup_plan where active", Vec::new()).await?;
    row.map_or(Ok(None), |mut row| row.opt_time())
}

/// Active plans of a tenant after the given device, by device.
///
/// # Errors
/// The engine's.
pub async fn active(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    after: Option<&ManagedDeviceId>,
    limit: u32,
) -> Result<Vec<SetupPlan>, StoreError> {
    let after = after.map_or("", ManagedDeviceId::as_str);
    let rest = "where tenant_id = $1 and active and device_id > $2 order by device_id limit $3";
    all(tx, rest, params![tenant, after, limit]).await
}

/// Plans of a tenant whose device was released at its deadline, not because its steps had ended; newest first.
///
/// # Errors
/// The engine's.
pub async fn released_at_deadline(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limit: u32,
) -> Result<Vec<SetupPlan>, StoreError> {
    let rest = "where tenant_id = $1 and state_word = 'released' and because = 'deadline' \
        order by started_at desc, device_id limit $2";
    all(tx, rest, params![tenant, limit]).await
}

/// Plans of a tenant whose device has been told to leave Setup Assistant and has not, deadline before `before`.
///
/// # Errors
/// The engine's.
pub async fn stuck(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    before: Time,
    limit: u32,
) -> Result<Vec<SetupPlan>, StoreError> {
    let rest = "where tenant_id = $1 and state_word = 'releasing' and deadline < $2 \
        order by deadline, device_id limit $3";
    all(tx, rest, params![tenant, before, limit]).await
}
