//! The cloud configuration as the device understands it, which depends on its system.

use mdm::guard::{Dictionary, Fields, Value};

use super::os::{Os, Platform};

/// The longest text taken from a cloud configuration, in bytes. Apple's longest is a URL of 2,000 characters.
const TEXT_BYTES_MAX: usize = 8_192;

/// The longest list of anchors or skip keys taken.
const ITEMS_MAX: usize = 500;

/// What activation told the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CloudConfig {
    pub(super) url: Option<String>,
    pub(super) web_url: Option<String>,
    pub(super) anchors: Vec<Vec<u8>>,
    pub(super) hosts: usize,
    pub(super) pairing: bool,
    supervised: bool,
    mandatory: bool,
    unremovable: bool,
    awaits: bool,
    pub(super) multi_user: bool,
    pub(super) fresh_from_backup: bool,
    pub(super) auto_advance: bool,
    pub(super) skip: Vec<String>,
    pub(super) organization: Option<String>,
    pub(super) department: Option<String>,
    pub(super) support_phone: Option<String>,
    pub(super) language: Option<String>,
}

impl CloudConfig {
    /// Reads the property list of activation. What is missing or of another type counts as unset.
    pub(super) fn read(plist: &Dictionary) -> Self {
        let fields = Fields(plist);
        let text = |key| fields.opt_text(key, TEXT_BYTES_MAX).ok().flatten();
        let anchors = fields.items("AnchorCertificates").iter().take(ITEMS_MAX);
        let skip = fields.items("SkipSetup").iter().take(ITEMS_MAX);
        Self {
            url: text("ConfigurationURL"),
            web_url: text("ConfigurationWebURL"),
            anchors: anchors.filter_map(Value::as_data).map(<[u8]>::to_vec).collect(),
            hosts: fields.items("SupervisorHostCertificates").len(),
            pairing: fields.opt_flag("AllowPairing").unwrap_or(true),
            supervised: fields.flag("IsSupervised"),
            mandatory: fields.flag("IsMandatory"),
            unremovable: fields.flag("IsMDMUnremovable"),
            awaits: fields.flag("AwaitDeviceConfigured") || fields.flag("IsReturnToService"),
            multi_user: fields.flag("IsMultiUser"),
            fresh_from_backup: fields.flag("DoNotUseProfileFromBackup"),
            auto_advance: fields.flag("AutoAdvanceSetup"),
            skip: skip.filter_map(Value::as_string).map(str::to_owned).collect(),
            organization: text("OrganizationName"),
            department: text("OrganizationDepartment"),
            support_phone: text("OrganizationSupportPhone"),
            language: text("Language"),
        }
    }

    /// Whether the device becomes supervised: always from iOS 13 and macOS 11 on, and on tvOS and visionOS; before, by
    /// the profile (apple.md 4).
    pub(super) fn supervises(&self, os: Os) -> bool {
        match os.platform() {
            Platform::Ios => self.supervised || os.is_ios(13, 0),
            Platform::Mac => self.supervised || os.is_mac(11, 0),
            Platform::Tv | Platform::Vision => true,
        }
    }

    /// Whether its user must take the profile: always from iOS 13 on. macOS honours the flag.
    pub(super) fn is_mandatory(&self, os: Os) -> bool {
        self.mandatory || os.is_ios(13, 0)
    }

    /// Whether its user may remove management. Only supervised devices can be locked.
    pub(super) fn is_removable(&self, os: Os) -> bool {
        !(self.unremovable && self.supervises(os))
    }

    /// Whether Setup Assistant waits for `DeviceConfigured`: from iOS 9 (supervised), macOS 10.11, tvOS 10.2 and
    /// visionOS 2 on.
    pub(super) fn awaits(&self, os: Os) -> bool {
        let version = (os.version.major, os.version.minor);
        let known = match os.platform() {
            Platform::Ios => version >= (9, 0) && self.supervises(os),
            Platform::Mac => version >= (10, 11),
            Platform::Tv => version >= (10, 2),
            Platform::Vision => version >= (2, 0),
        };
        self.awaits && known
    }

    /// Whether Setup Assistant goes on by itself: tvOS and macOS 11.
    pub(super) fn advances(&self, os: Os) -> bool {
        self.auto_advance && (os.platform() == Platform::Tv || os.is_mac(11, 0))
    }

    /// The web page to open instead of asking for the profile: iOS 13, macOS 10.15 and the younger systems.
    pub(super) fn web_url(&self, os: Os) -> Option<&str> {
        let known = match os.platform() {
            Platform::Ios => os.is_ios(13, 0),
            Platform::Mac => os.is_mac(10, 15),
            Platform::Tv => os.version.major >= 13,
            Platform::Vision => true,
        };
        self.web_url.as_deref().filter(|_| known)
    }

    /// Whether it becomes a Shared iPad.
    pub(super) fn shares(&self, os: Os) -> bool {
        self.multi_user && os.family == crate::apple::catalogue::Family::IPad && os.is_ios(13, 4)
    }
}
