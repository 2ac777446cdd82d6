//! `DeviceInformation` and `SecurityInfo`.

use std::sync::LazyLock;

use mdm::guard::{Dictionary, Value};

use super::{Order, Outcome};
use crate::apple::catalogue::Family;
use crate::device::os::{Availability, Os, Platform, rows};
use crate::device::unit::{Memory, VirtualDevice};

/// The most queries looked at in one command.
const QUERIES_MAX: usize = 500;

/// Gigabytes of a device, as it tells them.
const CAPACITY_GB: f64 = 128.0;

struct Query {
    name: &'static str,
    at: Availability,
    right: u16,
}

const TABLE: &str = include_str!("../data/queries.tsv");

static QUERIES: LazyLock<Vec<Query>> = LazyLock::new(|| rows(TABLE).filter_map(|row| read(&row)).collect());

fn read(cells: &[&'static str]) -> Option<Query> {
    let [name, ios, mac, tv, vision, right] = *cells else { return None };
    let at = Availability::read([ios, mac, tv, vision]).ok()?;
    Some(Query { name, at, right: right.parse().ok()? })
}

impl VirtualDevice {
    /// Answers each query that the system knows and the server has a right to; the others are left out, as on real
    /// devices.
    pub(super) fn device_information(&self, order: &Order) -> Outcome {
        let asked = order.fields().items("Queries");
        if asked.is_empty() {
            return Outcome::format_error("Queries is missing or empty.");
        }
        let names = asked.iter().take(QUERIES_MAX).filter_map(Value::as_string);
        let mut responses = Dictionary::new();
        for name in names {
            let Some(query) = QUERIES.iter().find(|query| query.name == name) else { continue };
            let value = self.memory(|memory| {
                let rights = memory.enrolment.as_ref().map_or(0, |now| now.mdm.access_rights);
                let allowed = memory.os.since(&query.at) && rights & query.right == query.right;
                allowed.then(|| self.answer(name, memory)).flatten()
            });
            if let Some(value) = value {
                responses.insert(name.to_owned(), value);
            }
        }
        Outcome::with("QueryResponses", Value::Dictionary(responses))
    }

    /// The value of a query, for what practice devices have to say.
    fn answer(&self, query: &str, memory: &Memory) -> Option<Value> {
        let hardware = self.hardware();
        let product = hardware.product;
        let os = memory.os;
        Some(match query {
            "UDID" | "ProvisioningUDID" => hardware.udid().into(),
            "SerialNumber" => hardware.serial.into(),
            "DeviceName" => memory.name.as_str().into(),
            "OSVersion" => os.version.to_string().into(),
            "BuildVersion" => os.build().into(),
            "ModelName" => hardware.fresh_name().into(),
            "Model" | "ModelNumber" => hardware.model_number().into(),
            "ProductName" => product.product_type.into(),
            "SoftwareUpdateDeviceID" => hardware.software_update_id().into(),
            "DeviceID" => hardware.mac("device id").into(),
            "DeviceCapacity" => CAPACITY_GB.into(),
            "AvailableDeviceCapacity" => (CAPACITY_GB * 0.75).into(),
            "BatteryLevel" => 0.8.into(),
            "IMEI" => hardware.imei()?.into(),
            "MEID" => hardware.meid()?.into(),
            "WiFiMAC" => hardware.mac("Wi-Fi").into(),
            "BluetoothMAC" => hardware.mac("Bluetooth").into(),
            "EthernetMAC" => hardware.mac("Ethernet").into(),
            "PushToken" => Value::Data(memory.enrolment.as_ref()?.token.0.to_vec()),
            "OrganizationInfo" => Value::Dictionary(memory.applied.organization.clone()?),
            "MDMOptions" => Value::Dictionary(memory.applied.options.clone()),
            "TimeZone" => memory.applied.time_zone.as_deref().unwrap_or("Europe/Berlin").into(),
            "HostName" => memory.applied.host_name.clone()?.into(),
            "LocalHostName" => local_host_name(&memory.name).into(),
            "EASDeviceIdentifier" => hardware.udid().replace('-', "").into(),
            "ServiceSubscriptions" => subscriptions(&hardware)?,
            _ => return shared(query, memory).or_else(|| flag(query, memory, product.family)),
        })
    }

    /// What a device says of its security.
    pub(super) fn security_info(&self) -> Outcome {
        let os = self.os();
        let mut info = Dictionary::new();
        match os.platform() {
            Platform::Mac => mac_security(&mut info, os),
            _ => {
                info.insert("HardwareEncryptionCaps".into(), 3.into());
                info.insert("PasscodePresent".into(), false.into());
                info.insert("PasscodeCompliant".into(), true.into());
                info.insert("PasscodeCompliantWithProfiles".into(), true.into());
                info.insert("PasscodeLockGracePeriodEnforced".into(), 0.into());
            }
        }
        Outcome::with("SecurityInfo", Value::Dictionary(info))
    }
}

/// The queries that are yes or no.
fn flag(query: &str, memory: &Memory, family: Family) -> Option<Value> {
    let cloud = memory.activated.as_ref().and_then(Option::as_ref);
    let yes = match query {
        "IsSupervised" => cloud.is_some_and(|cloud| cloud.supervises(memory.os)),
        "IsMultiUser" => cloud.is_some_and(|cloud| cloud.shares(memory.os)),
        "AwaitingConfiguration" => memory.enrolment.as_ref().is_some_and(|now| now.awaiting),
        "IsAppleSilicon" | "SupportsiOSAppInstalls" | "IsActivationLockSupported" => true,
        "SystemIntegrityProtectionEnabled" => true,
        "HasBattery" => family == Family::Mac,
        "IsDeviceLocatorServiceEnabled"
        | "IsActivationLockEnabled"
        | "IsDoNotDisturbInEffect"
        | "IsCloudBackupEnabled"
        | "IsMDMLostModeEnabled"
        | "IsRoaming"
        | "IsNetworkTethered"
        | "DataRoamingEnabled"
        | "PersonalHotspotEnabled"
        | "DiagnosticSubmissionEnabled"
        | "AppAnalyticsEnabled"
        | "iTunesStoreAccountIsActive"
        | "PINRequiredForEraseDevice"
        | "PINRequiredForDeviceLock"
        | "SupportsLOMDevice" => false,
        _ => return None,
    };
    Some(yes.into())
}

/// Shared iPad: what was set.
fn shared(query: &str, memory: &Memory) -> Option<Value> {
    let names = match query {
        "QuotaSize" => ["QuotaSize", "QuotaSize"],
        "ResidentUsers" | "MaximumResidentUsers" | "EstimatedResidentUsers" => {
            ["ResidentUsers", "MaximumResidentUsers"]
        }
        "UserSessionTimeout" => ["UserSessionTimeout", "UserSessionTimeout"],
        "TemporarySessionTimeout" => ["TemporarySessionTimeout", "TemporarySessionTimeout"],
        "TemporarySessionOnly" => ["TemporarySessionOnly", "TemporarySessionOnly"],
        "ManagedAppleIDDefaultDomains" => ["ManagedAppleIDDefaultDomains", "ManagedAppleIDDefaultDomains"],
        "OnlineAuthenticationGracePeriod" => {
            ["OnlineAuthenticationGracePeriod", "OnlineAuthenticationGracePeriod"]
        }
        _ => return None,
    };
    names.iter().find_map(|name| memory.applied.shared.get(name)).cloned()
}

fn subscriptions(hardware: &crate::device::hardware::Hardware<'_>) -> Option<Value> {
    let mut slot = Dictionary::new();
    slot.insert("IMEI".into(), hardware.imei()?.into());
    slot.insert("MEID".into(), hardware.meid()?.into());
    slot.insert("Slot".into(), "CTSubscriptionSlotOne".into());
    slot.insert("IsDataPreferred".into(), true.into());
    Some(Value::Array(vec![Value::Dictionary(slot)]))
}

/// A Mac's Bonjour name, made from its name as macOS does: letters, digits and hyphens.
fn local_host_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            made.push(c);
        } else if !made.ends_with('-') && !made.is_empty() && (c.is_whitespace() || c == '-') {
            made.push('-');
        }
    }
    made.trim_end_matches('-').to_owned()
}

fn mac_security(info: &mut Dictionary, os: Os) {
    info.insert("FDE_Enabled".into(), false.into());
    info.insert("SystemIntegrityProtectionEnabled".into(), true.into());
    info.insert("AuthenticatedRootVolumeEnabled".into(), true.into());
    info.insert("RemoteDesktopEnabled".into(), false.into());
    let mut management = Dictionary::new();
    management.insert("EnrolledViaDEP".into(), true.into());
    management.insert("UserApprovedEnrollment".into(), true.into());
    management.insert("IsUserEnrollment".into(), false.into());
    management.insert("IsActivationLockManageable".into(), os.is_mac(10, 15).into());
    info.insert("ManagementStatus".into(), Value::Dictionary(management));
}

#[cfg(test)]
mod tests {
    use super::{QUERIES, TABLE, local_host_name, read, rows};

    #[test]
    fn every_row_of_the_table_is_read() {
        assert!(rows(TABLE).all(|row| read(&row).is_some()));
        assert!(QUERIES.len() > 60);
    }

    #[test]
    fn a_macs_bonjour_name_has_letters_digits_and_hyphens() {
        for (name, expected) in [
            ("Ann’s MacBook Air", "Anns-MacBook-Air"),
            ("  a -- b  ", "a-b"),
            ("日本", ""),
            ("Mac-01", "Mac-01"),
        ] {
            assert_eq!(local_host_name(name), expected);
        }
    }
}
