//! What applications prove themselves with, and the assertions that were used.

use domain::{TenantId, Time};
use serde::{Deserialize, Serialize};

use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{StoreError, Tx};

static TABLE: Table = Table {
    name: "application_credential",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("application_id", Text),
        ("id", Text),
        ("kind", Text),
        ("display_name", Text),
        ("hint", Text),
        ("value", Text),
        ("starts_at", Int),
        ("ends_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// A secret that both sides know; kept is its hash (Graph's `passwordCredential`).
    Secret,
    /// A certificate, PEM (Graph's `keyCredential`).
    Certificate,
}

/// One credential of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Client id of the application.
    pub application: String,
    /// Its own id (`keyId`), a UUID.
    pub id: String,
    /// What it is.
    pub kind: CredentialKind,
    /// For people.
    pub display_name: String,
    /// The first characters of a secret, or the SHA-256 fingerprint of a certificate: tells one from another.
    pub hint: String,
    /// The hash of a secret, or the PEM text of a certificate.
    pub value: String,
    /// When it begins to be good.
    pub starts_at: Time,
    /// When it is good no more; none: it has no end.
    pub ends_at: Option<Time>,
}

impl Credential {
    /// Whether it is good at that time.
    #[must_use]
    pub fn is_good_at(&self, now: Time) -> bool {
        self.starts_at <= now && self.ends_at.is_none_or(|end| now < end)
    }
}

fn decode(mut row: Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        tenant: row.id()?,
        application: row.text()?,
        id: row.text()?,
        kind: row.word()?,
        display_name: row.text()?,
        hint: row.text()?,
        value: row.text()?,
        starts_at: row.time()?,
        ends_at: row.opt_time()?,
    })
}

/// Adds a credential.
///
/// # Errors
/// [`StoreError::Duplicate`] if the application has one with its id.
pub async fn insert(tx: &mut Tx<'_>, credential: &Credential) -> Result<(), StoreError> {
    let values = params![
        &credential.tenant,
        Value::key(&credential.application)?,
        Value::key(&credential.id)?,
        Value::word(&credential.kind)?,
        &credential.display_name,
        &credential.hint,
        &credential.value,
        credential.starts_at,
        credential.ends_at,
    ];
    tx.execute(TABLE.insert(), values).await.map(drop)
}

/// The credentials of an application, oldest first, also those that are good no more.
///
/// # Errors
/// The engine's.
pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &str,
) -> Result<Vec<Credential>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and application_id = $2 order by starts_at, id");
    tx.query(&sql, params![tenant, application]).await?.into_iter().map(decode).collect()
}

/// Deletes a credential; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &str,
    id: &str,
) -> Result<bool, StoreError> {
    let sql = "delete from application_credential where tenant_id = $1 and application_id = $2 and id = $3";
    Ok(tx.execute(sql, params![tenant, application, id]).await? > 0)
}

/// Notes that an assertion was used, by the hash of its `jti`; whether it is the first time.
///
/// # Errors
/// The engine's.
pub async fn assertion_use(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    application: &str,
    hash: &str,
    expires_at: Time,
) -> Result<bool, StoreError> {
    let sql = "insert into used_assertion (tenant_id, application_id, hash, expires_at) values ($1, $2, $3, $4) \
        on conflict (tenant_id, application_id, hash) do nothing";
    Ok(tx.execute(sql, params![tenant, application, hash, expires_at]).await? == 1)
}

/// Forgets the assertions of every tenant whose time is over; how many.
///
/// # Errors
/// The engine's.
pub async fn assertions_expire(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<u64, StoreError> {
    let sql = "delete from used_assertion where (tenant_id, application_id, hash) in \
        (select tenant_id, application_id, hash from used_assertion where expires_at <= $1 limit $2)";
    tx.execute(sql, params![now, limit]).await
}
