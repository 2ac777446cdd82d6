//! `importedAppleDeviceIdentity`: a serial that Apple says is ours.

use super::words::{DISCOVERY_SOURCE, ENROLLMENT_STATE, PLATFORM};
use super::{EntityType, Property, choice, date, flag, text};

pub(crate) static DEVICE: EntityType =
    EntityType::new("microsoft.graph.importedAppleDeviceIdentity", &[GRAPH])
        .search(&["serialNumber", "description"]);

const GRAPH: &[Property] = &[
    date("createdDateTime").or_no_date().read_only(),
    text("description"),
    choice("discoverySource", "enum DiscoverySource", DISCOVERY_SOURCE).or("unknown"),
    // A client may write `blocked`, and another word to let the serial in again.
    choice("enrollmentState", "enum EnrollmentState", ENROLLMENT_STATE).or("unknown"),
    flag("isDeleted").read_only(),
    flag("isSupervised").read_only().unasked(),
    date("lastContactedDateTime").or_no_date().read_only(),
    choice("platform", "enum Platform", PLATFORM).or("unknown"),
    date("requestedEnrollmentProfileAssignmentDateTime").or_no_date().read_only(),
    text("requestedEnrollmentProfileId"),
    text("serialNumber"),
];

/// A line of an import's answer: the serial as it is now, and whether the row was taken.
pub(crate) static IMPORTED: EntityType =
    EntityType::new("microsoft.graph.importedAppleDeviceIdentityResult", &[GRAPH, RESULT]);

const RESULT: &[Property] = &[flag("status").read_only(), text("statusDetails").read_only()];
