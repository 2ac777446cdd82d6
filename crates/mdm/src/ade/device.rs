//! `POST /server/devices`, `POST /devices/sync` and the device in their answers.

use serde::{Deserialize, Serialize};

use super::each::Each;
use super::{Micros, UnreadableDevice};
use crate::word::open_words;

/// The body of `POST /server/devices` and `POST /devices/sync`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FetchDeviceRequest {
    /// Where to go on. Absent on the first fetch, required by sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many devices; Apple's default is 100, its maximum 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of devices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Page")]
pub struct FetchDeviceResponse {
    /// Where to go on; opaque, up to 1,000 characters.
    pub cursor: String,
    /// The devices, oldest operation first. A serial number may come more than once.
    pub devices: Vec<Device>,
    /// The records among them that could not be read. Their devices are on this server all the same: that a fetch did
    /// not list them says nothing about them.
    #[serde(skip_serializing)]
    pub unreadable: Vec<UnreadableDevice>,
    /// How far the list has been read.
    pub fetched_until: Micros,
    /// Whether there is more to ask for at once.
    pub more_to_follow: bool,
}

/// A page as it comes.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default, deserialize_with = "super::each::list")]
    devices: Each<Vec<Device>>,
    #[serde(default)]
    fetched_until: Micros,
    #[serde(default)]
    more_to_follow: Option<bool>,
}

impl From<Page> for FetchDeviceResponse {
    fn from(page: Page) -> Self {
        Self {
            cursor: page.cursor.unwrap_or_default(),
            devices: page.devices.read,
            unreadable: page.devices.unreadable,
            fetched_until: page.fetched_until,
            more_to_follow: page.more_to_follow.unwrap_or_default(),
        }
    }
}

open_words! {
    /// What happened to a device since the last sync. Only sync says so; a fetched device has none.
    OpType {
        /// Put on this server.
        Added = "added",
        /// Changed: also by us, when we assign a profile.
        Modified = "modified",
        /// No longer on this server.
        Deleted = "deleted",
    }
}

open_words! {
    /// What Apple did with the profile of a device.
    ProfileStatus {
        /// There is none.
        Empty = "empty",
        /// Set; the device has not fetched it.
        Assigned = "assigned",
        /// The device has fetched it.
        Pushed = "pushed",
        /// Removed after the device had fetched it; the device keeps it until it is wiped.
        Removed = "removed",
    }
}

/// A device as the service lists it. `os`, `device_family` and `response_status` are open words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// The key of a device.
    pub serial_number: String,
    /// The name of the model, such as `iPad Wi-Fi 64GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// A description of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The organisation's inventory tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_tag: Option<String>,
    /// What Apple did with the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_status: Option<ProfileStatus>,
    /// The assigned profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_uuid: Option<String>,
    /// When it was assigned.
    #[serde(skip_serializing_if = "Micros::is_none")]
    pub profile_assign_time: Micros,
    /// When the device fetched it.
    #[serde(skip_serializing_if = "Micros::is_none")]
    pub profile_push_time: Micros,
    /// When the device was put on this server.
    #[serde(skip_serializing_if = "Micros::is_none")]
    pub device_assigned_date: Micros,
    /// The e-mail address of who put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_assigned_by: Option<String>,
    /// What happened; sync only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_type: Option<OpType>,
    /// When it happened; sync only.
    #[serde(skip_serializing_if = "Micros::is_none")]
    pub op_date: Micros,
    /// `iOS`, `iPadOS`, `OSX`, `tvOS`, `visionOS` (protocol 2, `iPadOS` 7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// `iPad`, `iPhone`, `iPod`, `Mac`, `AppleTV`, `Vision` (protocol 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_family: Option<String>,
    /// When the device must have moved to this server; if there is one, its next enrolment is a migration (protocol 8).
    #[serde(skip_serializing_if = "Micros::is_none")]
    pub mdm_migration_deadline: Micros,
    /// The IMEIs (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imei: Option<Vec<String>>,
    /// The MEIDs (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meid: Option<Vec<String>>,
    /// The id of the embedded SIM (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eid: Option<String>,
    /// Of Bluetooth (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bluetooth_mac_address: Option<String>,
    /// Of Wi-Fi (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wifi_mac_address: Option<String>,
    /// Of Ethernet (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ethernet_mac_address: Option<String>,
    /// It replaces a repaired device (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_replacement_device: Option<bool>,
    /// It was released because another replaced it; with `deleted` only (protocol 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_by_replacement: Option<bool>,
    /// Of `POST /devices` only, and undocumented: `SUCCESS`, `NOT_ACCESSIBLE`, `FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<String>,
}

impl Device {
    /// The assigned profile, unless the service says that there is none.
    pub fn assigned_profile(&self) -> Option<&str> {
        let empty = self.profile_status == Some(ProfileStatus::Empty);
        self.profile_uuid.as_deref().filter(|uuid| !uuid.is_empty() && !empty)
    }
}

/// The answer of `GET /device/replacementDetails` (protocol 10).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplacementDetails {
    /// The new device.
    pub serial_number: String,
    /// The device it replaces.
    pub original_device_serial_number: Option<String>,
    /// The day of the replacement, at midnight UTC.
    pub replacement_date: Micros,
}
