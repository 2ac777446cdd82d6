//! Enrollment profiles: R28, R32, R40 to R54, the validation table 1.12, and the map to Apple's profile (intune.md 4.7).

use serde::{Deserialize, Serialize};

use crate::{Platform, ProfileId, TenantId, Time, TokenId};

mod authentication;
mod encode;
mod settings;
#[cfg(test)]
mod tests;
mod validate;
mod warnings;

pub use authentication::Authentication;
pub use encode::EncodeContext;
pub use settings::{Screen, screens, settings_of};
pub use validate::{Violation, check, check_change};
pub use warnings::{Warning, warnings};

/// An enrollment profile under a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Whose.
    pub tenant: TenantId,
    /// Under which token.
    pub token: TokenId,
    /// Its id, without the token's.
    pub id: ProfileId,
    /// Changes with every write.
    pub version: i64,
    /// Chosen at creation, for good (R28).
    pub platform: Platform,
    /// Every setting, under Graph's names.
    pub settings: ProfileSettings,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub modified_at: Time,
}

/// Every setting of a profile of any platform, named as in Graph (intune.md A.1), so that one model serves the API,
/// the store and Apple's encoding. Which of them a platform has is data: see `settings_of`.
///
/// The screens of Setup Assistant are held as Apple's skip keys only; Graph's booleans are a view of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileSettings {
    /// Name (R28); also `enrollmentProfileName` on devices. 1 to 125 characters.
    pub display_name: String,
    /// For administrators only (R28).
    pub description: String,

    /// With user affinity (R32).
    pub requires_user_authentication: bool,
    /// Users sign in to the portal app after Setup Assistant (R35).
    pub enable_authentication_via_company_portal: bool,
    /// Users sign in on a web page in Setup Assistant (N2).
    pub configuration_web_url: bool,
    /// Install the portal although users sign in to Setup Assistant (R39).
    pub require_company_portal_on_setup_assistant_enrolled_devices: bool,
    /// Shared mode of the directory (N1).
    pub userless_shared_aad_mode_enabled: bool,
    /// Apps and Books token that the portal app comes from (R38).
    pub company_portal_vpp_token_id: Option<String>,
    /// Hold the device in the portal app until sign-in (R40).
    pub enable_single_app_enrollment_mode: bool,

    /// Supervised (R41).
    pub supervised_mode_enabled: bool,
    /// Locked enrolment (R42).
    pub profile_removal_disabled: bool,
    /// `is_mandatory`.
    pub is_mandatory: bool,
    /// Hold Setup Assistant until `DeviceConfigured` (N9).
    pub await_device_configured_confirmation: bool,
    /// Longest time in Setup Assistant before the device is released come what may, in minutes; none: the server's.
    pub await_deadline_minutes: Option<u32>,
    /// Let users turn Activation Lock on (R12).
    pub activation_lock_allowed: bool,

    /// Shared iPad (R45).
    #[serde(rename = "enableSharedIPad")]
    pub enable_shared_ipad: bool,
    /// Maximum cached users (R46): 1 to 24.
    #[serde(rename = "sharedIPadMaximumUserCount")]
    pub shared_ipad_maximum_user_count: Option<i32>,
    /// Seconds after screen lock before a passcode is asked for (N12).
    pub passcode_lock_grace_period_in_seconds: Option<i32>,
    /// Only temporary sessions (N14).
    pub force_temporary_session: bool,
    /// Seconds of inactivity until a temporary session ends: 0 or at least 30 (N14).
    pub temporary_session_timeout_in_seconds: Option<i32>,
    /// Seconds of inactivity until a user session ends: 0 or at least 30 (N13).
    pub user_session_timeout_in_seconds: Option<i32>,

    /// Sync with computers (R48).
    #[serde(rename = "iTunesPairingMode")]
    pub itunes_pairing_mode: PairingMode,
    /// Hosts that may pair (R48): 1 to 10 when by certificate.
    pub management_certificates: Vec<ManagementCertificate>,

    /// Device name template (R49, L62); none: not applied.
    pub device_name_template: Option<String>,
    /// Department Name (R50): 1 to 125 characters.
    pub support_department: Option<String>,
    /// Department Phone (R50): 1 to 50 characters.
    pub support_phone_number: Option<String>,
    /// `support_email_address`: 1 to 250 characters.
    pub support_email_address: Option<String>,
    /// Carrier's activation server (N16).
    pub carrier_activation_url: Option<String>,

    /// Hidden screens, as Apple's skip keys, sorted and without repeats (R51, R52).
    pub enabled_skip_keys: Vec<String>,
    /// Hidden screens for which Apple has no skip key: stored, never sent (R52).
    pub screens_without_skip_key: Vec<String>,

    /// Skip through Setup Assistant without a touch: macOS, tvOS.
    pub auto_advance_setup_enabled: bool,
    /// `language` for automatic advance, ISO 639-1.
    pub language: Option<String>,
    /// `region` for automatic advance, ISO 3166-1.
    pub region: Option<String>,
    /// Commands ask for a network tether (N36).
    pub request_requires_network_tether: bool,
    /// Platform SSO in Setup Assistant (N35).
    #[serde(rename = "usePlatformSSODuringSetupAssistant")]
    pub use_platform_sso_during_setup_assistant: bool,

    /// macOS accounts (N33, N34).
    pub accounts: MacAccounts,
}

/// Account settings of a macOS profile. The administrator's password is a secret and not in here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MacAccounts {
    /// `adminAccountUserName`.
    pub admin_account_user_name: Option<String>,
    /// `adminAccountFullName`.
    pub admin_account_full_name: Option<String>,
    /// `hideAdminAccount`.
    pub hide_admin_account: bool,
    /// Days between rotations: 1 to 180.
    pub auto_rotation_period_in_days: Option<i32>,
    /// Rotate after somebody has read the password.
    pub on_retrieval_auto_rotate_password_enabled: bool,
    /// Hours after that reading: 1 to 24.
    pub on_retrieval_delay_auto_rotate_password_in_hours: Option<i32>,
    /// `primaryAccountFullName`.
    pub primary_account_full_name: Option<String>,
    /// `primaryAccountUserName`.
    pub primary_account_user_name: Option<String>,
    /// `skipPrimarySetupAccountCreation`.
    pub skip_primary_setup_account_creation: bool,
    /// `setPrimarySetupAccountAsRegularUser`.
    pub set_primary_setup_account_as_regular_user: bool,
    /// `dontAutoPopulatePrimaryAccountInfo`.
    pub dont_auto_populate_primary_account_info: bool,
    /// `enableRestrictEditing`.
    pub enable_restrict_editing: bool,
}

/// `iTunesPairingMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PairingMode {
    /// Deny all: the port only charges.
    Disallow,
    /// Allow all.
    #[default]
    Allow,
    /// Allow Apple Configurator by certificate.
    RequiresCertificate,
}

/// A host certificate: DER as base64, and its SHA-1 thumbprint in hex.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagementCertificate {
    /// Hex.
    pub thumbprint: String,
    /// Base64 of DER. Accepted once, never given out again (R48).
    pub certificate: String,
}

/// A profile as Apple knows it. Apple's profiles are immutable: a change makes another one of these (apple.md 1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedProfile {
    /// Whose.
    pub tenant: TenantId,
    /// Under which token.
    pub token: TokenId,
    /// Which profile.
    pub profile: ProfileId,
    /// `profile_uuid`.
    pub profile_uuid: String,
    /// SHA-256, hex, of the JSON that was sent: two equal contents are one profile at Apple.
    pub content_hash: String,
    /// When Apple accepted it.
    pub defined_at: Time,
}

/// How the last attempt to define a profile at Apple ended, when Apple refused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefineRefusal {
    /// The content that was refused.
    pub content_hash: String,
    /// Apple's words (`CONFIG_NAME_INVALID`, ...).
    pub words: String,
    /// When.
    pub at: Time,
}
