//! Roles that organisations made for themselves. The built-in ones are in the program.

use domain::access::RoleDefinition;
use domain::{RoleDefinitionId, TenantId};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "role_definition",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("name", Text),
        ("description", Text),
        ("allowed", Text),
        ("scope_tags", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(role: &RoleDefinition) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &role.tenant,
        &role.id,
        role.version,
        &role.name,
        &role.description,
        Value::json(&role.allowed)?,
        Value::json(&role.scope_tags)?,
    ])
}

fn decode(mut row: Row) -> Result<RoleDefinition, StoreError> {
    Ok(RoleDefinition {
        tenant: row.id()?,
        id: row.id()?,
        version: row.int()?,
        name: row.text()?,
        description: row.text()?,
        allowed: row.json()?,
        scope_tags: row.json()?,
        is_built_in: false,
    })
}

/// Adds a role.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, role: &RoleDefinition) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(role)?).await.map(drop)
}

/// Writes a role back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, role: &RoleDefinition) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(role)?).await
}

/// Deletes a role; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &RoleDefinitionId) -> Result<bool, StoreError> {
    let sql = "delete from role_definition where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}

/// The role with this id.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &RoleDefinitionId,
) -> Result<Option<RoleDefinition>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, id]).await?.map(decode).transpose()
}

/// The roles of a tenant by name.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<RoleDefinition>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by name, id");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}
