use super::*;
use crate::Redacted;
use crate::checkin::ChannelMessage;

fn answer(inner: &str) -> CommandAnswer {
    let body =
        format!("<plist version=\"1.0\"><dict><key>UDID</key><string>u</string>{inner}</dict></plist>");
    match ChannelMessage::parse(body.as_bytes()).unwrap() {
        ChannelMessage::Answer(answer) => answer,
        ChannelMessage::CheckIn(message) => panic!("{message:?}"),
    }
}

/// The bytes of a command, read back.
fn written(command: &Command) -> crate::guard::Dictionary {
    crate::guard::parse_dictionary(&command.to_xml("c-1").unwrap(), 1 << 20).unwrap()
}

#[test]
fn a_command_is_written_as_apple_documents_it() {
    let command = Command::DeviceInformation { queries: vec!["UDID".to_owned(), "OSVersion".to_owned()] };
    insta::assert_json_snapshot!(written(&command), @r#"
    {
      "CommandUUID": "c-1",
      "Command": {
        "RequestType": "DeviceInformation",
        "Queries": [
          "UDID",
          "OSVersion"
        ]
      }
    }
    "#);
}

#[test]
fn each_setting_carries_its_item() {
    let shared = SharedDeviceConfiguration {
        resident_users: Some(5),
        await_user_configuration: Some(true),
        passcode_lock_grace_period: Some(60),
        ..SharedDeviceConfiguration::default()
    };
    let command = Command::Settings(vec![
        Setting::DeviceName("Front <desk> & more".to_owned()),
        Setting::OrganizationInfo(Some(OrganizationInfo { name: "Acme".to_owned(), ..Default::default() })),
        Setting::OrganizationInfo(None),
        Setting::ActivationLockAllowedWhileSupervised(false),
        Setting::SharedDeviceConfiguration(Box::new(shared)),
    ]);
    insta::assert_json_snapshot!(written(&command), @r#"
    {
      "CommandUUID": "c-1",
      "Command": {
        "RequestType": "Settings",
        "Settings": [
          {
            "Item": "DeviceName",
            "DeviceName": "Front <desk> & more"
          },
          {
            "Item": "OrganizationInfo",
            "OrganizationInfo": {
              "OrganizationName": "Acme"
            }
          },
          {
            "Item": "OrganizationInfo"
          },
          {
            "Item": "MDMOptions",
            "MDMOptions": {
              "ActivationLockAllowedWhileSupervised": false
            }
          },
          {
            "Item": "SharedDeviceConfiguration",
            "ResidentUsers": 5,
            "AwaitUserConfiguration": {
              "Enabled": true
            },
            "PasscodePolicy": {
              "PasscodeLockGracePeriod": 60
            }
          }
        ]
      }
    }
    "#);
}

#[test]
fn an_erase_returns_to_service_when_asked() {
    let erase = EraseDevice {
        preserve_data_plan: true,
        return_to_service: Some(ReturnToService { wifi_profile: Some(vec![1].into()), ..Default::default() }),
        ..Default::default()
    };
    insta::assert_json_snapshot!(written(&Command::EraseDevice(Box::new(erase))), @r#"
    {
      "CommandUUID": "c-1",
      "Command": {
        "RequestType": "EraseDevice",
        "PreserveDataPlan": true,
        "ReturnToService": {
          "Enabled": true,
          "WiFiProfileData": [
            1
          ]
        }
      }
    }
    "#);
}

#[test]
fn a_name_that_xml_cannot_carry_is_refused() {
    let command = Command::Settings(vec![Setting::DeviceName("a\u{1}".to_owned())]);
    assert_eq!(command.to_xml("c"), Err(crate::Error::Unwritable));
}

#[test]
fn secrets_of_commands_are_not_shown() {
    let hush = Keys::default().with("Item", "Wallpaper").with("Password", "hush").done();
    let commands = [
        Command::ClearPasscode { unlock_token: Redacted(b"hush".to_vec()) },
        Command::InstallProfile { payload: Redacted(b"hush".to_vec()) },
        Command::DeviceLock { message: None, phone_number: None, pin: Some("hush".to_owned().into()) },
        Command::InstallApplication(Box::new(InstallApplication {
            configuration: Some(hush.clone()),
            ..InstallApplication::from_source(AppSource::ManifestUrl("https://mdm.example/hush".to_owned()))
        })),
        Command::Settings(vec![
            Setting::ApplicationConfiguration {
                identifier: "a.b".to_owned(),
                configuration: Some(hush.clone()),
            },
            Setting::Other(hush),
        ]),
    ];
    let shown = format!("{commands:?}");
    assert!(!shown.contains("hush") && !shown.contains("104, 117"), "{shown}");
    assert!(shown.contains("Password") && shown.contains("ApplicationConfiguration"), "{shown}");
}

#[test]
fn an_error_is_read_with_its_chain() {
    let answer = answer(
        "<key>Status</key><string>Error</string><key>CommandUUID</key><string>c</string><key>ErrorChain</key><array>\
         <dict><key>ErrorCode</key><integer>4001</integer><key>ErrorDomain</key><string>MCInstallationErrorDomain\
         </string><key>LocalizedDescription</key><string>Profil fehlt</string><key>USEnglishDescription</key>\
         <string>No profile</string></dict><string>odd</string></array>",
    );
    assert_eq!(answer.status, Status::Error);
    assert_eq!(answer.error_words(), "No profile (MCInstallationErrorDomain 4001)");
}

#[test]
fn an_answer_without_its_command_is_refused() {
    let body = b"<plist><dict><key>UDID</key><string>u</string><key>Status</key><string>Acknowledged</string></dict></plist>";
    assert_eq!(ChannelMessage::parse(body), Err(crate::Error::Missing("CommandUUID")));
}

#[test]
fn results_are_read_and_kept_out_of_debug() {
    let answer = answer(
        "<key>Status</key><string>Acknowledged</string><key>CommandUUID</key><string>c</string>\
         <key>ActivationLockBypassCode</key><string>hush</string>\
         <key>QueryResponses</key><dict><key>OSVersion</key><string>18.1</string></dict>\
         <key>SecurityInfo</key><dict><key>PasscodePresent</key><true/><key>ManagementStatus</key><dict>\
         <key>EnrolledViaDEP</key><true/></dict></dict>\
         <key>Settings</key><array><dict><key>Status</key><string>Acknowledged</string></dict><dict><key>Status</key>\
         <string>Error</string></dict></array>\
         <key>InstalledApplicationList</key><array><dict><key>Identifier</key><string>a.b</string><key>BundleSize</key>\
         <integer>7</integer></dict></array>\
         <key>ProfileList</key><array><dict><key>PayloadIdentifier</key><string>p.q</string></dict></array>",
    );
    assert_eq!(answer.activation_lock_bypass_code().unwrap().as_str(), "hush");
    assert_eq!(answer.query_responses().unwrap().get("OSVersion").unwrap().as_string(), Some("18.1"));
    let security = answer.security_info().unwrap();
    assert_eq!(
        (security.passcode_present, security.enrolled_via_dep, security.fde_enabled),
        (Some(true), Some(true), None)
    );
    assert_eq!(
        answer.settings().iter().map(|s| s.status.clone()).collect::<Vec<_>>(),
        [Status::Acknowledged, Status::Error]
    );
    assert_eq!(answer.installed_applications()[0].bundle_size, Some(7));
    assert_eq!(answer.profile_identifiers(), ["p.q"]);
    assert!(!format!("{answer:?}").contains("hush"));
}

#[test]
fn an_inventory_is_read_as_far_as_it_goes() {
    let answer = answer(
        "<key>Status</key><string>Acknowledged</string><key>CommandUUID</key><string>c</string>\
         <key>QueryResponses</key><dict><key>DeviceName</key><string>Desk</string><key>DeviceCapacity</key>\
         <integer>64</integer><key>BatteryLevel</key><real>0.5</real><key>IsSupervised</key><true/>\
         <key>OSVersion</key><array/><key>ServiceSubscriptions</key><array><dict><key>IMEI</key>\
         <string>35 678901 234567 8</string></dict></array></dict>",
    );
    let device = answer.device_information().unwrap();
    assert_eq!(device.device_name.as_deref(), Some("Desk"));
    assert_eq!((device.device_capacity, device.battery_level), (Some(64.0), Some(0.5)));
    assert_eq!((device.is_supervised, device.os_version), (Some(true), None));
    assert_eq!(device.service_subscriptions[0].imei.as_deref(), Some("356789012345678"));
}

#[test]
fn a_command_that_waits_for_a_network_tether_says_so_beside_its_type() {
    let body = Command::SecurityInfo.to_xml_when_tethered("c-1").unwrap();
    let command = crate::guard::parse_dictionary(&body, 1 << 20).unwrap()["Command"].clone();
    let command = command.as_dictionary().unwrap();
    assert_eq!(command["RequestRequiresNetworkTether"].as_boolean(), Some(true));
    assert_eq!(command["RequestType"].as_string(), Some("SecurityInfo"));
    let plain = written(&Command::SecurityInfo)["Command"].clone();
    assert!(plain.as_dictionary().unwrap().get("RequestRequiresNetworkTether").is_none());
}

#[test]
fn a_password_is_hashed_into_a_binary_property_list() {
    let hash = PasswordHash { entropy: Redacted(vec![1; 128]), salt: vec![2; 32], iterations: 30_000 };
    let binary = hash.to_binary().unwrap();
    assert!(binary.starts_with(b"bplist00"));
    let read = plist::Value::from_reader(std::io::Cursor::new(binary.as_slice())).unwrap();
    let read = read.as_dictionary().unwrap()["SALTED-SHA512-PBKDF2"].as_dictionary().unwrap();
    assert_eq!(read["entropy"].as_data(), Some(&[1; 128][..]));
    assert_eq!(read["salt"].as_data(), Some(&[2; 32][..]));
    assert_eq!(read["iterations"].as_signed_integer(), Some(30_000));
}
