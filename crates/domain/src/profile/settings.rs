//! Which settings a platform's profile has: data (intune.md A.1 and 4.7).

use mdm::skip_keys;

use crate::Platform;

const EVERY: &[&str] = &[
    "displayName",
    "description",
    "requiresUserAuthentication",
    "enableAuthenticationViaCompanyPortal",
    "requireCompanyPortalOnSetupAssistantEnrolledDevices",
    "configurationWebUrl",
    "supervisedModeEnabled",
    "profileRemovalDisabled",
    "isMandatory",
    "awaitDeviceConfiguredConfirmation",
    "waitForDeviceConfiguredConfirmation",
    "awaitDeadlineMinutes",
    "activationLockAllowed",
    "deviceNameTemplate",
    "supportDepartment",
    "supportPhoneNumber",
    "supportEmailAddress",
    "enabledSkipKeys",
];

const IOS: &[&str] = &[
    "userlessSharedAadModeEnabled",
    "companyPortalVppTokenId",
    "enableSingleAppEnrollmentMode",
    "enableSharedIPad",
    "sharedIPadMaximumUserCount",
    "passcodeLockGracePeriodInSeconds",
    "forceTemporarySession",
    "temporarySessionTimeoutInSeconds",
    "userSessionTimeoutInSeconds",
    "iTunesPairingMode",
    "managementCertificates",
    "carrierActivationUrl",
];

const MACOS: &[&str] = &[
    "autoAdvanceSetupEnabled",
    "language",
    "region",
    "requestRequiresNetworkTether",
    "usePlatformSSODuringSetupAssistant",
    "accounts",
];

const TVOS: &[&str] = &["autoAdvanceSetupEnabled", "language", "region"];

/// The settings that a platform's profile has, under their names in Graph, without the screens: see [`screens`].
/// `accounts` stands for the account settings of a Mac.
pub fn settings_of(platform: Platform) -> impl Iterator<Item = &'static str> {
    let own = match platform {
        Platform::Ios => IOS,
        Platform::MacOs => MACOS,
        Platform::TvOs => TVOS,
        Platform::VisionOs => &[],
    };
    EVERY.iter().chain(own).copied()
}

/// A screen of Setup Assistant that one of Graph's Boolean properties hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// The Boolean property.
    pub property: &'static str,
    /// Apple's skip key; none: Apple has no switch for the screen, so that the choice is stored and never sent (R52).
    pub skip_key: Option<&'static str>,
}

/// Every screen with a Boolean property in Graph. Effective is the union of the Booleans and `enabledSkipKeys`
/// (intune.md 4.3).
pub fn screens() -> impl Iterator<Item = Screen> {
    let keyed = skip_keys::SKIP_KEYS
        .iter()
        .flat_map(|row| row.graph.iter().map(|property| Screen { property, skip_key: Some(row.key) }));
    let bare = skip_keys::GRAPH_WITHOUT_KEY.iter().map(|(property, _)| Screen { property, skip_key: None });
    keyed.chain(bare)
}

impl Screen {
    /// The screen that a Boolean property of Graph hides.
    pub fn of_property(property: &str) -> Option<Self> {
        screens().find(|screen| screen.property == property)
    }
}

impl super::ProfileSettings {
    /// Whether the screen is hidden.
    pub fn hides(&self, screen: Screen) -> bool {
        match screen.skip_key {
            Some(key) => self.hides_key(key),
            None => self.screens_without_skip_key.iter().any(|property| property == screen.property),
        }
    }

    /// Whether the screen of a skip key is hidden.
    pub fn hides_key(&self, key: &str) -> bool {
        self.enabled_skip_keys.iter().any(|hidden| hidden.eq_ignore_ascii_case(key))
    }

    /// Hides or shows a screen.
    pub fn hide(&mut self, screen: Screen, hidden: bool) {
        let (list, word) = match screen.skip_key {
            Some(key) => (&mut self.enabled_skip_keys, key),
            None => (&mut self.screens_without_skip_key, screen.property),
        };
        list.retain(|known| !known.eq_ignore_ascii_case(word));
        if hidden {
            list.push(word.to_owned());
        }
        self.normalize();
    }

    /// Brings texts and lists into the form that is stored: no empty texts, Apple's spelling of skip keys, no repeats.
    /// Clients send `""` for what they leave open (intune.md 4.3).
    pub fn normalize(&mut self) {
        for text in [
            &mut self.device_name_template,
            &mut self.support_department,
            &mut self.support_phone_number,
            &mut self.support_email_address,
            &mut self.carrier_activation_url,
            &mut self.company_portal_vpp_token_id,
            &mut self.language,
            &mut self.region,
            &mut self.accounts.admin_account_user_name,
            &mut self.accounts.admin_account_full_name,
            &mut self.accounts.primary_account_user_name,
            &mut self.accounts.primary_account_full_name,
        ] {
            *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        self.display_name = self.display_name.trim().to_owned();
        for key in &mut self.enabled_skip_keys {
            let known = skip_keys::find(key.trim()).map(|row| row.key.to_owned());
            *key = known.unwrap_or_else(|| key.trim().to_owned());
        }
        for list in [&mut self.enabled_skip_keys, &mut self.screens_without_skip_key] {
            list.retain(|key| !key.is_empty());
            list.sort_unstable();
            list.dedup();
        }
    }
}

pub(super) fn mdm_platform(platform: Platform) -> skip_keys::Platform {
    match platform {
        Platform::Ios => skip_keys::Platform::Ios,
        Platform::MacOs => skip_keys::Platform::MacOs,
        Platform::TvOs => skip_keys::Platform::TvOs,
        Platform::VisionOs => skip_keys::Platform::VisionOs,
    }
}
