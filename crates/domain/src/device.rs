//! Serials that Apple says are ours (`importedAppleDeviceIdentity`): R17, R44, R55 to R59.

use serde::{Deserialize, Serialize};

use crate::{DeviceId, ManagedDeviceId, ProfileId, Serial, TenantId, Time, TokenId};

mod enrollment;
mod import;
mod readiness;
#[cfg(test)]
mod tests;

pub use enrollment::{EnrollmentEvent, wanted_profile};
pub use import::{DESCRIPTION_LEN_MAX, Import, ImportError, read_csv};
pub use readiness::{Readiness, ReadinessContext, Reason, ReasonCode, WantedProfile, readiness};

/// A serial under one token: what Apple says, what we want, what we did about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub tenant: TenantId,
    /// Under which token. Serial and token are unique together.
    pub token: TokenId,
    /// Graph id.
    pub id: DeviceId,
    /// Changes with every write.
    pub version: i64,
    /// `serialNumber`.
    pub serial: Serial,
    /// Observed: what Apple last said.
    pub apple: AppleRecord,
    /// Observed: whether Apple still lists it under this token.
    pub presence: Presence,
    /// Deleted here while Apple still lists it (R56): hidden until a full sync lists it again.
    pub deleted_at: Option<Time>,
    /// Number of the last full pass that wrote it. One that listed it and found nothing new has noted that elsewhere; a
    /// finished pass marks the rest as gone.
    pub seen_pass: i64,
    /// `discoverySource`.
    pub source: DiscoverySource,
    /// `description`: the administrator's note.
    pub description: Option<String>,
    /// Wanted: the profile an administrator chose for this serial; none: the token's default.
    pub wanted_profile: Option<ProfileId>,
    /// When it was chosen (`requestedEnrollmentProfileAssignmentDateTime`).
    pub wanted_at: Option<Time>,
    /// What our last assignment at Apple came to.
    pub assignment: Assignment,
    /// What became of it as a managed device.
    pub enrollment: Enrollment,
    /// Converted into ADE on this date, not bought: its user may leave for 30 days (R44).
    pub converted_at: Option<Time>,
    /// When we first saw it.
    pub created_at: Time,
}

/// Apple's Device record (apple.md 1.4); strings stay open. What is empty is not stored: a fleet's rows are many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppleRecord {
    /// `model`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// `description`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `color`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub color: String,
    /// `asset_tag`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub asset_tag: String,
    /// `device_family`: `iPad`, `iPhone`, `iPod`, `Mac`, `AppleTV`, `Vision`, or a word of the future.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// `os`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os: String,
    /// `profile_status`.
    pub profile_status: ProfileStatus,
    /// `profile_uuid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_uuid: Option<String>,
    /// `profile_assign_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_assigned_at: Option<Time>,
    /// `profile_push_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_pushed_at: Option<Time>,
    /// `device_assigned_date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_assigned_at: Option<Time>,
    /// `device_assigned_by`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_assigned_by: String,
    /// `op_date` of the newest event folded in; none for a record of the complete list, after which every event is
    /// news: its clock is Apple's, so that no other may stand in for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_date: Option<Time>,
    /// `mdm_migration_deadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_deadline: Option<Time>,
}

/// `profile_status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileStatus {
    /// No profile.
    #[default]
    Empty,
    /// Assigned, not yet fetched by the device.
    Assigned,
    /// The device fetched it at activation.
    Pushed,
    /// Taken away after it had been pushed: the device keeps it until wiped.
    Removed,
    /// A word we do not know.
    #[serde(untagged)]
    Other(String),
}

/// Whether Apple lists the serial under this token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// It does.
    #[default]
    Present,
    /// It no longer does (released, moved, or missing from a complete pass).
    Gone {
        /// Since when, as far as we know.
        at: Time,
    },
}

/// `discoverySource`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DiscoverySource {
    /// From Apple.
    #[default]
    DeviceEnrollmentProgram,
    /// An administrator listed it.
    AdminImport,
}

/// The state of our assignment at Apple.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// `profile_uuid` of the last attempt.
    pub profile_uuid: Option<String>,
    /// What Apple answered for this serial.
    pub outcome: Option<Outcome>,
    /// When.
    pub attempted_at: Option<Time>,
    /// Attempts since the last success.
    pub failures: u32,
    /// Not to be tried again before; [`Time::EPOCH`]: at once.
    pub retry_at: Time,
}

/// Apple's answer for one serial (apple.md 1.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// `SUCCESS`.
    Success,
    /// `NOT_ACCESSIBLE`.
    NotAccessible,
    /// `FAILED`.
    Failed,
    /// `THROTTLED`.
    Throttled,
    /// Apple did not mention the serial in its answer.
    Unanswered,
    /// Another word.
    Other(String),
}

/// What became of the serial as a managed device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Enrollment {
    /// `enrollmentState`.
    pub state: EnrollmentState,
    /// The managed device, once it enrolled.
    pub managed_device: Option<ManagedDeviceId>,
    /// The profile it enrolled with; it keeps it until it is wiped (R4).
    pub profile: Option<ProfileId>,
    /// First enrolment.
    pub enrolled_at: Option<Time>,
    /// `lastContactedDateTime`.
    pub last_contact: Option<Time>,
}

/// Graph's `enrollmentState`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EnrollmentState {
    /// Never heard from.
    #[default]
    NotContacted,
    /// Enrolled, with the profile that is wanted for it.
    Enrolled,
    /// Enrolled with another profile than the one that waits for it: takes effect when it is wiped.
    PendingReset,
    /// Its last enrolment was refused or broke off.
    Failed,
    /// An administrator blocked it.
    Blocked,
}
