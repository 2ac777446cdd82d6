//! Devices that misbehave, as real ones do now and then.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The most rules a device keeps.
const RULES_MAX: usize = 100;

/// What a device does with a command instead of carrying it out, or with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Quirk {
    /// Answers `NotNow`.
    NotNow,
    /// Answers `Error`.
    Error {
        /// `ErrorCode`
        code: i64,
        /// `ErrorDomain`
        domain: String,
        /// `LocalizedDescription` and `USEnglishDescription`
        words: String,
    },
    /// Answers `CommandFormatError`.
    FormatError,
    /// Carries it out and says so twice: the first time, the connection ends before the device reads the answer.
    Twice,
    /// Carries it out, but its answer never arrives: the connection ends before it is sent.
    Lost,
    /// Takes the command, and loses power before it does anything.
    PowerCut,
    /// Takes the command, and is erased by a person before it does anything, who sets it up again.
    Wiped,
}

/// When a quirk shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// With which `RequestType`; with any when `None`.
    #[serde(default)]
    pub request_type: Option<String>,
    /// How often; for ever when nothing is said.
    #[serde(default = "for_ever")]
    pub times: u32,
    /// What happens.
    pub quirk: Quirk,
}

/// Nobody counts so far.
const fn for_ever() -> u32 {
    u32::MAX
}

impl Rule {
    /// The quirk shows the next `times` times a command of that type comes.
    pub fn new(request_type: &str, times: u32, quirk: Quirk) -> Self {
        Self { request_type: Some(request_type.to_owned()), times, quirk }
    }

    /// The quirk shows with the next `times` commands.
    pub const fn any(times: u32, quirk: Quirk) -> Self {
        Self { request_type: None, times, quirk }
    }
}

/// Commands that iOS always carries out at once (apple.md 3.5). A rule for any command spares them from `NotNow`.
const NEVER_NOT_NOW: [&str; 8] = [
    "DeviceInformation",
    "ProfileList",
    "DeviceLock",
    "EraseDevice",
    "ClearPasscode",
    "ProvisioningProfileList",
    "InstalledApplicationList",
    "Restrictions",
];

/// The rules of one device, first come first served.
#[derive(Clone, Debug, Default)]
pub(super) struct Script(VecDeque<Rule>);

impl Script {
    /// Adds a rule; beyond the hundredth, none.
    pub(super) fn add(&mut self, rule: Rule) {
        if rule.times > 0 && self.0.len() < RULES_MAX {
            self.0.push_back(rule);
        }
    }

    /// The rules that are left.
    pub(super) fn rules(&self) -> Vec<Rule> {
        self.0.iter().cloned().collect()
    }

    /// The quirk for a command, which is then used up once.
    pub(super) fn take(&mut self, request_type: &str) -> Option<Quirk> {
        let place = self.0.iter().position(|rule| match &rule.request_type {
            Some(wanted) => wanted == request_type,
            None => rule.quirk != Quirk::NotNow || !NEVER_NOT_NOW.contains(&request_type),
        })?;
        let rule = self.0.get_mut(place)?;
        // For ever is not counted down.
        rule.times -= u32::from(rule.times != u32::MAX);
        if rule.times > 0 {
            return Some(rule.quirk.clone());
        }
        self.0.remove(place).map(|rule| rule.quirk)
    }
}
