//! Commands that change what the device is: released, erased, unlocked.

use super::{After, Order, Outcome, Performed};
use mdm::guard::Fields;

use crate::device::os::{Os, Platform};
use crate::device::profile::PROFILE_BYTES_MAX;
use crate::device::unit::VirtualDevice;

/// The length of a PIN that locks or erases a Mac.
const PIN_CHARS: usize = 6;

/// What Macs and others say when they do not wait in Setup Assistant.
const NOT_AWAITING: &str = "Device is not AwaitingConfiguration.";

impl VirtualDevice {
    fn is_awaiting(&self) -> bool {
        self.memory(|memory| memory.enrolment.as_ref().is_some_and(|now| now.awaiting))
    }

    /// Setup Assistant may go on.
    pub(super) fn device_configured(&self) -> Performed {
        if self.is_awaiting() {
            Performed { outcome: Outcome::done(), after: After::Released }
        } else {
            Outcome::refused(NOT_AWAITING).into()
        }
    }

    /// The accounts of a Mac, while it waits.
    pub(super) fn account_configuration(&self) -> Outcome {
        if self.is_awaiting() { Outcome::done() } else { Outcome::refused(NOT_AWAITING) }
    }

    /// Acknowledged first, erased then. With Return to Service, the device sets itself up again.
    pub(super) fn erase_device(&self, order: &Order) -> Performed {
        let fields = order.fields();
        if fields.peek("PIN").is_some_and(|pin| pin.chars().count() != PIN_CHARS) {
            return Outcome::format_error("PIN has not six characters.").into();
        }
        let service = fields.dictionary("ReturnToService").map(Fields);
        let returns = service.is_some_and(|service| service.flag("Enabled"));
        let knows = returns_to_service(self.os());
        let profile =
            service.and_then(|service| service.opt_data("MDMProfileData", PROFILE_BYTES_MAX).ok()?);
        let after =
            After::Erased { returns: returns && knows, profile: profile.filter(|_| returns && knows) };
        Performed { outcome: Outcome::done(), after }
    }

    /// Needs the token the device once sent.
    pub(super) fn clear_passcode(&self, order: &Order) -> Outcome {
        let token = order.fields().opt_data("UnlockToken", PROFILE_BYTES_MAX).ok().flatten();
        let Some(token) = token else { return Outcome::format_error("UnlockToken is missing.") };
        let right = self.memory(|memory| {
            memory.enrolment.as_ref().is_some_and(|now| now.unlock_token.as_ref() == Some(&token))
        });
        if right { Outcome::done() } else { Outcome::refused("The unlock token is wrong.") }
    }

    /// The code that takes Activation Lock off a supervised device.
    pub(super) fn bypass_code(&self) -> Outcome {
        match self.memory(|memory| memory.bypass_code.clone()) {
            Some(code) => Outcome::with("ActivationLockBypassCode", code),
            None => Outcome::refused("There is no bypass code."),
        }
    }

    pub(super) fn clear_bypass_code(&self) -> Outcome {
        self.memory(|memory| memory.bypass_code = None);
        Outcome::done()
    }
}

/// iOS 17, tvOS 18, visionOS 26.
fn returns_to_service(os: Os) -> bool {
    match os.platform() {
        Platform::Ios => os.version.major >= 17,
        Platform::Tv => os.version.major >= 18,
        Platform::Vision => os.version.major >= 26,
        Platform::Mac => false,
    }
}
