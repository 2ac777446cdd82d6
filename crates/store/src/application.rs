//! Applications that call the API with a bearer token.

pub mod credential;

use domain::{TenantId, Time};

use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "application",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("name", Text),
        ("created_at", Int),
        ("roles", Text),
        ("is_public", Bool),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// An application. What it proves itself with are its [`credential`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Whose.
    pub tenant: TenantId,
    /// Its client id; no two applications of this server share one.
    pub id: String,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: Time,
    /// What it may do.
    pub roles: Vec<String>,
    /// Whether it runs where it can keep no secret, and acts for people who sign in (RFC 6749 section 2.1).
    pub is_public: bool,
}

fn decode(mut row: Row) -> Result<Application, StoreError> {
    Ok(Application {
        tenant: row.id()?,
        id: row.text()?,
        name: row.text()?,
        created_at: row.time()?,
        roles: row.json()?,
        is_public: row.bool()?,
    })
}

/// Adds an application.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists in any tenant.
pub async fn insert(tx: &mut Tx<'_>, application: &Application) -> Result<(), StoreError> {
    if get(tx, &application.id).await?.is_some() {
        return Err(StoreError::Duplicate { what: "application.id".into() });
    }
    let values = params![
        &application.tenant,
        Value::key(&application.id)?,
        &application.name,
        application.created_at,
        Value::json(&application.roles)?,
        application.is_public,
    ];
    tx.execute(TABLE.insert(), values).await.map(drop)
}

/// The application with this client id, of any tenant.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Application>, StoreError> {
    let sql = TABLE.select("where id = $1");
    tx.query_opt(&sql, params![id]).await?.map(decode).transpose()
}

/// The applications of a tenant, oldest first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Application>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by created_at, id");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}

/// Deletes an application with its credentials; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    let sql = "delete from application_credential where tenant_id = $1 and application_id = $2";
    tx.execute(sql, params![tenant, id]).await?;
    let sql = "delete from application where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}
