use super::*;
use crate::guard::parse_dictionary;

fn head(name: &str) -> Head {
    Head { identifier: format!("example.{name}"), uuid: format!("uuid-{name}"), ..Head::default() }
}

fn enrolment() -> ConfigurationProfile {
    let mut scep = Scep::at("https://mdm.example/scep");
    scep.subject = vec![("O".to_owned(), "Acme".to_owned()), ("CN".to_owned(), "S1".to_owned())];
    scep.challenge = Some("hush".to_owned().into());
    let mut mdm = Mdm::new("uuid-scep", "com.apple.mgmt.External.1", "https://mdm.example/mdm");
    mdm.sign_message = true;
    mdm.check_out_when_removed = true;
    mdm.server_capabilities = vec!["com.apple.mdm.per-user-connections".to_owned()];
    ConfigurationProfile {
        head: Head { display_name: Some("Acme".to_owned()), ..head("enrol") },
        scope: Some(Scope::System),
        removal_disallowed: false,
        payloads: vec![
            Payload::root_certificate(head("root"), vec![0x30, 0x00]),
            Payload::scep(head("scep"), &scep),
            Payload::mdm(head("mdm"), &mdm),
        ],
    }
}

#[test]
fn an_enrolment_profile_is_written_as_apple_documents_it() {
    let xml = String::from_utf8(enrolment().to_xml().unwrap()).unwrap();
    let dictionary = parse_dictionary(xml.as_bytes(), 1 << 20).unwrap();
    insta::assert_json_snapshot!(dictionary, @r#"
    {
      "PayloadType": "Configuration",
      "PayloadVersion": 1,
      "PayloadIdentifier": "example.enrol",
      "PayloadUUID": "uuid-enrol",
      "PayloadDisplayName": "Acme",
      "PayloadScope": "System",
      "PayloadContent": [
        {
          "PayloadType": "com.apple.security.root",
          "PayloadVersion": 1,
          "PayloadIdentifier": "example.root",
          "PayloadUUID": "uuid-root",
          "PayloadContent": [
            48,
            0
          ]
        },
        {
          "PayloadType": "com.apple.security.scep",
          "PayloadVersion": 1,
          "PayloadIdentifier": "example.scep",
          "PayloadUUID": "uuid-scep",
          "PayloadContent": {
            "URL": "https://mdm.example/scep",
            "Subject": [
              [
                [
                  "O",
                  "Acme"
                ]
              ],
              [
                [
                  "CN",
                  "S1"
                ]
              ]
            ],
            "Challenge": "hush",
            "Keysize": 2048,
            "Key Type": "RSA",
            "Key Usage": 5
          }
        },
        {
          "PayloadType": "com.apple.mdm",
          "PayloadVersion": 1,
          "PayloadIdentifier": "example.mdm",
          "PayloadUUID": "uuid-mdm",
          "IdentityCertificateUUID": "uuid-scep",
          "Topic": "com.apple.mgmt.External.1",
          "ServerURL": "https://mdm.example/mdm",
          "AccessRights": 8191,
          "SignMessage": true,
          "CheckOutWhenRemoved": true,
          "ServerCapabilities": [
            "com.apple.mdm.per-user-connections"
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_same_profile_has_the_same_bytes() {
    assert_eq!(enrolment().to_xml().unwrap(), enrolment().to_xml().unwrap());
}

#[test]
fn a_payload_cannot_overwrite_its_head() {
    let keys = Keys::default().with("PayloadUUID", "other").with("SSID_STR", "guests").done();
    let dictionary = Payload::new("com.apple.wifi.managed", head("wifi"), keys).dictionary();
    assert_eq!(dictionary.get("PayloadUUID").and_then(Value::as_string), Some("uuid-wifi"));
    assert_eq!(dictionary.get("SSID_STR").and_then(Value::as_string), Some("guests"));
}

#[test]
fn a_challenge_is_not_shown() {
    assert!(!format!("{:?}", enrolment()).contains("hush"));
}

#[test]
fn rights_that_devices_refuse_cannot_be_made() {
    for bits in [0, 2, 128, 8192, 2 + 64] {
        assert_eq!(AccessRights::from_bits(bits), None, "{bits}");
    }
    assert_eq!(AccessRights::from_bits(8191), Some(AccessRights::ALL));
    assert_eq!(AccessRights::from_bits(3).map(AccessRights::bits), Some(3));
}

#[test]
fn an_app_lock_names_its_app_and_options() {
    let lock =
        AppLock { identifier: "com.example.kiosk".to_owned(), options: vec!["DisableAutoLock".to_owned()] };
    insta::assert_json_snapshot!(Payload::app_lock(head("lock"), &lock).dictionary(), @r#"
    {
      "PayloadType": "com.apple.app.lock",
      "PayloadVersion": 1,
      "PayloadIdentifier": "example.lock",
      "PayloadUUID": "uuid-lock",
      "App": {
        "Identifier": "com.example.kiosk",
        "Options": {
          "DisableAutoLock": true
        }
      }
    }
    "#);
}
