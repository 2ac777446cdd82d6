//! Who has which role, for which objects.

use domain::access::RoleAssignment;
use domain::{RoleAssignmentId, RoleDefinitionId, TenantId};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "role_assignment",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("name", Text),
        ("description", Text),
        ("role_id", Text),
        ("members", Text),
        ("scope_type", Text),
        ("resource_scopes", Text),
        ("scope_tags", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(assignment: &RoleAssignment) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &assignment.tenant,
        &assignment.id,
        assignment.version,
        &assignment.name,
        &assignment.description,
        &assignment.role,
        Value::json(&assignment.members)?,
        Value::word(&assignment.scope_type)?,
        Value::json(&assignment.resource_scopes)?,
        Value::json(&assignment.scope_tags)?,
    ])
}

fn decode(mut row: Row) -> Result<RoleAssignment, StoreError> {
    Ok(RoleAssignment {
        tenant: row.id()?,
        id: row.id()?,
        version: row.int()?,
        name: row.text()?,
        description: row.text()?,
        role: row.id()?,
        members: row.json()?,
        scope_type: row.word()?,
        resource_scopes: row.json()?,
        scope_tags: row.json()?,
    })
}

/// Adds an assignment.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, assignment: &RoleAssignment) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(assignment)?).await.map(drop)
}

/// Writes an assignment back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, assignment: &RoleAssignment) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(assignment)?).await
}

/// Deletes an assignment; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &RoleAssignmentId) -> Result<bool, StoreError> {
    let sql = "delete from role_assignment where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}

/// The assignment with this id.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &RoleAssignmentId,
) -> Result<Option<RoleAssignment>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, id]).await?.map(decode).transpose()
}

/// The assignments of a tenant by name.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<RoleAssignment>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by name, id");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}

/// How many assignments give that role.
///
/// # Errors
/// The engine's.
pub async fn count_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role: &RoleDefinitionId,
) -> Result<u64, StoreError> {
    tx.number(
        "select count(*) from role_assignment where tenant_id = $1 and role_id = $2",
        params![tenant, role],
    )
    .await
}
