//! `depOnboardingSetting`: an enrollment program token.

use super::words::DEP_TOKEN_TYPE;
use super::{DEVICE, EntityType, PROFILE, Property, choice, date, flag, int, part, parts, text, texts};

pub(crate) static TOKEN: EntityType = EntityType::new("microsoft.graph.depOnboardingSetting", &[GRAPH])
    .search(&["tokenName", "appleIdentifier"]);

const GRAPH: &[Property] = &[
    text("appleIdentifier"),
    flag("dataSharingConsentGranted"),
    part("defaultIosEnrollmentProfile", "DepIOSEnrollmentProfile", &PROFILE).read_only(),
    part("defaultMacOsEnrollmentProfile", "DepMacOSEnrollmentProfile", &PROFILE).read_only(),
    part("defaultTvOSEnrollmentProfile", "DepTvOSEnrollmentProfile", &PROFILE).read_only(),
    part("defaultVisionOSEnrollmentProfile", "DepVisionOSEnrollmentProfile", &PROFILE).read_only(),
    parts("enrollmentProfiles", "[EnrollmentProfile]", &PROFILE).read_only(),
    parts("importedAppleDeviceIdentities", "[ImportedAppleDeviceIdentity]", &DEVICE).read_only(),
    date("lastModifiedDateTime").or_no_date().read_only(),
    date("lastSuccessfulSyncDateTime").or_no_date().read_only(),
    int("lastSyncErrorCode").read_only(),
    // Scripts convert it without looking, so it is a date even when there never was a sync (intune.md 4.3).
    date("lastSyncTriggeredDateTime").or_no_date().read_only(),
    texts("roleScopeTagIds").unasked(),
    flag("shareTokenWithSchoolDataSyncService"),
    int("syncedDeviceCount").read_only(),
    date("tokenExpirationDateTime").or_no_date().read_only(),
    text("tokenName"),
    choice("tokenType", "enum DepTokenType", DEP_TOKEN_TYPE).or("none").read_only(),
];
