//! Enrolled devices (`managedDevice`): the life of one enrolment, and what the device told us.

use serde::{Deserialize, Serialize};

use crate::{DeviceId, ManagedDeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};

mod admission;
mod caller;
mod enrolling;

pub use admission::{AdmissionRefusal, admit};
pub use caller::Caller;
pub use enrolling::{
    AuthenticateSaid, Authentication, Credential, IDENTITY_GRACE, PushSaid, Refusal, Served, ServedProfile,
    TokenUpdateSaid, TokenUpdated, renewed_identity, serve,
};

#[cfg(test)]
mod tests;

/// A device that has asked to enrol. One row a serial and tenant; a new enrolment of the same serial takes the row over
/// when it authenticates, and not before: until then it waits in [`ManagedDevice::pending`].
#[derive(Debug, Clone, PartialEq)]
pub struct ManagedDevice {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id.
    pub id: ManagedDeviceId,
    /// Changes with every write.
    pub version: i64,
    /// Serial number, from signed MachineInfo.
    pub serial: Serial,
    /// UDID, from signed MachineInfo; later messages must name it.
    pub udid: String,
    /// The serial's row under its token.
    pub device: DeviceId,
    /// The token it enrolled through.
    pub token: TokenId,
    /// The profile it enrolled with.
    pub profile: ProfileId,
    /// `enrollmentProfileName`, stamped at enrolment (L46).
    pub profile_name: String,
    /// Platform of that profile.
    pub platform: Platform,
    /// Where in its life.
    pub stage: Stage,
    /// Counts enrolments of this row; results of an earlier one are not this one's.
    pub enrolment: i64,
    /// SHA-256 (hex) of the DER identity certificate that this enrolment is pinned to.
    pub certificate: Option<PinnedCertificate>,
    /// A renewed identity that the device has been issued and not yet used.
    pub next_certificate: Option<PinnedCertificate>,
    /// A new enrolment that was served a profile and has not authenticated. It replaces this one when it does, so
    /// that asking for a profile alone disturbs nobody (lessons, class S). [`PendingEnrollment::certificate`] is one of
    /// the three certificates that this row can be found by.
    pub pending: Option<PendingEnrollment>,
    /// Another UDID that has claimed this serial: an alert (lessons, section 4).
    pub rival: Option<RivalUdid>,
    /// What the device said of itself.
    pub info: DeviceInfo,
    /// How to wake it.
    pub push: Option<PushTarget>,
    /// `AwaitingConfiguration` of the last TokenUpdate.
    pub awaiting_configuration: bool,
    /// A name an administrator chose for this device instead of the template (L63).
    pub name_override: Option<String>,
    /// When the enrolment profile was served.
    pub served_at: Time,
    /// When the first TokenUpdate arrived (`enrolledDateTime`).
    pub enrolled_at: Option<Time>,
    /// `lastSyncDateTime`; flushed in batches.
    pub last_seen: Option<Time>,
}

/// An enrolment between the serving of its profile and its `Authenticate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEnrollment {
    /// The number it will have as [`ManagedDevice::enrolment`].
    pub enrolment: i64,
    /// UDID, from signed MachineInfo.
    pub udid: String,
    /// The serial's row under its token.
    pub device: DeviceId,
    /// The token it enrols through.
    pub token: TokenId,
    /// The profile it enrols with.
    pub profile: ProfileId,
    /// `enrollmentProfileName`.
    pub profile_name: String,
    /// Platform of that profile.
    pub platform: Platform,
    /// When the profile was served.
    pub served_at: Time,
    /// The identity issued for it.
    pub certificate: Option<PinnedCertificate>,
}

/// A second UDID for one serial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RivalUdid {
    /// The other UDID.
    pub udid: String,
    /// When it last asked to enrol.
    pub at: Time,
}

/// Where in its life an enrolment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// It was given an enrolment profile.
    ProfileServed,
    /// It holds an identity of ours.
    IdentityIssued,
    /// `Authenticate` has arrived.
    Authenticated,
    /// The first `TokenUpdate` has arrived; Setup Assistant holds it.
    AwaitingConfiguration,
    /// Managed and out of Setup Assistant.
    Enrolled,
    /// `CheckOut` has arrived.
    CheckedOut,
    /// We sent `EraseDevice` and it acknowledged.
    Erased,
}

impl Stage {
    /// Whether the device is under management now: it has authenticated and has not left.
    pub const fn is_managed(self) -> bool {
        matches!(self, Stage::Authenticated | Stage::AwaitingConfiguration | Stage::Enrolled)
    }
}

/// A certificate that proves who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedCertificate {
    /// SHA-256 of the DER, hex.
    pub fingerprint: String,
    /// `notAfter`.
    pub not_after: Time,
}

/// What the device said of itself: `Authenticate`, `DeviceInformation`, `SecurityInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceInfo {
    /// `DeviceName`.
    pub device_name: Option<String>,
    /// `OSVersion`.
    pub os_version: Option<String>,
    /// `BuildVersion`.
    pub build_version: Option<String>,
    /// `ProductName`, e.g. `iPad13,18`.
    pub product_name: Option<String>,
    /// `ModelName`.
    pub model_name: Option<String>,
    /// `Model`.
    pub model: Option<String>,
    /// `IMEI`.
    pub imei: Option<String>,
    /// `MEID`.
    pub meid: Option<String>,
    /// `WiFiMAC`.
    pub wifi_mac: Option<String>,
    /// `EthernetMAC`.
    pub ethernet_mac: Option<String>,
    /// `DeviceCapacity`, in bytes.
    pub total_storage_bytes: Option<i64>,
    /// `AvailableDeviceCapacity`, in bytes.
    pub free_storage_bytes: Option<i64>,
    /// `IsSupervised`.
    pub is_supervised: Option<bool>,
    /// `IsMultiUser`.
    pub is_multi_user: Option<bool>,
    /// `IsActivationLockEnabled`.
    pub activation_lock_enabled: Option<bool>,
    /// `HardwareEncryptionCaps` or FileVault say that data are encrypted.
    pub is_encrypted: Option<bool>,
    /// When `DeviceInformation` last answered.
    pub reported_at: Option<Time>,
}

/// What APNs needs. PushMagic and the token are not sealed: alone they can do no more than wake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTarget {
    /// `Topic`.
    pub topic: String,
    /// `Token`.
    pub token: Vec<u8>,
    /// `PushMagic`.
    pub magic: String,
    /// When it arrived; a 410 older than this is not about it.
    pub received_at: Time,
    /// APNs said that it is dead; waits for a TokenUpdate.
    pub unreachable: Option<String>,
}

impl DeviceInfo {
    /// Takes over what `newer` says; what it does not say stays.
    pub fn merge(&mut self, newer: DeviceInfo) {
        macro_rules! take {
            ($($field:ident),+ $(,)?) => {$( if newer.$field.is_some() { self.$field = newer.$field; } )+};
        }
        take!(
            device_name,
            os_version,
            build_version,
            product_name,
            model_name,
            model,
            imei,
            meid,
            wifi_mac,
            ethernet_mac,
            total_storage_bytes,
            free_storage_bytes,
            is_supervised,
            is_multi_user,
            activation_lock_enabled,
            is_encrypted,
            reported_at,
        );
    }
}

/// Whether a device is supervised: what it says, else what Apple does with this profile on this system (R11: since
/// iOS 13 always; since macOS 11 too; Apple TV and Vision always).
pub fn is_supervised(info: &DeviceInfo, platform: Platform, profile_says: bool) -> bool {
    let major =
        info.os_version.as_deref().and_then(|v| v.split('.').next()).and_then(|v| v.parse::<u32>().ok());
    let since = match platform {
        Platform::Ios => 13,
        Platform::MacOs => 11,
        Platform::TvOs | Platform::VisionOs => 0,
    };
    info.is_supervised.unwrap_or(profile_says || major.is_none_or(|major| major >= since))
}
