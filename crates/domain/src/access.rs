//! What an administrator or an application may do, and which objects exist for it (L13 to L24).
//!
//! A right is an [`Operation`], in Intune's words. A [`RoleDefinition`] is a set of them; a [`RoleAssignment`] gives it to
//! the members of groups, for objects with some [`ScopeTag`]s. What one person may do is the union of all of hers
//! (L22), as one value: [`Rights`]. An object whose tags [`Rights`] do not show does not exist for her: not in a list, a
//! count or a search, and not in the words of an error.

mod assignment;
mod operation;
mod role;
mod scope_tag;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use assignment::{RoleAssignment, ScopeType, rights_of};
pub use operation::{Operation, Operations};
pub use role::{BuiltIn, RoleDefinition};
pub use scope_tag::{ScopeTag, TAGS_MAX, TagRefusal, of_device, of_new, retag};

/// Longest `displayName` of a role, an assignment or a tag, in characters.
pub const NAME_LEN_MAX: usize = 128;
/// Longest `description`, in characters.
pub const DESCRIPTION_LEN_MAX: usize = 1_024;

/// Why a role, an assignment or a tag is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// A text that is missing or too long.
    #[error("{what} takes {least} to {most} characters without control characters")]
    Text {
        /// Which property.
        what: &'static str,
        /// The shortest.
        least: usize,
        /// The longest.
        most: usize,
    },
    /// A built-in object stays as it is.
    #[error("{0} is built in and cannot be changed or deleted")]
    BuiltIn(String),
    /// More of something than it takes.
    #[error("{what} takes at most {most}")]
    TooMany {
        /// Which property.
        what: &'static str,
        /// How many.
        most: usize,
    },
}

/// Which objects exist for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// All of them (L16).
    Everything,
    /// Those with one of these tags.
    Tags(BTreeSet<String>),
}

impl Sight {
    /// Whether an object with those tags exists for them. An object without any has Default (L13).
    #[must_use]
    pub fn sees(&self, tags: &[String]) -> bool {
        match self {
            Sight::Everything => true,
            Sight::Tags(held) if tags.is_empty() => held.contains(crate::token::DEFAULT_SCOPE_TAG),
            Sight::Tags(held) => tags.iter().any(|tag| held.contains(tag)),
        }
    }

    /// What either sees.
    #[must_use]
    pub fn with(self, other: Sight) -> Sight {
        match (self, other) {
            (Sight::Tags(mut held), Sight::Tags(more)) => {
                held.extend(more);
                Sight::Tags(held)
            }
            _ => Sight::Everything,
        }
    }
}

/// What somebody may do, and to which objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// What.
    pub operations: Operations,
    /// To which.
    pub sight: Sight,
    /// Groups that policies may be aimed at (L17); none: any.
    pub target_groups: Option<BTreeSet<String>>,
}

impl Rights {
    /// Everything: this server itself, and Administrators (L16).
    #[must_use]
    pub const fn all() -> Self {
        Self { operations: Operations::ALL, sight: Sight::Everything, target_groups: None }
    }

    /// Nothing at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { operations: Operations::NONE, sight: Sight::Tags(BTreeSet::new()), target_groups: None }
    }

    /// Those operations on every object: an application's.
    #[must_use]
    pub const fn of_application(operations: Operations) -> Self {
        Self { operations, sight: Sight::Everything, target_groups: None }
    }

    /// The same, but no more than those operations: a person who works through an application that may do less.
    #[must_use]
    pub fn through(self, operations: Operations) -> Self {
        Self { operations: self.operations.both(operations), ..self }
    }

    /// Whether the operation is among them.
    #[must_use]
    pub const fn may(&self, operation: Operation) -> bool {
        self.operations.contains(operation)
    }

    /// Whether they include all that those rights are: nobody gives what they do not have.
    #[must_use]
    pub fn include(&self, others: &Rights) -> bool {
        let sees = match (&self.sight, &others.sight) {
            (Sight::Everything, _) => true,
            (Sight::Tags(held), Sight::Tags(given)) => given.is_subset(held),
            (Sight::Tags(_), Sight::Everything) => false,
        };
        let targets = match (&self.target_groups, &others.target_groups) {
            (None, _) => true,
            (Some(held), Some(given)) => given.is_subset(held),
            (Some(_), None) => false,
        };
        sees && targets && others.operations.without(self.operations) == Operations::NONE
    }

    /// Whether a policy may be aimed at that group (L17).
    #[must_use]
    pub fn may_target(&self, group: &str) -> bool {
        self.target_groups.as_ref().is_none_or(|groups| groups.contains(group))
    }
}

/// A text that people give a thing, without blanks around it.
fn text(given: &str, what: &'static str, least: usize, most: usize) -> Result<String, AccessRefusal> {
    let given = given.trim();
    let length = given.chars().count();
    let plain = !given.chars().any(|c| c.is_control() && c != '\n');
    if plain && (least..=most).contains(&length) {
        Ok(given.to_owned())
    } else {
        Err(AccessRefusal::Text { what, least, most })
    }
}
