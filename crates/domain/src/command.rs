//! The command queue of a device: what is pending, and what an answer does to it (apple.md 3.5).

use serde::{Deserialize, Serialize};

use crate::{CommandId, ManagedDeviceId, TenantId, Time};

#[cfg(test)]
mod tests;

/// A command that is pending. Finished ones live in history, apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Whose.
    pub tenant: TenantId,
    /// For which device.
    pub device: ManagedDeviceId,
    /// Of which enrolment of that device.
    pub enrolment: i64,
    /// `CommandUUID`.
    pub id: CommandId,
    /// `RequestType`.
    pub request_type: String,
    /// The whole answer to the device: an XML plist with `CommandUUID` and `Command`.
    pub body: Vec<u8>,
    /// Who waits for the answer.
    pub purpose: Purpose,
    /// Where it is.
    pub state: CommandState,
    /// Order within the device's queue; lower first.
    pub seq: i64,
    /// When it was queued.
    pub queued_at: Time,
    /// When it was last handed to the device.
    pub sent_at: Option<Time>,
    /// Give up after.
    pub expires_at: Time,
}

/// Who waits for a command's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A step of setup, by its index in the plan.
    Setup(u32),
    /// The release from Setup Assistant.
    Release,
    /// The name template, after setup.
    Name,
    /// Inventory, after setup.
    Inventory,
    /// A new identity before the old one ends.
    IdentityRenewal,
    /// An administrator's action, under Graph's name (`wipe`, `rebootNow`, ...).
    Action(String),
}

/// Where a pending command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommandState {
    /// Waits for the device.
    Queued,
    /// Handed to the device; its answer is open. Handed out again when the device asks without having answered.
    Sent,
    /// The device said `NotNow`; skipped until it connects anew.
    NotNow,
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedCommand {
    /// Whose.
    pub tenant: TenantId,
    /// For which device.
    pub device: ManagedDeviceId,
    /// `CommandUUID`.
    pub id: CommandId,
    /// `RequestType`.
    pub request_type: String,
    /// Who waited for it.
    pub purpose: Purpose,
    /// How it ended.
    pub outcome: CommandOutcome,
    /// When it was queued.
    pub queued_at: Time,
    /// When it ended.
    pub finished_at: Time,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum CommandOutcome {
    /// `Acknowledged`.
    Acknowledged,
    /// `Error`, with the device's words.
    Error {
        /// The `ErrorChain`, as one line.
        words: String,
    },
    /// `CommandFormatError`: never retried unchanged.
    FormatError,
    /// The enrolment it belonged to has ended.
    Cancelled,
    /// Its time was over.
    Expired,
}

/// What a device said about a command (`Status`, apple.md 3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// `Acknowledged`.
    Acknowledged,
    /// `Error`, with the `ErrorChain` as one line.
    Error(String),
    /// `CommandFormatError`.
    FormatError,
    /// `NotNow`.
    NotNow,
}

/// What an answer does to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is about no pending command of this enrolment: an answer given twice, or from an earlier enrolment.
    /// Nothing happens (lessons 50).
    Nothing,
    /// Keep it, and skip it until the device connects anew.
    NotNow,
    /// Move it to history; who waits for it is told.
    Finished(FinishedCommand),
}

/// Decides what an answer does to the pending command that it names, if there is one.
pub fn settle(pending: Option<&Command>, enrolment: i64, answered: Answered, now: Time) -> Settled {
    let Some(command) = pending.filter(|command| command.enrolment == enrolment) else {
        return Settled::Nothing;
    };
    let outcome = match answered {
        Answered::NotNow => return Settled::NotNow,
        Answered::Acknowledged => CommandOutcome::Acknowledged,
        Answered::Error(words) => CommandOutcome::Error { words },
        Answered::FormatError => CommandOutcome::FormatError,
    };
    Settled::Finished(command.clone().end(outcome, now))
}

impl Command {
    /// The command's row in history.
    pub fn end(self, outcome: CommandOutcome, now: Time) -> FinishedCommand {
        FinishedCommand {
            tenant: self.tenant,
            device: self.device,
            id: self.id,
            request_type: self.request_type,
            purpose: self.purpose,
            outcome,
            queued_at: self.queued_at,
            finished_at: now,
        }
    }
}
