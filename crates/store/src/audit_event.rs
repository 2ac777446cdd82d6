//! The audit log: appended to, read, and its oldest part forgotten. Nothing here changes a row.

use domain::audit::{AuditEvent, Chain};
use domain::{AuditEventId, TenantId, Time};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

static TABLE: Table = Table {
    name: "audit_event",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("sequence", Int),
        ("id", Text),
        ("at", Int),
        ("category", Text),
        ("activity", Text),
        ("activity_fold", Text),
        ("operation", Text),
        ("outcome", Text),
        ("words", Text),
        ("actor", Text),
        ("actor_name_fold", Text),
        ("resources", Text),
        ("correlation_id", Text),
        ("previous", Text),
        ("hash", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// Graph's properties of an event and where they are stored.
pub const COLUMNS: &[Column] = &[
    Column::new("id", "e.id").fold("lower(e.id)"),
    Column::new("activityDateTime", "e.at"),
    Column::new("category", "e.category").fold("lower(e.category)"),
    Column::new("activityType", "e.activity").fold("e.activity_fold"),
    Column::new("activity", "e.activity").fold("e.activity_fold"),
    Column::new("displayName", "e.activity").fold("e.activity_fold"),
    Column::new("activityOperationType", "e.operation").fold("lower(e.operation)"),
    Column::new("activityResult", "e.outcome").fold("lower(e.outcome)"),
    Column::new("correlationId", "e.correlation_id").fold("lower(e.correlation_id)").nullable(),
    // Beyond Graph, which can only filter by parts of it: whoever it was, by any of the names.
    Column::new("actorName", "e.actor_name_fold").fold("e.actor_name_fold"),
    Column::new("sequence", "e.sequence"),
];

fn values(event: &AuditEvent) -> Result<Vec<Value>, StoreError> {
    let names = [&event.actor.user_name, &event.actor.application_name];
    let name = names.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    Ok(params![
        &event.tenant,
        event.sequence,
        &event.id,
        event.at,
        &event.category,
        &event.activity,
        fold(&event.activity),
        Value::word(&event.operation)?,
        Value::word(&event.outcome)?,
        event.words.as_deref(),
        Value::json(&event.actor)?,
        fold(&name),
        Value::json(&event.resources)?,
        event.correlation_id.as_deref(),
        &event.previous,
        &event.hash,
    ])
}

fn decode(row: &mut Row) -> Result<AuditEvent, StoreError> {
    let (tenant, sequence, id, at) = (row.id()?, row.int()?, row.id()?, row.time()?);
    let (category, activity) = (row.text()?, row.text()?);
    row.value()?;
    let (operation, outcome, words, actor) = (row.word()?, row.word()?, row.opt_text()?, row.json()?);
    row.value()?;
    Ok(AuditEvent {
        tenant,
        sequence,
        id,
        at,
        category,
        activity,
        operation,
        outcome,
        words,
        actor,
        resources: row.json()?,
        correlation_id: row.opt_text()?,
        previous: row.text()?,
        hash: row.text()?,
    })
}

/// Where a tenant's log ends.
///
/// # Errors
/// The engine's.
pub async fn last(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Chain, StoreError> {
    let sql = "select last_sequence, last_hash from audit_log where tenant_id = $1";
    match tx.query_opt(sql, params![tenant]).await? {
        Some(mut row) => Ok(Chain { sequence: row.int()?, hash: row.text()? }),
        None => Ok(Chain::start()),
    }
}

/// Where a tenant's log begins: after what retention took.
///
/// # Errors
/// The engine's.
pub async fn first(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Chain, StoreError> {
    let sql = "select first_sequence, first_previous from audit_log where tenant_id = $1";
    match tx.query_opt(sql, params![tenant]).await? {
        Some(mut row) => Ok(Chain { sequence: row.int()?.saturating_sub(1), hash: row.text()? }),
        None => Ok(Chain::start()),
    }
}

/// Appends events that follow on `before`, one after another.
///
/// # Errors
/// [`StoreError::Conflict`] if somebody else has appended meanwhile.
pub async fn append(tx: &mut Tx<'_>, before: &Chain, events: &[AuditEvent]) -> Result<(), StoreError> {
    let Some(last) = events.last() else { return Ok(()) };
    let moved = if before.sequence == 0 {
        let sql = "insert into audit_log (tenant_id, first_sequence, first_previous, last_sequence, last_hash) \
            values ($1, 1, $2, $3, $4) on conflict do nothing";
        tx.execute(sql, params![&last.tenant, &before.hash, last.sequence, &last.hash]).await?
    } else {
        let sql = "update audit_log set last_sequence = $2, last_hash = $3 \
            where tenant_id = $1 and last_sequence = $4 and last_hash = $5";
        let values = params![&last.tenant, last.sequence, &last.hash, before.sequence, &before.hash];
        tx.execute(sql, values).await?
    };
    if moved == 0 {
        return Err(StoreError::Conflict);
    }
    for event in events {
        tx.execute(TABLE.insert(), values(event)?).await?;
    }
    Ok(())
}

/// The event with this id.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &AuditEventId,
) -> Result<Option<AuditEvent>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and id = $2");
    tx.query_opt(&sql, params![tenant, id]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// Events after a place in the log, in order.
///
/// # Errors
/// The engine's.
pub async fn after(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    sequence: i64,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and sequence > $2 order by sequence limit $3");
    let rows = tx.list(&sql, params![tenant, sequence, limit]).await?;
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// One page of a tenant's log.
///
/// # Errors
/// [`StoreError::Query`] for a filter or order beyond [`COLUMNS`]; the engine's.
pub async fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    query: &PageQuery,
) -> Result<Page<AuditEvent>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("e"),
        from: "audit_event e",
        condition: "e.tenant_id = $1",
        params: params![tenant],
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// Forgets the oldest events of a tenant, from before `before`, at most `limit` of them; how many. The log begins after
/// them from then on.
///
/// # Errors
/// The engine's.
pub async fn prune(tx: &mut Tx<'_>, tenant: &TenantId, before: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "select sequence, hash from audit_event where tenant_id = $1 and sequence in \
        (select sequence from audit_event where tenant_id = $1 order by sequence limit $3) \
        and at < $2 order by sequence desc limit 1";
    let Some(mut row) = tx.query_opt(sql, params![tenant, before, limit]).await? else { return Ok(0) };
    let (sequence, hash) = (row.int()?, row.text()?);
    let sql = "update audit_log set first_sequence = $2, first_previous = $3 where tenant_id = $1";
    tx.execute(sql, params![tenant, sequence.saturating_add(1), hash]).await?;
    tx.execute("delete from audit_event where tenant_id = $1 and sequence <= $2", params![tenant, sequence])
        .await
}
