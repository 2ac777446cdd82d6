//! What devices send has the keys of Apple's schemas, where they are at hand: none unknown, none missing that the
//! schema requires on the system.

use std::path::PathBuf;

use mdm::guard::Dictionary;
use muster_practice::apple::catalogue::Family;
use serde_yaml_ng::Value;

use crate::rehearsal::{rehearsal, settled};

fn schemas() -> Option<PathBuf> {
    let shared = std::env::var_os("MUSTER_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("data/apple-device-management");
    folder.is_dir().then_some(folder)
}

/// Keys that Apple's pages give to systems which the transcribed schemas do not: apple.md 3.1.
const NEWER: [&str; 2] = ["MDM_CAN_REQUEST_SOFTWARE_UPDATE", "MDM_CAN_REQUEST_PSSO_CONFIG"];

/// Whether a key does not exist on the device channel of that system.
fn is_absent(key: &Value, system: &str) -> bool {
    let support = &key["supportedOS"][system];
    support["introduced"].as_str() == Some("n/a") || support["devicechannel"].as_bool() == Some(false)
}

fn hold(folder: &std::path::Path, schema: &str, system: &str, message: &Dictionary) {
    let text = std::fs::read_to_string(folder.join(schema)).unwrap();
    let yaml: Value = serde_yaml_ng::from_str(&text).unwrap();
    let keys = yaml["payloadkeys"].as_sequence().unwrap();
    let known = |name: &str| keys.iter().find(|key| key["key"].as_str() == Some(name));
    for (name, value) in message {
        let Some(key) = known(name) else {
            assert!(NEWER.contains(&name.as_str()), "{schema} has no {name}");
            continue;
        };
        assert!(!is_absent(key, system) || NEWER.contains(&name.as_str()), "{schema}: {name} on {system}");
        let fits = match key["type"].as_str().unwrap() {
            "<string>" => value.as_string().is_some(),
            "<boolean>" => value.as_boolean().is_some(),
            "<data>" => value.as_data().is_some(),
            other => panic!("{other}"),
        };
        assert!(fits, "{schema}: {name} is {value:?}");
    }
    for key in keys.iter().filter(|key| key["presence"].as_str() == Some("required")) {
        let name = key["key"].as_str().unwrap();
        // Enrolments of users have an id instead of the UDID, and only channels of users the others.
        let of_users = ["EnrollmentID", "EnrollmentUserID", "UserLongName", "NotOnConsole"];
        if !is_absent(key, system) && !of_users.contains(&name) {
            assert!(message.contains_key(name), "{schema}: {name} is missing on {system}");
        }
    }
}

#[tokio::test]
async fn messages_have_the_keys_of_apples_schemas() {
    let Some(folder) = schemas() else {
        println!("skipped: no shared data");
        return;
    };
    let rehearsal = rehearsal().await;
    for (family, system) in [
        (Family::IPhone, "iOS"),
        (Family::IPad, "iOS"),
        (Family::Mac, "macOS"),
        (Family::AppleTv, "tvOS"),
        (Family::Vision, "visionOS"),
    ] {
        let device = rehearsal.device(family, rehearsal.profile());
        rehearsal.stub.release(&device);
        device.unbox().unwrap();
        settled(&device).await;
        let heard = rehearsal.stub.wait_for(|heard| heard.released(&device.udid())).await;
        hold(&folder, "other/machineinfo.yaml", system, &heard.last("MachineInfo").plist);
        hold(&folder, "mdm/checkin/authenticate.yaml", system, &heard.last("Authenticate").plist);
        hold(&folder, "mdm/checkin/tokenupdate.yaml", system, &heard.last("TokenUpdate").plist);
        rehearsal.stub.forget();
    }
}
