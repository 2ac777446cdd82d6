//! `POST /device/activationlock`.

use serde::{Deserialize, Serialize};

use crate::Redacted;
use crate::word::open_words;

/// The body of `POST /device/activationlock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivationLockRequest {
    /// The serial number.
    pub device: String,
    /// The hashed bypass code, 64 hexadecimal characters. Without it the device is locked to the person who made the
    /// server in the portal.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain")]
    pub escrow_key: Option<Redacted<String>>,
    /// What the locked device shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_message: Option<String>,
}

fn plain<S: serde::Serializer>(key: &Option<Redacted<String>>, to: S) -> Result<S::Ok, S::Error> {
    key.as_deref().serialize(to)
}

open_words! {
    /// What became of an Activation Lock request.
    ActivationLockStatus {
        /// Locked.
        Success = "SUCCESS",
        /// The serial number is unknown, or not on this server.
        NotAccessible = "NOT_ACCESSIBLE",
        /// The organisation may not.
        OrgNotSupported = "ORG_NOT_SUPPORTED",
        /// The device cannot.
        DeviceNotSupported = "DEVICE_NOT_SUPPORTED",
        /// Locked already.
        DeviceAlreadyLocked = "DEVICE_ALREADY_LOCKED",
        /// Not done.
        Failed = "FAILED",
    }
}

/// The answer of `POST /device/activationlock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationLockResponse {
    /// The device.
    pub serial_number: String,
    /// What became of it.
    pub response_status: ActivationLockStatus,
}
