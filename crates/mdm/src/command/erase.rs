//! `EraseDevice`, which has most to say.

use super::Keys;
use crate::Redacted;
use crate::guard::{Dictionary, Value};

/// `EraseDevice`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EraseDevice {
    /// Keep the eSIM's data plan (iOS 11).
    pub preserve_data_plan: bool,
    /// No set-up by a device nearby (iOS 11.3).
    pub disallow_proximity_setup: bool,
    /// Six digits that unlock an Intel Mac afterwards.
    pub pin: Option<Redacted<String>>,
    /// `Default`, `DoNotObliterate`, `ObliterateWithWarning`, `Always` (macOS 12).
    pub obliteration_behavior: Option<String>,
    /// Set the device up again without a person (iOS 17, tvOS 18).
    pub return_to_service: Option<ReturnToService>,
}

impl EraseDevice {
    pub(super) fn keys(&self) -> Keys {
        Keys::default()
            .switch("PreserveDataPlan", self.preserve_data_plan)
            .switch("DisallowProximitySetup", self.disallow_proximity_setup)
            .maybe("PIN", self.pin.as_deref().cloned())
            .maybe("ObliterationBehavior", self.obliteration_behavior.clone())
            .maybe(
                "ReturnToService",
                self.return_to_service.as_ref().map(|rts| Value::from(rts.dictionary())),
            )
    }
}

/// How a device sets itself up again: in [`EraseDevice`], and as the answer to the check-in message of this name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnToService {
    /// A profile with a Wi-Fi payload; needed unless there is another network.
    pub wifi_profile: Option<Redacted<Vec<u8>>>,
    /// The enrolment profile; needed if the device cannot fetch it by itself.
    pub mdm_profile: Option<Redacted<Vec<u8>>>,
    /// The bootstrap token, to keep apps (iOS and visionOS 26).
    pub bootstrap_token: Option<Redacted<Vec<u8>>>,
}

impl ReturnToService {
    /// The dictionary `ReturnToService`.
    pub fn dictionary(&self) -> Dictionary {
        let data = |data: &Option<Redacted<Vec<u8>>>| data.as_deref().cloned().map(Value::Data);
        Keys::default()
            .with("Enabled", true)
            .maybe("WiFiProfileData", data(&self.wifi_profile))
            .maybe("MDMProfileData", data(&self.mdm_profile))
            .maybe("BootstrapToken", data(&self.bootstrap_token))
            .done()
    }
}
