//! The queue of commands, and what became of those that ended.

use domain::command::{Command, CommandOutcome, CommandState, FinishedCommand};
use domain::{CommandId, ManagedDeviceId, TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Bytes, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "command",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("device_id", Text),
        ("id", Text),
        ("enrolment", Int),
        ("request_type", Text),
        ("sealed", Bytes),
        ("purpose", Text),
        ("state", Text),
        ("seq", Int),
        ("queued_at", Int),
        ("sent_at", Int),
        ("expires_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

static HISTORY: Table = Table {
    name: "command_history",
    key: 0,
    columns: &[
        ("tenant_id", Text),
        ("device_id", Text),
        ("id", Text),
        ("request_type", Text),
        ("purpose", Text),
        ("outcome", Text),
        ("queued_at", Int),
        ("finished_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// Binds a sealed body to its command. A body may carry an unlock token or a password, so none is stored in clear.
pub(crate) fn place(tenant: &str, device: &str, id: &str) -> Vec<u8> {
    format!("muster/command/{tenant}/{device}/{id}").into_bytes()
}

fn place_of(command: &Command) -> Vec<u8> {
    place(command.tenant.as_str(), command.device.as_str(), command.id.as_str())
}

fn values(tx: &Tx<'_>, command: &Command) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &command.tenant,
        &command.device,
        &command.id,
        command.enrolment,
        &command.request_type,
        tx.seal.seal(&place_of(command), &command.body)?,
        Value::json(&command.purpose)?,
        Value::word(&command.state)?,
        command.seq,
        command.queued_at,
        command.sent_at,
        command.expires_at,
    ])
}

fn decode(tx: &Tx<'_>, mut row: Row) -> Result<Command, StoreError> {
    let (tenant, device, id) = (row.id()?, row.id()?, row.id()?);
    let (enrolment, request_type, sealed) = (row.int()?, row.text()?, row.bytes()?);
    let mut command = Command {
        tenant,
        device,
        id,
        enrolment,
        request_type,
        body: Vec::new(),
        purpose: row.json()?,
        state: row.word()?,
        seq: row.int()?,
        queued_at: row.time()?,
        sent_at: row.opt_time()?,
        expires_at: row.time()?,
    };
    command.body = tx.seal.open(&place_of(&command), &sealed)?.to_vec();
    Ok(command)
}

fn decode_finished(mut row: Row) -> Result<FinishedCommand, StoreError> {
    Ok(FinishedCommand {
        tenant: row.id()?,
        device: row.id()?,
        id: row.id()?,
        request_type: row.text()?,
        purpose: row.json()?,
        outcome: row.json()?,
        queued_at: row.time()?,
        finished_at: row.time()?,
    })
}

/// Queues a command.
///
/// # Errors
/// [`StoreError::Duplicate`] if the device has a pending command with this id.
pub async fn enqueue(tx: &mut Tx<'_>, command: &Command) -> Result<(), StoreError> {
    let values = values(tx, command)?;
    tx.execute(TABLE.insert(), values).await.map(drop)
}

/// The command to hand out next: the first that is queued, or was handed out and not answered. Equal `seq`: the one
/// that was queued first.
///
/// # Errors
/// The engine's; [`StoreError::Sealed`] if its body does not open.
pub async fn next_for(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<Option<Command>, StoreError> {
    let sql = TABLE.select(
        "where tenant_id = $1 and device_id = $2 and state in ('queued', 'sent') \
         order by seq, queued_at, id limit 1",
    );
    let row = tx.query_opt(&sql, params![tenant, device]).await?;
    row.map(|row| decode(tx, row)).transpose()
}

/// The pending command with this id.
///
/// # Errors
/// The engine's; [`StoreError::Sealed`] if its body does not open.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    id: &CommandId,
) -> Result<Option<Command>, StoreError> {
    let row = tx.query_opt(TABLE.get(), params![tenant, device, id]).await?;
    row.map(|row| decode(tx, row)).transpose()
}

/// Every pending command of a device, in order.
///
/// # Errors
/// The engine's; [`StoreError::Sealed`] if a body does not open.
pub async fn pending(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<Vec<Command>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and device_id = $2 order by seq, queued_at, id");
    let rows = tx.query(&sql, params![tenant, device]).await?;
    rows.into_iter().map(|row| decode(tx, row)).collect()
}

/// Moves a pending command to another state; whether there was one. `sent_at` none leaves the time as it is.
///
/// # Errors
/// The engine's.
pub async fn set_state(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    id: &CommandId,
    state: CommandState,
    sent_at: Option<Time>,
) -> Result<bool, StoreError> {
    let sql = "update command set state = $4, sent_at = coalesce(cast($5 as bigint), sent_at) \
        where tenant_id = $1 and device_id = $2 and id = $3";
    Ok(tx.execute(sql, params![tenant, device, id, Value::word(&state)?, sent_at]).await? > 0)
}

/// Queues anew what the device said `NotNow` to, as it has connected anew; how many.
///
/// # Errors
/// The engine's.
pub async fn reset_not_now(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<u64, StoreError> {
    let sql =
        "update command set state = 'queued' where tenant_id = $1 and device_id = $2 and state = 'notNow'";
    tx.execute(sql, params![tenant, device]).await
}

/// Moves a command from the queue to history; whether it was pending. An answer given twice changes nothing.
///
/// # Errors
/// The engine's.
pub async fn finish(tx: &mut Tx<'_>, finished: &FinishedCommand) -> Result<bool, StoreError> {
    let sql = "delete from command where tenant_id = $1 and device_id = $2 and id = $3";
    if tx.execute(sql, params![&finished.tenant, &finished.device, &finished.id]).await? == 0 {
        return Ok(false);
    }
    let values = params![
        &finished.tenant,
        &finished.device,
        &finished.id,
        &finished.request_type,
        Value::json(&finished.purpose)?,
        Value::json(&finished.outcome)?,
        finished.queued_at,
        finished.finished_at,
    ];
    tx.execute(HISTORY.insert(), values).await?;
    Ok(true)
}

/// Ends every pending command of a device as cancelled; how many.
///
/// # Errors
/// The engine's.
pub async fn cancel_all(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    now: Time,
) -> Result<u64, StoreError> {
    let sql = "insert into command_history \
        (tenant_id, device_id, id, request_type, purpose, outcome, queued_at, finished_at) \
        select tenant_id, device_id, id, request_type, purpose, cast($3 as text), queued_at, cast($4 as bigint) \
        from command where tenant_id = $1 and device_id = $2 order by seq, queued_at, id";
    tx.execute(sql, params![tenant, device, Value::json(&CommandOutcome::Cancelled)?, now]).await?;
    tx.execute("delete from command where tenant_id = $1 and device_id = $2", params![tenant, device]).await
}

/// How many commands a device has pending.
///
/// # Errors
/// The engine's.
pub async fn pending_count(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<u64, StoreError> {
    let sql = "select count(*) from command where tenant_id = $1 and device_id = $2";
    let row = tx.query_opt(sql, params![tenant, device]).await?;
    row.map_or(Ok(0), |mut row| row.u64())
}

/// How many commands a tenant has pending, and since when the oldest waits.
///
/// # Errors
/// The engine's.
pub async fn pending_total(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<(u64, Option<Time>), StoreError> {
    let sql = "select count(*), min(queued_at) from command where tenant_id = $1";
    let row = tx.query_opt(sql, params![tenant]).await?;
    row.map_or(Ok((0, None)), |mut row| Ok((row.u64()?, row.opt_time()?)))
}

/// The highest `seq` of a device's pending commands; none: the queue is empty.
///
/// # Errors
/// The engine's.
pub async fn last_seq(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
) -> Result<Option<i64>, StoreError> {
    let sql = "select max(seq) from command where tenant_id = $1 and device_id = $2";
    tx.query_opt(sql, params![tenant, device]).await?.map_or(Ok(None), |mut row| row.opt_int())
}

/// The last commands of a device that ended, newest first.
///
/// # Errors
/// The engine's.
pub async fn history(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    device: &ManagedDeviceId,
    limit: u32,
) -> Result<Vec<FinishedCommand>, StoreError> {
    let sql = HISTORY.select("where tenant_id = $1 and device_id = $2 order by n desc limit $3");
    tx.query(&sql, params![tenant, device, limit]).await?.into_iter().map(decode_finished).collect()
}

/// Pending commands of every tenant whose time is over, longest first.
///
/// # Errors
/// The engine's; [`StoreError::Sealed`] if a body does not open.
pub async fn expired(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<Command>, StoreError> {
    let sql = TABLE.select("where expires_at <= $1 order by expires_at, tenant_id, device_id, id limit $2");
    let rows = tx.query(&sql, params![now, limit]).await?;
    rows.into_iter().map(|row| decode(tx, row)).collect()
}

/// Deletes the oldest history that ended before `before`, at most `limit` rows; how many. Looks at no more than that many:
/// history is only ever appended to, so the oldest stand first.
///
/// # Errors
/// The engine's.
pub async fn history_prune(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from command_history where n in (select n from \
        (select n, finished_at from command_history order by n limit $2) as oldest where finished_at < $1)";
    tx.execute(sql, params![before, limit]).await
}
