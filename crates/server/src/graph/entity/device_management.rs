//! The singleton `deviceManagement`. Graph's model of it is far larger; this is what clients of enrollment read
//! (intune.md 4.2).

use super::{EntityType, Property, guid, int, part, text};

pub(crate) static DEVICE_MANAGEMENT: EntityType =
    EntityType::new("microsoft.graph.deviceManagement", &[GRAPH]);

const GRAPH: &[Property] = &[
    guid("intuneAccountId").read_only(),
    int("maximumDepTokens").read_only(),
    part("settings", "DeviceManagementSettings", &SETTINGS).read_only(),
    text("subscriptionState").or("active").read_only(),
];

static SETTINGS: EntityType =
    EntityType::new("microsoft.graph.deviceManagementSettings", &[SETTINGS_PARTS]).without_id();

const SETTINGS_PARTS: &[Property] = &[int("deviceComplianceCheckinThresholdDays")];
