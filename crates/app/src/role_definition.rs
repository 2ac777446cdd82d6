//! Roles (`roleDefinition`, L22): those that every organisation has, and its own.

use domain::RoleDefinitionId;
use domain::access::{BuiltIn, RoleDefinition, of_new, retag};
use store::Tx;

use crate::scope::Scope;
use crate::scope_tag::must_see_everything;
use crate::{Actor, App, AppError, Result};

/// Roles of one organisation, beside the built-in ones.
const ROLES_MAX: usize = 500;

/// What a role is made or changed with; none: as before, or empty for a new one.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// `displayName`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `allowedResourceActions`.
    pub allowed: Option<Vec<String>>,
    /// `roleScopeTagIds`.
    pub scope_tags: Option<Vec<String>>,
}

pub(crate) async fn load(scope: &Scope, tx: &mut Tx<'_>, id: &RoleDefinitionId) -> Result<RoleDefinition> {
    if let Some(built_in) = BuiltIn::ALL.into_iter().find(|role| role.id() == *id) {
        return Ok(built_in.of(&scope.tenant));
    }
    let role = store::role_definition::get(tx, &scope.tenant, id).await?;
    let role = role.filter(|role| scope.sight.sees(&role.scope_tags));
    role.ok_or_else(|| AppError::not_found(format!("the role {id}")))
}

/// Every role of the organisation, whoever asks: what rights are worked out from.
pub(crate) async fn every(scope: &Scope, tx: &mut Tx<'_>) -> Result<Vec<RoleDefinition>> {
    let mut roles: Vec<_> = BuiltIn::ALL.into_iter().map(|role| role.of(&scope.tenant)).collect();
    roles.extend(store::role_definition::list(tx, &scope.tenant).await?);
    Ok(roles)
}

/// The roles that exist for the actor, the built-in ones first.
///
/// # Errors
/// The store's.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<RoleDefinition>> {
    app.look(Scope::of(app, actor), |tx, scope| {
        Box::pin(async move {
            let mut roles = every(&scope, tx).await?;
            roles.retain(|role| role.is_built_in || scope.sight.sees(&role.scope_tags));
            Ok(roles)
        })
    })
    .await
}

/// One role.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &RoleDefinitionId) -> Result<RoleDefinition> {
    let args = (Scope::of(app, actor), id.clone());
    app.look(args, |tx, (scope, id)| Box::pin(async move { load(&scope, tx, &id).await })).await
}

/// Makes a role.
///
/// # Errors
/// [`AppError::Invalid`]; [`AppError::Refused`] for a scoped administrator, or for operations that the actor does not
/// have; [`AppError::Conflict`] when there are too many.
pub async fn create(app: &App, actor: &Actor, new: RoleChange) -> Result<RoleDefinition> {
    must_see_everything(actor)?;
    let mut role = RoleDefinition {
        id: app.new_id(),
        is_built_in: false,
        allowed: Vec::new(),
        description: String::new(),
        ..BuiltIn::ReadOnly.of(&actor.tenant)
    };
    role.rename(new.name.as_deref().unwrap_or_default())?;
    let tags = of_new(&actor.rights.sight, new.scope_tags.as_deref());
    role.scope_tags = tags?;
    apply(actor, &mut role, &new)?;
    app.commit(role, |tx, role| {
        Box::pin(async move {
            if store::role_definition::list(tx, &role.tenant).await?.len() >= ROLES_MAX {
                return Err(AppError::conflict(format!(
                    "there are {ROLES_MAX} roles; more are not supported"
                )));
            }
            store::role_definition::insert(tx, &role).await?;
            Ok(role)
        })
    })
    .await
}

/// Changes a role.
///
/// # Errors
/// As [`create`]; [`AppError::NotFound`]; [`AppError::Refused`] for a built-in one.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: &RoleDefinitionId,
    change: RoleChange,
) -> Result<RoleDefinition> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), actor.clone(), id.clone(), change);
    app.commit(args, |tx, (scope, actor, id, change)| {
        Box::pin(async move {
            let mut role = load(&scope, tx, &id).await?;
            role.must_be_custom()?;
            if let Some(tags) = &change.scope_tags {
                let tags = retag(&scope.sight, &role.scope_tags, tags);
                role.scope_tags = tags?;
            }
            apply(&actor, &mut role, &change)?;
            store::role_definition::update(tx, &role).await?;
            role.version += 1;
            Ok(role)
        })
    })
    .await
}

fn apply(actor: &Actor, role: &mut RoleDefinition, change: &RoleChange) -> Result<()> {
    if let Some(name) = &change.name {
        role.rename(name)?;
    }
    if let Some(description) = &change.description {
        role.describe(description)?;
    }
    if let Some(allowed) = &change.allowed {
        role.allow(allowed)?;
    }
    // A role of theirs would otherwise give them what they do not have.
    let beyond = role.operations().without(actor.rights.operations);
    match beyond.iter().next() {
        None => Ok(()),
        Some(operation) => {
            Err(AppError::refused(format!("nobody gives what they do not have: {operation} is not yours")))
        }
    }
}

/// Deletes a role that nobody has.
///
/// # Errors
/// [`AppError::Conflict`] while it is assigned; [`AppError::NotFound`]; [`AppError::Refused`] for a built-in one.
pub async fn delete(app: &App, actor: &Actor, id: &RoleDefinitionId) -> Result<()> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), id.clone());
    app.commit(args, |tx, (scope, id)| {
        Box::pin(async move {
            let role = load(&scope, tx, &id).await?;
            role.must_be_custom()?;
            let assigned = store::role_assignment::count_of(tx, &scope.tenant, &id).await?;
            if assigned > 0 {
                return Err(AppError::conflict(format!(
                    "the role “{}” is assigned {assigned} times: delete its assignments first",
                    role.name
                )));
            }
            store::role_definition::delete(tx, &scope.tenant, &id).await?;
            Ok(())
        })
    })
    .await
}
