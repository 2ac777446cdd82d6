//! Members of Graph's enums (intune.md appendix A), in Graph's order.

pub(super) const DEP_TOKEN_TYPE: &[&str] = &["none", "dep", "appleSchoolManager"];
pub(super) const ITUNES_PAIRING_MODE: &[&str] = &["disallow", "allow", "requiresCertificate"];
pub(super) const DISCOVERY_SOURCE: &[&str] = &["unknown", "adminImport", "deviceEnrollmentProgram"];
pub(super) const PLATFORM: &[&str] = &[
    "unknown",
    "ios",
    "android",
    "windows",
    "windowsMobile",
    "macOS",
    "visionOS",
    "tvOS",
    "unknownFutureValue",
];
pub(super) const ENROLLMENT_STATE: &[&str] =
    &["unknown", "enrolled", "pendingReset", "failed", "notContacted", "blocked"];
pub(super) const COMPLIANCE_STATE: &[&str] =
    &["unknown", "compliant", "noncompliant", "conflict", "error", "inGracePeriod", "configManager"];
pub(super) const DEVICE_ENROLLMENT_TYPE: &[&str] = &[
    "unknown",
    "userEnrollment",
    "deviceEnrollmentManager",
    "appleBulkWithUser",
    "appleBulkWithoutUser",
    "windowsAzureADJoin",
    "windowsBulkUserless",
    "windowsAutoEnrollment",
    "windowsBulkAzureDomainJoin",
    "windowsCoManagement",
    "windowsAzureADJoinUsingDeviceAuth",
    "appleUserEnrollment",
    "appleUserEnrollmentWithServiceAccount",
    "azureAdJoinUsingAzureVmExtension",
    "androidEnterpriseDedicatedDevice",
    "androidEnterpriseFullyManaged",
    "androidEnterpriseCorporateWorkProfile",
    "androidAOSPUserOwnedDeviceEnrollment",
    "androidAOSPUserlessDeviceEnrollment",
    "appleAccountDrivenUserEnrollment",
    "unknownFutureValue",
];
pub(super) const DEVICE_REGISTRATION_STATE: &[&str] = &[
    "notRegistered",
    "registered",
    "revoked",
    "keyConflict",
    "approvalPending",
    "certificateReset",
    "notRegisteredPendingEnrollment",
    "unknown",
];
pub(super) const MANAGED_DEVICE_OWNER_TYPE: &[&str] =
    &["unknown", "company", "personal", "unknownFutureValue"];
pub(super) const OWNER_TYPE: &[&str] = &["unknown", "company", "personal"];
pub(super) const MANAGEMENT_AGENT_TYPE: &[&str] = &[
    "eas",
    "mdm",
    "easMdm",
    "intuneClient",
    "easIntuneClient",
    "configurationManagerClient",
    "configurationManagerClientMdm",
    "configurationManagerClientMdmEas",
    "unknown",
    "jamf",
    "googleCloudDevicePolicyController",
    "microsoft365ManagedMdm",
    "msSense",
    "intuneAosp",
    "google",
    "unknownFutureValue",
];
pub(super) const MANAGEMENT_STATE: &[&str] = &[
    "managed",
    "retirePending",
    "retireFailed",
    "wipePending",
    "wipeFailed",
    "unhealthy",
    "deletePending",
    "retireIssued",
    "wipeIssued",
    "wipeCanceled",
    "retireCanceled",
    "discovered",
    "unknownFutureValue",
];
pub(super) const MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE: &[&str] = &[
    "unknown",
    "activated",
    "deactivated",
    "secured",
    "lowSeverity",
    "mediumSeverity",
    "highSeverity",
    "unresponsive",
    "compromised",
    "misconfigured",
];
pub(super) const LOST_MODE_STATE: &[&str] = &["disabled", "enabled"];
pub(super) const JOIN_TYPE: &[&str] =
    &["unknown", "azureADJoined", "azureADRegistered", "hybridAzureADJoined"];
pub(super) const DEVICE_TYPE: &[&str] = &[
    "desktop",
    "windowsRT",
    "winMO6",
    "nokia",
    "windowsPhone",
    "mac",
    "winCE",
    "winEmbedded",
    "iPhone",
    "iPad",
    "iPod",
    "android",
    "iSocConsumer",
    "unix",
    "macMDM",
    "holoLens",
    "surfaceHub",
    "androidForWork",
    "androidEnterprise",
    "windows10x",
    "androidnGMS",
    "chromeOS",
    "linux",
    "visionOS",
    "tvOS",
    "blackberry",
    "palm",
    "unknown",
    "cloudPC",
];
pub(crate) const OBLITERATION_BEHAVIOR: &[&str] =
    &["default", "doNotObliterate", "obliterateWithWarning", "always"];
/// What a sync fetches: our own word.
pub(crate) const SYNC_KIND: &[&str] = &["delta", "full"];
