//! Paths of Graph that clients of enrollment call (intune.md 4.1, 4.2, 4.4) and whose subject comes later. They are
//! answered 501 and say so: whoever meets one learns that it is not a typing error.

use http::Method;

use super::fit;
use query::Segment;

/// One path, with all its verbs.
pub(crate) struct Later {
    pub(crate) verbs: &'static [Method],
    pub(crate) template: &'static str,
    /// Not in v1.0.
    pub(crate) beta_only: bool,
}

/// Finds one. Names go before ids here too.
pub(super) fn find(method: &Method, path: &[Segment], v1: bool) -> Option<&'static Later> {
    let here = LATER.iter().filter(|later| !(v1 && later.beta_only) && later.verbs.contains(method));
    let fitting = here.filter_map(|later| Some((fit(later.template, path)?.len(), later)));
    fitting.min_by_key(|(ids, _)| *ids).map(|(_, later)| later)
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

macro_rules! later {
    ($( $version:ident $verbs:tt : $($template:literal)+; )+) => {
        /// Every such path.
        pub(crate) static LATER: &[Later] = &[$($(
            Later { verbs: &$verbs, template: $template, beta_only: later!(@ $version) },
        )+)+];
    };
    (@ both) => { false };
    (@ beta) => { true };
}

later! {
    both [GET, POST]:
        "deviceAppManagement/vppTokens"
        "deviceAppManagement/mobileApps"
        "deviceAppManagement/mobileApps/{id}/assignments"
        "deviceAppManagement/mobileAppConfigurations"
        "deviceAppManagement/mobileAppConfigurations/{id}/assignments"
        "deviceManagement/roleDefinitions"
        "deviceManagement/roleAssignments"
        "deviceManagement/deviceEnrollmentConfigurations"
        "deviceManagement/reports/exportJobs"
        "groups";
    both [GET, PATCH, DELETE]:
        "deviceAppManagement/vppTokens/{id}"
        "deviceAppManagement/mobileApps/{id}"
        "deviceAppManagement/mobileAppConfigurations/{id}"
        "deviceManagement/roleDefinitions/{id}"
        "deviceManagement/roleAssignments/{id}"
        "deviceManagement/deviceEnrollmentConfigurations/{id}"
        "groups/{id}";
    both [POST]:
        "deviceAppManagement/vppTokens/{id}/syncLicenses"
        "deviceAppManagement/mobileApps/{id}/assign"
        "deviceAppManagement/mobileAppConfigurations/{id}/assign"
        "deviceManagement/deviceEnrollmentConfigurations/{id}/assign"
        "deviceManagement/deviceEnrollmentConfigurations/{id}/setPriority"
        "deviceManagement/managedDevices/{id}/deleteUserFromSharedAppleDevice"
        "deviceManagement/managedDevices/{id}/disableLostMode"
        "deviceManagement/managedDevices/{id}/locateDevice"
        "deviceManagement/managedDevices/{id}/logoutSharedAppleDeviceActiveUser"
        "deviceManagement/managedDevices/{id}/recoverPasscode"
        "deviceManagement/managedDevices/{id}/requestRemoteAssistance";
    both [DELETE]:
        "deviceManagement/managedDevices/{id}";
    both [GET]:
        "deviceAppManagement/mobileAppConfigurations/{id}/deviceStatuses"
        "deviceManagement/resourceOperations"
        "deviceManagement/auditEvents"
        "deviceManagement/auditEvents/{id}"
        "deviceManagement/auditEvents/getAuditCategories"
        "deviceManagement/auditEvents/getAuditActivityTypes"
        "deviceManagement/reports/exportJobs/{id}"
        "groups/{id}/transitiveMembers"
        "devices"
        "devices/{id}"
        "users"
        "users/{id}"
        "users/{id}/managedDevices"
        "organization"
        "organization/{id}"
        "me";
    both [GET, POST, DELETE]:
        "groups/{id}/members"
        "groups/{id}/members/$ref"
        "groups/{id}/members/{member}/$ref"
        "groups/{id}/owners"
        "groups/{id}/owners/$ref"
        "groups/{id}/owners/{owner}/$ref";

    beta [POST]:
        "deviceAppManagement/vppTokens/syncLicenseCounts"
        "deviceAppManagement/vppTokens/{id}/revokeLicenses"
        "deviceManagement/managedDevices/executeAction"
        "deviceManagement/managedDevices/moveDevicesToOU"
        "deviceManagement/managedDevices/{id}/activateDeviceEsim"
        "deviceManagement/managedDevices/{id}/cancelEnhancedLogCollection"
        "deviceManagement/managedDevices/{id}/changeAssignments"
        "deviceManagement/managedDevices/{id}/disable"
        "deviceManagement/managedDevices/{id}/enableLostMode"
        "deviceManagement/managedDevices/{id}/enrollNowAction"
        "deviceManagement/managedDevices/{id}/initiateDeviceAttestation"
        "deviceManagement/managedDevices/{id}/overrideComplianceState"
        "deviceManagement/managedDevices/{id}/playLostModeSound"
        "deviceManagement/managedDevices/{id}/reenable"
        "deviceManagement/managedDevices/{id}/removeDeviceEsim"
        "deviceManagement/managedDevices/{id}/revokeAppleVppLicenses"
        "deviceManagement/managedDevices/{id}/rotateFileVaultKey"
        "deviceManagement/managedDevices/{id}/rotateLocalAdminPassword"
        "deviceManagement/managedDevices/{id}/rotateRecoveryLockPasscode"
        "deviceManagement/managedDevices/{id}/sendCustomNotificationToCompanyPortal"
        "deviceManagement/managedDevices/{id}/triggerEnhancedLogCollection"
        "deviceManagement/roleScopeTags/getRoleScopeTagsById"
        "deviceManagement/roleScopeTags/{id}/assign"
        "deviceManagement/importedDeviceIdentities/importDeviceIdentityList"
        "deviceManagement/importedDeviceIdentities/searchExistingIdentities"
        "deviceManagement/appleUserInitiatedEnrollmentProfiles/{id}/setPriority"
        "deviceManagement/configurationPolicies/{id}/assign"
        "deviceManagement/configurationPolicies/{id}/setEnrollmentTimeDeviceMembershipTarget"
        "deviceManagement/dataSharingConsents/{id}/consentToDataSharing"
        "groups/evaluateDynamicMembership"
        "groups/{id}/evaluateDynamicMembership";
    beta [GET]:
        "deviceAppManagement/vppTokens/getLicensesForApp"
        "deviceManagement/managedDevices/{id}/retrieveDeviceLocalAdminAccountDetail"
        "deviceManagement/managedDevices/{id}/retrieveMacOSManagedDeviceLocalAdminAccountDetail"
        "deviceManagement/managedDevices/{id}/getFileVaultKey"
        "deviceManagement/managedDevices/{id}/retrieveRecoveryLockPasscode"
        "deviceManagement/managedDevices/{id}/getSyncStatus"
        "deviceManagement/managedDevices/{id}/getNonCompliantSettings"
        "deviceManagement/roleScopeTags/hasCustomRoleScopeTag"
        "deviceManagement/roleScopeTags/{id}/assignments"
        "deviceManagement/remoteActionAudits"
        "deviceManagement/configurationSettings"
        "deviceManagement/configurationPolicyTemplates"
        "deviceManagement/configurationPolicies/{id}/settings";
    beta [GET, POST]:
        "deviceManagement/roleScopeTags"
        "deviceManagement/importedDeviceIdentities"
        "deviceManagement/appleUserInitiatedEnrollmentProfiles"
        "deviceManagement/appleUserInitiatedEnrollmentProfiles/{id}/assignments"
        "deviceManagement/configurationPolicies"
        "deviceManagement/configurationPolicies/{id}/retrieveEnrollmentTimeDeviceMembershipTarget"
        "deviceManagement/dataSharingConsents";
    beta [GET, PATCH, DELETE]:
        "deviceManagement/roleScopeTags/{id}"
        "deviceManagement/importedDeviceIdentities/{id}"
        "deviceManagement/appleUserInitiatedEnrollmentProfiles/{id}"
        "deviceManagement/dataSharingConsents/{id}";
    beta [GET, PUT, PATCH, DELETE]:
        "deviceManagement/configurationPolicies/{id}";
    beta [POST, DELETE]:
        "deviceManagement/configurationPolicies/{id}/clearEnrollmentTimeDeviceMembershipTarget";
}
