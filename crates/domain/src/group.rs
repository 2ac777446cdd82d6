//! Groups of people and devices (`group`): whom roles and policies are given to. Static security groups; what Graph has
//! beside these (mail, Teams, rules) is not the subject of this server.

use serde::{Deserialize, Serialize};

use crate::{GroupId, TenantId, Time};

#[cfg(test)]
mod tests;

/// Longest `displayName`, in characters (Graph's).
pub const NAME_LEN_MAX: usize = 256;
/// Longest `description`, in characters (Graph's).
pub const DESCRIPTION_LEN_MAX: usize = 1_024;
/// Longest `mailNickname`, in characters (Graph's).
pub const NICKNAME_LEN_MAX: usize = 64;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id.
    pub id: GroupId,
    /// Changes with every write.
    pub version: i64,
    /// `displayName`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `mailNickname`: kept because clients have to send one.
    pub mail_nickname: String,
    /// `createdDateTime`.
    pub created_at: Time,
}

/// What may be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberKind {
    /// A person (`user`).
    User,
    /// An enrolled device (`device`).
    Device,
    /// Another group.
    Group,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// Its id.
    pub id: String,
}

/// Why a group is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// A text that does not fit.
    #[error("{what} takes {least} to {most} characters without control characters")]
    Text {
        /// Which property.
        what: &'static str,
        /// The shortest.
        least: usize,
        /// The longest.
        most: usize,
    },
    /// A kind of group that there is none of here.
    #[error("there are only static security groups here: {0}")]
    Kind(&'static str),
    /// A group in itself, by whatever way.
    #[error("a group cannot contain itself")]
    Cycle,
}

impl Group {
    /// Gives it another name.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub fn rename(&mut self, name: &str) -> Result<(), GroupRefusal> {
        self.name = text(name, "displayName", 1, NAME_LEN_MAX)?;
        Ok(())
    }

    /// Describes it; an empty text takes the description away.
    ///
    /// # Errors
    /// A text that is too long.
    pub fn describe(&mut self, description: &str) -> Result<(), GroupRefusal> {
        let description = text(description, "description", 0, DESCRIPTION_LEN_MAX)?;
        self.description = Some(description).filter(|text| !text.is_empty());
        Ok(())
    }

    /// Notes the nickname; none is made of the name.
    ///
    /// # Errors
    /// A nickname that is too long.
    pub fn nickname(&mut self, nickname: &str) -> Result<(), GroupRefusal> {
        let given = text(nickname, "mailNickname", 0, NICKNAME_LEN_MAX)?;
        self.mail_nickname = if given.is_empty() { nickname_of(&self.name) } else { given };
        Ok(())
    }
}

/// Letters and digits of a name, as a nickname has them.
fn nickname_of(name: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).take(NICKNAME_LEN_MAX).collect();
    if plain.is_empty() { "group".to_owned() } else { plain }
}

fn text(given: &str, what: &'static str, least: usize, most: usize) -> Result<String, GroupRefusal> {
    let given = given.trim();
    let plain = !given.chars().any(|c| c.is_control() && c != '\n');
    if plain && (least..=most).contains(&given.chars().count()) {
        Ok(given.to_owned())
    } else {
        Err(GroupRefusal::Text { what, least, most })
    }
}
