//! The JSON of the Automated Device Enrollment service, against the published schemas of its objects.

use std::fs;

use muster_mdm::ade::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::support::{Beyond, shared};

type Check = (&'static str, fn(Value) -> Value);

/// Reads and writes a value again.
fn again<T: Serialize + DeserializeOwned>(value: Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(value).unwrap()).unwrap()
}

/// Each schema with the type that stands for it.
const TYPES: [Check; 19] = [
    ("AccountDetail", again::<AccountDetail>),
    ("AccountDrivenEnrollmentProfileRequest", again::<AccountDrivenEnrollmentProfile>),
    ("ActivationLockStatusResponse", again::<ActivationLockResponse>),
    ("AssignProfileResponse", again::<AssignmentResponse>),
    ("ClearProfileRequest", again::<AssignmentRequest>),
    ("ClearProfileResponse", again::<AssignmentResponse>),
    ("DefineProfileResponse", again::<DefineProfileResponse>),
    ("Device", again::<Device>),
    ("DeviceListRequest", again::<DeviceListRequest>),
    ("DeviceStatusResponse", again::<DeviceStatusResponse>),
    ("FetchDeviceRequest", again::<FetchDeviceRequest>),
    ("FetchDeviceResponse", again::<FetchDeviceResponse>),
    ("GetAccountDrivenEnrollmentProfileResponse", again::<AccountDrivenEnrollmentProfile>),
    ("GetSeedBuildTokenResponse", again::<SeedBuildTokens>),
    ("Profile", again::<Profile>),
    ("ProfileServiceRequest", again::<AssignmentRequest>),
    ("SeedBuildToken", again::<SeedBuildToken>),
    ("SyncDeviceRequest", again::<FetchDeviceRequest>),
    ("Url", again::<Url>),
];

/// Schemas that are checked in another way: requests that are only written, and parts of others.
const ELSEWHERE: [&str; 3] = ["ActivationLockRequest", "DeviceListResponse", "Limit"];

fn schema(name: &str) -> Option<Value> {
    let path = shared("apple-device-services")?.join(format!("dep/schemas/{name}.json"));
    Some(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

/// A value of a schema, with everything in it.
fn sample(schema_of: &Value) -> Value {
    if let Some(file) = schema_of["$ref"].as_str() {
        return whole(&schema(file.trim_end_matches(".json")).unwrap());
    }
    if let Some(word) = schema_of["enum"].get(0) {
        return word.clone();
    }
    match schema_of["type"].as_str() {
        Some("boolean") => json!(true),
        Some("integer") => json!(7),
        Some("array") => json!([sample(&schema_of["items"])]),
        Some("object") => json!({"SERIAL": sample(&schema_of["additionalProperties"])}),
        _ if schema_of["format"] == "date-time" => json!("2024-01-02T03:04:05Z"),
        _ => json!("text"),
    }
}

fn whole(schema: &Value) -> Value {
    let properties = schema["properties"].as_object().unwrap();
    properties.iter().map(|(name, property)| (name.clone(), sample(property))).collect::<Map<_, _>>().into()
}

/// Everything that a schema has is kept: what is read is written again.
#[test]
fn every_property_of_every_object_is_kept() {
    for (name, again) in TYPES {
        let Some(schema) = schema(name) else { return };
        let read = whole(&schema);
        let written = again(read.clone());
        for (property, value) in read.as_object().unwrap() {
            assert_eq!(written.get(property), Some(value), "{name}.{property}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(written.get(required.as_str().unwrap()).is_some(), "{name}.{required}");
        }
    }
}

#[test]
fn no_schema_is_forgotten() {
    let Some(folder) = shared("apple-device-services") else { return };
    for entry in fs::read_dir(folder.join("dep/schemas")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.trim_end_matches(".json");
        assert!(TYPES.iter().any(|(known, _)| *known == name) || ELSEWHERE.contains(&name), "{name}");
    }
}

#[test]
fn what_a_device_has_beyond_the_schema_is_kept() {
    let Some(schema) = schema("Device") else { return };
    let beyond = Beyond::of("ade/");
    for property in beyond.under("ade/Device") {
        assert!(schema["properties"].get(property).is_none(), "{property} is in the schema now");
        let value = match property {
            "imei" | "meid" => json!(["1"]),
            "is_replacement_device" | "released_by_replacement" => json!(true),
            _ => json!("text"),
        };
        let written = again::<Device>(json!({"serial_number": "S", property: value}));
        assert_eq!(written[property], value, "{property}");
    }
    beyond.assert_all_needed();
}

#[test]
fn an_activation_lock_request_has_the_schemas_properties() {
    let Some(schema) = schema("ActivationLockRequest") else { return };
    let request = ActivationLockRequest {
        device: "S".to_owned(),
        escrow_key: Some("k".to_owned().into()),
        lost_message: Some("m".to_owned()),
    };
    let written = serde_json::to_value(&request).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    assert!(written.as_object().unwrap().keys().eq(properties.keys()));
}
