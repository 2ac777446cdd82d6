//! Who has which role, and for which objects (`deviceAndAppManagementRoleAssignment`, L16 to L18, L22).

use std::collections::BTreeSet;

use domain::access::{Rights, RoleAssignment, ScopeType, rights_of};
use domain::group::{Member, MemberKind};
use domain::{GroupId, RoleAssignmentId, RoleDefinitionId, TenantId};
use store::Tx;

use crate::scope::Scope;
use crate::scope_tag::must_see_everything;
use crate::{Actor, App, AppError, Result, role_definition, scope_tag};

/// Assignments of one organisation.
const ASSIGNMENTS_MAX: usize = 1_000;

/// What an assignment is made or changed with; none: as before, or empty for a new one.
#[derive(Debug, Clone, Default)]
pub struct AssignmentChange {
    /// `displayName`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `roleDefinition`: fixed once it is made.
    pub role: Option<RoleDefinitionId>,
    /// `members`.
    pub members: Option<Vec<GroupId>>,
    /// `scopeType`.
    pub scope_type: Option<ScopeType>,
    /// `resourceScopes`.
    pub resource_scopes: Option<Vec<GroupId>>,
    /// `roleScopeTagIds`.
    pub scope_tags: Option<Vec<String>>,
}

/// What a person may do who is in those groups, and in the groups around them.
///
/// # Errors
/// The store's.
pub async fn rights_of_user(app: &App, tenant: &TenantId, user: &str) -> Result<Rights> {
    let args = (Scope::new(app, tenant), Member { kind: MemberKind::User, id: user.to_owned() });
    app.look(args, |tx, (scope, user)| {
        Box::pin(async move {
            let groups = store::group::of_member_transitively(tx, &scope.tenant, &user).await?;
            let groups: BTreeSet<GroupId> = groups.into_iter().collect();
            let assignments = store::role_assignment::list(tx, &scope.tenant).await?;
            let roles = role_definition::every(&scope, tx).await?;
            Ok(rights_of(&groups, &assignments, &roles))
        })
    })
    .await
}

async fn load(scope: &Scope, tx: &mut Tx<'_>, id: &RoleAssignmentId) -> Result<RoleAssignment> {
    let assignment = store::role_assignment::get(tx, &scope.tenant, id).await?;
    assignment.ok_or_else(|| AppError::not_found(format!("the role assignment {id}")))
}

/// Every assignment.
///
/// # Errors
/// The store's.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<RoleAssignment>> {
    app.look(Scope::of(app, actor), |tx, scope| {
        Box::pin(async move { Ok(store::role_assignment::list(tx, &scope.tenant).await?) })
    })
    .await
}

/// One assignment.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &RoleAssignmentId) -> Result<RoleAssignment> {
    let args = (Scope::of(app, actor), id.clone());
    app.look(args, |tx, (scope, id)| Box::pin(async move { load(&scope, tx, &id).await })).await
}

/// Gives a role to groups of people.
///
/// # Errors
/// [`AppError::Invalid`] for a role, groups or tags that there are none of; [`AppError::Refused`] for a scoped
/// administrator and for rights that the actor does not have; [`AppError::Conflict`] when there are too many.
pub async fn create(app: &App, actor: &Actor, new: AssignmentChange) -> Result<RoleAssignment> {
    must_see_everything(actor)?;
    let role = new.role.clone().ok_or_else(|| AppError::invalid("roleDefinition", "it is missing"))?;
    let assignment = RoleAssignment {
        tenant: actor.tenant.clone(),
        id: app.new_id(),
        version: 1,
        name: String::new(),
        description: String::new(),
        role,
        members: Vec::new(),
        scope_type: ScopeType::default(),
        resource_scopes: Vec::new(),
        scope_tags: Vec::new(),
    };
    let new = AssignmentChange { name: Some(new.name.unwrap_or_default()), ..new };
    let args = (Scope::of(app, actor), actor.clone(), assignment, new);
    app.commit(args, |tx, (scope, actor, mut assignment, new)| {
        Box::pin(async move {
            if store::role_assignment::list(tx, &scope.tenant).await?.len() >= ASSIGNMENTS_MAX {
                let words = format!("there are {ASSIGNMENTS_MAX} role assignments; more are not supported");
                return Err(AppError::conflict(words));
            }
            apply(&scope, tx, &actor, &mut assignment, new).await?;
            store::role_assignment::insert(tx, &assignment).await?;
            Ok(assignment)
        })
    })
    .await
}

/// Changes an assignment.
///
/// # Errors
/// As [`create`]; [`AppError::NotFound`].
pub async fn update(
    app: &App,
    actor: &Actor,
    id: &RoleAssignmentId,
    change: AssignmentChange,
) -> Result<RoleAssignment> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), actor.clone(), id.clone(), change);
    app.commit(args, |tx, (scope, actor, id, change)| {
        Box::pin(async move {
            let mut assignment = load(&scope, tx, &id).await?;
            apply(&scope, tx, &actor, &mut assignment, change).await?;
            store::role_assignment::update(tx, &assignment).await?;
            assignment.version += 1;
            Ok(assignment)
        })
    })
    .await
}

async fn apply(
    scope: &Scope,
    tx: &mut Tx<'_>,
    actor: &Actor,
    assignment: &mut RoleAssignment,
    change: AssignmentChange,
) -> Result<()> {
    if let Some(name) = &change.name {
        assignment.rename(name)?;
    }
    if let Some(description) = &change.description {
        assignment.describe(description)?;
    }
    assignment.scope_type = change.scope_type.unwrap_or(assignment.scope_type);
    for (given, kept, what) in [
        (change.members, &mut assignment.members, "members"),
        (change.resource_scopes, &mut assignment.resource_scopes, "resourceScopes"),
    ] {
        if let Some(groups) = given {
            *kept = existing(scope, tx, groups, what).await?;
        }
    }
    if let Some(mut tags) = change.scope_tags {
        tags.sort_unstable();
        tags.dedup();
        scope_tag::must_exist(tx, &scope.tenant, &tags).await?;
        assignment.scope_tags = tags;
    }
    assignment.check()?;
    let role = role_definition::load(scope, tx, &assignment.role).await?;
    let members = assignment.members.iter().cloned().collect();
    let given = rights_of(&members, std::slice::from_ref(assignment), std::slice::from_ref(&role));
    if actor.rights.include(&given) {
        Ok(())
    } else {
        Err(AppError::refused(
            "nobody gives what they do not have: this assignment goes beyond your own rights",
        ))
    }
}

async fn existing(
    scope: &Scope,
    tx: &mut Tx<'_>,
    mut groups: Vec<GroupId>,
    what: &'static str,
) -> Result<Vec<GroupId>> {
    groups.sort_unstable();
    groups.dedup();
    for group in &groups {
        if store::group::get(tx, &scope.tenant, group).await?.is_none() {
            return Err(AppError::invalid(what, format!("there is no group {group}")));
        }
    }
    Ok(groups)
}

/// Takes a role from the groups of an assignment.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Refused`] for a scoped administrator.
pub async fn delete(app: &App, actor: &Actor, id: &RoleAssignmentId) -> Result<()> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), id.clone());
    app.commit(args, |tx, (scope, id)| {
        Box::pin(async move {
            load(&scope, tx, &id).await?;
            store::role_assignment::delete(tx, &scope.tenant, &id).await?;
            Ok(())
        })
    })
    .await
}
