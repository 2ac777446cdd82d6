//! Role assignments (`deviceAndAppManagementRoleAssignment`): who has a role, and for which objects.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    AccessRefusal, DESCRIPTION_LEN_MAX, NAME_LEN_MAX, Operations, Rights, RoleDefinition, Sight, TAGS_MAX,
    text,
};
use crate::{GroupId, RoleAssignmentId, RoleDefinitionId, TenantId};

/// Groups in one assignment, of members and of scope each.
const GROUPS_MAX: usize = 500;

/// `scopeType`: whom and what policies may be aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ScopeType {
    /// The groups in `resourceScopes`.
    #[default]
    ResourceScope,
    /// All devices.
    AllDevices,
    /// All users.
    AllLicensedUsers,
    /// Everybody and everything.
    AllDevicesAndLicensedUsers,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id.
    pub id: RoleAssignmentId,
    /// Changes with every write.
    pub version: i64,
    /// `displayName`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// `roleDefinition`.
    pub role: RoleDefinitionId,
    /// `members`: groups of administrators.
    pub members: Vec<GroupId>,
    /// `scopeType`.
    pub scope_type: ScopeType,
    /// `resourceScopes`: groups that policies may be aimed at (L17).
    pub resource_scopes: Vec<GroupId>,
    /// `roleScopeTagIds`: none of them shows everything (L16).
    pub scope_tags: Vec<String>,
}

impl RoleAssignment {
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

    /// Whether there are no more groups and tags than it takes (L18).
    ///
    /// # Errors
    /// There are.
    pub fn check(&self) -> Result<(), AccessRefusal> {
        let counts = [
            ("members", self.members.len(), GROUPS_MAX),
            ("resourceScopes", self.resource_scopes.len(), GROUPS_MAX),
            ("roleScopeTagIds", self.scope_tags.len(), TAGS_MAX),
        ];
        match counts.into_iter().find(|(_, count, most)| count > most) {
            Some((what, _, most)) => Err(AccessRefusal::TooMany { what, most }),
            None => Ok(()),
        }
    }

    /// Whether it gives its role to somebody in those groups.
    #[must_use]
    pub fn is_for(&self, groups: &BTreeSet<GroupId>) -> bool {
        self.members.iter().any(|member| groups.contains(member))
    }

    fn sight(&self) -> Sight {
        if self.scope_tags.is_empty() {
            Sight::Everything
        } else {
            Sight::Tags(self.scope_tags.iter().cloned().collect())
        }
    }

    fn target_groups(&self) -> Option<BTreeSet<String>> {
        match self.scope_type {
            ScopeType::ResourceScope => {
                Some(self.resource_scopes.iter().map(|group| group.as_str().to_owned()).collect())
            }
            _ => None,
        }
    }
}

/// What a person may do who is in those groups: the union over all assignments, of operations, tags and groups each
/// (L22). An assignment whose role is not there any more gives nothing.
#[must_use]
pub fn rights_of(
    groups: &BTreeSet<GroupId>,
    assignments: &[RoleAssignment],
    roles: &[RoleDefinition],
) -> Rights {
    let hers = assignments.iter().filter(|assignment| assignment.is_for(groups));
    let mut rights: Option<Rights> = None;
    for assignment in hers {
        let Some(role) = roles.iter().find(|role| role.id == assignment.role) else { continue };
        let (operations, sight) = (role.operations(), assignment.sight());
        let target_groups = assignment.target_groups();
        rights = Some(match rights {
            None => Rights { operations, sight, target_groups },
            Some(before) => Rights {
                operations: before.operations.with(operations),
                sight: before.sight.with(sight),
                target_groups: match (before.target_groups, target_groups) {
                    (Some(before), Some(more)) => Some(before.into_iter().chain(more).collect()),
                    _ => None,
                },
            },
        });
    }
    let Some(rights) = rights else { return Rights::none() };
    // The one role that nothing is hidden from (L16).
    if rights.operations == Operations::ALL && rights.sight == Sight::Everything {
        Rights::all()
    } else {
        rights
    }
}
