use mdm::guard::{Dictionary, Fields, Value};
use muster_practice::apple::catalogue::Family;
use muster_practice::apple::profile::Profile;
use muster_practice::device::{Stage, VirtualDevice};

use crate::rehearsal::{Rehearsal, rehearsal, settled, soon};
use crate::stub::{Message, dictionary, payload, xml};

fn words(words: &[&str]) -> Value {
    Value::Array(words.iter().map(|word| (*word).into()).collect())
}

fn responses(message: &Message) -> &Dictionary {
    Fields(&message.plist).dictionary("QueryResponses").unwrap()
}

fn chain(message: &Message) -> (i64, String) {
    let entry = Fields(Fields(&message.plist).items("ErrorChain")[0].as_dictionary().unwrap());
    (entry.opt_int("ErrorCode").unwrap(), entry.peek("LocalizedDescription").unwrap().to_owned())
}

async fn settings(rehearsal: &Rehearsal, device: &VirtualDevice, items: Vec<Dictionary>) -> Vec<String> {
    let items = items.into_iter().map(Value::Dictionary).collect();
    let answer = rehearsal.stub.command(device, "Settings", &[("Settings", Value::Array(items))]).await;
    assert_eq!(answer.kind, "Acknowledged");
    let results = Fields(&answer.plist).dictionaries("Settings");
    results.map(|result| result.peek("Status").unwrap().to_owned()).collect()
}

/// Waiting for its configuration, with a push so that it connects.
async fn waiting(rehearsal: &Rehearsal, family: Family, profile: Profile) -> VirtualDevice {
    let device = rehearsal.device(family, profile);
    device.unbox().unwrap();
    soon(device.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    device
}

/// Shows: R49
#[tokio::test]
async fn a_name_is_taken_shown_and_told() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let rename = dictionary([("Item", "DeviceName".into()), ("DeviceName", "Sales-01".into())]);
    assert_eq!(settings(&rehearsal, &ipad, vec![rename]).await, ["Acknowledged"]);
    assert_eq!(&*ipad.screen().name, "Sales-01");
    let queries =
        words(&["DeviceName", "SerialNumber", "IsSupervised", "EthernetMAC", "OSVersion", "NoSuch"]);
    let answer = rehearsal.stub.command(&ipad, "DeviceInformation", &[("Queries", queries)]).await;
    let told = responses(&answer);
    assert_eq!(Fields(told).peek("DeviceName"), Some("Sales-01"));
    assert_eq!(Fields(told).peek("SerialNumber"), Some(ipad.serial()));
    assert_eq!(Fields(told).opt_flag("IsSupervised"), Some(true));
    assert_eq!(Fields(told).peek("OSVersion"), Some("26.0"));
    assert_eq!(told.len(), 4, "an iPad knows no EthernetMAC: {told:?}");
}

#[tokio::test]
async fn what_a_device_tells_depends_on_its_system_and_on_rights() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| knobs.access_rights = Some(8191 & !32));
    let mac = waiting(&rehearsal, Family::Mac, rehearsal.profile()).await;
    let all = words(&["IsAppleSilicon", "WiFiMAC", "LocalHostName", "AwaitingConfiguration", "IMEI", "UDID"]);
    let answer = rehearsal.stub.command(&mac, "DeviceInformation", &[("Queries", all)]).await;
    let mut told: Vec<_> = responses(&answer).keys().cloned().collect();
    told.sort();
    assert_eq!(told, ["AwaitingConfiguration", "IsAppleSilicon", "LocalHostName", "UDID"]);
    let answer = rehearsal.stub.command(&mac, "SecurityInfo", &[]).await;
    let info = Fields(&answer.plist).dictionary("SecurityInfo").unwrap();
    let management = Fields(info).dictionary("ManagementStatus").unwrap();
    assert!(Fields(management).flag("EnrolledViaDEP"));
}

#[tokio::test]
async fn each_setting_is_applied_or_refused_on_its_own() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let info = Value::Dictionary(dictionary([("OrganizationName", "Works".into())]));
    let options = Value::Dictionary(dictionary([("ActivationLockAllowedWhileSupervised", false.into())]));
    let items = vec![
        dictionary([("Item", "OrganizationInfo".into()), ("OrganizationInfo", info)]),
        dictionary([("Item", "MDMOptions".into()), ("MDMOptions", options)]),
        dictionary([("Item", "HostName".into()), ("HostName", "x".into())]),
        dictionary([("Item", "SharedDeviceConfiguration".into()), ("QuotaSize", 1024.into())]),
        dictionary([("Item", "TimeZone".into()), ("TimeZone", "Asia/Tokyo".into())]),
        dictionary([("NoItem", true.into())]),
    ];
    let results = settings(&rehearsal, &ipad, items).await;
    assert_eq!(results, ["Acknowledged", "Acknowledged", "Error", "Error", "Acknowledged", "Error"]);
    let queries = words(&["OrganizationInfo", "MDMOptions", "TimeZone"]);
    let answer = rehearsal.stub.command(&ipad, "DeviceInformation", &[("Queries", queries)]).await;
    let told = Fields(responses(&answer));
    assert_eq!(Fields(told.dictionary("OrganizationInfo").unwrap()).peek("OrganizationName"), Some("Works"));
    assert_eq!(told.peek("TimeZone"), Some("Asia/Tokyo"));
}

#[tokio::test]
async fn a_shared_ipad_is_sized_while_it_waits_and_not_later() {
    let rehearsal = rehearsal().await;
    let profile = Profile { is_multi_user: Some(true), ..rehearsal.profile() };
    let ipad = waiting(&rehearsal, Family::IPad, profile).await;
    assert!(!rehearsal.stub.heard().last("TokenUpdate").plist.contains_key("UnlockToken"));
    let size =
        || vec![dictionary([("Item", "SharedDeviceConfiguration".into()), ("QuotaSize", 2048.into())])];
    assert_eq!(settings(&rehearsal, &ipad, size()).await, ["Acknowledged"]);
    rehearsal.stub.command(&ipad, "DeviceConfigured", &[]).await;
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
    assert_eq!(settings(&rehearsal, &ipad, size()).await, ["Error"]);
    let queries = words(&["QuotaSize", "IsMultiUser"]);
    let answer = rehearsal.stub.command(&ipad, "DeviceInformation", &[("Queries", queries)]).await;
    assert_eq!(Fields(responses(&answer)).opt_int("QuotaSize"), Some(2048));
}

#[tokio::test]
async fn unknown_commands_are_malformed_and_other_systems_commands_are_errors() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    assert_eq!(rehearsal.stub.command(&ipad, "MakeCoffee", &[]).await.kind, "CommandFormatError");
    assert_eq!(rehearsal.stub.command(&ipad, "DeviceInformation", &[]).await.kind, "CommandFormatError");
    let answer = rehearsal.stub.command(&ipad, "AccountConfiguration", &[]).await;
    assert_eq!((answer.kind.as_str(), chain(&answer).0), ("Error", 12_021));
    let answer = rehearsal.stub.command(&ipad, "DeviceConfigured", &[]).await;
    assert_eq!(chain(&answer).1, "Device is not AwaitingConfiguration.");
}

#[tokio::test]
async fn rights_and_supervision_are_asked_for() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| knobs.access_rights = Some(8191 & !(4 | 8)));
    let ipad = rehearsal.at_home().await;
    for command in ["EraseDevice", "DeviceLock", "RestartDevice"] {
        let answer = rehearsal.stub.command(&ipad, command, &[]).await;
        assert!(chain(&answer).1.contains("right"), "{command}");
    }
    rehearsal.stub.knobs(|knobs| knobs.access_rights = None);
    let profile = Profile {
        is_supervised: Some(false),
        is_mdm_removable: Some(true),
        await_device_configured: Some(false),
        ..rehearsal.profile()
    };
    let ipad = rehearsal.device(Family::IPad, profile);
    ipad.set_version("12.4".parse().unwrap());
    ipad.unbox().unwrap();
    settled(&ipad).await;
    for command in ["ActivationLockBypassCode", "RestartDevice"] {
        let answer = rehearsal.stub.command(&ipad, command, &[]).await;
        assert!(chain(&answer).1.contains("supervised"), "{command}");
    }
    let rename = dictionary([("Item", "DeviceName".into()), ("DeviceName", "x".into())]);
    assert_eq!(settings(&rehearsal, &ipad, vec![rename]).await, ["Error"]);
}

#[tokio::test]
async fn profiles_are_installed_listed_replaced_and_removed() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let profile = |name: &str| {
        let lock = payload("com.apple.app.lock", 8, Dictionary::new());
        let content = Value::Array(vec![Value::Dictionary(lock)]);
        let keys = dictionary([("PayloadDisplayName", name.into()), ("PayloadContent", content)]);
        [("Payload", Value::Data(xml(payload("Configuration", 9, keys))))]
    };
    for name in ["Kiosk", "Kiosk 2"] {
        assert_eq!(
            rehearsal.stub.command(&ipad, "InstallProfile", &profile(name)).await.kind,
            "Acknowledged"
        );
    }
    let list = rehearsal.stub.command(&ipad, "ProfileList", &[]).await;
    let names: Vec<_> = Fields(&list.plist)
        .dictionaries("ProfileList")
        .map(|profile| profile.peek("PayloadDisplayName").unwrap())
        .collect();
    assert_eq!(names, ["Works Management", "Kiosk 2"]);
    let identifier = [("Identifier", "com.example.works.9".into())];
    assert_eq!(rehearsal.stub.command(&ipad, "RemoveProfile", &identifier).await.kind, "Acknowledged");
    assert_eq!(rehearsal.stub.command(&ipad, "RemoveProfile", &identifier).await.kind, "Error");
    let broken = [("Payload", Value::Data(b"hello".to_vec()))];
    let answer = rehearsal.stub.command(&ipad, "InstallProfile", &broken).await;
    assert_eq!(chain(&answer).0, 4_001);
    let list = rehearsal.stub.command(&ipad, "CertificateList", &[]).await;
    let identities =
        Fields(&list.plist).dictionaries("CertificateList").filter(|entry| entry.flag("IsIdentity"));
    assert_eq!(identities.count(), 1);
}

#[tokio::test]
async fn a_renewed_enrolment_profile_brings_a_new_identity_and_a_refused_one_leaves_the_old() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let payload = || [("Payload", Value::Data(rehearsal.stub.enrolment_profile()))];
    let before = rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.certificate;
    rehearsal.stub.forget();
    let answer = rehearsal.stub.command(&ipad, "InstallProfile", &payload()).await;
    assert_eq!(answer.kind, "Acknowledged");
    assert_ne!(answer.certificate, before, "the answer comes from the new identity");
    let heard = rehearsal.stub.heard();
    assert_eq!(heard.kinds()[..3], ["Idle", "Authenticate", "TokenUpdate"]);
    assert_eq!(heard.last("TokenUpdate").certificate, answer.certificate);
    rehearsal.stub.push(&ipad);
    rehearsal.stub.wait_for(|heard| heard.kinds().last() == Some(&"Idle")).await;

    rehearsal.stub.knobs(|knobs| knobs.scep_refuses = true);
    assert_eq!(rehearsal.stub.command(&ipad, "InstallProfile", &payload()).await.kind, "Error");
    rehearsal.stub.knobs(|knobs| {
        knobs.scep_refuses = false;
        knobs.access_rights = Some(1);
    });
    assert_eq!(rehearsal.stub.command(&ipad, "InstallProfile", &payload()).await.kind, "Acknowledged");
    rehearsal.stub.knobs(|knobs| knobs.access_rights = Some(8191));
    let refused = rehearsal.stub.command(&ipad, "InstallProfile", &payload()).await;
    assert_eq!(refused.kind, "Error", "without the right to install profiles");
}

#[tokio::test]
async fn removing_the_enrolment_profile_ends_management_with_a_goodbye() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    rehearsal.stub.command(&ipad, "RemoveProfile", &[("Identifier", "com.example.works.0".into())]).await;
    let screen = soon(ipad.wait_for(|screen| !screen.enrolled)).await;
    assert_eq!((screen.stage, screen.profile), (Stage::Home, None));
    assert_eq!(rehearsal.stub.heard().kinds().last(), Some(&"CheckOut"));
    assert!(ipad.check_in().is_err());
}

#[tokio::test]
async fn an_erased_device_says_hello_again() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let answer = rehearsal.stub.command(&ipad, "EraseDevice", &[]).await;
    assert_eq!(answer.kind, "Acknowledged");
    let screen = soon(ipad.wait_for(|screen| screen.stage == Stage::Boxed)).await;
    assert!(!screen.enrolled && &*screen.name == "iPad");
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
}

#[tokio::test]
async fn return_to_service_enrols_the_device_again_without_a_person() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    rehearsal.stub.greet(&ipad);
    let service = dictionary([
        ("Enabled", true.into()),
        ("MDMProfileData", Value::Data(rehearsal.stub.enrolment_profile())),
    ]);
    let uuid = rehearsal.stub.queue(&ipad, "EraseDevice", &[("ReturnToService", Value::Dictionary(service))]);
    ipad.check_in().unwrap();
    rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.answer(&uuid).await;
    let heard = rehearsal.stub.wait_for(|heard| heard.count("Authenticate") == 1).await;
    assert_eq!(heard.count("MachineInfo"), 0, "it came with the profile");
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
}

#[tokio::test]
async fn the_bypass_code_and_the_unlock_token_are_the_devices_own() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    settled(&ipad).await;
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    let code = rehearsal.stub.command(&ipad, "ActivationLockBypassCode", &[]).await;
    let code = code.text("ActivationLockBypassCode").unwrap().to_owned();
    assert!(pki::escrow::BypassCode::from_human(&code).is_ok());
    rehearsal.stub.command(&ipad, "ClearActivationLockBypassCode", &[]).await;
    assert_eq!(rehearsal.stub.command(&ipad, "ActivationLockBypassCode", &[]).await.kind, "Error");
    let token = heard.0.iter().find_map(|message| message.plist.get("UnlockToken")).unwrap().clone();
    assert_eq!(
        rehearsal.stub.command(&ipad, "ClearPasscode", &[("UnlockToken", token)]).await.kind,
        "Acknowledged"
    );
    let wrong = [("UnlockToken", Value::Data(vec![1; 32]))];
    assert_eq!(rehearsal.stub.command(&ipad, "ClearPasscode", &wrong).await.kind, "Error");
}

#[tokio::test]
async fn a_macs_accounts_are_set_while_it_waits() {
    let rehearsal = rehearsal().await;
    let mac = waiting(&rehearsal, Family::Mac, rehearsal.profile()).await;
    assert_eq!(rehearsal.stub.command(&mac, "AccountConfiguration", &[]).await.kind, "Acknowledged");
    rehearsal.stub.command(&mac, "DeviceConfigured", &[]).await;
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&mac.udid())).await;
    assert_eq!(heard.last("TokenUpdate").flag("AwaitingConfiguration"), Some(false));
    assert_eq!(rehearsal.stub.command(&mac, "AccountConfiguration", &[]).await.kind, "Error");
}
