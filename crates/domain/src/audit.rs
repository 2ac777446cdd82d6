//! The audit log (`auditEvent`): who did what to which object, from where, and what came of it. Rows are only ever
//! appended. Each holds the hash of the one before it, so that a row which was changed, taken out or put in between is
//! found by reading the log from its start.

mod modified;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{AuditEventId, TenantId, Time};

pub use modified::{Properties, modified};

/// What the first event of a log holds as the hash before it.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Longest text of one value, in characters; what is longer is cut and says so.
pub const VALUE_CHARS_MAX: usize = 2_048;
/// Objects that one event names; more of them are counted.
pub const RESOURCES_MAX: usize = 1_000;

/// What was done, in Intune's words of `activityOperationType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum OperationType {
    /// Something is there that was not.
    Create,
    /// Something is gone.
    Delete,
    /// Something is different.
    Patch,
    /// Something was set going.
    Action,
    /// Something secret was shown.
    Get,
}

/// What came of it (`activityResult`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused or failed, and nothing changed.
    Failure,
}

/// What kind of caller did it (`auditActorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActorType {
    /// A person.
    ItPro,
    /// An application in its own name.
    Application,
    /// This server by itself, or its operator at the machine.
    System,
    /// A device.
    Device,
}

/// Who did it (`auditActor`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// What kind of caller.
    pub actor_type: ActorType,
    /// `applicationId`: through which application.
    pub application_id: Option<String>,
    /// `applicationDisplayName`.
    pub application_name: Option<String>,
    /// `userId`.
    pub user_id: Option<String>,
    /// `userPrincipalName`; of the server itself, which of its works.
    pub user_name: Option<String>,
    /// `ipAddress`: from where, as far as it is known.
    pub ip_address: Option<String>,
}

/// One value that changed (`auditProperty`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Modified {
    /// `displayName`: which property.
    pub name: String,
    /// `oldValue`; none: it was not there.
    pub old: Option<String>,
    /// `newValue`; none: it is not there any more.
    pub new: Option<String>,
}

/// One object that it was done to (`auditResource`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// `auditResourceType`: Graph's type.
    pub resource_type: String,
    /// `resourceId`.
    pub id: String,
    /// `displayName`.
    pub name: String,
    /// `modifiedProperties`.
    pub modified: Vec<Modified>,
    /// Its scope tags then: the event exists for whom the object did.
    pub scope_tags: Vec<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Whose log.
    pub tenant: TenantId,
    /// Its place in the log, from 1, without a gap.
    pub sequence: i64,
    /// Graph id.
    pub id: AuditEventId,
    /// `activityDateTime`.
    pub at: Time,
    /// `category`, such as `Enrollment`.
    pub category: String,
    /// `activityType`, such as `Create DepOnboardingSetting`.
    pub activity: String,
    /// `activityOperationType`.
    pub operation: OperationType,
    /// `activityResult`.
    pub outcome: Outcome,
    /// Why it failed.
    pub words: Option<String>,
    /// `actor`.
    pub actor: Actor,
    /// `resources`.
    pub resources: Vec<Resource>,
    /// `correlationId`: the request's id, which is in the server's log too.
    pub correlation_id: Option<String>,
    /// The hash of the event before it, hex.
    pub previous: String,
    /// SHA-256 of [`AuditEvent::signed`], hex.
    pub hash: String,
}

impl AuditEvent {
    /// The bytes that its hash is of: every value with its length before it, so that no two events have the same.
    ///
    /// # Errors
    /// Values that cannot be written as JSON; there are none.
    pub fn signed(&self) -> Result<Vec<u8>, serde_json::Error> {
        let parts = [
            self.previous.clone(),
            self.tenant.to_string(),
            self.sequence.to_string(),
            self.id.to_string(),
            self.at.micros().to_string(),
            self.category.clone(),
            self.activity.clone(),
            serde_json::to_string(&(self.operation, self.outcome, &self.words))?,
            serde_json::to_string(&self.actor)?,
            serde_json::to_string(&self.resources)?,
            self.correlation_id.clone().unwrap_or_default(),
        ];
        let mut bytes = b"muster audit 1".to_vec();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.into_bytes());
        }
        Ok(bytes)
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// A row says something else than when it was written.
    #[error("the event {sequence} of the audit log was changed after it was written")]
    Changed {
        /// Its place.
        sequence: i64,
    },
    /// Rows are missing, or were put in.
    #[error("the audit log has a gap: after the event {after} comes {found}, which does not follow it")]
    Gap {
        /// The last that was right.
        after: i64,
        /// What comes then.
        found: i64,
    },
    /// The end is missing.
    #[error("the audit log ends at the event {found}, but {last} were written")]
    CutOff {
        /// Where it ends.
        found: i64,
        /// Where it should.
        last: i64,
    },
}

/// Follows a log, event by event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Place of the last event.
    pub sequence: i64,
    /// Its hash.
    pub hash: String,
}

impl Chain {
    /// Before the first event.
    #[must_use]
    pub fn start() -> Self {
        Self { sequence: 0, hash: NO_PREVIOUS.to_owned() }
    }

    /// Takes the next event; `hash` is that of what it says.
    ///
    /// # Errors
    /// It does not follow, or was changed.
    pub fn follow(&mut self, event: &AuditEvent, hash: &str) -> Result<(), Tampered> {
        if event.hash != hash {
            return Err(Tampered::Changed { sequence: event.sequence });
        }
        if event.sequence != self.sequence.saturating_add(1) || event.previous != self.hash {
            return Err(Tampered::Gap { after: self.sequence, found: event.sequence });
        }
        *self = Self { sequence: event.sequence, hash: event.hash.clone() };
        Ok(())
    }

    /// Whether the log ends where it should.
    ///
    /// # Errors
    /// It ends before.
    pub fn end(&self, last: &Chain) -> Result<(), Tampered> {
        if self == last {
            Ok(())
        } else {
            Err(Tampered::CutOff { found: self.sequence, last: last.sequence })
        }
    }
}
