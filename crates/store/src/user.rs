//! People who sign in, and what they prove themselves with.

use domain::user::methods::Methods;
use domain::user::{User, fold};
use domain::{TenantId, UserId};

use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "directory_user",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("user_principal_name", Text),
        ("user_principal_name_fold", Text),
        ("display_name", Text),
        ("mail", Text),
        ("account_enabled", Bool),
        ("roles", Text),
        ("sessions_valid_from", Int),
        ("created_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

static METHODS: Table = Table {
    name: "authentication_methods",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("user_id", Text),
        ("version", Int),
        ("password_at", Int),
        ("totp_at", Int),
        ("totp_last_step", Int),
        ("recovery", Text),
        ("external", Text),
    ],
    fixed: &[],
    texts: Texts::new(),
};

fn values(user: &User) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &user.tenant,
        &user.id,
        user.version,
        &user.user_principal_name,
        Value::key(&fold(&user.user_principal_name))?,
        &user.display_name,
        user.mail.as_ref(),
        user.account_enabled,
        Value::json(&user.roles)?,
        user.sessions_valid_from,
        user.created_at,
    ])
}

fn decode(mut row: Row) -> Result<User, StoreError> {
    let (tenant, id, version, user_principal_name) = (row.id()?, row.id()?, row.int()?, row.text()?);
    let _fold = row.text()?;
    Ok(User {
        tenant,
        id,
        version,
        user_principal_name,
        display_name: row.text()?,
        mail: row.opt_text()?,
        account_enabled: row.bool()?,
        roles: row.json()?,
        sessions_valid_from: row.time()?,
        created_at: row.time()?,
    })
}

/// Adds a person.
///
/// # Errors
/// [`StoreError::Duplicate`] if the tenant has somebody of this id or name.
pub async fn insert(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(user)?).await.map(drop)
}

/// Writes a person.
///
/// # Errors
/// [`StoreError::Conflict`] if the stored version is another.
pub async fn update(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    match tx.execute(TABLE.update(), values(user)?).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// The person of this id.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, id: &UserId) -> Result<Option<User>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, id]).await?.map(decode).transpose()
}

/// The person of this `userPrincipalName`, whatever its case.
///
/// # Errors
/// The engine's.
pub async fn by_name(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Option<User>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and user_principal_name_fold = $2");
    tx.query_opt(&sql, params![tenant, fold(name)]).await?.map(decode).transpose()
}

/// The people of a tenant, by name.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<User>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 order by user_principal_name_fold");
    tx.query(&sql, params![tenant]).await?.into_iter().map(decode).collect()
}

/// How many people a tenant has.
///
/// # Errors
/// The engine's.
pub async fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<u64, StoreError> {
    let sql = "select count(*) from directory_user where tenant_id = $1";
    tx.number(sql, params![tenant]).await
}

/// Deletes a person with their methods and sessions and all that programs have of them, but for their sealed secrets;
/// whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &UserId) -> Result<bool, StoreError> {
    for sql in [
        "delete from authentication_methods where tenant_id = $1 and user_id = $2",
        "delete from invitation where tenant_id = $1 and user_id = $2",
        "delete from session where tenant_id = $1 and user_id = $2",
        "delete from refresh_token where tenant_id = $1 and user_id = $2",
    ] {
        tx.execute(sql, params![tenant, id]).await?;
    }
    let sql = "delete from directory_user where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}

fn methods_values(methods: &Methods) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        &methods.tenant,
        &methods.user,
        methods.version,
        methods.password_at,
        methods.totp_at,
        methods.totp_last_step,
        Value::json(&methods.recovery)?,
        Value::opt_json(methods.external.as_ref())?,
    ])
}

fn methods_decode(mut row: Row) -> Result<Methods, StoreError> {
    Ok(Methods {
        tenant: row.id()?,
        user: row.id()?,
        version: row.int()?,
        password_at: row.opt_time()?,
        totp_at: row.opt_time()?,
        totp_last_step: row.int()?,
        recovery: row.json()?,
        external: row.opt_json()?,
    })
}

/// What a person proves themselves with.
///
/// # Errors
/// The engine's.
pub async fn methods(tx: &mut Tx<'_>, tenant: &TenantId, id: &UserId) -> Result<Option<Methods>, StoreError> {
    tx.query_opt(METHODS.get(), params![tenant, id]).await?.map(methods_decode).transpose()
}

/// Adds what a person proves themselves with.
///
/// # Errors
/// [`StoreError::Duplicate`] if there is a row.
pub async fn methods_insert(tx: &mut Tx<'_>, methods: &Methods) -> Result<(), StoreError> {
    tx.execute(METHODS.insert(), methods_values(methods)?).await.map(drop)
}

/// Writes what a person proves themselves with.
///
/// # Errors
/// [`StoreError::Conflict`] if the stored version is another.
pub async fn methods_update(tx: &mut Tx<'_>, methods: &Methods) -> Result<(), StoreError> {
    match tx.execute(METHODS.update(), methods_values(methods)?).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}
