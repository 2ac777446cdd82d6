//! Enrollment profiles: `enrollmentProfile` and the types that derive from it, one a platform.

use domain::Platform;
use query::Cast;

use super::beyond::{PROFILE_ALL, PROFILE_IOS, PROFILE_MAC_OS, PROFILE_TV_OS, PROFILE_VISION_OS};
use super::words::ITUNES_PAIRING_MODE;
use super::{Absent, EntityType, Property, TEXTS, choice, flag, int, part, parts, text, texts};

/// Any profile, with the properties of every platform: a filter may name each without a cast.
pub(crate) static PROFILE: EntityType =
    EntityType::new(NAME, ALL).types(TYPES).search(&["displayName", "description"]);

/// The same, for casts to it.
static ANY_PROFILE: EntityType = EntityType::new(NAME, ALL);

const NAME: &str = "microsoft.graph.enrollmentProfile";
const ALL: &[&[Property]] = &[
    BASE,
    DEP_BASE,
    IOS,
    MAC_OS,
    PROFILE_ALL,
    PROFILE_IOS,
    PROFILE_MAC_OS,
    PROFILE_TV_OS,
    PROFILE_VISION_OS,
];

static IOS_PROFILE: EntityType = EntityType::new(
    "microsoft.graph.depIOSEnrollmentProfile",
    &[BASE, DEP_BASE, IOS, PROFILE_ALL, PROFILE_IOS],
);
static MAC_OS_PROFILE: EntityType = EntityType::new(
    "microsoft.graph.depMacOSEnrollmentProfile",
    &[BASE, DEP_BASE, MAC_OS, PROFILE_ALL, PROFILE_MAC_OS],
);
// Graph's own types of these two have the properties of `enrollmentProfile` and no other.
static TV_OS_PROFILE: EntityType = EntityType::new(
    "microsoft.graph.depTvOSEnrollmentProfile",
    &[BASE, DEP_BASE, PROFILE_ALL, PROFILE_TV_OS],
);
static VISION_OS_PROFILE: EntityType = EntityType::new(
    "microsoft.graph.depVisionOSEnrollmentProfile",
    &[BASE, DEP_BASE, PROFILE_ALL, PROFILE_VISION_OS],
);

const EVERY: &[&str] = &[
    "microsoft.graph.depIOSEnrollmentProfile",
    "microsoft.graph.depMacOSEnrollmentProfile",
    "microsoft.graph.depTvOSEnrollmentProfile",
    "microsoft.graph.depVisionOSEnrollmentProfile",
];

const TYPES: &[(&str, Cast)] = &[
    ("microsoft.graph.enrollmentProfile", Cast { entity: &ANY_PROFILE, concrete: EVERY }),
    ("microsoft.graph.depEnrollmentBaseProfile", Cast { entity: &ANY_PROFILE, concrete: EVERY }),
    (
        "microsoft.graph.depIOSEnrollmentProfile",
        Cast { entity: &IOS_PROFILE, concrete: &["microsoft.graph.depIOSEnrollmentProfile"] },
    ),
    (
        "microsoft.graph.depMacOSEnrollmentProfile",
        Cast { entity: &MAC_OS_PROFILE, concrete: &["microsoft.graph.depMacOSEnrollmentProfile"] },
    ),
    (
        "microsoft.graph.depTvOSEnrollmentProfile",
        Cast { entity: &TV_OS_PROFILE, concrete: &["microsoft.graph.depTvOSEnrollmentProfile"] },
    ),
    (
        "microsoft.graph.depVisionOSEnrollmentProfile",
        Cast { entity: &VISION_OS_PROFILE, concrete: &["microsoft.graph.depVisionOSEnrollmentProfile"] },
    ),
];

/// `@odata.type` of a platform's profiles.
pub(crate) const fn odata_type(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "#microsoft.graph.depIOSEnrollmentProfile",
        Platform::MacOs => "#microsoft.graph.depMacOSEnrollmentProfile",
        Platform::TvOs => "#microsoft.graph.depTvOSEnrollmentProfile",
        Platform::VisionOs => "#microsoft.graph.depVisionOSEnrollmentProfile",
    }
}

/// The type of a platform's profiles.
pub(crate) fn of(platform: Platform) -> &'static EntityType {
    match platform {
        Platform::Ios => &IOS_PROFILE,
        Platform::MacOs => &MAC_OS_PROFILE,
        Platform::TvOs => &TV_OS_PROFILE,
        Platform::VisionOs => &VISION_OS_PROFILE,
    }
}

const BASE: &[Property] = &[
    text("configurationEndpointUrl").read_only(),
    text("description"),
    text("displayName"),
    flag("enableAuthenticationViaCompanyPortal"),
    flag("requireCompanyPortalOnSetupAssistantEnrolledDevices"),
    flag("requiresUserAuthentication"),
];

const DEP_BASE: &[Property] = &[
    flag("appleIdDisabled"),
    flag("applePayDisabled"),
    flag("configurationWebUrl"),
    text("deviceNameTemplate"),
    flag("diagnosticsDisabled"),
    flag("displayToneSetupDisabled"),
    texts("enabledSkipKeys"),
    Property::new("enrollmentTimeAzureAdGroupIds", "[Guid]", TEXTS, Absent::Empty),
    flag("isDefault").read_only(),
    flag("isMandatory"),
    flag("locationDisabled"),
    flag("privacyPaneDisabled"),
    flag("profileRemovalDisabled"),
    flag("restoreBlocked"),
    flag("screenTimeScreenDisabled"),
    flag("siriDisabled"),
    flag("supervisedModeEnabled"),
    text("supportDepartment"),
    text("supportPhoneNumber"),
    flag("termsAndConditionsDisabled"),
    flag("touchIdDisabled"),
    flag("waitForDeviceConfiguredConfirmation"),
];

const IOS: &[Property] = &[
    flag("appearanceScreenDisabled"),
    flag("awaitDeviceConfiguredConfirmation"),
    text("carrierActivationUrl"),
    text("companyPortalVppTokenId"),
    flag("deviceToDeviceMigrationDisabled"),
    flag("enableSharedIPad"),
    flag("enableSingleAppEnrollmentMode"),
    flag("expressLanguageScreenDisabled"),
    flag("forceTemporarySession"),
    flag("homeButtonScreenDisabled"),
    flag("iMessageAndFaceTimeScreenDisabled"),
    choice("iTunesPairingMode", "enum ITunesPairingMode", ITUNES_PAIRING_MODE).or("allow"),
    parts("managementCertificates", "[ManagementCertificateWithThumbprint]", &HOST_CERTIFICATE),
    flag("onBoardingScreenDisabled"),
    flag("passCodeDisabled"),
    int("passcodeLockGracePeriodInSeconds").or_null(),
    flag("preferredLanguageScreenDisabled"),
    flag("restoreCompletedScreenDisabled"),
    flag("restoreFromAndroidDisabled"),
    int("sharedIPadMaximumUserCount").or_null(),
    flag("simSetupScreenDisabled"),
    flag("softwareUpdateScreenDisabled"),
    int("temporarySessionTimeoutInSeconds").or_null(),
    flag("updateCompleteScreenDisabled"),
    int("userSessionTimeoutInSeconds").or_null(),
    flag("userlessSharedAadModeEnabled"),
    flag("watchMigrationScreenDisabled"),
    flag("welcomeScreenDisabled"),
    flag("zoomDisabled"),
];

const MAC_OS: &[Property] = &[
    flag("accessibilityScreenDisabled"),
    text("adminAccountFullName"),
    // Taken and never given out.
    text("adminAccountPassword"),
    text("adminAccountUserName"),
    flag("autoAdvanceSetupEnabled"),
    flag("autoUnlockWithWatchDisabled"),
    flag("chooseYourLockScreenDisabled"),
    part(
        "depProfileAdminAccountPasswordRotationSetting",
        "DepProfileAdminAccountPasswordRotationSetting",
        &ROTATION,
    ),
    flag("dontAutoPopulatePrimaryAccountInfo"),
    flag("enableRestrictEditing"),
    flag("fileVaultDisabled"),
    flag("hideAdminAccount"),
    flag("iCloudDiagnosticsDisabled"),
    flag("iCloudStorageDisabled"),
    flag("passCodeDisabled"),
    text("primaryAccountFullName"),
    text("primaryAccountUserName"),
    flag("registrationDisabled"),
    flag("requestRequiresNetworkTether"),
    flag("setPrimarySetupAccountAsRegularUser"),
    flag("skipPrimarySetupAccountCreation"),
    flag("usePlatformSSODuringSetupAssistant"),
    flag("zoomDisabled"),
];

/// A computer that may pair with the device. The certificate is taken and never given out; its thumbprint names it.
static HOST_CERTIFICATE: EntityType = EntityType::new(
    "microsoft.graph.managementCertificateWithThumbprint",
    &[&[text("certificate"), text("thumbprint")]],
)
.without_id();

static ROTATION: EntityType = EntityType::new(
    "microsoft.graph.depProfileAdminAccountPasswordRotationSetting",
    &[&[
        int("autoRotationPeriodInDays").or_null(),
        part("depProfileDelayAutoRotationSetting", "DepProfileDelayAutoRotationSetting", &ROTATION_DELAY),
    ]],
)
.without_id();

static ROTATION_DELAY: EntityType = EntityType::new(
    "microsoft.graph.depProfileDelayAutoRotationSetting",
    &[&[
        flag("onRetrievalAutoRotatePasswordEnabled"),
        int("onRetrievalDelayAutoRotatePasswordInHours").or_null(),
    ]],
)
.without_id();
