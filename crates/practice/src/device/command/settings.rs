//! `Settings`: each item is applied or refused on its own.

use mdm::guard::{Dictionary, Fields, Value};

use super::{CODE_UNKNOWN, MDM_DOMAIN, Order, Outcome, error_entry};
use crate::device::os::{Availability, Os, Platform};
use crate::device::unit::VirtualDevice;

/// The longest name a device takes, in bytes.
const NAME_BYTES_MAX: usize = 1_024;

/// What `Settings` left behind.
#[derive(Clone, Debug, Default)]
pub(in crate::device) struct Applied {
    pub(super) organization: Option<Dictionary>,
    pub(super) options: Dictionary,
    pub(super) shared: Dictionary,
    pub(super) time_zone: Option<String>,
    pub(super) host_name: Option<String>,
}

/// Since when an item exists, by Apple's schema of `Settings`: iOS and iPadOS, macOS, tvOS, visionOS.
const ITEMS: [(&str, [&str; 4]); 19] = [
    ("DeviceName", ["8.0", "10.10", "9.0", "2.0"]),
    ("HostName", ["-", "10.11", "-", "-"]),
    ("OrganizationInfo", ["7.0", "10.9", "9.0", "1.1"]),
    ("MDMOptions", ["7.0", "10.15", "-", "1.1"]),
    ("SharedDeviceConfiguration", ["13.4", "-", "-", "26.0"]),
    ("Wallpaper", ["8.0", "-", "-", "-"]),
    ("TimeZone", ["14.0", "-", "14.0", "2.0"]),
    ("DataRoaming", ["5.0", "-", "-", "-"]),
    ("VoiceRoaming", ["5.0..16", "-", "-", "-"]),
    ("PersonalHotspot", ["7.0", "-", "-", "-"]),
    ("Bluetooth", ["11.3", "10.13.4", "-", "-"]),
    ("ApplicationConfiguration", ["7.0", "10.15", "10.2", "1.1"]),
    ("ApplicationAttributes", ["7.0", "-", "10.2", "1.1"]),
    ("MaximumResidentUsers", ["9.3..13.4", "-", "-", "-"]),
    ("DiagnosticSubmission", ["9.3", "-", "-", "-"]),
    ("AppAnalytics", ["9.3.2", "-", "-", "-"]),
    ("SoftwareUpdateSettings", ["14.5", "-", "-", "-"]),
    ("AccessibilitySettings", ["16.0", "-", "-", "-"]),
    ("DefaultApplications", ["18.2", "-", "-", "-"]),
];

/// Items that only supervised iPhones and iPads take.
const SUPERVISED: [&str; 5] =
    ["DeviceName", "Wallpaper", "TimeZone", "SoftwareUpdateSettings", "AccessibilitySettings"];

fn is_known(os: Os, item: &str) -> bool {
    let found = ITEMS.iter().find(|(name, _)| *name == item);
    found.and_then(|(_, cells)| Availability::read(*cells).ok()).is_some_and(|at| os.since(&at))
}

impl VirtualDevice {
    /// Applies each item, and says of each how that went, in order.
    pub(super) fn settings(&self, order: &Order) -> Outcome {
        let items = order.fields().items("Settings");
        if items.is_empty() {
            return Outcome::format_error("Settings is missing or empty.");
        }
        let results = items.iter().map(|item| {
            let applied = item.as_dictionary().map(Fields).ok_or("An item is no dictionary.");
            let applied = applied.and_then(|item| self.apply(item));
            Value::Dictionary(item_result(item, applied.err()))
        });
        Outcome::with("Settings", Value::Array(results.collect()))
    }

    fn apply(&self, item: Fields<'_>) -> Result<(), &'static str> {
        let name = item.peek("Item").ok_or("An item has no name.")?;
        let (os, supervised) = self.memory(|memory| {
            let cloud = memory.activated.as_ref().and_then(Option::as_ref);
            (memory.os, cloud.is_some_and(|cloud| cloud.supervises(memory.os)))
        });
        if !is_known(os, name) {
            return Err("The device does not know this item.");
        }
        if os.platform() == Platform::Ios && !supervised && SUPERVISED.contains(&name) {
            return Err("The device is not supervised.");
        }
        match name {
            "DeviceName" => self.rename(item)?,
            "SharedDeviceConfiguration" => self.share(item, os)?,
            "OrganizationInfo" => {
                let info = item.dictionary("OrganizationInfo").cloned();
                let named = info.as_ref().is_none_or(|info| Fields(info).peek("OrganizationName").is_some());
                if !named {
                    return Err("OrganizationName is missing.");
                }
                self.memory(|memory| memory.applied.organization = info);
            }
            "MDMOptions" => {
                let options = item.dictionary("MDMOptions").cloned().ok_or("MDMOptions is missing.")?;
                self.memory(|memory| memory.applied.options.extend(options));
            }
            "TimeZone" | "HostName" => {
                let key = if name == "TimeZone" { "TimeZone" } else { "HostName" };
                let text = item.text(key, NAME_BYTES_MAX).map_err(|_| "The value is missing.")?;
                self.memory(|memory| match key {
                    "TimeZone" => memory.applied.time_zone = Some(text),
                    _ => memory.applied.host_name = Some(text),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn rename(&self, item: Fields<'_>) -> Result<(), &'static str> {
        let name =
            item.text("DeviceName", NAME_BYTES_MAX).map_err(|_| "DeviceName is missing or too long.")?;
        self.memory(|memory| memory.name.clone_from(&name));
        self.show(|screen| screen.name = name.into());
        Ok(())
    }

    /// Shared iPad: the space of its users cannot change once there may be any, after set-up (apple.md 4).
    fn share(&self, item: Fields<'_>, os: Os) -> Result<(), &'static str> {
        let shared = self.memory(|memory| {
            let cloud = memory.activated.as_ref().and_then(Option::as_ref);
            cloud.is_some_and(|cloud| cloud.shares(os))
        });
        if !shared {
            return Err("The device is not a Shared iPad.");
        }
        let sizes = item.opt_int("QuotaSize").is_some() || item.opt_int("ResidentUsers").is_some();
        let awaiting =
            self.memory(|memory| memory.enrolment.as_ref().is_some_and(|enrolment| enrolment.awaiting));
        if sizes && !awaiting {
            return Err("QuotaSize and ResidentUsers cannot change once there are users.");
        }
        if item.opt_int("QuotaSize").is_some() && item.opt_int("ResidentUsers").is_some() {
            return Err("QuotaSize and ResidentUsers exclude each other.");
        }
        let keys = item.0.iter().filter(|(key, _)| key.as_str() != "Item");
        let keys: Dictionary = keys.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.memory(|memory| memory.applied.shared.extend(keys));
        Ok(())
    }
}

fn item_result(item: &Value, refusal: Option<&'static str>) -> Dictionary {
    let mut result = Dictionary::new();
    let status = if refusal.is_some() { "Error" } else { "Acknowledged" };
    result.insert("Status".into(), status.into());
    if let Some(identifier) = item.as_dictionary().and_then(|item| Fields(item).peek("Identifier")) {
        result.insert("Identifier".into(), identifier.into());
    }
    if let Some(words) = refusal {
        let entry = Value::Dictionary(error_entry(CODE_UNKNOWN, MDM_DOMAIN, words));
        result.insert("ErrorChain".into(), Value::Array(vec![entry]));
    }
    result
}
