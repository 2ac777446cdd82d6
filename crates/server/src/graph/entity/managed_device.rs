//! `managedDevice`: an enrolled device. Much of it is about Windows, Android or a directory and stays empty here; a
//! client's model has it all the same.

use super::words::{
    COMPLIANCE_STATE, DEVICE_ENROLLMENT_TYPE, DEVICE_REGISTRATION_STATE, DEVICE_TYPE, JOIN_TYPE,
    LOST_MODE_STATE, MANAGED_DEVICE_OWNER_TYPE, MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE,
    MANAGEMENT_AGENT_TYPE, MANAGEMENT_STATE, OWNER_TYPE,
};
use super::{EntityType, Property, choice, date, flag, int, long, no_part, no_parts, part, text, texts};

pub(crate) static MANAGED_DEVICE: EntityType =
    EntityType::new("microsoft.graph.managedDevice", &[APPLE, DIRECTORY, ELSEWHERE]).search(&[
        "deviceName",
        "serialNumber",
        "model",
        "enrollmentProfileName",
    ]);

/// What an Apple device has.
const APPLE: &[Property] = &[
    text("activationLockBypassCode").read_only().select_only(),
    flag("bootstrapTokenEscrowed").read_only().beta().select_only(),
    no_parts("deviceActionResults", "[DeviceActionResult]").read_only(),
    choice("deviceEnrollmentType", "enum DeviceEnrollmentType", DEVICE_ENROLLMENT_TYPE)
        .or("appleBulkWithoutUser")
        .unasked(),
    text("deviceName").read_only(),
    choice("deviceRegistrationState", "enum DeviceRegistrationState", DEVICE_REGISTRATION_STATE)
        .or("unknown")
        .unasked(),
    choice("deviceType", "enum DeviceType", DEVICE_TYPE).or("unknown").beta().unasked(),
    date("enrolledDateTime").or_no_date().read_only(),
    text("enrollmentProfileName").read_only(),
    text("ethernetMacAddress").read_only().select_only(),
    long("freeStorageSpaceInBytes").read_only(),
    part("hardwareInformation", "HardwareInformation", &HARDWARE).read_only().beta().select_only(),
    text("iccid").read_only().select_only(),
    text("imei").read_only(),
    flag("isEncrypted").read_only(),
    flag("isSupervised").read_only(),
    date("lastSyncDateTime").or_no_date().read_only(),
    choice("lostModeState", "enum LostModeState", LOST_MODE_STATE).or("disabled").beta().constant(),
    text("managedDeviceName").unasked(),
    choice("managedDeviceOwnerType", "enum ManagedDeviceOwnerType", MANAGED_DEVICE_OWNER_TYPE)
        .or("company")
        .constant(),
    choice("managementAgent", "enum ManagementAgentType", MANAGEMENT_AGENT_TYPE).or("mdm").constant(),
    date("managementCertificateExpirationDate").or_no_date().read_only(),
    choice("managementState", "enum ManagementState", MANAGEMENT_STATE).or("managed").unasked(),
    text("manufacturer").or("Apple").read_only().constant(),
    text("meid").read_only().unasked(),
    text("model").read_only(),
    text("notes").select_only(),
    text("operatingSystem").read_only(),
    text("osVersion").read_only(),
    choice("ownerType", "enum OwnerType", OWNER_TYPE).or("company").beta().constant(),
    text("phoneNumber").read_only().unasked(),
    long("physicalMemoryInBytes").read_only().select_only(),
    texts("roleScopeTagIds").beta().unasked(),
    text("serialNumber").read_only(),
    text("subscriberCarrier").read_only().unasked(),
    long("totalStorageSpaceInBytes").read_only(),
    text("udid").read_only().select_only(),
    text("wiFiMacAddress").read_only().unasked(),
];

/// `hardwareInformation`, as far as an Apple device tells it.
static HARDWARE: EntityType =
    EntityType::new("microsoft.graph.hardwareInformation", &[HARDWARE_PARTS]).without_id();

const HARDWARE_PARTS: &[Property] = &[
    text("serialNumber"),
    long("totalStorageSpace"),
    long("freeStorageSpace"),
    text("imei"),
    text("meid"),
    text("manufacturer"),
    text("model"),
    text("productName"),
    text("osBuildNumber"),
    text("wifiMac"),
    flag("isSupervised"),
    flag("isEncrypted"),
    flag("isSharedDevice"),
];

/// What needs a directory of people, compliance policies or a mail server.
const DIRECTORY: &[Property] = &[
    flag("aadRegistered").read_only().beta().constant(),
    text("azureADDeviceId").read_only().constant(),
    flag("azureADRegistered").read_only().constant(),
    text("azureActiveDirectoryDeviceId").read_only().beta().constant(),
    date("complianceGracePeriodExpirationDateTime").or_no_date().read_only().constant(),
    choice("complianceState", "enum ComplianceState", COMPLIANCE_STATE).or("unknown").constant(),
    no_part("deviceCategory", "DeviceCategory"),
    text("deviceCategoryDisplayName").read_only().constant(),
    no_parts("deviceCompliancePolicyStates", "[DeviceCompliancePolicyState]"),
    no_parts("deviceConfigurationStates", "[DeviceConfigurationState]"),
    flag("easActivated").read_only().constant(),
    date("easActivationDateTime").or_no_date().read_only().constant(),
    text("easDeviceId").read_only().constant(),
    text("emailAddress").read_only().constant(),
    text("enrolledByUserPrincipalName").read_only().beta().constant(),
    text("exchangeAccessState").or("none").constant(),
    text("exchangeAccessStateReason").or("none").constant(),
    date("exchangeLastSuccessfulSyncDateTime").or_no_date().read_only().constant(),
    choice("joinType", "enum JoinType", JOIN_TYPE).or("unknown").beta().constant(),
    choice(
        "partnerReportedThreatState",
        "enum ManagedDevicePartnerReportedHealthState",
        MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE,
    )
    .or("unknown")
    .constant(),
    text("userDisplayName").read_only().constant(),
    text("userId").read_only().constant(),
    text("userPrincipalName").read_only().constant(),
    no_parts("users", "[User]"),
    no_parts("usersLoggedOn", "[LoggedOnUser]").read_only().beta(),
];

/// What no Apple device has, or what nothing here fills yet.
const ELSEWHERE: &[Property] = &[
    text("androidSecurityPatchLevel").read_only().unasked(),
    no_parts("assignmentFilterEvaluationStatusDetails", "[AssignmentFilterEvaluationStatusDetails]").beta(),
    flag("autopilotEnrolled").read_only().beta().constant(),
    text("chassisType").or("unknown").beta().unasked(),
    no_parts("chromeOSDeviceInfo", "[ChromeOSDeviceProperty]").beta(),
    no_parts("cloudPcRemoteActionResults", "[CloudPcRemoteActionResult]").beta(),
    no_part("configurationManagerClientEnabledFeatures", "ConfigurationManagerClientEnabledFeatures")
        .read_only(),
    no_part("configurationManagerClientHealthState", "ConfigurationManagerClientHealthState").beta(),
    no_part("configurationManagerClientInformation", "ConfigurationManagerClientInformation").beta(),
    no_parts("detectedApps", "[DetectedApp]").beta(),
    flag("deviceFirmwareConfigurationInterfaceManaged").beta().constant(),
    no_part("deviceHealthAttestationState", "DeviceHealthAttestationState").read_only(),
    no_parts("deviceHealthScriptStates", "[DeviceHealthScriptPolicyState]").beta(),
    text("jailBroken").or("Unknown").read_only().constant(),
    no_parts("logCollectionRequests", "[DeviceLogCollectionResponse]"),
    no_parts("managedDeviceMobileAppConfigurationStates", "[ManagedDeviceMobileAppConfigurationState]")
        .beta(),
    text("managementFeatures").or("none").beta().unasked(),
    date("preferMdmOverGroupPolicyAppliedDateTime").or_no_date().read_only().beta().unasked(),
    text("processorArchitecture").or("unknown").beta().unasked(),
    text("remoteAssistanceSessionErrorDetails").read_only().unasked(),
    text("remoteAssistanceSessionUrl").read_only().unasked(),
    flag("requireUserEnrollmentApproval").or_null().read_only().unasked(),
    date("retireAfterDateTime").or_no_date().read_only().beta().unasked(),
    no_parts("securityBaselineStates", "[SecurityBaselineState]").beta(),
    text("securityPatchLevel").read_only().beta().unasked(),
    text("skuFamily").beta().unasked(),
    int("skuNumber").read_only().beta().unasked(),
    text("specificationVersion").read_only().beta().unasked(),
    int("windowsActiveMalwareCount").read_only().beta().unasked(),
    no_part("windowsProtectionState", "WindowsProtectionState"),
    int("windowsRemediatedMalwareCount").read_only().beta().unasked(),
];
