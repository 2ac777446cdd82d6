//! Enrolled devices (`managedDevice`): the life of one enrolment, and what the device told us.

use serde::{Deserialize, Serialize};

use crate::{DeviceId, ManagedDeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};

/// A device that has asked to enrol. One row a serial and tenant; a new enrolment of the same serial takes the row over.
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
