//! Enrollment program tokens.

use std::collections::BTreeMap;

use domain::token::Token;
use domain::{Platform, ProfileId, TenantId, TokenId};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

static TABLE: Table = Table {
    name: "token",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("name", Text),
        ("name_fold", Text),
        ("apple_id", Text),
        ("apple_id_fold", Text),
        ("consent", Text),
        ("scope_tags", Text),
        ("share_with_school", Bool),
        ("key_pair", Text),
        ("pending_key", Text),
        ("server", Text),
        ("consumer_key", Text),
        ("server_uuid", Text),
        ("token_type", Text),
        ("expires_at", Int),
        ("standing", Text),
        ("default_ios", Text),
        ("default_macos", Text),
        ("default_tvos", Text),
        ("default_visionos", Text),
        ("created_at", Int),
        ("modified_at", Int),
        ("deleted_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// Graph's properties of `depOnboardingSetting` and where they are stored. What Graph never shows as null is none here
/// either: an unknown date is 0001-01-01 (-62135596800 s).
pub const COLUMNS: &[Column] = &[
    Column::new("id", "t.id").fold("lower(t.id)"),
    Column::new("tokenName", "t.name").fold("t.name_fold"),
    Column::new("appleIdentifier", "t.apple_id").fold("t.apple_id_fold").nullable(),
    Column::new("dataSharingConsentGranted", "(t.consent is not null)"),
    Column::new("lastModifiedDateTime", "t.modified_at"),
    Column::new("shareTokenWithSchoolDataSyncService", "t.share_with_school"),
    Column::new("tokenExpirationDateTime", "coalesce(t.expires_at, -62135596800000000)"),
    Column::new("tokenType", "t.token_type").fold("lower(t.token_type)"),
    Column::new("lastSuccessfulSyncDateTime", "coalesce(s.last_success_at, -62135596800000000)"),
    Column::new("lastSyncTriggeredDateTime", "coalesce(s.last_triggered_at, -62135596800000000)"),
    Column::new("lastSyncErrorCode", "coalesce(s.last_error_code, 0)"),
    Column::new(
        "syncedDeviceCount",
        "(select count(*) from device d where d.tenant_id = t.tenant_id and d.token_id = t.id \
         and d.present and d.deleted_at is null)",
    ),
];

/// What hangs on a token (R25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenContents {
    /// Serials under it that are not deleted here, whether Apple still lists them or not.
    pub devices: u64,
    /// Its profiles.
    pub profiles: u64,
    /// Serials, present and not deleted, that have a default profile of it: chosen, or by default.
    pub default_profile_devices: u64,
}

fn values(token: &Token) -> Result<Vec<Value>, StoreError> {
    let account = token.server.as_ref().and_then(|server| server.account.as_ref());
    let default = |platform| token.default_profiles.get(&platform);
    Ok(params![
        &token.tenant,
        &token.id,
        token.version,
        &token.name,
        fold(&token.name),
        token.apple_id.as_ref(),
        fold(token.apple_id.as_deref().unwrap_or_default()),
        Value::opt_json(token.consent.as_ref())?,
        Value::json(&token.scope_tags)?,
        token.share_with_school_data_sync,
        Value::opt_json(token.key.as_ref())?,
        Value::opt_json(token.pending_key.as_ref())?,
        Value::opt_json(token.server.as_ref())?,
        token.server.as_ref().map(|server| Value::key(&server.consumer_key)).transpose()?,
        account.map(|account| Value::key(&account.server_uuid)).transpose()?,
        if account.is_some_and(|it| it.org_type.as_deref() == Some("edu")) {
            "appleSchoolManager"
        } else {
            "dep"
        },
        token.server.as_ref().map(|server| server.expires_at),
        Value::json(&token.standing)?,
        default(Platform::Ios),
        default(Platform::MacOs),
        default(Platform::TvOs),
        default(Platform::VisionOs),
        token.created_at,
        token.modified_at,
        token.deleted_at,
    ])
}

fn decode(row: &mut Row) -> Result<Token, StoreError> {
    let (tenant, id, version, name, _fold) = (row.id()?, row.id()?, row.int()?, row.text()?, row.text()?);
    let (apple_id, _fold) = (row.opt_text()?, row.text()?);
    let (consent, scope_tags, share_with_school_data_sync) = (row.opt_json()?, row.json()?, row.bool()?);
    let (key, pending_key, server) = (row.opt_json()?, row.opt_json()?, row.opt_json()?);
    // Beside the JSON for statements only: consumer key, server UUID, type, expiry.
    let _ = (row.value()?, row.value()?, row.value()?, row.value()?);
    let standing = row.json()?;
    let mut default_profiles = BTreeMap::<Platform, ProfileId>::new();
    for platform in Platform::ALL {
        if let Some(profile) = row.opt_id()? {
            default_profiles.insert(platform, profile);
        }
    }
    Ok(Token {
        tenant,
        id,
        version,
        name,
        apple_id,
        consent,
        scope_tags,
        share_with_school_data_sync,
        key,
        pending_key,
        server,
        standing,
        default_profiles,
        created_at: row.time()?,
        modified_at: row.time()?,
        deleted_at: row.opt_time()?,
    })
}

fn decode_all(rows: Vec<Row>) -> Result<Vec<Token>, StoreError> {
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// Adds a token.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists, be it as a tombstone.
pub async fn insert(tx: &mut Tx<'_>, token: &Token) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(token)?).await.map(drop)
}

/// Writes a token back. With `deleted_at` set it becomes a tombstone, which no function here returns.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, token: &Token) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(token)?).await
}

/// The token with this id, unless deleted.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, id: &TokenId) -> Result<Option<Token>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and id = $2 and deleted_at is null");
    tx.query_opt(&sql, params![tenant, id]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// Every token of a tenant that is not deleted, oldest first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Token>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and deleted_at is null order by created_at, id");
    decode_all(tx.list(&sql, params![tenant]).await?)
}

/// How many tokens a tenant has (R16). Tombstones do not count.
///
/// # Errors
/// The engine's.
pub async fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<u64, StoreError> {
    tx.number("select count(*) from token where tenant_id = $1 and deleted_at is null", params![tenant]).await
}

/// One page of a tenant's tokens.
///
/// # Errors
/// [`StoreError::Query`] for a property without a column.
pub async fn page(tx: &mut Tx<'_>, tenant: &TenantId, query: &PageQuery) -> Result<Page<Token>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("t"),
        from: "token t left join sync_state s on s.tenant_id = t.tenant_id and s.token_id = t.id",
        condition: "t.tenant_id = $1 and t.deleted_at is null",
        params: params![tenant],
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// What hangs on a token.
///
/// # Errors
/// The engine's.
pub async fn contents(tx: &mut Tx<'_>, tenant: &TenantId, id: &TokenId) -> Result<TokenContents, StoreError> {
    const DEVICES: &str =
        "select count(*) from device where tenant_id = $1 and token_id = $2 and deleted_at is null";
    const PROFILES: &str = "select count(*) from profile where tenant_id = $1 and token_id = $2";
    const ON_DEFAULT: &str = "select count(*) from device d \
        join token t on t.tenant_id = d.tenant_id and t.id = d.token_id \
        where d.tenant_id = $1 and d.token_id = $2 and d.present and d.deleted_at is null \
        and coalesce(d.wanted_profile, case d.platform when 'ios' then t.default_ios \
            when 'macOS' then t.default_macos when 'tvOS' then t.default_tvos \
            when 'visionOS' then t.default_visionos end) \
        in (t.default_ios, t.default_macos, t.default_tvos, t.default_visionos)";
    Ok(TokenContents {
        devices: tx.number(DEVICES, params![tenant, id]).await?,
        profiles: tx.number(PROFILES, params![tenant, id]).await?,
        default_profile_devices: tx.number(ON_DEFAULT, params![tenant, id]).await?,
    })
}

/// The token whose `.p7m` has this consumer key.
///
/// # Errors
/// The engine's.
pub async fn find_by_consumer_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    consumer_key: &str,
) -> Result<Option<Token>, StoreError> {
    let sql =
        TABLE.select("where tenant_id = $1 and consumer_key = $2 and deleted_at is null order by id limit 1");
    tx.query_opt(&sql, params![tenant, consumer_key]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// The token that belongs to this virtual server at Apple.
///
/// # Errors
/// The engine's.
pub async fn find_by_server_uuid(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    server_uuid: &str,
) -> Result<Option<Token>, StoreError> {
    let sql =
        TABLE.select("where tenant_id = $1 and server_uuid = $2 and deleted_at is null order by id limit 1");
    tx.query_opt(&sql, params![tenant, server_uuid]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// Every token of every tenant that is not deleted, for loops.
///
/// # Errors
/// The engine's.
pub async fn all_live(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, TokenId)>, StoreError> {
    let sql = "select tenant_id, id from token where deleted_at is null order by tenant_id, id";
    tx.list(sql, Vec::new()).await?.into_iter().map(|mut row| Ok((row.id()?, row.id()?))).collect()
}
