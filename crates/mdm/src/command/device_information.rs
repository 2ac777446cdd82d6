//! `QueryResponses` of `DeviceInformation`.

use crate::error::printable;
use crate::guard::Fields;

/// Makes the struct, its reader and the list of queries from one table, so that none can be forgotten.
macro_rules! device_information {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $query:literal by $read:ident;)+) => {
        /// What a device says about itself. Only what it says is present; texts have at most 200 characters.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct DeviceInformation {
            $($(#[$doc])* pub $field: Option<$type>,)+
            /// The subscriptions of a device with a modem (iOS 12).
            pub service_subscriptions: Vec<ServiceSubscription>,
        }

        /// What an inventory asks for: everything that [`DeviceInformation`] reads. A device leaves out what it does
        /// not know.
        pub const INVENTORY_QUERIES: &[&str] = &[$($query,)+ "ServiceSubscriptions"];

        impl DeviceInformation {
            pub(super) fn read(fields: Fields<'_>) -> Self {
                Self {
                    $($field: $read(fields, $query),)+
                    service_subscriptions: ServiceSubscription::list(fields),
                }
            }
        }
    };
}

device_information! {
    /// `UDID`.
    udid: String = "UDID" by text;
    /// `SerialNumber`.
    serial_number: String = "SerialNumber" by text;
    /// `DeviceName`.
    device_name: String = "DeviceName" by text;
    /// `OSVersion`.
    os_version: String = "OSVersion" by text;
    /// `BuildVersion`.
    build_version: String = "BuildVersion" by text;
    /// `SupplementalOSVersionExtra`, such as `(a)`.
    supplemental_os_version_extra: String = "SupplementalOSVersionExtra" by text;
    /// `ModelName`, such as `iPad`.
    model_name: String = "ModelName" by text;
    /// `Model`, such as `MK2K3LL`.
    model: String = "Model" by text;
    /// `ModelNumber`.
    model_number: String = "ModelNumber" by text;
    /// `ProductName`, such as `iPad13,18`.
    product_name: String = "ProductName" by text;
    /// `DeviceCapacity`, in binary gigabytes.
    device_capacity: f64 = "DeviceCapacity" by real;
    /// `AvailableDeviceCapacity`, in binary gigabytes.
    available_device_capacity: f64 = "AvailableDeviceCapacity" by real;
    /// `BatteryLevel`, from 0 to 1; below 0 if unknown.
    battery_level: f64 = "BatteryLevel" by real;
    /// `IsSupervised`.
    is_supervised: bool = "IsSupervised" by flag;
    /// `IsMultiUser`: a Shared iPad.
    is_multi_user: bool = "IsMultiUser" by flag;
    /// `AwaitingConfiguration`: held in Setup Assistant.
    awaiting_configuration: bool = "AwaitingConfiguration" by flag;
    /// `IsActivationLockEnabled` (until iOS 16 and macOS 13).
    is_activation_lock_enabled: bool = "IsActivationLockEnabled" by flag;
    /// `IsMDMLostModeEnabled`.
    is_mdm_lost_mode_enabled: bool = "IsMDMLostModeEnabled" by flag;
    /// `IsAppleSilicon` (macOS 12).
    is_apple_silicon: bool = "IsAppleSilicon" by flag;
    /// `WiFiMAC`.
    wifi_mac: String = "WiFiMAC" by text;
    /// `BluetoothMAC`.
    bluetooth_mac: String = "BluetoothMAC" by text;
    /// `EthernetMAC` (macOS).
    ethernet_mac: String = "EthernetMAC" by text;
    /// `EASDeviceIdentifier`.
    eas_device_identifier: String = "EASDeviceIdentifier" by text;
    /// `TimeZone`, of the IANA's list.
    time_zone: String = "TimeZone" by text;
    /// `SoftwareUpdateDeviceID`, such as `J407AP`.
    software_update_device_id: String = "SoftwareUpdateDeviceID" by text;
}

/// One subscription of a device with a modem.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceSubscription {
    /// `IMEI`, without spaces.
    pub imei: Option<String>,
    /// `MEID`.
    pub meid: Option<String>,
    /// `EID`.
    pub eid: Option<String>,
    /// `ICCID`.
    pub iccid: Option<String>,
    /// `PhoneNumber`.
    pub phone_number: Option<String>,
    /// `CurrentCarrierNetwork`.
    pub current_carrier_network: Option<String>,
}

impl ServiceSubscription {
    /// The most subscriptions that are read; devices have two.
    const MAX: usize = 8;

    fn list(fields: Fields<'_>) -> Vec<Self> {
        let read = |one: Fields<'_>| Self {
            imei: text(one, "IMEI").map(|imei| imei.replace(' ', "")),
            meid: text(one, "MEID"),
            eid: text(one, "EID").map(|eid| eid.replace(' ', "")),
            iccid: text(one, "ICCID"),
            phone_number: text(one, "PhoneNumber"),
            current_carrier_network: text(one, "CurrentCarrierNetwork"),
        };
        fields.dictionaries("ServiceSubscriptions").take(Self::MAX).map(read).collect()
    }
}

fn text(fields: Fields<'_>, key: &str) -> Option<String> {
    fields.peek(key).map(printable)
}

fn real(fields: Fields<'_>, key: &str) -> Option<f64> {
    fields.opt_real(key).filter(|number| number.is_finite())
}

fn flag(fields: Fields<'_>, key: &str) -> Option<bool> {
    fields.opt_flag(key)
}
