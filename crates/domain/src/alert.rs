//! Alerts, derived from state and never from past events (R27, lessons 31).

use serde::{Deserialize, Serialize};

use crate::Time;

mod derive;
#[cfg(test)]
mod tests;

pub use derive::{DeviceFact, Facts, ProfileFacts, PushFacts, TokenFacts, derive};

/// Something an administrator should know or do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Which rule.
    pub kind: AlertKind,
    /// How bad.
    pub severity: Severity,
    /// What it is about: a token's, device's or certificate's id.
    pub subject: String,
    /// One sentence: what happened, to what.
    pub title: String,
    /// Apple's or the device's own words, if any.
    pub words: Option<String>,
    /// What to do next.
    pub action: String,
    /// Since when.
    pub since: Time,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Will break.
    Warning,
    /// Is broken.
    Error,
}

/// Which rule raised it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlertKind {
    /// A token runs out soon or has.
    TokenExpiry,
    /// Apple rejects a token.
    TokenRejected,
    /// Terms wait for acceptance.
    TermsNotAccepted,
    /// Sync fails.
    SyncFailing,
    /// Profiles cannot be given to devices at Apple.
    AssignmentFailing,
    /// Apple refused a profile.
    ProfileRefused,
    /// Devices wait for Apple's throttle.
    DevicesThrottled,
    /// The push certificate runs out soon, has, or is missing.
    PushCertificate,
    /// Devices cannot be woken.
    PushFailing,
    /// One device cannot be woken.
    DeviceUnreachable,
    /// A device was released at its deadline.
    ReleasedAtDeadline,
    /// A device was told to leave Setup Assistant and has not.
    StuckInSetup,
    /// A device's identity runs out soon.
    IdentityExpiry,
    /// Two UDIDs claim one serial.
    SerialClaimedTwice,
}
