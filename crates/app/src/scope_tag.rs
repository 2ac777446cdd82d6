//! Scope tags (`roleScopeTag`, L13 to L20).

use domain::access::{AccessRefusal, ScopeTag, Sight, TagRefusal};
use domain::token::DEFAULT_SCOPE_TAG;
use domain::{GroupId, TenantId};
use store::Tx;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// Tags of one organisation. Intune has no such limit; each is read when rights are worked out.
const TAGS_MAX: usize = 1_000;

/// What a change of a tag may hold; none: as before.
#[derive(Debug, Clone, Default)]
pub struct TagChange {
    /// `displayName`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

impl From<AccessRefusal> for AppError {
    fn from(refusal: AccessRefusal) -> Self {
        let words = refusal.to_string();
        match refusal {
            AccessRefusal::Text { what, .. } | AccessRefusal::TooMany { what, .. } => {
                Self::invalid(what, words)
            }
            AccessRefusal::BuiltIn(_) => Self::refused(words),
        }
    }
}

impl From<TagRefusal> for AppError {
    fn from(refusal: TagRefusal) -> Self {
        Self::invalid("roleScopeTagIds", refusal.to_string())
    }
}

/// Refuses tags that there are none of.
pub(crate) async fn must_exist(tx: &mut Tx<'_>, tenant: &TenantId, tags: &[String]) -> Result<()> {
    for tag in tags.iter().filter(|tag| *tag != DEFAULT_SCOPE_TAG) {
        if store::scope_tag::get(tx, tenant, tag).await?.is_none() {
            return Err(AppError::invalid("roleScopeTagIds", format!("there is no scope tag {tag}")));
        }
    }
    Ok(())
}

/// Who sees a part only changes no tags (L20).
pub(crate) fn must_see_everything(actor: &Actor) -> Result<()> {
    actor.must_administer()?;
    if actor.rights.sight == Sight::Everything {
        Ok(())
    } else {
        Err(AppError::refused("only administrators who see every object change scope tags and roles (L20)"))
    }
}

async fn load(scope: &Scope, tx: &mut Tx<'_>, id: &str) -> Result<ScopeTag> {
    let tag = match id {
        DEFAULT_SCOPE_TAG => Some(ScopeTag::default_of(&scope.tenant)),
        _ => store::scope_tag::get(tx, &scope.tenant, id).await?,
    };
    tag.filter(|tag| holds(scope, tag)).ok_or_else(|| AppError::not_found(format!("the scope tag {id}")))
}

/// Whether a tag exists for whom this is done: those that they have.
fn holds(scope: &Scope, tag: &ScopeTag) -> bool {
    scope.sight.sees(std::slice::from_ref(&tag.id))
}

/// Every tag that the actor has, Default first.
///
/// # Errors
/// The store's.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<ScopeTag>> {
    app.look(Scope::of(app, actor), |tx, scope| {
        Box::pin(async move {
            let mut tags = vec![ScopeTag::default_of(&scope.tenant)];
            tags.extend(store::scope_tag::list(tx, &scope.tenant).await?);
            tags.retain(|tag| holds(&scope, tag));
            Ok(tags)
        })
    })
    .await
}

/// One tag.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<ScopeTag> {
    let args = (Scope::of(app, actor), id.to_owned());
    app.look(args, |tx, (scope, id)| Box::pin(async move { load(&scope, tx, &id).await })).await
}

/// Makes a tag. Its id is the next whole number.
///
/// # Errors
/// [`AppError::Invalid`], [`AppError::Refused`] for a scoped administrator (L20), [`AppError::Conflict`] for a name that
/// another tag has.
pub async fn create(app: &App, actor: &Actor, name: &str, description: &str) -> Result<ScopeTag> {
    must_see_everything(actor)?;
    let mut tag = ScopeTag { id: String::new(), ..ScopeTag::default_of(&actor.tenant) };
    tag.rename(name)?;
    tag.describe(description)?;
    let args = (Scope::of(app, actor), tag);
    app.commit(args, |tx, (scope, mut tag)| {
        Box::pin(async move {
            let known = store::scope_tag::list(tx, &scope.tenant).await?;
            if known.len() >= TAGS_MAX {
                return Err(AppError::conflict(format!(
                    "there are {TAGS_MAX} scope tags; more are not supported"
                )));
            }
            must_be_new(&known, &tag)?;
            let last = known.iter().filter_map(|tag| tag.id.parse::<u64>().ok()).max().unwrap_or(0);
            tag.id = last.saturating_add(1).to_string();
            store::scope_tag::insert(tx, &tag).await?;
            Ok(tag)
        })
    })
    .await
}

fn must_be_new(known: &[ScopeTag], tag: &ScopeTag) -> Result<()> {
    let folded = query::fold(&tag.name);
    let taken = known.iter().any(|other| other.id != tag.id && query::fold(&other.name) == folded);
    if taken || folded == "default" {
        return Err(AppError::conflict(format!("there is a scope tag “{}” already", tag.name)));
    }
    Ok(())
}

/// Changes a tag's texts.
///
/// # Errors
/// As [`create`]; [`AppError::NotFound`].
pub async fn update(app: &App, actor: &Actor, id: &str, change: TagChange) -> Result<ScopeTag> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), id.to_owned(), change);
    app.commit(args, |tx, (scope, id, change)| {
        Box::pin(async move {
            let mut tag = load(&scope, tx, &id).await?;
            tag.must_be_custom()?;
            if let Some(name) = &change.name {
                tag.rename(name)?;
                must_be_new(&store::scope_tag::list(tx, &scope.tenant).await?, &tag)?;
            }
            if let Some(description) = &change.description {
                tag.describe(description)?;
            }
            store::scope_tag::update(tx, &tag).await?;
            tag.version += 1;
            Ok(tag)
        })
    })
    .await
}

/// Replaces the groups whose devices have the tag (L19).
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Refused`], [`AppError::Invalid`] for groups that there are none of.
pub async fn assign(app: &App, actor: &Actor, id: &str, groups: Vec<GroupId>) -> Result<ScopeTag> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), id.to_owned(), groups);
    app.commit(args, |tx, (scope, id, groups)| {
        Box::pin(async move {
            let mut tag = load(&scope, tx, &id).await?;
            tag.must_be_custom()?;
            for group in &groups {
                if store::group::get(tx, &scope.tenant, group).await?.is_none() {
                    return Err(AppError::invalid("assignments", format!("there is no group {group}")));
                }
            }
            tag.assign(groups)?;
            store::scope_tag::update(tx, &tag).await?;
            tag.version += 1;
            Ok(tag)
        })
    })
    .await
}

/// Deletes a tag that nothing has.
///
/// # Errors
/// [`AppError::Conflict`] naming who has it; [`AppError::NotFound`]; [`AppError::Refused`].
pub async fn delete(app: &App, actor: &Actor, id: &str) -> Result<()> {
    must_see_everything(actor)?;
    let args = (Scope::of(app, actor), id.to_owned());
    app.commit(args, |tx, (scope, id)| {
        Box::pin(async move {
            let tag = load(&scope, tx, &id).await?;
            tag.must_be_custom()?;
            if let Some(holder) = holder(&scope, tx, &id).await? {
                return Err(AppError::conflict(format!(
                    "the scope tag “{}” is in use by {holder}: take it away there first",
                    tag.name
                )));
            }
            store::scope_tag::delete(tx, &scope.tenant, &id).await?;
            Ok(())
        })
    })
    .await
}

/// Something that has the tag.
async fn holder(scope: &Scope, tx: &mut Tx<'_>, id: &str) -> Result<Option<String>> {
    let has = |tags: &[String]| tags.iter().any(|tag| tag == id);
    let tokens = store::token::list(tx, &scope.tenant).await?;
    if let Some(token) = tokens.iter().find(|token| has(&token.scope_tags)) {
        return Ok(Some(format!("the enrollment program token “{}”", token.name)));
    }
    let assignments = store::role_assignment::list(tx, &scope.tenant).await?;
    if let Some(one) = assignments.iter().find(|assignment| has(&assignment.scope_tags)) {
        return Ok(Some(format!("the role assignment “{}”", one.name)));
    }
    let roles = store::role_definition::list(tx, &scope.tenant).await?;
    Ok(roles.iter().find(|role| has(&role.scope_tags)).map(|role| format!("the role “{}”", role.name)))
}
