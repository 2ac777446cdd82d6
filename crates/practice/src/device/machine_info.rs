//! MachineInfo: what a device says of itself before it is enrolled, and how it signs that (apple.md 3.1).

use mdm::guard::{Dictionary, Value};

use super::cloud::CloudConfig;
use super::hardware::Hardware;
use super::os::{Os, Platform, Version};
use crate::apple::device_identity::{ChainStyle, SigningStyle};

/// The property list.
pub(super) fn machine_info(hardware: Hardware<'_>, os: Os, cloud: &CloudConfig) -> Dictionary {
    let mut plist = Dictionary::new();
    let mut text = |key: &str, value: String| plist.insert(key.into(), Value::String(value));
    text("UDID", hardware.udid());
    text("SERIAL", hardware.serial.to_owned());
    text("PRODUCT", hardware.product.product_type.to_owned());
    text("VERSION", os.build());
    text("LANGUAGE", cloud.language.clone().unwrap_or_else(|| "en".to_owned()));
    if says_version(os) {
        text("OS_VERSION", os.version.to_string());
    }
    if says_update_id(os) {
        text("SOFTWARE_UPDATE_DEVICE_ID", hardware.software_update_id());
    }
    if let Some((imei, meid)) = hardware.imei().zip(hardware.meid()) {
        text("IMEI", imei);
        text("MEID", meid);
    }
    if can_update(os) {
        plist.insert("MDM_CAN_REQUEST_SOFTWARE_UPDATE".into(), Value::Boolean(true));
    }
    if os.is_mac(26, 0) {
        plist.insert("MDM_CAN_REQUEST_PSSO_CONFIG".into(), Value::Boolean(true));
    }
    plist
}

fn says_version(os: Os) -> bool {
    match os.platform() {
        Platform::Ios | Platform::Tv => os.version.major >= 17,
        Platform::Mac => os.version.major >= 14,
        Platform::Vision => os.version >= Version::new(1, 1),
    }
}

/// iOS 17.4, macOS 14.4 and visionOS 1.1; not tvOS.
fn says_update_id(os: Os) -> bool {
    let vision = os.platform() == Platform::Vision && os.version >= Version::new(1, 1);
    os.is_ios(17, 4) || os.is_mac(14, 4) || vision
}

/// Whether the server may send the device away to update first: iOS 17, macOS 14, visionOS 26.
pub(super) fn can_update(os: Os) -> bool {
    os.is_ios(17, 0) || os.is_mac(14, 0) || (os.platform() == Platform::Vision && os.version.major >= 26)
}

/// How the system signs. Macs embed less of the chain than iPhones and iPads (openradar 31423312), and older systems
/// use SHA-1; from which version on they stopped is practice's guess, so that a fleet of several versions shows each.
pub(super) fn style(os: Os, unix: i64) -> SigningStyle {
    let (chain, modern) = match os.platform() {
        Platform::Mac if os.is_mac(13, 0) => (ChainStyle::WithIssuer, os.is_mac(15, 0)),
        Platform::Mac => (ChainStyle::Own, false),
        _ => (ChainStyle::Whole, os.version.major >= 18),
    };
    let without_attributes = os.platform() == Platform::Mac && !os.is_mac(11, 0);
    let signing_time = (!without_attributes).then_some(unix);
    SigningStyle { chain, sha1: !modern, without_attributes, signing_time }
}
