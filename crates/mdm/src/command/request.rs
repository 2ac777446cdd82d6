//! The commands themselves.

use std::fmt;

use super::{EraseDevice, Keys, LocalAdmin, Setting};
use crate::guard::{Dictionary, Value, write_xml};
use crate::{Error, Redacted};

/// A command. Keys that are absent are left out; Apple's defaults hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Asks for properties of the device, by Apple's names.
    DeviceInformation {
        /// `Queries`.
        queries: Vec<String>,
    },
    /// Asks about passcode, encryption and the like.
    SecurityInfo,
    /// Changes settings.
    Settings(Vec<Setting>),
    /// Installs or replaces a configuration profile.
    InstallProfile {
        /// `Payload`: the whole `.mobileconfig`, signed or not. It may carry a challenge.
        payload: Redacted<Vec<u8>>,
    },
    /// Removes a configuration profile.
    RemoveProfile {
        /// The profile's `PayloadIdentifier`.
        identifier: String,
    },
    /// Asks for the installed profiles.
    ProfileList {
        /// Only those of this server (iOS 13, macOS 10.15).
        managed_only: bool,
    },
    /// Asks for the installed certificates.
    CertificateList {
        /// Only those of this server (iOS 13, macOS 10.15).
        managed_only: bool,
    },
    /// Asks for the installed apps.
    InstalledApplicationList {
        /// Only these bundle ids; all if empty.
        identifiers: Vec<String>,
        /// Only managed apps.
        managed_apps_only: bool,
        /// Only these keys of each app; all if empty.
        items: Vec<String>,
    },
    /// Asks for the managed apps and how far they are.
    ManagedApplicationList {
        /// Only these bundle ids; all if empty.
        identifiers: Vec<String>,
    },
    /// Installs an app.
    InstallApplication(Box<InstallApplication>),
    /// Removes a managed app.
    RemoveApplication {
        /// The bundle id.
        identifier: String,
    },
    /// Releases the device from Setup Assistant.
    DeviceConfigured,
    /// Releases a user of a Shared iPad (iOS 17, user channel).
    UserConfigured,
    /// Sets up the accounts of a Mac, while Setup Assistant is held.
    AccountConfiguration(Box<AccountConfiguration>),
    /// Erases the device.
    EraseDevice(Box<EraseDevice>),
    /// Locks the screen; locks a Mac with a PIN.
    DeviceLock {
        /// What the lock screen shows.
        message: Option<String>,
        /// Whom to call.
        phone_number: Option<String>,
        /// Six digits that unlock a Mac.
        pin: Option<Redacted<String>>,
    },
    /// Clears the passcode (iOS).
    ClearPasscode {
        /// From `TokenUpdate`.
        unlock_token: Redacted<Vec<u8>>,
    },
    /// Restarts the device.
    RestartDevice {
        /// Ask a Mac's user first (macOS 11.3).
        notify_user: bool,
    },
    /// Shuts the device down.
    ShutDownDevice,
    /// Asks for the code that the device made to get past its Activation Lock.
    ActivationLockBypassCode,
    /// Makes the device forget that code.
    ClearActivationLockBypassCode,
    /// Puts the device in Lost Mode (supervised iOS).
    EnableLostMode {
        /// What the screen shows; this or a telephone number.
        message: Option<String>,
        /// Whom to call.
        phone_number: Option<String>,
        /// Text at the foot of the screen.
        footnote: Option<String>,
    },
    /// Ends Lost Mode.
    DisableLostMode,
    /// Plays a sound in Lost Mode.
    PlayLostModeSound,
    /// Asks where the device is, in Lost Mode.
    DeviceLocation,
    /// Asks for the users of a Shared iPad or a Mac.
    UserList,
    /// Logs the user of a Shared iPad out.
    LogOutUser,
    /// Deletes a user of a Shared iPad or a Mac.
    DeleteUser {
        /// The user; all users if absent.
        user_name: Option<String>,
        /// Also if data was not synced.
        force: bool,
    },
    /// Loads the data plan of an eSIM.
    RefreshCellularPlans {
        /// `eSIMServerURL`, the carrier's.
        esim_server_url: String,
    },
    /// Starts declarative management, or tells it that there is something new.
    DeclarativeManagement {
        /// The tokens, JSON; the device asks for them if absent.
        data: Option<Vec<u8>>,
    },
}

impl Command {
    /// Apple's word for the command, `RequestType`.
    pub fn request_type(&self) -> &'static str {
        match self {
            Self::DeviceInformation { .. } => "DeviceInformation",
            Self::SecurityInfo => "SecurityInfo",
            Self::Settings(_) => "Settings",
            Self::InstallProfile { .. } => "InstallProfile",
            Self::RemoveProfile { .. } => "RemoveProfile",
            Self::ProfileList { .. } => "ProfileList",
            Self::CertificateList { .. } => "CertificateList",
            Self::InstalledApplicationList { .. } => "InstalledApplicationList",
            Self::ManagedApplicationList { .. } => "ManagedApplicationList",
            Self::InstallApplication(_) => "InstallApplication",
            Self::RemoveApplication { .. } => "RemoveApplication",
            Self::DeviceConfigured => "DeviceConfigured",
            Self::UserConfigured => "UserConfigured",
            Self::AccountConfiguration(_) => "AccountConfiguration",
            Self::EraseDevice(_) => "EraseDevice",
            Self::DeviceLock { .. } => "DeviceLock",
            Self::ClearPasscode { .. } => "ClearPasscode",
            Self::RestartDevice { .. } => "RestartDevice",
            Self::ShutDownDevice => "ShutDownDevice",
            Self::ActivationLockBypassCode => "ActivationLockBypassCode",
            Self::ClearActivationLockBypassCode => "ClearActivationLockBypassCode",
            Self::EnableLostMode { .. } => "EnableLostMode",
            Self::DisableLostMode => "DisableLostMode",
            Self::PlayLostModeSound => "PlayLostModeSound",
            Self::DeviceLocation => "DeviceLocation",
            Self::UserList => "UserList",
            Self::LogOutUser => "LogOutUser",
            Self::DeleteUser { .. } => "DeleteUser",
            Self::RefreshCellularPlans { .. } => "RefreshCellularPlans",
            Self::DeclarativeManagement { .. } => "DeclarativeManagement",
        }
    }

    /// The dictionary `Command`, with its `RequestType`.
    pub fn dictionary(&self) -> Dictionary {
        let mut command = Keys::default().with("RequestType", self.request_type()).done();
        for (key, value) in self.keys().done() {
            command.insert(key, value);
        }
        command
    }

    /// The whole answer to a device: an XML property list with `CommandUUID` and `Command`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if a text has a character that XML has no place for.
    pub fn to_xml(&self, command_uuid: &str) -> Result<Vec<u8>, Error> {
        answer(command_uuid, self.dictionary())
    }

    /// As [`Self::to_xml`], for a device that is to carry it out only while it is tethered to a network
    /// (`RequestRequiresNetworkTether`).
    ///
    /// # Errors
    /// As [`Self::to_xml`].
    pub fn to_xml_when_tethered(&self, command_uuid: &str) -> Result<Vec<u8>, Error> {
        let mut command = self.dictionary();
        command.insert("RequestRequiresNetworkTether".to_owned(), Value::Boolean(true));
        answer(command_uuid, command)
    }

    fn keys(&self) -> Keys {
        let keys = Keys::default();
        match self {
            Self::DeviceInformation { queries } => keys.with("Queries", texts(queries)),
            Self::Settings(settings) => {
                let items = settings.iter().map(|s| Value::from(s.dictionary()));
                keys.with("Settings", items.collect::<Vec<_>>())
            }
            Self::InstallProfile { payload } => keys.with("Payload", Value::Data(payload.to_vec())),
            Self::RemoveProfile { identifier } | Self::RemoveApplication { identifier } => {
                keys.with("Identifier", identifier.as_str())
            }
            Self::ProfileList { managed_only } | Self::CertificateList { managed_only } => {
                keys.switch("ManagedOnly", *managed_only)
            }
            Self::InstalledApplicationList { identifiers, managed_apps_only, items } => keys
                .texts("Identifiers", identifiers)
                .switch("ManagedAppsOnly", *managed_apps_only)
                .texts("Items", items),
            Self::ManagedApplicationList { identifiers } => keys.texts("Identifiers", identifiers),
            Self::InstallApplication(app) => app.keys(),
            Self::AccountConfiguration(accounts) => accounts.keys(),
            Self::EraseDevice(erase) => erase.keys(),
            Self::DeviceLock { message, phone_number, pin } => keys
                .maybe("Message", message.clone())
                .maybe("PhoneNumber", phone_number.clone())
                .maybe("PIN", pin.as_deref().cloned()),
            Self::ClearPasscode { unlock_token } => {
                keys.with("UnlockToken", Value::Data(unlock_token.to_vec()))
            }
            Self::RestartDevice { notify_user } => keys.switch("NotifyUser", *notify_user),
            Self::EnableLostMode { message, phone_number, footnote } => keys
                .maybe("Message", message.clone())
                .maybe("PhoneNumber", phone_number.clone())
                .maybe("Footnote", footnote.clone()),
            Self::DeleteUser { user_name, force } => keys
                .maybe("UserName", user_name.clone())
                .switch("DeleteAllUsers", user_name.is_none())
                .switch("ForceDeletion", *force),
            Self::RefreshCellularPlans { esim_server_url } => {
                keys.with("eSIMServerURL", esim_server_url.as_str())
            }
            Self::DeclarativeManagement { data } => keys.maybe("Data", data.clone().map(Value::Data)),
            _ => keys,
        }
    }
}

fn answer(command_uuid: &str, command: Dictionary) -> Result<Vec<u8>, Error> {
    let request = Keys::default().with("CommandUUID", command_uuid).with("Command", command);
    write_xml(&Value::Dictionary(request.done()))
}

fn texts(texts: &[String]) -> Vec<Value> {
    texts.iter().cloned().map(Value::String).collect()
}

/// Where an app comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum AppSource {
    /// The App Store, by number.
    ITunesStoreId(i64),
    /// The App Store, by bundle id.
    Identifier(String),
    /// A manifest, by its https URL.
    ManifestUrl(String),
}

impl fmt::Debug for AppSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ITunesStoreId(id) => write!(f, "ITunesStoreId({id})"),
            Self::Identifier(id) => write!(f, "Identifier({id:?})"),
            Self::ManifestUrl(_) => f.write_str("ManifestUrl([redacted])"),
        }
    }
}

/// `InstallApplication`.
#[derive(Clone, PartialEq)]
pub struct InstallApplication {
    /// Where the app comes from.
    pub source: AppSource,
    /// `Options.PurchaseMethod`: 1 for a licence of Apps and Books, which needs no one to sign in.
    pub purchase_method: Option<u32>,
    /// `ManagementFlags`: 1 remove with the enrolment, 4 keep out of backups.
    pub management_flags: Option<u32>,
    /// `InstallAsManaged` (macOS 11).
    pub install_as_managed: bool,
    /// Take over the app if the user has installed it.
    pub take_over: bool,
    /// The app's configuration.
    pub configuration: Option<Dictionary>,
    /// `Attributes.Removable`: whether the user may delete it (iOS 14).
    pub removable: Option<bool>,
}

/// Names the keys of the configuration but not their values, and of a manifest that there is one: passwords are among
/// the former, and who knows the latter may download.
impl fmt::Debug for InstallApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let configuration = self.configuration.as_ref().map(|keys| keys.keys().collect::<Vec<_>>());
        f.debug_struct("InstallApplication")
            .field("source", &self.source)
            .field("purchase_method", &self.purchase_method)
            .field("management_flags", &self.management_flags)
            .field("install_as_managed", &self.install_as_managed)
            .field("take_over", &self.take_over)
            .field("configuration", &configuration)
            .field("removable", &self.removable)
            .finish()
    }
}

impl InstallApplication {
    /// An app from a source, with Apple's defaults.
    pub fn from_source(source: AppSource) -> Self {
        Self {
            source,
            purchase_method: None,
            management_flags: None,
            install_as_managed: false,
            take_over: false,
            configuration: None,
            removable: None,
        }
    }

    fn keys(&self) -> Keys {
        let keys = match &self.source {
            AppSource::ITunesStoreId(id) => Keys::default().with("iTunesStoreID", *id),
            AppSource::Identifier(id) => Keys::default().with("Identifier", id.as_str()),
            AppSource::ManifestUrl(url) => Keys::default().with("ManifestURL", url.as_str()),
        };
        keys.maybe("Options", self.purchase_method.map(|m| Keys::default().with("PurchaseMethod", m).done()))
            .maybe("ManagementFlags", self.management_flags)
            .maybe("Configuration", self.configuration.clone())
            .maybe("Attributes", self.removable.map(|r| Keys::default().with("Removable", r).done()))
            .maybe("ChangeManagementState", self.take_over.then_some("Managed"))
            .switch("InstallAsManaged", self.install_as_managed)
    }
}

/// `AccountConfiguration` (macOS 10.11, Automated Device Enrollment, while Setup Assistant is held).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountConfiguration {
    /// Ask for no account; needs an administrator.
    pub skip_primary_setup_account_creation: bool,
    /// Make the person's account a standard one; needs an administrator.
    pub set_primary_setup_account_as_regular_user: bool,
    /// The name that is filled in (macOS 10.15).
    pub primary_account_full_name: Option<String>,
    /// The account name that is filled in (macOS 10.15).
    pub primary_account_user_name: Option<String>,
    /// Fill nothing in (macOS 10.15).
    pub dont_auto_populate_primary_account_info: bool,
    /// What is filled in stays (macOS 10.15).
    pub lock_primary_account_info: bool,
    /// An account that the server makes. Apple takes a list and uses the first.
    pub admin: Option<LocalAdmin>,
    /// Which local account is managed (macOS 12).
    pub managed_local_user_short_name: Option<String>,
}

impl AccountConfiguration {
    fn keys(&self) -> Keys {
        Keys::default()
            .switch("SkipPrimarySetupAccountCreation", self.skip_primary_setup_account_creation)
            .switch("SetPrimarySetupAccountAsRegularUser", self.set_primary_setup_account_as_regular_user)
            .maybe("PrimaryAccountFullName", self.primary_account_full_name.clone())
            .maybe("PrimaryAccountUserName", self.primary_account_user_name.clone())
            .switch("DontAutoPopulatePrimaryAccountInfo", self.dont_auto_populate_primary_account_info)
            .switch("LockPrimaryAccountInfo", self.lock_primary_account_info)
            .maybe("AutoSetupAdminAccounts", self.admin.as_ref().map(|a| vec![Value::from(a.dictionary())]))
            .maybe("ManagedLocalUserShortName", self.managed_local_user_short_name.clone())
    }
}
