//! `POST|PUT|DELETE /profile/devices`, `POST /devices` and `POST /devices/disown`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::each::Each;
use super::{Device, UnreadableDevice};
use crate::word::open_words;

/// The most devices that Apple takes in one call.
pub const MAX_DEVICES_PER_CALL: usize = 1000;

open_words! {
    /// What became of one device of a call.
    AssignResult {
        /// Done.
        Success = "SUCCESS",
        /// The serial number is unknown, or not on this server.
        NotAccessible = "NOT_ACCESSIBLE",
        /// Not done.
        Failed = "FAILED",
        /// Too often in too short a time (protocol 9; before that `FAILED`).
        Throttled = "THROTTLED",
    }
}

/// Which devices get or lose which profile: the body of `/profile/devices`, whatever the method.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AssignmentRequest {
    /// The profile. Required to assign; may be left out to clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_uuid: Option<String>,
    /// At most [`MAX_DEVICES_PER_CALL`] serial numbers.
    #[serde(default)]
    pub devices: Vec<String>,
}

/// What became of each device: the answer of `/profile/devices`, whatever the method.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AssignmentResponse {
    /// The profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_uuid: Option<String>,
    /// By serial number.
    #[serde(deserialize_with = "super::each::results")]
    pub devices: BTreeMap<String, AssignResult>,
    /// How long to wait before the throttled devices are tried again (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::each::seconds")]
    pub retry_after_seconds: Option<u64>,
}

/// The body of `POST /devices` and `POST /devices/disown`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceListRequest {
    /// At most [`MAX_DEVICES_PER_CALL`] serial numbers.
    pub devices: Vec<String>,
}

/// The answer of `POST /devices`, by serial number. A device that is not on this server has a `response_status` only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "DeviceList")]
pub struct DeviceListResponse {
    /// By serial number.
    pub devices: BTreeMap<String, Device>,
    /// The records that could not be read.
    #[serde(skip_serializing)]
    pub unreadable: Vec<UnreadableDevice>,
}

/// The same as it comes.
#[derive(Deserialize)]
struct DeviceList {
    #[serde(default, deserialize_with = "super::each::map")]
    devices: Each<BTreeMap<String, Device>>,
}

impl From<DeviceList> for DeviceListResponse {
    fn from(list: DeviceList) -> Self {
        Self { devices: list.devices.read, unreadable: list.devices.unreadable }
    }
}

/// The answer of `POST /devices/disown`, by serial number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceStatusResponse {
    /// By serial number.
    #[serde(deserialize_with = "super::each::results")]
    pub devices: BTreeMap<String, AssignResult>,
}
