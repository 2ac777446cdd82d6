//! Groups of people and devices (`group`): whom roles and policies are given to.

use domain::group::{Group, GroupRefusal, Member, MemberKind};
use domain::{GroupId, ManagedDeviceId};
use store::{Page, PageQuery, Tx};

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// Members of one answer.
pub const MEMBERS_PAGE: u32 = 1_000;

/// What a new group is made with.
#[derive(Debug, Clone, Default)]
pub struct NewGroup {
    /// `displayName`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `mailNickname`; none is made of the name.
    pub mail_nickname: Option<String>,
    /// Members from the first.
    pub members: Vec<Member>,
}

/// What a change of a group may hold; none: as before.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    /// `displayName`.
    pub name: Option<String>,
    /// `description`; empty: none.
    pub description: Option<String>,
    /// `mailNickname`.
    pub mail_nickname: Option<String>,
}

impl From<GroupRefusal> for AppError {
    fn from(refusal: GroupRefusal) -> Self {
        let target = match &refusal {
            GroupRefusal::Text { what, .. } | GroupRefusal::Kind(what) => *what,
            GroupRefusal::Cycle => "members",
        };
        Self::invalid(target, refusal.to_string())
    }
}

/// Reads a group inside a transaction.
pub(crate) async fn load(scope: &Scope, tx: &mut Tx<'_>, id: &GroupId) -> Result<Group> {
    let group = store::group::get(tx, &scope.tenant, id).await?;
    group.ok_or_else(|| AppError::not_found(format!("the group {id}")))
}

/// One group.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &GroupId) -> Result<Group> {
    let args = (Scope::of(app, actor), id.clone());
    app.look(args, |tx, (scope, id)| Box::pin(async move { load(&scope, tx, &id).await })).await
}

/// One page of groups.
///
/// # Errors
/// [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn list(app: &App, actor: &Actor, query: PageQuery) -> Result<Page<Group>> {
    let args = (Scope::of(app, actor), query);
    app.look(args, |tx, (scope, query)| {
        Box::pin(async move { Ok(store::group::page(tx, &scope.tenant, &query).await?) })
    })
    .await
}

/// Makes a group.
///
/// # Errors
/// [`AppError::Invalid`] for texts, and for members that there are none of.
pub async fn create(app: &App, actor: &Actor, new: NewGroup) -> Result<Group> {
    actor.must_administer()?;
    let mut group = Group {
        tenant: actor.tenant.clone(),
        id: app.new_id(),
        version: 1,
        name: String::new(),
        description: None,
        mail_nickname: String::new(),
        created_at: app.now(),
    };
    group.rename(&new.name)?;
    group.describe(new.description.as_deref().unwrap_or_default())?;
    group.nickname(new.mail_nickname.as_deref().unwrap_or_default())?;
    let args = (Scope::of(app, actor), group, new.members);
    app.commit(args, |tx, (scope, group, members)| {
        Box::pin(async move {
            store::group::insert(tx, &group).await?;
            for member in &members {
                add(&scope, tx, &group.id, member).await?;
            }
            Ok(group)
        })
    })
    .await
}

/// Changes a group's texts.
///
/// # Errors
/// [`AppError::Invalid`], [`AppError::NotFound`].
pub async fn update(app: &App, actor: &Actor, id: &GroupId, change: GroupChange) -> Result<Group> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), id.clone(), change);
    app.commit(args, |tx, (scope, id, change)| {
        Box::pin(async move {
            let mut group = load(&scope, tx, &id).await?;
            if let Some(name) = &change.name {
                group.rename(name)?;
            }
            if let Some(description) = &change.description {
                group.describe(description)?;
            }
            if let Some(nickname) = &change.mail_nickname {
                group.nickname(nickname)?;
            }
            store::group::update(tx, &group).await?;
            group.version += 1;
            Ok(group)
        })
    })
    .await
}

/// Deletes a group. Whoever had a role by it has it no more.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete(app: &App, actor: &Actor, id: &GroupId) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), id.clone());
    app.commit(args, |tx, (scope, id)| {
        Box::pin(async move {
            load(&scope, tx, &id).await?;
            store::group::delete(tx, &scope.tenant, &id).await?;
            Ok(())
        })
    })
    .await
}

/// Members of a group after `after`, in the order of their ids, [`MEMBERS_PAGE`] at most.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn members(app: &App, actor: &Actor, id: &GroupId, after: &str) -> Result<Vec<Member>> {
    let args = (Scope::of(app, actor), id.clone(), after.to_owned());
    app.look(args, |tx, (scope, id, after)| {
        Box::pin(async move {
            load(&scope, tx, &id).await?;
            Ok(store::group::members(tx, &scope.tenant, &id, &after, MEMBERS_PAGE).await?)
        })
    })
    .await
}

/// Adds members.
///
/// # Errors
/// [`AppError::NotFound`] for the group, [`AppError::Invalid`] for a member that there is none of, that is in it already,
/// or that contains the group.
pub async fn add_members(app: &App, actor: &Actor, id: &GroupId, members: &[Member]) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), id.clone(), members.to_vec());
    app.commit(args, |tx, (scope, id, members)| {
        Box::pin(async move {
            load(&scope, tx, &id).await?;
            for member in &members {
                add(&scope, tx, &id, member).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn add(scope: &Scope, tx: &mut Tx<'_>, id: &GroupId, member: &Member) -> Result<()> {
    must_be_there(scope, tx, member).await?;
    if member.kind == MemberKind::Group {
        let itself = Member { kind: MemberKind::Group, id: id.to_string() };
        let around = store::group::of_member_transitively(tx, &scope.tenant, &itself).await?;
        if member.id == id.as_str() || around.iter().any(|group| group.as_str() == member.id) {
            return Err(GroupRefusal::Cycle.into());
        }
    }
    if store::group::add_member(tx, &scope.tenant, id, member).await? {
        return Ok(());
    }
    // Graph refuses it in these words, and scripts look for them.
    Err(AppError::invalid(
        "members",
        "One or more added object references already exist for the following modified properties: 'members'.",
    ))
}

async fn must_be_there(scope: &Scope, tx: &mut Tx<'_>, member: &Member) -> Result<()> {
    let there = match member.kind {
        MemberKind::Group => match member.id.parse::<GroupId>() {
            Ok(id) => store::group::get(tx, &scope.tenant, &id).await?.is_some(),
            Err(_) => false,
        },
        MemberKind::Device => match member.id.parse::<ManagedDeviceId>() {
            Ok(id) => crate::managed_device::load(scope, tx, &id).await.is_ok(),
            Err(_) => false,
        },
        // People are known by whoever signs them in.
        MemberKind::User => !member.id.is_empty(),
    };
    if there { Ok(()) } else { Err(AppError::invalid("members", format!("there is no {}", member.id))) }
}

/// Takes a member out.
///
/// # Errors
/// [`AppError::NotFound`] for the group or when it is not in it.
pub async fn remove_member(app: &App, actor: &Actor, id: &GroupId, member: &str) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), id.clone(), member.to_owned());
    app.commit(args, |tx, (scope, id, member)| {
        Box::pin(async move {
            load(&scope, tx, &id).await?;
            match store::group::remove_member(tx, &scope.tenant, &id, &member).await? {
                true => Ok(()),
                false => Err(AppError::not_found(format!("{member} in the group {id}"))),
            }
        })
    })
    .await
}
