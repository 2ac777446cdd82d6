//! Check-in messages, `MachineInfo` and refusals, against `mdm/checkin`, `mdm/errors` and `other/machineinfo.yaml`.

use std::fs;

use muster_mdm::checkin::{ChannelMessage, CheckIn};
use muster_mdm::error_response::{BetaProgram, Refusal, SoftwareUpdate};
use muster_mdm::guard::{Dictionary, Value, write_xml};
use muster_mdm::machine_info::MachineInfo;

use crate::support::{Beyond, Key, check, keys, shared, yaml};

/// Keys of check-in messages that nothing needs.
const NOT_READ: [(&str, &str); 1] = [("GetBootstrapToken", "AwaitingConfiguration")];

fn sample(key: &Key, message_type: &str) -> Value {
    match (key.name.as_str(), key.kind.as_str()) {
        ("MessageType", _) => message_type.into(),
        (_, "string") => format!("a {}", key.name).into(),
        (_, "data") => Value::Data(key.name.clone().into_bytes()),
        (_, "boolean") => true.into(),
        (_, "dictionary") => {
            let inner: Dictionary =
                key.subkeys.iter().map(|k| (k.name.clone(), sample(k, message_type))).collect();
            inner.into()
        }
        (name, kind) => panic!("{name} is {kind}"),
    }
}

fn parse(dictionary: &Dictionary) -> Result<ChannelMessage, muster_mdm::Error> {
    ChannelMessage::parse(&write_xml(&Value::Dictionary(dictionary.clone())).unwrap())
}

/// Each key of each message is read: without it, the message is refused or another one.
#[test]
fn every_key_of_every_check_in_message_is_read() {
    let Some(folder) = shared("apple-device-management") else { return };
    for entry in fs::read_dir(folder.join("mdm/checkin")).unwrap() {
        let schema = yaml(&entry.unwrap().path());
        let name = schema["payload"]["requesttype"].as_str().unwrap().to_owned();
        let keys = keys(&schema, "payloadkeys");
        let mut whole: Dictionary = keys.iter().map(|key| (key.name.clone(), sample(key, &name))).collect();
        whole.insert("UDID".to_owned(), "u".into());
        let message = parse(&whole).unwrap_or_else(|e| panic!("{name}: {e}"));
        let ChannelMessage::CheckIn(check_in) = &message else { panic!("{name}") };
        assert_eq!(check_in.message.message_type(), name);
        assert!(!matches!(check_in.message, CheckIn::Other(_)), "{name} is not known");
        for key in keys.iter().filter(|key| !NOT_READ.contains(&(&name, &key.name))) {
            let mut without = whole.clone();
            without.remove(&key.name);
            assert_ne!(parse(&without).as_ref(), Ok(&message), "{name}: {} is not read", key.name);
        }
    }
}

#[test]
fn every_key_of_machine_info_is_read() {
    let Some(folder) = shared("apple-device-management") else { return };
    let schema = keys(&yaml(&folder.join("other/machineinfo.yaml")), "payloadkeys");
    for key in &schema {
        assert!(MachineInfo::KEYS.contains(&key.name.as_str()), "{}", key.name);
    }
    let beyond = Beyond::of("machine-info/");
    for key in MachineInfo::KEYS {
        let known = schema.iter().any(|k| k.name == *key) || beyond.has(&format!("machine-info/{key}"));
        assert!(known, "{key} is not in Apple's schema");
    }
    beyond.assert_all_needed();
}

#[test]
fn every_refusal_is_apples() {
    let Some(folder) = shared("apple-device-management") else { return };
    let beta = BetaProgram { description: "Beta".to_owned(), token: "t".to_owned() };
    let update = SoftwareUpdate {
        os_version: "17.1".to_owned(),
        build_version: Some("21B80".to_owned()),
        require_beta_program: Some(beta),
    };
    for refusal in
        [Refusal::UnrecognizedDevice, Refusal::SoftwareUpdateRequired(update), Refusal::WellKnownFailed]
    {
        let file = refusal.code().trim_start_matches("com.apple.");
        let schema = yaml(&folder.join(format!("mdm/errors/{file}.yaml")));
        assert_eq!(schema["payloadkeys"][0]["rangelist"][0].as_str(), Some(refusal.code()));
        let body: Dictionary = serde_json::from_slice(&refusal.json(Some("d"), Some("m"))).unwrap();
        check(&body, &keys(&schema, "payloadkeys"), file, &Beyond::of("refusal/"));
    }
}
