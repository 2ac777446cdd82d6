//! Every key practice Apple writes is in the schemas transcribed from Apple's pages, and every required one is there.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::client::{good_profile, rehearsal};

fn schemas() -> Option<PathBuf> {
    let shared = std::env::var_os("MUSTER_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("data/apple-device-services/dep/schemas");
    folder.is_dir().then_some(folder)
}

/// Keys that apple.md section 1.2 gives to protocol version 10, which the schemas do not have yet.
const NEWER: &[&str] = &[
    "imei",
    "meid",
    "eid",
    "bluetooth_mac_address",
    "wifi_mac_address",
    "ethernet_mac_address",
    "is_replacement_device",
    "released_by_replacement",
    "retry_after_seconds",
];

/// Holds an object to a schema, and the arrays and objects in it to theirs.
fn hold(folder: &std::path::Path, schema: &str, object: &Value) {
    let text = std::fs::read_to_string(folder.join(schema)).unwrap();
    let schema_json: Value = serde_json::from_str(&text).unwrap();
    let properties = &schema_json["properties"];
    for (key, value) in object.as_object().unwrap() {
        let property = &properties[key.as_str()];
        assert!(property.is_object() || NEWER.contains(&key.as_str()), "{schema} has no {key}");
        if let Some(words) = property["enum"].as_array() {
            assert!(words.contains(value), "{schema}: {key} is {value}");
        }
        if let Some(inner) = property["$ref"].as_str() {
            hold(folder, inner, value);
        }
        if let Some(inner) = property["items"]["$ref"].as_str() {
            value.as_array().unwrap().iter().for_each(|item| hold(folder, inner, item));
        }
    }
    for required in schema_json["required"].as_array().into_iter().flatten() {
        assert!(object.get(required.as_str().unwrap()).is_some(), "{schema}: {required} is missing");
    }
}

#[tokio::test]
async fn every_answer_has_the_keys_of_apples_schemas_and_no_other() {
    let Some(folder) = schemas() else {
        println!("skipped: no shared data");
        return;
    };
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let start = session.post("/server/devices", json!({})).await.json();
    for family in ["iPhone", "iPad", "Mac", "AppleTV", "Vision"] {
        rehearsal.stock(family, 1).await;
    }
    let page = session.post("/server/devices", json!({})).await.json();
    hold(&folder, "FetchDeviceResponse.json", &page);
    let serial = page["devices"][0]["serial_number"].as_str().unwrap();
    let defined = session.post("/profile", good_profile()).await.json();
    hold(&folder, "DefineProfileResponse.json", &defined);
    let uuid = defined["profile_uuid"].as_str().unwrap();
    let read = session.get(&format!("/profile?profile_uuid={uuid}")).await.json();
    hold(&folder, "Profile.json", &read);
    let body = json!({"profile_uuid": uuid, "devices": [serial]});
    hold(&folder, "AssignProfileResponse.json", &session.call("PUT", "/profile/devices", body).await.json());
    let events = session.post("/devices/sync", json!({"cursor": start["cursor"]})).await.json();
    assert_eq!(events["devices"].as_array().unwrap().len(), 6);
    hold(&folder, "FetchDeviceResponse.json", &events);
    let details = session.post("/devices", json!({"devices": [serial]})).await.json();
    hold(&folder, "Device.json", &details["devices"][serial]);
    hold(&folder, "AccountDetail.json", &session.get("/account").await.json());
    let tokens = session.get("/os-beta-enrollment/tokens").await.json();
    hold(&folder, "GetSeedBuildTokenResponse.json", &tokens);
    let lock = session.post("/device/activationlock", json!({"device": serial})).await.json();
    hold(&folder, "ActivationLockStatusResponse.json", &lock);
    let removed = session.call("DELETE", "/profile/devices", json!({"devices": [serial]})).await.json();
    hold(&folder, "ClearProfileResponse.json", &removed);
    let disowned = session.post("/devices/disown", json!({"devices": [serial]})).await.json();
    hold(&folder, "DeviceStatusResponse.json", &disowned);
}
