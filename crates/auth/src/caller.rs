//! Who calls, and what they may do.

use domain::{TenantId, UserId};

use crate::Role;

/// Who calls the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The one tenant it reaches.
    pub tenant: TenantId,
    /// The program or the person.
    pub who: Who,
    /// What it may do.
    pub roles: Vec<Role>,
}

/// A program, or a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A program that acts for itself.
    Application {
        /// Client id.
        id: String,
        /// Its name.
        name: String,
    },
    /// A person.
    User {
        /// Directory id.
        id: UserId,
        /// `userPrincipalName`.
        name: String,
        /// Client id of the program that acts for them; none: their own browser.
        application: Option<String>,
    },
}

impl Caller {
    /// Whether it may do what `needed` allows.
    pub fn may(&self, needed: Role) -> bool {
        self.roles.iter().any(|role| role.covers(needed))
    }

    /// The id of the program or the person, for records.
    pub fn id(&self) -> &str {
        match &self.who {
            Who::Application { id, .. } => id,
            Who::User { id, .. } => id.as_str(),
        }
    }

    /// The name of the program or the person, for people.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::Application { name, .. } | Who::User { name, .. } => name,
        }
    }
}
