//! Where a token's sync stands, and its runs.

use domain::sync::{SyncError, SyncRun, SyncState};
use domain::{RunId, TenantId, Time, TokenId};

use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static STATE: Table = Table {
    name: "sync_state",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("token_id", Text),
        ("version", Int),
        ("cursor_json", Text),
        ("pass", Int),
        ("pass_open", Bool),
        ("needs_full", Text),
        ("last_full_at", Int),
        ("last_manual_at", Int),
        ("last_triggered_at", Int),
        ("last_success_at", Int),
        ("last_error", Text),
        ("last_error_code", Int),
        ("next_due", Int),
        ("run_id", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

static RUN: Table = Table {
    name: "sync_run",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("token_id", Text),
        ("id", Text),
        ("kind", Text),
        ("started_by", Text),
        ("phase", Text),
        ("state", Text),
        ("started_at", Int),
        ("deadline", Int),
        ("finished_at", Int),
        ("pages", Int),
        ("counts", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn state_values(state: &SyncState) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &state.tenant,
        &state.token,
        state.version,
        Value::opt_json(state.cursor.as_ref())?,
        state.pass,
        state.pass_open,
        state.needs_full.as_ref().map(Value::word).transpose()?,
        state.last_full_at,
        state.last_manual_at,
        state.last_triggered_at,
        state.last_success_at,
        Value::opt_json(state.last_error.as_ref())?,
        state.last_error.as_ref().map_or(0, |error| error.code),
        state.next_due,
        state.run.as_ref(),
    ])
}

fn decode_state(mut row: Row) -> Result<SyncState, StoreError> {
    let (tenant, token, version, cursor) = (row.id()?, row.id()?, row.int()?, row.opt_json()?);
    let (pass, pass_open, needs_full) = (row.int()?, row.bool()?, row.opt_word()?);
    let (last_full_at, last_manual_at) = (row.opt_time()?, row.opt_time()?);
    let (last_triggered_at, last_success_at) = (row.opt_time()?, row.opt_time()?);
    let last_error: Option<SyncError> = row.opt_json()?;
    let _code_beside_the_error = row.int()?;
    Ok(SyncState {
        tenant,
        token,
        version,
        cursor,
        pass,
        pass_open,
        needs_full,
        last_full_at,
        last_manual_at,
        last_triggered_at,
        last_success_at,
        last_error,
        next_due: row.time()?,
        run: row.opt_id()?,
    })
}

fn run_values(run: &SyncRun) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &run.tenant,
        &run.token,
        &run.id,
        Value::word(&run.kind)?,
        Value::word(&run.trigger)?,
        Value::word(&run.phase)?,
        Value::json(&run.state)?,
        run.started_at,
        run.deadline,
        run.finished_at,
        run.pages,
        Value::json(&run.counts)?,
    ])
}

fn decode_run(mut row: Row) -> Result<SyncRun, StoreError> {
    Ok(SyncRun {
        tenant: row.id()?,
        token: row.id()?,
        id: row.id()?,
        kind: row.word()?,
        trigger: row.word()?,
        phase: row.word()?,
        state: row.json()?,
        started_at: row.time()?,
        deadline: row.time()?,
        finished_at: row.opt_time()?,
        pages: row.u32()?,
        counts: row.json()?,
    })
}

/// Where the sync of this token stands.
///
/// # Errors
/// The engine's.
pub async fn state(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
) -> Result<Option<SyncState>, StoreError> {
    tx.query_opt(STATE.get(), params![tenant, token]).await?.map(decode_state).transpose()
}

/// Adds the state of a new token.
///
/// # Errors
/// [`StoreError::Duplicate`] if the token has one.
pub async fn insert_state(tx: &mut Tx<'_>, state: &SyncState) -> Result<(), StoreError> {
    tx.execute(STATE.insert(), state_values(state)?).await.map(drop)
}

/// Writes a state back; in the same transaction as the rows that its cursor stands for.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update_state(tx: &mut Tx<'_>, state: &SyncState) -> Result<(), StoreError> {
    tx.execute_versioned(STATE.update(), state_values(state)?).await
}

/// Tokens of every tenant whose next run is due, longest due first.
///
/// # Errors
/// The engine's.
pub async fn due(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<(TenantId, TokenId)>, StoreError> {
    let sql = "select s.tenant_id, s.token_id from sync_state s \
        join token t on t.tenant_id = s.tenant_id and t.id = s.token_id \
        where s.next_due <= $1 and t.deleted_at is null order by s.next_due, s.token_id limit $2";
    let rows = tx.query(sql, params![now, limit]).await?;
    rows.into_iter().map(|mut row| Ok((row.id()?, row.id()?))).collect()
}

/// When the next run of any token is due; none if there is no token.
///
/// # Errors
/// The engine's.
pub async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Time>, StoreError> {
    let sql = "select s.next_due from sync_state s \
        join token t on t.tenant_id = s.tenant_id and t.id = s.token_id \
        where t.deleted_at is null order by s.next_due limit 1";
    tx.query_opt(sql, Vec::new()).await?.map(|mut row| row.time()).transpose()
}

/// Adds a run.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn run_insert(tx: &mut Tx<'_>, run: &SyncRun) -> Result<(), StoreError> {
    tx.execute(RUN.insert(), run_values(run)?).await.map(drop)
}

/// Writes a run back. Runs have no version: the lease on the token's sync keeps their writers apart.
///
/// # Errors
/// [`StoreError::Conflict`] if there is no such run.
pub async fn run_update(tx: &mut Tx<'_>, run: &SyncRun) -> Result<(), StoreError> {
    let sql = "update sync_run set kind = $4, started_by = $5, phase = $6, state = $7, started_at = $8, \
        deadline = $9, finished_at = $10, pages = $11, counts = $12 \
        where tenant_id = $1 and token_id = $2 and id = $3";
    tx.execute_versioned(sql, run_values(run)?).await
}

/// The run with this id.
///
/// # Errors
/// The engine's.
pub async fn run_get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    id: &RunId,
) -> Result<Option<SyncRun>, StoreError> {
    tx.query_opt(RUN.get(), params![tenant, token, id]).await?.map(decode_run).transpose()
}

/// The last runs of a token, newest first.
///
/// # Errors
/// The engine's.
pub async fn runs(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    limit: u32,
) -> Result<Vec<SyncRun>, StoreError> {
    let sql = RUN.select("where tenant_id = $1 and token_id = $2 order by started_at desc, id desc limit $3");
    tx.query(&sql, params![tenant, token, limit]).await?.into_iter().map(decode_run).collect()
}

/// Deletes runs that ended before `before`; how many.
///
/// # Errors
/// The engine's.
pub async fn runs_prune(tx: &mut Tx<'_>, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from sync_run where (tenant_id, token_id, id) in \
        (select tenant_id, token_id, id from sync_run where finished_at < $1 limit $2)";
    tx.execute(sql, params![before, limit]).await
}
