//! A made-up type with one property of each kind, some of Graph's names, and rows of it.

use muster_query::{Cast, Error, Kind, PropertyInfo, Table, Test, check, matches, parse_filter};
use serde_json::{Value, json};

pub(crate) const SOURCES: &[&str] = &["unknown", "adminImport", "deviceEnrollmentProgram"];
pub(crate) const PLATFORMS: &[&str] = &["unknown", "ios", "macOS"];
pub(crate) const TECHNOLOGIES: &[&str] =
    &["none", "mdm", "windows10XManagement", "appleRemoteManagement", "enrollment"];
pub(crate) const INTENTS: &[&str] = &["apply", "remove"];
pub(crate) const AVAILABILITY: &[&str] = &["global", "lineOfBusiness"];

static TEMPLATE: Table = Table {
    name: "microsoft.graph.templateReference",
    properties: &[
        PropertyInfo::new("templateId", Kind::String),
        PropertyInfo::new("templateFamily", Kind::String),
    ],
    types: &[],
};

static TARGET: Table = Table {
    name: "microsoft.graph.target",
    properties: &[PropertyInfo::new("groupId", Kind::Guid)],
    types: &[],
};

static ASSIGNMENT: Table = Table {
    name: "microsoft.graph.assignment",
    properties: &[
        PropertyInfo::new("id", Kind::String),
        PropertyInfo::new("intent", Kind::Enum(INTENTS)),
        PropertyInfo::new("target", Kind::Complex(&TARGET)),
    ],
    types: &[],
};

static MANAGED_APP: Table = Table {
    name: "microsoft.graph.managedApp",
    properties: &[
        PropertyInfo::new("deviceName", Kind::String),
        PropertyInfo::new("appAvailability", Kind::Enum(AVAILABILITY)),
    ],
    types: &[],
};

pub(crate) static THING: Table = Table {
    name: "microsoft.graph.thing",
    properties: &[
        PropertyInfo::new("id", Kind::Guid),
        PropertyInfo::new("deviceName", Kind::String),
        PropertyInfo::new("requestedEnrollmentProfileId", Kind::String),
        PropertyInfo::new("serialNumber", Kind::String).exact(),
        PropertyInfo::new("isSupervised", Kind::Bool),
        PropertyInfo::new("freeBytes", Kind::Int),
        PropertyInfo::new("ratio", Kind::Real),
        PropertyInfo::new("enrolledDateTime", Kind::DateTime),
        PropertyInfo::new("discoverySource", Kind::Enum(SOURCES)),
        PropertyInfo::new("platform", Kind::Enum(PLATFORMS)),
        PropertyInfo::new("technologies", Kind::Flags(TECHNOLOGIES)),
        PropertyInfo::new("templateReference", Kind::Complex(&TEMPLATE)),
        PropertyInfo::new("roleScopeTagIds", Kind::Collection(&Kind::String)),
        PropertyInfo::new("assignments", Kind::Collection(&Kind::Complex(&ASSIGNMENT))),
        PropertyInfo::new("activationLockBypassCode", Kind::String).select_only(),
        PropertyInfo::new("notes", Kind::String).unsorted(),
    ],
    types: &[
        (
            "microsoft.graph.iosVppApp",
            Cast { entity: &MANAGED_APP, concrete: &["microsoft.graph.iosVppApp"] },
        ),
        (
            "microsoft.graph.managedApp",
            Cast {
                entity: &MANAGED_APP,
                concrete: &["microsoft.graph.managedIOSStoreApp", "microsoft.graph.managedAndroidStoreApp"],
            },
        ),
    ],
};

pub(crate) fn checked(filter: &str) -> Result<Test, Error> {
    check(&parse_filter(filter)?, &THING)
}

/// The last characters of the ids of the rows that pass.
pub(crate) fn found(filter: &str) -> String {
    let test = checked(filter).unwrap_or_else(|error| panic!("{filter}: failed to {error}"));
    let passing = three().into_iter().filter(|row| matches(&test, row));
    passing.map(|row| row["id"].as_str().unwrap().chars().last().unwrap()).collect()
}

/// Row 1 has everything, row 2 has nothing but an id, row 3 differs from row 1 in each value.
pub(crate) fn three() -> Vec<Value> {
    vec![
        json!({
            "@odata.type": "#microsoft.graph.managedIOSStoreApp",
            "id": "11111111-aaaa-4bbb-8ccc-000000000001",
            "deviceName": "O'Brien's iPad",
            "requestedEnrollmentProfileId": "22222222-aaaa-4bbb-8ccc-000000000009",
            "serialNumber": "C02XYZ",
            "isSupervised": true,
            "freeBytes": 64,
            "ratio": 1.5,
            "enrolledDateTime": "2026-01-31T12:00:00Z",
            "discoverySource": "adminImport",
            "platform": "ios",
            "technologies": "mdm,appleRemoteManagement",
            "templateReference": {"templateId": "27d20e9c_1", "templateFamily": "enrollmentConfiguration"},
            "roleScopeTagIds": ["0", "7"],
            "assignments": [
                {"id": "a1", "intent": "apply", "target": {"groupId": "33333333-aaaa-4bbb-8ccc-00000000000A"}},
                {"id": "a2", "intent": "remove", "target": null},
            ],
            "appAvailability": "global",
        }),
        json!({"id": "11111111-aaaa-4bbb-8ccc-000000000002"}),
        json!({
            "@odata.type": "#microsoft.graph.iosVppApp",
            "id": "11111111-aaaa-4bbb-8ccc-000000000003",
            "deviceName": "ÄPFEL 100%_x",
            "requestedEnrollmentProfileId": "",
            "serialNumber": "c02xyz",
            "isSupervised": false,
            "freeBytes": -5,
            "ratio": -0.25,
            "enrolledDateTime": "0001-01-01T00:00:00Z",
            "discoverySource": "deviceEnrollmentProgram",
            "platform": "macOS",
            "technologies": "enrollment",
            "templateReference": {"templateId": "OTHER_1"},
            "roleScopeTagIds": [],
            "assignments": [{"id": "a3", "intent": "apply"}],
            "appAvailability": null,
        }),
    ]
}
