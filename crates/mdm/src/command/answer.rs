//! What a device answers.

use std::fmt;

use super::DeviceInformation;
use crate::checkin::Enrollment;
use crate::error::printable;
use crate::guard::{Dictionary, Fields};
use crate::word::open_words;
use crate::{Error, Redacted};

/// The longest `CommandUUID`, in bytes; ours have 36.
const MAX_COMMAND_UUID: usize = 128;
/// The most links of an error chain that are kept; devices send one to three.
const MAX_ERRORS: usize = 8;

open_words! {
    /// How a device answers.
    Status {
        /// It has no answer, and asks for a command.
        Idle = "Idle",
        /// Done, or accepted.
        Acknowledged = "Acknowledged",
        /// Not done; see the error chain.
        Error = "Error",
        /// The command is malformed, and always will be.
        CommandFormatError = "CommandFormatError",
        /// Not now; it will ask again.
        NotNow = "NotNow",
    }
}

/// The answer to a command, or the wish for one.
#[derive(Clone, PartialEq)]
pub struct CommandAnswer {
    /// Who answers.
    pub enrollment: Enrollment,
    /// How.
    pub status: Status,
    /// To which command; absent with [`Status::Idle`].
    pub command_uuid: Option<String>,
    /// What went wrong, outermost first.
    pub error_chain: Vec<ErrorChainItem>,
    /// The user of a Mac is not at its screen.
    pub not_on_console: bool,
    /// Everything that was sent. It may hold secrets.
    pub body: Dictionary,
}

/// Names the keys but not their values: bypass codes and keys of disks are among them.
impl fmt::Debug for CommandAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandAnswer")
            .field("enrollment", &self.enrollment)
            .field("status", &self.status)
            .field("command_uuid", &self.command_uuid)
            .field("error_chain", &self.error_chain)
            .field("keys", &self.body.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl CommandAnswer {
    pub(crate) fn read(enrollment: Enrollment, body: Dictionary) -> Result<Self, Error> {
        let fields = Fields(&body);
        let status = Status::from(fields.text("Status", MAX_COMMAND_UUID)?.as_str());
        let command_uuid = fields.opt_text("CommandUUID", MAX_COMMAND_UUID)?;
        if command_uuid.is_none() && status != Status::Idle {
            return Err(Error::Missing("CommandUUID"));
        }
        let error_chain = error_chain(fields);
        let not_on_console = fields.flag("NotOnConsole");
        Ok(Self { enrollment, status, command_uuid, error_chain, not_on_console, body })
    }

    /// `QueryResponses`, of `DeviceInformation`.
    pub fn query_responses(&self) -> Option<&Dictionary> {
        Fields(&self.body).dictionary("QueryResponses")
    }

    /// The properties of [`DeviceInformation`] that a device answered with.
    pub fn device_information(&self) -> Option<DeviceInformation> {
        self.query_responses().map(|d| DeviceInformation::read(Fields(d)))
    }

    /// What became of each setting, in the order of the command.
    pub fn settings(&self) -> Vec<SettingResult> {
        Fields(&self.body).dictionaries("Settings").map(SettingResult::read).collect()
    }

    /// `SecurityInfo`.
    pub fn security_info(&self) -> Option<SecurityInfo> {
        Fields(&self.body).dictionary("SecurityInfo").map(|d| SecurityInfo::read(Fields(d)))
    }

    /// The code that the device made to get past its Activation Lock. Only a new one that is not empty may replace an
    /// older one.
    pub fn activation_lock_bypass_code(&self) -> Option<ActivationLockBypassCode> {
        Fields(&self.body).peek("ActivationLockBypassCode").map(|code| Redacted(code.to_owned()))
    }

    /// `InstalledApplicationList`.
    pub fn installed_applications(&self) -> Vec<InstalledApplication> {
        Fields(&self.body).dictionaries("InstalledApplicationList").map(InstalledApplication::read).collect()
    }

    /// `PayloadIdentifier` of each profile of `ProfileList`.
    pub fn profile_identifiers(&self) -> Vec<String> {
        let profiles = Fields(&self.body).dictionaries("ProfileList");
        profiles.filter_map(|profile| profile.peek("PayloadIdentifier").map(str::to_owned)).collect()
    }

    /// The error chain as one line for people: printable, at most 200 characters. Empty without errors.
    pub fn error_words(&self) -> String {
        printable(&self.error_chain.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

/// A code that gets past Activation Lock.
pub type ActivationLockBypassCode = Redacted<String>;

/// One link of an error chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorChainItem {
    /// `ErrorDomain`.
    pub domain: String,
    /// `ErrorCode`.
    pub code: i64,
    /// `USEnglishDescription`, or else `LocalizedDescription`; printable, at most 200 characters.
    pub description: String,
}

impl fmt::Display for ErrorChainItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.description, self.domain, self.code)
    }
}

fn error_chain(fields: Fields<'_>) -> Vec<ErrorChainItem> {
    let item = |link: Fields<'_>| ErrorChainItem {
        domain: printable(link.peek("ErrorDomain").unwrap_or_default()),
        code: link.opt_int("ErrorCode").unwrap_or_default(),
        description: printable(
            link.peek("USEnglishDescription")
                .or_else(|| link.peek("LocalizedDescription"))
                .unwrap_or_default(),
        ),
    };
    fields.dictionaries("ErrorChain").take(MAX_ERRORS).map(item).collect()
}

/// What became of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingResult {
    /// Done or not.
    pub status: Status,
    /// Why not.
    pub error_chain: Vec<ErrorChainItem>,
    /// Of the app, if the setting is about one.
    pub identifier: Option<String>,
}

impl SettingResult {
    fn read(fields: Fields<'_>) -> Self {
        Self {
            status: Status::from(fields.peek("Status").unwrap_or_default()),
            error_chain: error_chain(fields),
            identifier: fields.peek("Identifier").map(printable),
        }
    }
}

/// What a device says about its security. Only what it says is present.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityInfo {
    /// `HardwareEncryptionCaps`: 1 blocks, 2 files, 3 both.
    pub hardware_encryption_caps: Option<i64>,
    /// `PasscodePresent`.
    pub passcode_present: Option<bool>,
    /// `PasscodeCompliant`.
    pub passcode_compliant: Option<bool>,
    /// `PasscodeCompliantWithProfiles`.
    pub passcode_compliant_with_profiles: Option<bool>,
    /// `FDE_Enabled`: FileVault is on.
    pub fde_enabled: Option<bool>,
    /// `SystemIntegrityProtectionEnabled`.
    pub system_integrity_protection_enabled: Option<bool>,
    /// `FirewallSettings.FirewallEnabled`.
    pub firewall_enabled: Option<bool>,
    /// `ManagementStatus.EnrolledViaDEP` (macOS).
    pub enrolled_via_dep: Option<bool>,
    /// `ManagementStatus.UserApprovedEnrollment` (macOS).
    pub user_approved_enrollment: Option<bool>,
    /// `ManagementStatus.IsActivationLockManageable` (macOS).
    pub is_activation_lock_manageable: Option<bool>,
    /// `BootstrapTokenAllowedForAuthentication`.
    pub bootstrap_token_allowed_for_authentication: Option<String>,
}

impl SecurityInfo {
    fn read(fields: Fields<'_>) -> Self {
        let empty = Dictionary::new();
        let management = Fields(fields.dictionary("ManagementStatus").unwrap_or(&empty));
        let firewall = Fields(fields.dictionary("FirewallSettings").unwrap_or(&empty));
        Self {
            hardware_encryption_caps: fields.opt_int("HardwareEncryptionCaps"),
            passcode_present: fields.opt_flag("PasscodePresent"),
            passcode_compliant: fields.opt_flag("PasscodeCompliant"),
            passcode_compliant_with_profiles: fields.opt_flag("PasscodeCompliantWithProfiles"),
            fde_enabled: fields.opt_flag("FDE_Enabled"),
            system_integrity_protection_enabled: fields.opt_flag("SystemIntegrityProtectionEnabled"),
            firewall_enabled: firewall.opt_flag("FirewallEnabled"),
            enrolled_via_dep: management.opt_flag("EnrolledViaDEP"),
            user_approved_enrollment: management.opt_flag("UserApprovedEnrollment"),
            is_activation_lock_manageable: management.opt_flag("IsActivationLockManageable"),
            bootstrap_token_allowed_for_authentication: fields
                .peek("BootstrapTokenAllowedForAuthentication")
                .map(printable),
        }
    }
}

/// An app on a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstalledApplication {
    /// The bundle id.
    pub identifier: String,
    /// The name.
    pub name: String,
    /// `ShortVersion`, or else `Version`.
    pub version: String,
    /// `BundleSize`, bytes.
    pub bundle_size: Option<i64>,
    /// Still being installed.
    pub installing: bool,
}

impl InstalledApplication {
    fn read(fields: Fields<'_>) -> Self {
        Self {
            identifier: printable(fields.peek("Identifier").unwrap_or_default()),
            name: printable(fields.peek("Name").unwrap_or_default()),
            version: printable(
                fields.peek("ShortVersion").or_else(|| fields.peek("Version")).unwrap_or_default(),
            ),
            bundle_size: fields.opt_int("BundleSize"),
            installing: fields.flag("Installing"),
        }
    }
}
