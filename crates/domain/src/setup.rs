//! What happens while Setup Assistant waits: a plan of steps, each with a time limit, and a deadline after which the
//! device is released come what may. No device is ever stuck (apple.md 3.6, lessons 39 to 46).

use serde::{Deserialize, Serialize};

use crate::{CommandId, ManagedDeviceId, TenantId, Time};

mod advance;
mod plan;

pub use advance::{Answer, Effect, Event, advance};
pub use plan::{Start, start};

#[cfg(test)]
mod tests;

/// The plan of one enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupPlan {
    /// Whose.
    pub tenant: TenantId,
    /// Which device.
    pub device: ManagedDeviceId,
    /// Which enrolment of it; a new one starts a new plan.
    pub enrolment: i64,
    /// Changes with every write.
    pub version: i64,
    /// When it began.
    pub started_at: Time,
    /// When the device is released whatever has happened.
    pub deadline: Time,
    /// In order; a step begins when the one before has ended.
    pub steps: Vec<Step>,
    /// How it stands.
    pub state: SetupState,
    /// When the loop must look again though nothing has happened.
    pub due_at: Time,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// How it stands.
    pub state: StepState,
    /// How long it may take, in seconds, from when it begins.
    pub limit_seconds: u32,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// `Settings`/`DeviceName` from the template.
    Name,
    /// `Settings`/`OrganizationInfo` and `MDMOptions`.
    OrganizationInfo,
    /// `DeviceInformation`.
    DeviceInformation,
    /// `SecurityInfo`.
    SecurityInfo,
    /// `ActivationLockBypassCode`, kept for the administrator (R12).
    ActivationLockBypassCode,
    /// `Settings`/`SharedDeviceConfiguration` (R45, R46).
    SharedDeviceConfiguration,
    /// `AccountConfiguration` (macOS).
    AccountConfiguration,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Its command is queued or with the device.
    Running {
        /// The command.
        command: CommandId,
        /// Since when.
        since: Time,
    },
    /// Acknowledged.
    Done {
        /// When.
        at: Time,
    },
    /// The device refused it; setup goes on.
    Failed {
        /// When.
        at: Time,
        /// The device's words.
        words: String,
    },
    /// Not answered within its limit; setup goes on.
    TimedOut {
        /// When.
        at: Time,
    },
    /// Not for this device.
    Skipped {
        /// Why.
        why: String,
    },
}

/// How a plan stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum SetupState {
    /// Steps are under way.
    Running {
        /// Whether Setup Assistant holds the device until `DeviceConfigured`. A device that does not wait gets the
        /// same steps and no release.
        holds: bool,
    },
    /// `DeviceConfigured` is queued; sent again until the device acknowledges it.
    Releasing {
        /// The command now in the queue; none: the last one was refused, the next waits for its time.
        command: Option<CommandId>,
        /// Since when.
        since: Time,
        /// Why now.
        because: ReleaseReason,
        /// How often the device has been told or woken for it.
        attempts: u32,
    },
    /// The steps of a device that did not wait have ended.
    Finished {
        /// When.
        at: Time,
    },
    /// The device acknowledged `DeviceConfigured`.
    Released {
        /// When.
        at: Time,
        /// Why.
        because: ReleaseReason,
    },
    /// The device was wiped, checked out or enrolled anew before.
    Abandoned {
        /// When.
        at: Time,
    },
}

/// Why a device is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReleaseReason {
    /// Every step has ended.
    Finished,
    /// The deadline passed: an alert.
    Deadline,
    /// An administrator pressed Release.
    Admin,
}

impl SetupPlan {
    /// Whether anything is still to be done.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, SetupState::Running { .. } | SetupState::Releasing { .. })
    }
}

impl StepState {
    /// Whether the step has ended, one way or another.
    pub const fn has_ended(&self) -> bool {
        !matches!(self, StepState::Waiting | StepState::Running { .. })
    }
}
