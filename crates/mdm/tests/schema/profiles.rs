//! Every payload with every key, against `mdm/profiles/*.yaml`.

use muster_mdm::guard::{Dictionary, Fields, parse_dictionary};
use muster_mdm::profile::{AppLock, ConfigurationProfile, Head, Mdm, Payload, Scep, Scope};

use crate::support::{Beyond, check, keys, shared, yaml};

fn head(name: &str) -> Head {
    Head {
        identifier: format!("example.{name}"),
        uuid: format!("uuid-{name}"),
        display_name: Some("n".to_owned()),
        description: Some("d".to_owned()),
        organization: Some("o".to_owned()),
    }
}

fn every_payload() -> Vec<Payload> {
    let one = || vec!["a".to_owned()];
    let scep = Scep {
        name: Some("ca".to_owned()),
        subject: vec![("CN".to_owned(), "a".to_owned())],
        challenge: Some("c".to_owned().into()),
        ca_fingerprint: Some(vec![1]),
        retries: Some(3),
        retry_delay: Some(10),
        key_is_extractable: Some(false),
        allow_all_apps_access: true,
        ..Scep::at("https://a.example")
    };
    let mdm = Mdm {
        check_in_url: Some("https://a.example".to_owned()),
        sign_message: true,
        check_out_when_removed: true,
        server_capabilities: one(),
        use_development_apns: true,
        server_url_pinning_certificate_uuids: one(),
        check_in_url_pinning_certificate_uuids: one(),
        pinning_revocation_check_required: true,
        prompt_user_to_allow_bootstrap_token: true,
        ..Mdm::new("uuid-scep", "com.apple.mgmt.External.1", "https://a.example")
    };
    let options = [
        "DisableTouch",
        "DisableDeviceRotation",
        "DisableVolumeButtons",
        "DisableRingerSwitch",
        "DisableSleepWakeButton",
        "DisableAutoLock",
    ];
    let lock = AppLock { identifier: "a.b".to_owned(), options: options.map(str::to_owned).to_vec() };
    vec![
        Payload::root_certificate(head("root"), vec![1]),
        Payload::scep(head("scep"), &scep),
        Payload::mdm(head("mdm"), &mdm),
        Payload::app_lock(head("lock"), &lock),
    ]
}

#[test]
fn every_key_of_every_payload_is_apples() {
    let Some(folder) = shared("apple-device-management") else { return };
    let schema = |name: &str| keys(&yaml(&folder.join(format!("mdm/profiles/{name}.yaml"))), "payloadkeys");
    let profile = ConfigurationProfile {
        head: head("profile"),
        scope: Some(Scope::System),
        removal_disallowed: true,
        payloads: every_payload(),
    };
    let written: Dictionary = parse_dictionary(&profile.to_xml().unwrap(), 1 << 20).unwrap();
    let beyond = Beyond::of("profile/");
    check(&written, &schema("TopLevel"), "profile", &beyond);
    for payload in Fields(&written).dictionaries("PayloadContent") {
        let kind = payload.peek("PayloadType").unwrap();
        let all = [schema("CommonPayloadKeys"), schema(kind)].concat();
        check(payload.0, &all, &format!("profile/{kind}"), &beyond);
    }
    beyond.assert_all_needed();
}
