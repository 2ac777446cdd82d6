//! Scope tags (`roleScopeTag`): names on objects, by which assignments say which of them exist for whom.

use std::collections::BTreeSet;

use super::{AccessRefusal, DESCRIPTION_LEN_MAX, NAME_LEN_MAX, Sight, text};
use crate::token::DEFAULT_SCOPE_TAG;
use crate::{GroupId, TenantId};

/// Tags of one object, and of one assignment (L18).
pub const TAGS_MAX: usize = 100;
/// Groups of one tag.
const GROUPS_MAX: usize = 500;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeTag {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id: a whole number as text; `0` is Default (L13).
    pub id: String,
    /// Changes with every write.
    pub version: i64,
    /// `displayName`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// Groups whose devices have it (L19).
    pub groups: Vec<GroupId>,
}

impl ScopeTag {
    /// The one that every object has that has no other (L13).
    #[must_use]
    pub fn default_of(tenant: &TenantId) -> Self {
        Self {
            tenant: tenant.clone(),
            id: DEFAULT_SCOPE_TAG.to_owned(),
            version: 1,
            name: "Default".to_owned(),
            description: "Default Role Scope Tag".to_owned(),
            groups: Vec::new(),
        }
    }

    /// `isBuiltIn`.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.id == DEFAULT_SCOPE_TAG
    }

    /// Refuses to change the built-in one.
    ///
    /// # Errors
    /// It is that.
    pub fn must_be_custom(&self) -> Result<(), AccessRefusal> {
        if self.is_built_in() { Err(AccessRefusal::BuiltIn(self.name.clone())) } else { Ok(()) }
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub fn rename(&mut self, name: &str) -> Result<(), AccessRefusal> {
        self.name = text(name, "displayName", 1, NAME_LEN_MAX)?;
        Ok(())
    }

    /// Describes it.
    ///
    /// # Errors
    /// A text that is too long.
    pub fn describe(&mut self, description: &str) -> Result<(), AccessRefusal> {
        self.description = text(description, "description", 0, DESCRIPTION_LEN_MAX)?;
        Ok(())
    }

    /// Replaces the groups whose devices have it.
    ///
    /// # Errors
    /// Too many.
    pub fn assign(&mut self, mut groups: Vec<GroupId>) -> Result<(), AccessRefusal> {
        groups.sort_unstable();
        groups.dedup();
        if groups.len() > GROUPS_MAX {
            return Err(AccessRefusal::TooMany { what: "assignments", most: GROUPS_MAX });
        }
        self.groups = groups;
        Ok(())
    }
}

/// Why tags are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagRefusal {
    /// L18.
    #[error("an object has at most {TAGS_MAX} scope tags (L18)")]
    TooMany,
    /// L17. In the same words for a tag that is not there: it does not exist for them.
    #[error("there is no scope tag {0} among yours (L17)")]
    NotHeld(String),
    /// L17.
    #[error(
        "this would take away the last of your scope tags, and you would not see the object any more (L17)"
    )]
    LastHeld,
}

/// The tags of a new object: those asked for, or all that its maker has (L15), or Default (L13).
///
/// # Errors
/// A tag that its maker does not have, or too many.
pub fn of_new(sight: &Sight, asked: Option<&[String]>) -> Result<Vec<String>, TagRefusal> {
    let asked = asked.map(tidied).unwrap_or_default();
    match sight {
        Sight::Tags(held) if asked.is_empty() => fitting(held.iter().cloned().collect()),
        _ => {
            must_hold(sight, asked.iter())?;
            fitting(asked)
        }
    }
}

/// The tags that an object is to have from now on, when somebody asks for those.
///
/// # Errors
/// Tags that come or go and that they do not have, too many, or none left of theirs.
pub fn retag(sight: &Sight, before: &[String], asked: &[String]) -> Result<Vec<String>, TagRefusal> {
    let (before, after) = (fitting(tidied(before))?, fitting(tidied(asked))?);
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    must_hold(sight, old.symmetric_difference(&new).copied())?;
    if sight.sees(&before) && !sight.sees(&after) {
        return Err(TagRefusal::LastHeld);
    }
    Ok(after)
}

/// The tags of an enrolled device: those of the groups that it is in, which overrule all others (L19); those that
/// somebody gave it; those of its token (L14); Default (L13).
#[must_use]
pub fn of_device(by_groups: &[String], by_hand: &[String], of_token: &[String]) -> Vec<String> {
    let first = [by_groups, by_hand, of_token].into_iter().find(|tags| !tags.is_empty());
    let mut tags = tidied(first.unwrap_or_default());
    tags.truncate(TAGS_MAX);
    if tags.is_empty() { vec![DEFAULT_SCOPE_TAG.to_owned()] } else { tags }
}

fn must_hold<'t>(sight: &Sight, mut tags: impl Iterator<Item = &'t String>) -> Result<(), TagRefusal> {
    let Sight::Tags(held) = sight else { return Ok(()) };
    match tags.find(|tag| !held.contains(*tag)) {
        Some(tag) => Err(TagRefusal::NotHeld(tag.clone())),
        None => Ok(()),
    }
}

/// Each once, in order, without blanks.
fn tidied(tags: &[String]) -> Vec<String> {
    let mut tags: Vec<String> =
        tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// At most as many as fit, and never none.
fn fitting(tags: Vec<String>) -> Result<Vec<String>, TagRefusal> {
    match tags.len() {
        0 => Ok(vec![DEFAULT_SCOPE_TAG.to_owned()]),
        count if count > TAGS_MAX => Err(TagRefusal::TooMany),
        _ => Ok(tags),
    }
}
