//! Scope tags that organisations made for themselves. Default is in the program.

use domain::TenantId;
use domain::access::ScopeTag;

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "scope_tag",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("name", Text),
        ("description", Text),
        ("groups", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(tag: &ScopeTag) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &tag.tenant,
        Value::key(&tag.id)?,
        tag.version,
        &tag.name,
        &tag.description,
        Value::json(&tag.groups)?,
    ])
}

fn decode(mut row: Row) -> Result<ScopeTag, StoreError> {
    Ok(ScopeTag {
        tenant: row.id()?,
        id: row.text()?,
        version: row.int()?,
        name: row.text()?,
        description: row.text()?,
        groups: row.json()?,
    })
}

/// Adds a tag.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, tag: &ScopeTag) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(tag)?).await.map(drop)
}

/// Writes a tag back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, tag: &ScopeTag) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(tag)?).await
}

/// Deletes a tag; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    let sql = "delete from scope_tag where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}

/// The tag with this id.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<ScopeTag>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, id]).await?.map(decode).transpose()
}

/// The tags of a tenant, oldest first: their ids are whole numbers.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ScopeTag>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by length(id), id");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}
