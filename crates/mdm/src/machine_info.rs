//! `MachineInfo`: what a device says about itself when it asks for its enrolment profile
//! (Apple: `other/machineinfo.yaml`; the property list inside the signed body).

use crate::guard::{Fields, parse_dictionary};
use crate::{Error, OsVersion, Redacted};

/// The largest `MachineInfo`, in bytes. Devices send about 1,000.
pub const MAX_BODY: usize = 64 << 10;
/// The longest text in it, in bytes.
const MAX_TEXT: usize = 256;
/// The longest pairing token, in bytes.
const MAX_PAIRING_TOKEN: usize = 16 << 10;

/// What a device says about itself. Only serial number and UDID are required, whatever Apple's documents say.
///
/// Neither authenticates the device: the signature around them does, and only as some Apple device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MachineInfo {
    /// `SERIAL`.
    pub serial: String,
    /// `UDID`.
    pub udid: String,
    /// `PRODUCT`, such as `iPad13,18`.
    pub product: Option<String>,
    /// `VERSION`: the build, such as `22B83`.
    pub version: Option<String>,
    /// `OS_VERSION` (iOS 17, macOS 14).
    pub os_version: Option<String>,
    /// `SUPPLEMENTAL_BUILD_VERSION` (iOS 17, macOS 14).
    pub supplemental_build_version: Option<String>,
    /// `SUPPLEMENTAL_OS_VERSION_EXTRA`, such as `(a)` (iOS 17, macOS 14).
    pub supplemental_os_version_extra: Option<String>,
    /// `IMEI`.
    pub imei: Option<String>,
    /// `MEID`.
    pub meid: Option<String>,
    /// `LANGUAGE`, such as `en`.
    pub language: Option<String>,
    /// `SOFTWARE_UPDATE_DEVICE_ID`, such as `J407AP` (iOS 17.4, macOS 14.4).
    pub software_update_device_id: Option<String>,
    /// `MDM_CAN_REQUEST_SOFTWARE_UPDATE`: the device takes the answer `com.apple.softwareupdate.required`.
    pub can_request_software_update: bool,
    /// `MDM_CAN_REQUEST_PSSO_CONFIG` (macOS 26).
    pub can_request_psso_config: bool,
    /// `MANDATORY_SOFTWARE_UPDATE_REQUIRED` (macOS 26.1).
    pub mandatory_software_update_required: bool,
    /// `PAIRING_TOKEN` (watchOS 10).
    pub pairing_token: Option<Redacted<Vec<u8>>>,
}

impl MachineInfo {
    /// Every key that is read.
    pub const KEYS: &[&str] = &[
        "UDID",
        "SERIAL",
        "PRODUCT",
        "VERSION",
        "OS_VERSION",
        "SUPPLEMENTAL_BUILD_VERSION",
        "SUPPLEMENTAL_OS_VERSION_EXTRA",
        "IMEI",
        "MEID",
        "LANGUAGE",
        "SOFTWARE_UPDATE_DEVICE_ID",
        "MDM_CAN_REQUEST_SOFTWARE_UPDATE",
        "MDM_CAN_REQUEST_PSSO_CONFIG",
        "MANDATORY_SOFTWARE_UPDATE_REQUIRED",
        "PAIRING_TOKEN",
    ];

    /// Reads the property list inside the signed body, of at most [`MAX_BODY`] bytes.
    ///
    /// # Errors
    /// Those of the [guard](crate::guard::parse_xml), and [`Error::Missing`], [`Error::WrongType`] and
    /// [`Error::TooLong`] for its keys.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let dictionary = parse_dictionary(body, MAX_BODY)?;
        let fields = Fields(&dictionary);
        let text = |key| fields.opt_text(key, MAX_TEXT);
        Ok(Self {
            serial: fields.text("SERIAL", MAX_TEXT)?,
            udid: fields.text("UDID", MAX_TEXT)?,
            product: text("PRODUCT")?,
            version: text("VERSION")?,
            os_version: text("OS_VERSION")?,
            supplemental_build_version: text("SUPPLEMENTAL_BUILD_VERSION")?,
            supplemental_os_version_extra: text("SUPPLEMENTAL_OS_VERSION_EXTRA")?,
            imei: text("IMEI")?,
            meid: text("MEID")?,
            language: text("LANGUAGE")?,
            software_update_device_id: text("SOFTWARE_UPDATE_DEVICE_ID")?,
            can_request_software_update: fields.flag("MDM_CAN_REQUEST_SOFTWARE_UPDATE"),
            can_request_psso_config: fields.flag("MDM_CAN_REQUEST_PSSO_CONFIG"),
            mandatory_software_update_required: fields.flag("MANDATORY_SOFTWARE_UPDATE_REQUIRED"),
            pairing_token: fields.opt_data("PAIRING_TOKEN", MAX_PAIRING_TOKEN)?.map(Redacted),
        })
    }

    /// `OS_VERSION` as a version, if it is one.
    pub fn os(&self) -> Option<OsVersion> {
        self.os_version.as_deref().and_then(OsVersion::parse)
    }
}

#[cfg(test)]
mod tests;
