//! Answers that refuse an enrolment and say why (Apple: `mdm/errors/*.yaml`). The status is always 403: a 401 would
//! make an enrolled device remove its management.

use serde::Serialize;

/// The status of every such answer.
pub const STATUS: u16 = 403;
/// Its content type.
pub const CONTENT_TYPE: &str = "application/json";

/// Why a device is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// `com.apple.unrecognized.device`: not one of ours (iOS 17, macOS 14).
    UnrecognizedDevice,
    /// `com.apple.softwareupdate.required`: the device updates, restarts and asks again. Only for a device whose
    /// `MachineInfo` says that it can (iOS 17, macOS 14).
    SoftwareUpdateRequired(SoftwareUpdate),
    /// `com.apple.well-known.failed`: account-driven discovery is refused (iOS 17.5, macOS 14.5).
    WellKnownFailed,
}

/// What a device must update to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SoftwareUpdate {
    /// A version that Apple offers, such as `17.1` or `16.1 (a)`.
    #[serde(rename = "OSVersion")]
    pub os_version: String,
    /// Its build; only for betas.
    #[serde(rename = "BuildVersion", skip_serializing_if = "Option::is_none")]
    pub build_version: Option<String>,
    /// The beta programme to join first (iOS 17.5, macOS 14.5).
    #[serde(rename = "RequireBetaProgram", skip_serializing_if = "Option::is_none")]
    pub require_beta_program: Option<BetaProgram>,
}

/// A beta programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BetaProgram {
    /// What people call it.
    #[serde(rename = "Description")]
    pub description: String,
    /// The organisation's token for it.
    #[serde(rename = "Token")]
    pub token: String,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a SoftwareUpdate>,
}

impl Refusal {
    /// Apple's word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnrecognizedDevice => "com.apple.unrecognized.device",
            Self::SoftwareUpdateRequired(_) => "com.apple.softwareupdate.required",
            Self::WellKnownFailed => "com.apple.well-known.failed",
        }
    }

    /// The JSON body. `description` goes to the device's log, `message` may be shown to a person.
    pub fn json(&self, description: Option<&str>, message: Option<&str>) -> Vec<u8> {
        let details = match self {
            Self::SoftwareUpdateRequired(update) => Some(update),
            _ => None,
        };
        let body = Body { code: self.code(), description, message, details };
        // Texts and no maps: nothing here that JSON cannot carry.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
