//! The JSON of the ADE service, written from Apple's pages (apple.md 1.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apple::assign::SerialResults;
use crate::apple::device::Device;
use crate::apple::event::Operation;
use crate::apple::model::Model;
use crate::apple::moment::Moment;
use crate::apple::org::ServerId;
use crate::apple::serial;
use crate::apple::sync::DeviceRow;

/// Body of fetch and sync.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PageRequest {
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<i64>,
}

/// Body of every call that names devices.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SerialsRequest {
    #[serde(default)]
    pub(super) devices: Vec<String>,
    pub(super) profile_uuid: Option<String>,
}

/// Body of Activation Lock.
#[derive(Debug, Deserialize)]
pub(super) struct LockRequest {
    pub(super) device: String,
    pub(super) escrow_key: Option<String>,
    pub(super) lost_message: Option<String>,
}

/// Answer to fetch and sync.
#[derive(Debug, Serialize)]
pub(super) struct PageAnswer<'a> {
    pub(super) cursor: String,
    pub(super) more_to_follow: bool,
    pub(super) fetched_until: Moment,
    pub(super) devices: Vec<DeviceAnswer<'a>>,
}

/// Answer to define, assign and remove.
#[derive(Debug, Serialize)]
pub(super) struct ProfileAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile_uuid: Option<String>,
    pub(super) devices: BTreeMap<String, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_seconds: Option<i64>,
}

/// Answers by serial number, in the words of that protocol version.
pub(super) fn by_serial(results: &SerialResults, version: u32) -> BTreeMap<String, &'static str> {
    results.iter().map(|(serial, result)| (serial.clone(), result.word(version))).collect()
}

/// A device as one MDM server is told of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct DeviceAnswer<'a> {
    pub(super) serial_number: &'a str,
    pub(super) model: &'static str,
    pub(super) description: &'static str,
    pub(super) color: &'static str,
    pub(super) asset_tag: &'static str,
    pub(super) profile_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile_assign_time: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile_push_time: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device_assigned_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device_assigned_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) op_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) op_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_status: Option<&'static str>,
    #[serde(flatten)]
    since_2: Option<SinceVersion2>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mdm_migration_deadline: Option<Moment>,
    #[serde(flatten)]
    since_10: Option<SinceVersion10>,
}

/// What protocol version 2 added.
#[derive(Debug, Serialize)]
struct SinceVersion2 {
    os: &'static str,
    device_family: &'static str,
}

/// What protocol version 10 added.
#[derive(Debug, Serialize)]
struct SinceVersion10 {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    imei: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eid: Option<String>,
    bluetooth_mac_address: String,
    wifi_mac_address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ethernet_mac_address: Option<String>,
    is_replacement_device: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    released_by_replacement: Option<bool>,
}

impl<'a> DeviceAnswer<'a> {
    /// A row of a page, in that protocol version.
    pub(super) fn of_row(model: &'a Model, server: ServerId, row: &DeviceRow<'a>, version: u32) -> Self {
        let device = row.device;
        let place = device.membership.as_ref().filter(|place| place.server == server);
        let deleted = row.event.filter(|event| event.operation == Operation::Deleted);
        Self {
            serial_number: &device.serial,
            model: device.product.model,
            description: device.product.description,
            color: device.product.color,
            asset_tag: "",
            profile_status: row.profile.status.word(),
            profile_uuid: row.profile.profile.and_then(|id| model.profile_uuid(id)),
            profile_assign_time: row.profile.assigned,
            profile_push_time: row.profile.pushed,
            device_assigned_date: place.map(|place| place.since),
            device_assigned_by: place.map(|place| &*place.by),
            op_type: row.event.map(|event| event.operation.word()),
            op_date: row.event.map(|event| event.at),
            response_status: None,
            since_2: (version >= 2).then(|| SinceVersion2 {
                os: device.product.family.os(version),
                device_family: device.product.family.word(),
            }),
            mdm_migration_deadline: device.migration_deadline.filter(|_| version >= 8 && place.is_some()),
            since_10: (version >= 10)
                .then(|| SinceVersion10::of(device, deleted.map(|event| event.released_by_replacement))),
        }
    }

    /// A serial number that is not this server's.
    pub(super) fn not_accessible(serial_number: &'a str) -> UnknownDevice<'a> {
        UnknownDevice { serial_number, response_status: "NOT_ACCESSIBLE" }
    }
}

impl SinceVersion10 {
    fn of(device: &Device, released_by_replacement: Option<bool>) -> Self {
        let counter = u64::from(device.id.0);
        let family = device.product.family;
        Self {
            imei: family.has_cellular().then(|| serial::imei(counter)).into_iter().collect(),
            eid: family.has_cellular().then(|| serial::eid(counter)),
            bluetooth_mac_address: serial::mac_address(counter, 1),
            wifi_mac_address: serial::mac_address(counter, 2),
            ethernet_mac_address: family.has_ethernet().then(|| serial::mac_address(counter, 3)),
            is_replacement_device: device.replaces.is_some(),
            released_by_replacement: released_by_replacement.filter(|released| *released),
        }
    }
}

/// A device the server may not see.
#[derive(Debug, Serialize)]
pub(super) struct UnknownDevice<'a> {
    serial_number: &'a str,
    response_status: &'static str,
}

/// Answer to Activation Lock.
#[derive(Debug, Serialize)]
pub(super) struct LockAnswer {
    pub(super) serial_number: String,
    pub(super) response_status: &'static str,
}

/// Answer to replacement details.
#[derive(Debug, Serialize)]
pub(super) struct ReplacementAnswer<'a> {
    pub(super) serial_number: &'a str,
    pub(super) original_device_serial_number: &'a str,
    pub(super) replacement_date: String,
}
