//! Groups and their members.

use domain::group::{Group, Member, MemberKind};
use domain::{GroupId, TenantId};
use query::fold;

use crate::page::{Listing, page_of};
use crate::row::Row;
use crate::table::Shape::{Int, Text};
use crate::table::{Table, Texts};
use crate::value::{Value, params};
use crate::{Column, Page, PageQuery, StoreError, Tx};

static TABLE: Table = Table {
    name: "directory_group",
    key: 2,
    columns: &[
        ("tenant_id", Text),
        ("id", Text),
        ("version", Int),
        ("name", Text),
        ("name_fold", Text),
        ("description", Text),
        ("mail_nickname", Text),
        ("created_at", Int),
    ],
    fixed: &[],
    texts: Texts::new(),
};

static MEMBERS: Table = Table {
    name: "group_member",
    key: 4,
    columns: &[("tenant_id", Text), ("group_id", Text), ("kind", Text), ("member_id", Text)],
    fixed: &[],
    texts: Texts::new(),
};

/// Groups that a group may be nested in, level by level: deeper ones are not followed.
const DEPTH_MAX: u32 = 16;

/// Graph's properties of a group and where they are stored.
pub const COLUMNS: &[Column] = &[
    Column::new("id", "g.id").fold("lower(g.id)"),
    Column::new("displayName", "g.name").fold("g.name_fold"),
    Column::new("createdDateTime", "g.created_at"),
];

fn values(group: &Group) -> Vec<Value> {
    params![
        &group.tenant,
        &group.id,
        group.version,
        &group.name,
        fold(&group.name),
        group.description.as_deref(),
        &group.mail_nickname,
        group.created_at,
    ]
}

fn decode(row: &mut Row) -> Result<Group, StoreError> {
    let (tenant, id, version, name) = (row.id()?, row.id()?, row.int()?, row.text()?);
    row.value()?;
    Ok(Group {
        tenant,
        id,
        version,
        name,
        description: row.opt_text()?,
        mail_nickname: row.text()?,
        created_at: row.time()?,
    })
}

/// Adds a group.
///
/// # Errors
/// [`StoreError::Duplicate`] if its id exists.
pub async fn insert(tx: &mut Tx<'_>, group: &Group) -> Result<(), StoreError> {
    tx.execute(TABLE.insert(), values(group)).await.map(drop)
}

/// Writes a group back.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx<'_>, group: &Group) -> Result<(), StoreError> {
    tx.execute_versioned(TABLE.update(), values(group)).await
}

/// Deletes a group: its members are in it no more, nor is it in others. Whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &GroupId) -> Result<bool, StoreError> {
    tx.execute("delete from group_member where tenant_id = $1 and group_id = $2", params![tenant, id])
        .await?;
    forget(tx, tenant, &Member { kind: MemberKind::Group, id: id.to_string() }).await?;
    let sql = "delete from directory_group where tenant_id = $1 and id = $2";
    Ok(tx.execute(sql, params![tenant, id]).await? > 0)
}

/// The group with this id.
///
/// # Errors
/// The engine's.
pub async fn get(tx: &mut Tx<'_>, tenant: &TenantId, id: &GroupId) -> Result<Option<Group>, StoreError> {
    tx.query_opt(TABLE.get(), params![tenant, id]).await?.map(|mut row| decode(&mut row)).transpose()
}

/// One page of a tenant's groups.
///
/// # Errors
/// [`StoreError::Query`] for a filter or order beyond [`COLUMNS`]; the engine's.
pub async fn page(tx: &mut Tx<'_>, tenant: &TenantId, query: &PageQuery) -> Result<Page<Group>, StoreError> {
    let listing = Listing {
        select: TABLE.list_of("g"),
        from: "directory_group g",
        condition: "g.tenant_id = $1",
        params: params![tenant],
        columns: COLUMNS,
        decode,
    };
    page_of(tx, listing, query).await
}

/// Adds a member; whether it was not there yet.
///
/// # Errors
/// The engine's.
pub async fn add_member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    group: &GroupId,
    member: &Member,
) -> Result<bool, StoreError> {
    let sql = format!("{} on conflict do nothing", MEMBERS.insert());
    let values = params![tenant, group, Value::word(&member.kind)?, Value::key(&member.id)?];
    Ok(tx.execute(&sql, values).await? > 0)
}

/// Takes a member out; whether it was there.
///
/// # Errors
/// The engine's.
pub async fn remove_member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    group: &GroupId,
    id: &str,
) -> Result<bool, StoreError> {
    let sql = "delete from group_member where tenant_id = $1 and group_id = $2 and member_id = $3";
    Ok(tx.execute(sql, params![tenant, group, id]).await? > 0)
}

/// Takes a thing that is no more out of every group.
///
/// # Errors
/// The engine's.
pub async fn forget(tx: &mut Tx<'_>, tenant: &TenantId, member: &Member) -> Result<(), StoreError> {
    let sql = "delete from group_member where tenant_id = $1 and kind = $2 and member_id = $3";
    tx.execute(sql, params![tenant, Value::word(&member.kind)?, &member.id]).await.map(drop)
}

/// Members of a group after `after`, at most `limit`, in the order of their ids.
///
/// # Errors
/// The engine's.
pub async fn members(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    group: &GroupId,
    after: &str,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let sql = "select kind, member_id from group_member \
        where tenant_id = $1 and group_id = $2 and member_id > $3 order by member_id, kind limit $4";
    let rows = tx.list(sql, params![tenant, group, after, limit]).await?;
    rows.into_iter().map(|mut row| Ok(Member { kind: row.word()?, id: row.text()? })).collect()
}

/// Groups that this is a member of, directly.
///
/// # Errors
/// The engine's.
pub async fn of_member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    member: &Member,
) -> Result<Vec<GroupId>, StoreError> {
    let sql = "select group_id from group_member \
        where tenant_id = $1 and kind = $2 and member_id = $3 order by group_id";
    let rows = tx.list(sql, params![tenant, Value::word(&member.kind)?, &member.id]).await?;
    rows.into_iter().map(|mut row| row.id()).collect()
}

/// Groups that this is a member of, directly or as a member of a group in them.
///
/// # Errors
/// The engine's.
pub async fn of_member_transitively(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    member: &Member,
) -> Result<Vec<GroupId>, StoreError> {
    let sql = "with recursive around (id, depth) as (\
        select group_id, cast(1 as bigint) from group_member where tenant_id = $1 and kind = $2 and member_id = $3 \
        union \
        select m.group_id, a.depth + 1 from around a join group_member m \
            on m.tenant_id = $1 and m.kind = $4 and m.member_id = a.id where a.depth < $5) \
        select distinct id from around order by id";
    let values =
        params![tenant, Value::word(&member.kind)?, &member.id, Value::word(&MemberKind::Group)?, DEPTH_MAX,];
    tx.list(sql, values).await?.into_iter().map(|mut row| row.id()).collect()
}
