//! Commands: reading them, and what a device answers (apple.md 3.5, 3.7).

mod allowed;
mod information;
mod management;
mod profiles;
mod settings;

use mdm::guard::{Dictionary, Fields, Value, parse_dictionary};

use super::fault::DeviceFault;
use super::os::{Os, Platform, Version};
use super::unit::VirtualDevice;
use super::wire::ANSWER_BYTES_MAX;

pub(super) use settings::Applied;

/// The longest `CommandUUID` and `RequestType`, in bytes.
const WORD_BYTES_MAX: usize = 1_024;

/// Apple's domain for what a device refuses in a command.
const MDM_DOMAIN: &str = "MCMDMErrorDomain";

/// "… is not a valid request type.", as Apple's clients say it.
const CODE_UNKNOWN: i64 = 12_021;

/// Codes of refusals whose numbers practice has not seen from Apple: made up, and servers should not look at them.
const CODE_REFUSED: i64 = 12_900;

/// A command as it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) uuid: String,
    pub(super) request_type: String,
    pub(super) keys: Dictionary,
}

impl Order {
    /// Reads an answer of the server. One without a type is an order all the same: it is answered as malformed.
    pub(super) fn read(body: &[u8]) -> Result<Self, DeviceFault> {
        let bad = DeviceFault::Command;
        let plist = parse_dictionary(body, ANSWER_BYTES_MAX).map_err(|_| bad("it is no property list"))?;
        let fields = Fields(&plist);
        let uuid = fields.text("CommandUUID", WORD_BYTES_MAX).map_err(|_| bad("it has no CommandUUID"))?;
        let keys = fields.dictionary("Command").cloned().unwrap_or_default();
        let request_type = Fields(&keys).opt_text("RequestType", WORD_BYTES_MAX).ok().flatten();
        Ok(Self { uuid, request_type: request_type.unwrap_or_default(), keys })
    }

    pub(super) fn fields(&self) -> Fields<'_> {
        Fields(&self.keys)
    }
}

/// What a device says of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Acknowledged(Dictionary),
    Failed(Dictionary),
    FormatError(Dictionary),
    NotNow,
}

impl Outcome {
    pub(super) fn done() -> Self {
        Self::Acknowledged(Dictionary::new())
    }

    /// A result with one key.
    fn with(key: &str, value: impl Into<Value>) -> Self {
        let mut result = Dictionary::new();
        result.insert(key.into(), value.into());
        Self::Acknowledged(result)
    }

    pub(super) fn error(code: i64, domain: &str, words: &str) -> Self {
        Self::Failed(error_entry(code, domain, words))
    }

    /// A refusal in Apple's domain.
    fn refused(words: &str) -> Self {
        Self::error(CODE_REFUSED, MDM_DOMAIN, words)
    }

    pub(super) fn format_error(words: &str) -> Self {
        Self::FormatError(error_entry(CODE_UNKNOWN, MDM_DOMAIN, words))
    }

    pub(super) const fn status(&self) -> &'static str {
        match self {
            Self::Acknowledged(_) => "Acknowledged",
            Self::Failed(_) => "Error",
            Self::FormatError(_) => "CommandFormatError",
            Self::NotNow => "NotNow",
        }
    }
}

/// One entry of an `ErrorChain`.
fn error_entry(code: i64, domain: &str, words: &str) -> Dictionary {
    let mut entry = Dictionary::new();
    entry.insert("ErrorCode".into(), code.into());
    entry.insert("ErrorDomain".into(), domain.into());
    entry.insert("LocalizedDescription".into(), words.into());
    entry.insert("USEnglishDescription".into(), words.into());
    entry
}

/// What happens to the device once its answer is on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum After {
    GoOn,
    Released,
    Unenrolled,
    Erased { returns: bool, profile: Option<Vec<u8>> },
    Restarted,
    ShutDown,
}

/// An answer and its consequence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Performed {
    pub(super) outcome: Outcome,
    pub(super) after: After,
}

impl From<Outcome> for Performed {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, after: After::GoOn }
    }
}

/// Whether the system knows 403 with `com.apple.unrecognized.device`.
pub(super) fn knows_unrecognized(os: Os) -> bool {
    match os.platform() {
        Platform::Ios | Platform::Tv => os.version.major >= 17,
        Platform::Mac => os.version.major >= 14,
        Platform::Vision => os.version >= Version::new(1, 1),
    }
}

impl VirtualDevice {
    /// Carries out a command.
    pub(super) async fn perform(&self, order: &Order) -> Performed {
        if order.request_type.is_empty() {
            return Outcome::format_error("The command has no RequestType.").into();
        }
        if let Err(refusal) = self.allows(&order.request_type) {
            return refusal.into();
        }
        match order.request_type.as_str() {
            "DeviceInformation" => self.device_information(order).into(),
            "SecurityInfo" => self.security_info().into(),
            "Settings" => self.settings(order).into(),
            "InstallProfile" => self.install_profile(order).await.into(),
            "RemoveProfile" => self.remove_profile(order),
            "ProfileList" => self.profile_list().into(),
            "CertificateList" => self.certificate_list().into(),
            "DeviceConfigured" => self.device_configured(),
            "EraseDevice" => self.erase_device(order),
            "RestartDevice" => Performed { outcome: Outcome::done(), after: After::Restarted },
            "ShutDownDevice" => Performed { outcome: Outcome::done(), after: After::ShutDown },
            "DeviceLock" => Outcome::with("MessageResult", "Success").into(),
            "ClearPasscode" => self.clear_passcode(order).into(),
            "ActivationLockBypassCode" => self.bypass_code().into(),
            "ClearActivationLockBypassCode" => self.clear_bypass_code().into(),
            "AccountConfiguration" => self.account_configuration().into(),
            "InstalledApplicationList" => {
                Outcome::with("InstalledApplicationList", Value::Array(vec![])).into()
            }
            "ManagedApplicationList" => {
                Outcome::with("ManagedApplicationList", Value::Dictionary(Dictionary::new())).into()
            }
            "ProvisioningProfileList" => {
                Outcome::with("ProvisioningProfileList", Value::Array(vec![])).into()
            }
            other => Outcome::refused(&format!("Practice devices do not carry out {other}.")).into(),
        }
    }
}
