//! Role definitions (`roleDefinition`): sets of operations with a name.

use super::{AccessRefusal, DESCRIPTION_LEN_MAX, NAME_LEN_MAX, Operation, Operations, text};
use crate::{RoleDefinitionId, TenantId};

/// Words in one role. Intune has some 300, of which most are about what this server does not do.
const WORDS_MAX: usize = 1_000;
/// Longest word.
const WORD_LEN_MAX: usize = 128;

/// A role that an organisation made for itself, or a built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDefinition {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id.
    pub id: RoleDefinitionId,
    /// Changes with every write.
    pub version: i64,
    /// `displayName`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// `allowedResourceActions`, also words that are not known here: a role that comes from Intune is kept whole.
    pub allowed: Vec<String>,
    /// `roleScopeTagIds`; never empty.
    pub scope_tags: Vec<String>,
    /// Whether it is one of [`BuiltIn::ALL`].
    pub is_built_in: bool,
}

impl RoleDefinition {
    /// What it allows, of what there is here.
    #[must_use]
    pub fn operations(&self) -> Operations {
        self.allowed.iter().filter_map(|word| Operation::from_word(word)).collect()
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

    /// Replaces what it allows.
    ///
    /// # Errors
    /// Too many words, or too long ones.
    pub fn allow(&mut self, words: &[String]) -> Result<(), AccessRefusal> {
        if words.len() > WORDS_MAX {
            return Err(AccessRefusal::TooMany { what: "allowedResourceActions", most: WORDS_MAX });
        }
        let mut allowed = Vec::with_capacity(words.len());
        for word in words {
            // A word of ours in another case is the same word.
            let known = Operation::from_word(word).map(|operation| operation.as_str().to_owned());
            allowed.push(match known {
                Some(word) => word,
                None => text(word, "allowedResourceActions", 1, WORD_LEN_MAX)?,
            });
        }
        allowed.sort_unstable();
        allowed.dedup();
        self.allowed = allowed;
        Ok(())
    }

    /// Refuses to change a built-in one.
    ///
    /// # Errors
    /// It is one.
    pub fn must_be_custom(&self) -> Result<(), AccessRefusal> {
        if self.is_built_in { Err(AccessRefusal::BuiltIn(self.name.clone())) } else { Ok(()) }
    }
}

/// The roles that every organisation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// Everything, also what comes with later versions.
    Administrator,
    /// Tokens, profiles and devices until they are enrolled.
    EnrollmentManager,
    /// Enrolled devices, as people call about them.
    HelpDesk,
    /// Looks.
    ReadOnly,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 4] =
        [BuiltIn::Administrator, BuiltIn::EnrollmentManager, BuiltIn::HelpDesk, BuiltIn::ReadOnly];

    /// The id, the same in every organisation, so that scripts can name it.
    #[must_use]
    pub fn id(self) -> RoleDefinitionId {
        RoleDefinitionId::from(match self {
            BuiltIn::Administrator => 0x6d75_7374_6572_4000_8000_0000_0000_0001_u128,
            BuiltIn::EnrollmentManager => 0x6d75_7374_6572_4000_8000_0000_0000_0002,
            BuiltIn::HelpDesk => 0x6d75_7374_6572_4000_8000_0000_0000_0003,
            BuiltIn::ReadOnly => 0x6d75_7374_6572_4000_8000_0000_0000_0004,
        })
    }

    /// `displayName`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            BuiltIn::Administrator => "Administrator",
            BuiltIn::EnrollmentManager => "Enrollment manager",
            BuiltIn::HelpDesk => "Help desk operator",
            BuiltIn::ReadOnly => "Read only operator",
        }
    }

    /// `description`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            BuiltIn::Administrator => "May do everything.",
            BuiltIn::EnrollmentManager => {
                "Manages tokens, profiles and serial numbers, and sees the devices that come of them."
            }
            BuiltIn::HelpDesk => {
                "Helps people with enrolled devices: locks, restarts, renames and erases them."
            }
            BuiltIn::ReadOnly => "Sees everything and changes nothing.",
        }
    }

    /// What it allows.
    #[must_use]
    pub const fn operations(self) -> Operations {
        use Operation as O;
        const ENROLLMENT: Operations = Operations::of(&[
            O::TokenRead,
            O::TokenCreate,
            O::TokenUpdate,
            O::TokenDelete,
            O::ProfileRead,
            O::ProfileCreate,
            O::ProfileUpdate,
            O::ProfileDelete,
            O::ProfileAssign,
            O::SerialRead,
            O::SerialCreate,
            O::SerialUpdate,
            O::SerialDelete,
            O::SerialRelease,
            O::EnrollmentTimeGroup,
            O::DeviceRead,
            O::SyncDevice,
            O::OrganizationRead,
            O::GroupRead,
            O::UserRead,
        ]);
        const HELP: Operations = Operations::of(&[
            O::TokenRead,
            O::ProfileRead,
            O::SerialRead,
            O::DeviceRead,
            O::DeviceUpdate,
            O::Wipe,
            O::Retire,
            O::RemoteLock,
            O::RebootNow,
            O::ShutDown,
            O::ResetPasscode,
            O::BypassActivationLock,
            O::SyncDevice,
            O::SetDeviceName,
            O::OrganizationRead,
            O::GroupRead,
            O::UserRead,
        ]);
        match self {
            BuiltIn::Administrator => Operations::ALL,
            BuiltIn::EnrollmentManager => ENROLLMENT,
            BuiltIn::HelpDesk => HELP,
            BuiltIn::ReadOnly => Operations::reads(),
        }
    }

    /// As an object of that organisation.
    #[must_use]
    pub fn of(self, tenant: &TenantId) -> RoleDefinition {
        RoleDefinition {
            tenant: tenant.clone(),
            id: self.id(),
            version: 1,
            name: self.name().to_owned(),
            description: self.description().to_owned(),
            allowed: self.operations().iter().map(|operation| operation.as_str().to_owned()).collect(),
            scope_tags: vec![crate::token::DEFAULT_SCOPE_TAG.to_owned()],
            is_built_in: true,
        }
    }
}
