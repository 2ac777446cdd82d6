//! The items of the command `Settings`.

use std::fmt;

use super::Keys;
use crate::guard::{Dictionary, Value};

/// One item of `Settings`. Answers come in the same order.
#[derive(Clone, PartialEq)]
pub enum Setting {
    /// The device's name (supervised iOS and tvOS, macOS 10.10, visionOS 2).
    DeviceName(String),
    /// The host name (macOS 10.11).
    HostName(String),
    /// Who owns the device; `None` clears it.
    OrganizationInfo(Option<OrganizationInfo>),
    /// Whether Activation Lock may be switched on while the device is supervised.
    ActivationLockAllowedWhileSupervised(bool),
    /// Shared iPad (iOS 13.4).
    SharedDeviceConfiguration(Box<SharedDeviceConfiguration>),
    /// Seconds until the passcode is asked for (Shared iPad; deprecated in iOS 17).
    PasscodeLockGracePeriod(u32),
    /// An IANA time zone (supervised iOS and tvOS 14, visionOS 2).
    TimeZone(String),
    /// Send diagnostics (Shared iPad).
    DiagnosticSubmission(bool),
    /// Send app analytics (Shared iPad).
    AppAnalytics(bool),
    /// Bluetooth (iOS 11.3, macOS 10.13.4).
    Bluetooth(bool),
    /// Configuration of a managed app; `None` removes it.
    ApplicationConfiguration {
        /// The bundle id.
        identifier: String,
        /// The app's keys.
        configuration: Option<Dictionary>,
    },
    /// Any other item, as it is to be sent; needs the key `Item`.
    Other(Dictionary),
}

/// Names the item and its keys but not their values: configurations of apps hold passwords.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.dictionary();
        let keys = |key: &str| {
            item.get(key).and_then(Value::as_dictionary).map(|keys| keys.keys().collect::<Vec<_>>())
        };
        f.debug_struct("Setting")
            .field("item", &item.get("Item").and_then(Value::as_string).unwrap_or_default())
            .field("keys", &item.keys().collect::<Vec<_>>())
            .field("configuration", &keys("Configuration"))
            .finish()
    }
}

impl Setting {
    pub(super) fn dictionary(&self) -> Dictionary {
        let item = |name: &str| Keys::default().with("Item", name);
        match self {
            Self::DeviceName(name) => item("DeviceName").with("DeviceName", name.as_str()),
            Self::HostName(name) => item("HostName").with("HostName", name.as_str()),
            Self::OrganizationInfo(info) => item("OrganizationInfo")
                .maybe("OrganizationInfo", info.as_ref().map(|info| Value::from(info.dictionary()))),
            Self::ActivationLockAllowedWhileSupervised(allowed) => item("MDMOptions").with(
                "MDMOptions",
                Keys::default().with("ActivationLockAllowedWhileSupervised", *allowed).done(),
            ),
            Self::SharedDeviceConfiguration(shared) => shared.add_to(item("SharedDeviceConfiguration")),
            Self::PasscodeLockGracePeriod(seconds) => {
                item("PasscodeLockGracePeriod").with("PasscodeLockGracePeriod", *seconds)
            }
            Self::TimeZone(zone) => item("TimeZone").with("TimeZone", zone.as_str()),
            Self::DiagnosticSubmission(on) => item("DiagnosticSubmission").with("Enabled", *on),
            Self::AppAnalytics(on) => item("AppAnalytics").with("Enabled", *on),
            Self::Bluetooth(on) => item("Bluetooth").with("Enabled", *on),
            Self::ApplicationConfiguration { identifier, configuration } => item("ApplicationConfiguration")
                .with("Identifier", identifier.as_str())
                .maybe("Configuration", configuration.clone()),
            Self::Other(dictionary) => return dictionary.clone(),
        }
        .done()
    }
}

/// Who owns a device, as its settings show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationInfo {
    /// The name.
    pub name: String,
    /// A shorter one (iOS 13, macOS 10.15).
    pub short_name: Option<String>,
    /// The postal address.
    pub address: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// A mark that ties services together.
    pub magic: Option<String>,
}

impl OrganizationInfo {
    fn dictionary(&self) -> Dictionary {
        Keys::default()
            .with("OrganizationName", self.name.as_str())
            .maybe("OrganizationShortName", self.short_name.clone())
            .maybe("OrganizationAddress", self.address.clone())
            .maybe("OrganizationPhone", self.phone.clone())
            .maybe("OrganizationEmail", self.email.clone())
            .maybe("OrganizationMagic", self.magic.clone())
            .done()
    }
}

/// How a Shared iPad is shared. Only what is present is sent. Must be sent before Setup Assistant is released.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedDeviceConfiguration {
    /// `QuotaSize`, megabytes a user. Either this or `resident_users`.
    pub quota_size: Option<u32>,
    /// `ResidentUsers`, how many users' data stays.
    pub resident_users: Option<u32>,
    /// `UserSessionTimeout`, seconds (iOS 14.5).
    pub user_session_timeout: Option<u32>,
    /// `TemporarySessionTimeout`, seconds (iOS 14.5).
    pub temporary_session_timeout: Option<u32>,
    /// `TemporarySessionOnly` (iOS 14.5).
    pub temporary_session_only: Option<bool>,
    /// `ManagedAppleIDDefaultDomains` (iOS 16).
    pub managed_apple_id_default_domains: Vec<String>,
    /// `OnlineAuthenticationGracePeriod`, days (iOS 16).
    pub online_authentication_grace_period: Option<u32>,
    /// `SkipLanguageAndLocaleSetupForNewUsers` (iOS 16.2).
    pub skip_language_and_locale_setup_for_new_users: Option<bool>,
    /// `AwaitUserConfiguration` (iOS 17).
    pub await_user_configuration: Option<bool>,
    /// `PasscodePolicy.PasscodeLockGracePeriod`, seconds (iOS 17).
    pub passcode_lock_grace_period: Option<u32>,
    /// `PasscodePolicy.AutoLockTime`, seconds (iOS 17).
    pub auto_lock_time: Option<u32>,
}

impl SharedDeviceConfiguration {
    fn add_to(&self, item: Keys) -> Keys {
        let policy = Keys::default()
            .maybe("PasscodeLockGracePeriod", self.passcode_lock_grace_period)
            .maybe("AutoLockTime", self.auto_lock_time)
            .done();
        item.maybe("QuotaSize", self.quota_size)
            .maybe("ResidentUsers", self.resident_users)
            .maybe("UserSessionTimeout", self.user_session_timeout)
            .maybe("TemporarySessionTimeout", self.temporary_session_timeout)
            .maybe("TemporarySessionOnly", self.temporary_session_only)
            .texts("ManagedAppleIDDefaultDomains", &self.managed_apple_id_default_domains)
            .maybe("OnlineAuthenticationGracePeriod", self.online_authentication_grace_period)
            .maybe("SkipLanguageAndLocaleSetupForNewUsers", self.skip_language_and_locale_setup_for_new_users)
            .maybe(
                "AwaitUserConfiguration",
                self.await_user_configuration.map(|on| Keys::default().with("Enabled", on).done()),
            )
            .maybe("PasscodePolicy", (!policy.is_empty()).then_some(policy))
    }
}
