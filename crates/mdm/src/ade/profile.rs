//! `POST /profile`, `GET /profile`, and the two small services beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AssignResult, Micros};

/// An enrolment profile at Apple. It cannot be changed there, nor listed, nor deleted.
///
/// Texts are left out when they are absent; an empty one would be refused. Limits are Apple's, in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Only in the answer of `GET /profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_uuid: Option<String>,
    /// The name, at most 125.
    pub profile_name: String,
    /// Where the device asks for its enrolment profile: https, at most 2,000 URL-encoded.
    pub url: String,
    /// The page that is shown instead (iOS 13, macOS 10.15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_web_url: Option<String>,
    /// Certificates that vouch for `url`: base64 of DER. Apple's roots if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anchor_certs: Vec<String>,
    /// Hosts that may pair although `allow_pairing` is false: base64 of DER.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supervising_host_certs: Vec<String>,
    /// Whether the device may pair with any host (deprecated in iOS 13). Apple's default is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_pairing: Option<bool>,
    /// Ignored by iOS 13 and later, which are always supervised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_supervised: Option<bool>,
    /// Ignored by iOS 13 and later, where it always is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mandatory: Option<bool>,
    /// False needs `is_supervised` true.
    #[serde(default = "yes")]
    pub is_mdm_removable: bool,
    /// Hold Setup Assistant until `DeviceConfigured` (protocol 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub await_device_configured: Option<bool>,
    /// Walk through Setup Assistant without a person: tvOS, macOS 11 (protocol 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_advance_setup: Option<bool>,
    /// Shared iPad (protocol 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_user: Option<bool>,
    /// Return to Service with apps kept (iOS and visionOS 26).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_return_to_service: Option<bool>,
    /// A restored device asks for its profile anew (iOS and visionOS 26).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_not_use_profile_from_backup: Option<bool>,
    /// The panes of Setup Assistant to skip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_setup_items: Vec<String>,
    /// ISO 639 (tvOS, macOS 11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2, upper case (tvOS, macOS 11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// At most 125.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// At most 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_phone_number: Option<String>,
    /// At most 250 (protocol 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_email_address: Option<String>,
    /// A mark that ties profiles of one service together, at most 256. Apple's schema says that it is required.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub org_magic: String,
    /// Devices to assign at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
}

fn yes() -> bool {
    true
}

/// The answer of `POST /profile`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DefineProfileResponse {
    /// The new profile's id; opaque.
    pub profile_uuid: String,
    /// What became of the devices that were to be assigned at once.
    #[serde(default, deserialize_with = "super::each::results")]
    pub devices: BTreeMap<String, AssignResult>,
}

/// Body of `POST` and answer of `GET /account-driven-enrollment/profile`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountDrivenEnrollmentProfile {
    /// Where devices of the organisation's accounts find their server.
    pub mdm_service_discovery_url: String,
    /// When it was last set; only in the answer.
    #[serde(default, skip_serializing_if = "Micros::is_none")]
    pub last_updated_timestamp: Micros,
}

/// The answer of `GET /os-beta-enrollment/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeedBuildTokens {
    /// Programmes that devices may be put in.
    pub beta_enrollment_tokens: Vec<SeedBuildToken>,
    /// The older form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seed_build_tokens: Vec<SeedBuildToken>,
}

/// A beta programme.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedBuildToken {
    /// What people call it.
    pub title: String,
    /// `iOS`, `OSX`, `tvOS`, ...
    pub os: String,
    /// What a device is given.
    pub token: String,
}
