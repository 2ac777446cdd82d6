//! Tenants.

use domain::TenantId;
use domain::tenant::Tenant;

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "tenant",
    key: 1,
    columns: &[("id", Text), ("organization", Text), ("apple", Text), ("created_at", Int), ("version", Int)],
    fixed: &[],
    texts: Texts::new(),
};

fn values(tenant: &Tenant) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &tenant.id,
        Value::json(&tenant.organization)?,
        Value::json(&tenant.apple)?,
        tenant.created_at,
        tenant.version,
    ])
}

fn decode(mut row: Row) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.id()?,
        organization: row.json()?,
        apple: row.json()?,
        created_at: row.time()?,
        version: row.int()?,
    })
}

/// Adds a tenant.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(tenant)?).await.map(drop)
}

/// Writes a tenant back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(tenant)?).await
}

/// The tenant with this id.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
    tx.query_opt(TABLE.get(), params![id]).await?.map(decode).transpose()
}

/// Writes the tenant as it is: of two transactions that both do so, the one that is second runs again, and sees what the
/// first one made.
///
/// # Errors
/// [`StoreError::Conflict`] for the second one.
pub async fn touch(tx: &mut Tx<'_>, id: &TenantId) -> Result<(), StoreError> {
    tx.execute("update tenant set version = version where id = $1", params![id]).await.map(drop)
}

/// Every tenant, by id.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>) -> Result<Vec<Tenant>, StoreError> {
    tx.list(&TABLE.select("order by id"), Vec::new()).await?.into_iter().map(decode).collect()
}
