//! The MDM push certificate (L28 to L30) and when a device is woken (apple.md 5).

use serde::{Deserialize, Serialize};

use crate::{KeyId, ManagedDeviceId, TenantId, Time};

/// A tenant's push certificate, or the request for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushCertificate {
    /// Whose.
    pub tenant: TenantId,
    /// Changes with every write.
    pub version: i64,
    /// The certificate in use.
    pub current: Option<IssuedPushCertificate>,
    /// A key whose request was downloaded and whose certificate has not come back.
    pub pending_key: Option<KeyId>,
    /// `appleIdentifier`.
    pub apple_id: Option<String>,
    /// `lastModifiedDateTime`.
    pub modified_at: Time,
    /// Why the last upload was refused.
    pub last_refusal: Option<String>,
}

/// A certificate from Apple's push certificate portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedPushCertificate {
    /// Names its private key among the secrets.
    pub key: KeyId,
    /// PEM.
    pub pem: String,
    /// `UID` of the subject: `com.apple.mgmt.…`. Never changes while devices are enrolled (L30).
    pub topic: String,
    /// Serial number, hex.
    pub serial: String,
    /// `notAfter`.
    pub not_after: Time,
    /// When it was uploaded.
    pub uploaded_at: Time,
}

/// A device that wants waking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// Whose.
    pub tenant: TenantId,
    /// Which device.
    pub device: ManagedDeviceId,
    /// Where.
    pub target: crate::managed_device::PushTarget,
    /// Attempts since it was last heard from.
    pub attempts: u32,
}
