//! Enrollment profiles, and what Apple knows of them.

use domain::profile::{DefineRefusal, DefinedProfile, Profile};
use domain::{ProfileId, TenantId, TokenId};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Bool, Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

static TABLE: Table = Table {
    name: "profile",
    key: 3,
    columns: &[
        ("tenant_id", Text),
        ("token_id", Text),
        ("id", Text),
        ("version", Int),
        ("platform", Text),
        ("settings", Text),
        ("display_name", Text),
        ("display_name_fold", Text),
        ("description", Text),
        ("description_fold", Text),
        ("requires_user_authentication", Bool),
        ("supervised", Bool),
        ("shared_ipad", Bool),
        ("content_hash", Text),
        ("current_uuid", Text),
        ("created_at", Int),
        ("modified_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

static DEFINED: Table = Table {
    name: "defined_profile",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("profile_uuid", Text),
        ("token_id", Text),
        ("profile_id", Text),
        ("content_hash", Text),
        ("defined_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

/// Graph's properties of an enrollment profile and where they are stored. Small lists: what is not here is answered
/// over rows in memory.
pub const COLUMNS: &[Column] = &[
    Column::new("id", "p.id").fold("lower(p.id)"),
    Column::new("displayName", "p.display_name").fold("p.display_name_fold"),
    Column::new("description", "p.description").fold("p.description_fold"),
    Column::new("platform", "p.platform").fold("lower(p.platform)"),
    Column::new("requiresUserAuthentication", "p.requires_user_authentication"),
    Column::new("supervisedModeEnabled", "p.supervised"),
    Column::new("enableSharedIPad", "p.shared_ipad"),
    Column::new("createdDateTime", "p.created_at"),
    Column::new("lastModifiedDateTime", "p.modified_at"),
];

/// The content of a profile that was just written is not known until [`content_set`] tells it, nor is its UUID.
const UNKNOWN_CONTENT: &str = "";
const UNKNOWN_UUID: Option<&str> = None;

/// Sets a profile's UUID at Apple to the newest that was defined with its present content: kept beside the profile,
/// so that looking for gaps over 100,000 serials asks for each profile once.
const REFRESH_UUID: &str = "update profile set current_uuid = (select f.profile_uuid from defined_profile f \
        where f.tenant_id = profile.tenant_id and f.token_id = profile.token_id and f.profile_id = profile.id \
        and f.content_hash = profile.content_hash order by f.defined_at desc, f.profile_uuid limit 1) \
    where tenant_id = $1 and token_id = $2 and id = $3";

fn values(profile: &Profile) -> Result<Vec<Value>, StoreError> {
    let settings = &profile.settings;
    Ok(params![
        &profile.tenant,
        &profile.token,
        &profile.id,
        profile.version,
        profile.platform,
        Value::json(settings)?,
        &settings.display_name,
        fold(&settings.display_name),
        &settings.description,
        fold(&settings.description),
        settings.requires_user_authentication,
        settings.supervised_mode_enabled,
        settings.enable_shared_ipad,
        UNKNOWN_CONTENT,
        UNKNOWN_UUID,
        profile.created_at,
        profile.modified_at,
    ])
}

fn decode(row: &mut Row) -> Result<Profile, StoreError> {
    let (tenant, token, id, version) = (row.id()?, row.id()?, row.id()?, row.int()?);
    let (platform, settings) = (row.word()?, row.json()?);
    // Beside the JSON for statements only: four texts, three truth values, the content's hash and UUID.
    for _ in 0..9 {
        row.value()?;
    }
    Ok(Profile {
        tenant,
        token,
        id,
        version,
        platform,
        settings,
        created_at: row.time()?,
        modified_at: row.time()?,
    })
}

fn decode_defined(mut row: Row) -> Result<DefinedProfile, StoreError> {
    let (tenant, profile_uuid) = (row.id()?, row.text()?);
    Ok(DefinedProfile {
        tenant,
        token: row.id()?,
        profile: row.id()?,
        profile_uuid,
        content_hash: row.text()?,
        defined_at: row.time()?,
    })
}

/// Adds a profile. What Apple would be sent is unknown until [`content_set`].
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, profile: &Profile) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(profile)?).await.map(drop)
}

/// Writes a profile back. What Apple would be sent is unknown until [`content_set`].
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, profile: &Profile) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(profile)?).await
}

/// Deletes a profile with its URL secret's hash and its refusal; whether there was one. What was defined at Apple
/// stays known by its UUID.
///
/// # Errors
/// The engine's.
pub async fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    id: &ProfileId,
) -> Result<bool, StoreError> {
    let sql = "delete from profile_url where tenant_id = $1 and token_id = $2 and profile_id = $3";
    tx.execute(sql, params![tenant, token, id]).await?;
    refusal_clear(tx, tenant, id).await?;
    let sql = "delete from profile where tenant_id = $1 and token_id = $2 and id = $3";
    Ok(tx.execute(sql, params![tenant, token, id]).await? > 0)
}

/// The profile with this id under a token.
///
/// # Errors
/// The engine's.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    id: &ProfileId,
) -> Result<Option<Profile>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, token, id]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// Every profile of a token, oldest first.
///
/// # Errors
/// The engine's.
pub async fn list(tx: &mut Tx<'_>, tenant: &TenantId, token: &TokenId) -> Result<Vec<Profile>, StoreError> {
    let sql = TABLE.select("where tenant_id = $1 and token_id = $2 order by created_at, id");
    let rows = tx.list(&sql, params![tenant, token]).await?;
    rows.into_iter().map(|mut row| decode(&mut row)).collect()
}

/// How many profiles a token has (R14).
///
/// # Errors
/// The engine's.
pub async fn count(tx: &mut Tx<'_>, tenant: &TenantId, token: &TokenId) -> Result<u64, StoreError> {
    tx.number("select count(*) from profile where tenant_id = $1 and token_id = $2", params![tenant, token])
        .await
}

/// One page of a token's profiles.
///
/// # Errors
/// [`StoreError::Query`] for a property without a column.
pub async fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    query: &PageQuery,
) -> Result<Page<Profile>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("p"),
        from: "profile p",
        condition: "p.tenant_id = $1 and p.token_id = $2",
        params: params![tenant, token],
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// Records a profile that Apple accepted. It is assigned to nothing before [`content_set`] says that this content is
/// the present one.
///
/// # Errors
/// [`StoreError::Duplicate`] if Apple's UUID is known.
pub async fn defined_insert(tx: &mut Tx<'_>, defined: &DefinedProfile) -> Result<(), StoreError> {
    let values = params![
        &defined.tenant,
        Value::key(&defined.profile_uuid)?,
        &defined.token,
        &defined.profile,
        &defined.content_hash,
        defined.defined_at,
    ];
    tx.execute(DEFINED.insert(), values).await?;
    tx.execute(REFRESH_UUID, params![&defined.tenant, &defined.token, &defined.profile]).await.map(drop)
}

/// What Apple last accepted for a profile with exactly this content.
///
/// # Errors
/// The engine's.
pub async fn defined_current(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    profile: &ProfileId,
    content_hash: &str,
) -> Result<Option<DefinedProfile>, StoreError> {
    let sql = DEFINED.select(
        "where tenant_id = $1 and token_id = $2 and profile_id = $3 and content_hash = $4 \
         order by defined_at desc, profile_uuid limit 1",
    );
    tx.query_opt(&sql, params![tenant, token, profile, content_hash]).await?.map(decode_defined).transpose()
}

/// Which of our profiles a UUID of Apple's is, be it deleted here.
///
/// # Errors
/// The engine's.
pub async fn defined_by_uuid(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    profile_uuid: &str,
) -> Result<Option<DefinedProfile>, StoreError> {
    tx.query_opt(DEFINED.get(), params![tenant, profile_uuid]).await?.map(decode_defined).transpose()
}

/// Forgets a profile at Apple: Apple no longer knows the UUID, so it must be defined again.
///
/// # Errors
/// The engine's.
pub async fn defined_forget(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    profile_uuid: &str,
) -> Result<bool, StoreError> {
    let sql = "delete from defined_profile where tenant_id = $1 and profile_uuid = $2 returning token_id, profile_id";
    let Some(mut row) = tx.returning(sql, params![tenant, profile_uuid]).await?.into_iter().next() else {
        return Ok(false);
    };
    tx.execute(REFRESH_UUID, params![tenant, row.value()?, row.value()?]).await?;
    Ok(true)
}

/// Says what Apple would be sent for this version of a profile: from now on its serials want the UUID that was
/// defined with this content. Leaves the version as it is.
///
/// # Errors
/// [`StoreError::Conflict`] if the profile has changed since it was read: then its content is another.
pub async fn content_set(tx: &mut Tx<'_>, profile: &Profile, content_hash: &str) -> Result<(), StoreError> {
    let sql = "update profile set content_hash = $5 where tenant_id = $1 and token_id = $2 and id = $3 and version = $4";
    let params = params![&profile.tenant, &profile.token, &profile.id, profile.version, content_hash];
    tx.execute_versioned(sql, params).await?;
    tx.execute(REFRESH_UUID, params![&profile.tenant, &profile.token, &profile.id]).await.map(drop)
}

/// Says that what Apple would be sent has become unknown for every profile of a tenant: something that all of them
/// contain has changed (the organisation's name, the server's address). [`wanted_undefined`] then lists them anew.
///
/// # Errors
/// The engine's.
pub async fn content_forget(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<u64, StoreError> {
    tx.execute(
        "update profile set content_hash = '', current_uuid = null where tenant_id = $1",
        params![tenant],
    )
    .await
}

/// Profiles that are a default of the token or wanted by a live serial, and whose present content is unknown or not
/// defined at Apple. For each: encode it, [`defined_current`] or define it and [`defined_insert`], then
/// [`content_set`].
///
/// # Errors
/// The engine's.
pub async fn wanted_undefined(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
) -> Result<Vec<ProfileId>, StoreError> {
    let sql = "select p.id from profile p join token t on t.tenant_id = p.tenant_id and t.id = p.token_id \
        where p.tenant_id = $1 and p.token_id = $2 \
        and (p.id in (t.default_ios, t.default_macos, t.default_tvos, t.default_visionos) \
            or exists (select 1 from device d where d.tenant_id = p.tenant_id and d.wanted_profile = p.id \
                and d.token_id = p.token_id and d.present and d.deleted_at is null)) \
        and p.current_uuid is null \
        order by p.id";
    tx.list(sql, params![tenant, token]).await?.into_iter().map(|mut row| row.id()).collect()
}

/// Keeps Apple's refusal of a profile.
///
/// # Errors
/// The engine's.
pub async fn refusal_set(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    profile: &ProfileId,
    refusal: &DefineRefusal,
) -> Result<(), StoreError> {
    let sql = "insert into profile_refusal (tenant_id, profile_id, refusal) values ($1, $2, $3) \
        on conflict (tenant_id, profile_id) do update set refusal = excluded.refusal";
    tx.execute(sql, params![tenant, profile, Value::json(refusal)?]).await.map(drop)
}

/// Apple's refusal of a profile, if its last attempt was refused.
///
/// # Errors
/// The engine's.
pub async fn refusal_get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    profile: &ProfileId,
) -> Result<Option<DefineRefusal>, StoreError> {
    let sql = "select refusal from profile_refusal where tenant_id = $1 and profile_id = $2";
    tx.query_opt(sql, params![tenant, profile]).await?.map(|mut row| row.json()).transpose()
}

/// Drops Apple's refusal of a profile.
///
/// # Errors
/// The engine's.
pub async fn refusal_clear(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    profile: &ProfileId,
) -> Result<(), StoreError> {
    let sql = "delete from profile_refusal where tenant_id = $1 and profile_id = $2";
    tx.execute(sql, params![tenant, profile]).await.map(drop)
}

/// The profile whose enrolment URL has the secret with this hash, of any tenant.
///
/// # Errors
/// The engine's.
pub async fn by_url_secret(
    tx: &mut Tx<'_>,
    hash_hex: &str,
) -> Result<Option<(TenantId, TokenId, ProfileId)>, StoreError> {
    let sql = "select tenant_id, token_id, profile_id from profile_url where secret_hash = $1";
    let row = tx.query_opt(sql, params![hash_hex]).await?;
    row.map(|mut row| Ok((row.id()?, row.id()?, row.id()?))).transpose()
}

/// Sets the hash of the secret in a profile's enrolment URL.
///
/// # Errors
/// The engine's.
pub async fn set_url_secret(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    profile: &ProfileId,
    hash_hex: &str,
) -> Result<(), StoreError> {
    let sql = "insert into profile_url (tenant_id, token_id, profile_id, secret_hash) values ($1, $2, $3, $4) \
        on conflict (tenant_id, token_id, profile_id) do update set secret_hash = excluded.secret_hash";
    tx.execute(sql, params![tenant, token, profile, hash_hex]).await.map(drop)
}
