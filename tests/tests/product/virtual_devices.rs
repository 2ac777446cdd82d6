//! Virtual devices of practice, which do by themselves what Apple's do, from their boxes to their home screens.

use std::time::Duration;

use muster_tests::api::nothing;
use muster_tests::program::ADMIN;
use muster_tests::{Engine, Program, Stack, until};
use practice::apple::catalogue::{Family, product};
use practice::apple::org::OrgKind;
use practice::device::{Pairing, Quirk, Rule, Screen, Stage, Version, VirtualDevice};
use serde_json::json;

use crate::enrolling::managed;

const SECONDS: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn take(stack: &Stack, serial: &str) -> VirtualDevice {
    stack.practice.fleet().device(serial).unwrap()
}

/// Unboxes a device, and waits until it goes no further.
async fn unboxed(device: &VirtualDevice) -> Screen {
    device.unbox().unwrap();
    let patience = Duration::from_secs(60);
    let settled = tokio::time::timeout(patience, device.settled()).await;
    settled.unwrap_or_else(|_| panic!("goes no further: {:?}", device.screen()))
}

async fn home(device: &VirtualDevice) -> Screen {
    let screen = unboxed(device).await;
    assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    screen
}

/// A profile for each platform, each the default, with a template of names.
async fn defaults(program: &Program) {
    let kinds = [
        "depIOSEnrollmentProfile",
        "depMacOSEnrollmentProfile",
        "depTvOSEnrollmentProfile",
        "depVisionOSEnrollmentProfile",
    ];
    for kind in kinds {
        let settings = json!({ "displayName": kind, "deviceNameTemplate": "{{DEVICETYPE}}-{{SERIAL}}" });
        let profile = program.profile(kind, settings).await;
        program.set_default(&profile).await;
    }
}

/// Shows: R2, R12, R49, R50, N9
#[tokio::test(flavor = "multi_thread")]
async fn every_family_enrols_itself_on_every_database() {
    for engine in Engine::here() {
        let stack = Stack::on(engine).await;
        let program = stack.program().await;
        defaults(&program).await;
        let bought: Vec<_> =
            Family::ALL.into_iter().flat_map(|family| stack.buy(&program, family, 1)).collect();
        stack.sync(&program).await;
        for serial in &bought {
            program.until_ready(serial).await;
            let screen = home(&take(&stack, serial)).await;
            let family = screen.family;
            assert!(screen.enrolled && screen.supervised && !screen.removable, "{screen:?}");
            assert_eq!(screen.organization.as_deref(), Some("Works"), "{family:?}");
            assert_eq!(screen.department.as_deref(), Some("IT"), "{family:?}");
            assert_eq!(screen.support_phone.as_deref(), Some("+1 555 0100"), "{family:?}");
            if matches!(family, Family::IPhone | Family::IPad) {
                assert_eq!(screen.notices.len(), 2, "{family:?}");
                assert!(screen.notices.iter().all(|notice| notice.contains("Works")), "{screen:?}");
            }
            let row = managed(&stack, serial).await;
            assert_eq!(row["deviceName"], &*screen.name, "{family:?}: {screen:?}");
            assert!(screen.name.ends_with(serial.as_str()), "{family:?}: {screen:?}");
            assert_eq!(row["managementState"], "managed", "{family:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classroom_of_mixed_devices_unboxed_at_once_is_at_home_soon() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    defaults(&program).await;
    let mut bought = Vec::new();
    for (family, count) in [(Family::IPad, 20), (Family::IPhone, 10), (Family::Mac, 6), (Family::AppleTv, 2)]
    {
        bought.extend(stack.ready(&program, family, count).await);
    }
    let devices: Vec<_> = bought.iter().map(|serial| take(&stack, serial)).collect();
    for device in &devices {
        device.unbox().unwrap();
    }
    for device in &devices {
        let screen = unboxed_already(device).await;
        assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    }
    let rows = stack.api.rows("deviceManagement/managedDevices?$top=7").await;
    let mut serials: Vec<_> =
        rows.iter().map(|row| row["serialNumber"].as_str().unwrap().to_owned()).collect();
    serials.sort();
    bought.sort();
    assert_eq!(serials, bought, "each once, over several pages");
    assert_eq!(stack.api.rows("muster/alerts").await, Vec::<serde_json::Value>::new());
}

async fn unboxed_already(device: &VirtualDevice) -> Screen {
    let settled = tokio::time::timeout(Duration::from_secs(60), device.settled()).await;
    settled.unwrap_or_else(|_| panic!("goes no further: {:?}", device.screen()))
}

/// Lessons 39 to 46. Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn devices_that_misbehave_get_home_all_the_same() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    defaults(&program).await;
    let error =
        Quirk::Error { code: 12_021, domain: "MCMDMErrorDomain".into(), words: "Not possible".into() };
    let quirks = [
        Rule::any(4, Quirk::NotNow),
        Rule::any(2, error),
        Rule::any(2, Quirk::FormatError),
        Rule::any(4, Quirk::Twice),
        Rule::any(2, Quirk::Lost),
        Rule::new("DeviceConfigured", 2, Quirk::Twice),
        Rule::new("DeviceConfigured", 1, Quirk::Lost),
        Rule::new("DeviceConfigured", 3, Quirk::NotNow),
    ];
    let serials = stack.ready(&program, Family::IPad, quirks.len()).await;
    for (serial, rule) in serials.iter().zip(quirks) {
        let device = take(&stack, serial);
        device.script(rule.clone());
        device.unbox().unwrap();
        let at_home = async || {
            // What a device puts off it asks for again half a minute later. Before it has enrolled time stands still:
            // its challenge would run out.
            if device.screen().stage == Stage::AwaitingConfiguration {
                stack.clock.advance(SECONDS);
            }
            device.screen().stage.is_settled().then(|| device.screen())
        };
        let screen = until(&format!("{rule:?}"), at_home).await;
        assert_eq!(screen.stage, Stage::Home, "{rule:?}: {screen:?}");
        until("managed", async || {
            (managed(&stack, serial).await["managementState"] == "managed").then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_loses_power_in_the_middle_goes_on_when_it_has_it_again() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    defaults(&program).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    let device = take(&stack, &serial);
    device.script(Rule::new("DeviceInformation", 1, Quirk::PowerCut));
    device.unbox().unwrap();
    device.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration && !screen.powered).await;
    let pressed = async || {
        device.power_on();
        device.check_in().unwrap();
        device.screen().stage.is_settled().then(|| device.screen())
    };
    assert_eq!(until("the device after the power cut", pressed).await.stage, Stage::Home);
}

/// Shows: R4, N30, N44
#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_new_profile_after_a_wipe_and_the_old_one_before() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let settings = |department: &str| json!({ "displayName": department, "supportDepartment": department });
    program.default_profile(settings("First")).await;
    let second = program.profile("depIOSEnrollmentProfile", settings("Second")).await;
    let serial = stack.ready(&program, Family::IPhone, 1).await.remove(0);
    let device = take(&stack, &serial);
    assert_eq!(home(&device).await.department.as_deref(), Some("First"));
    assert_eq!(program.assign(&second, std::slice::from_ref(&serial)).await.status, 204);
    let assigned =
        |row: &serde_json::Value| row["assignment"]["outcome"] == "success" && row["ready"] == false;
    program.until_device("has the second one waiting", &serial, assigned).await;
    device.check_in().unwrap();
    assert_eq!(device.screen().department.as_deref(), Some("First"));

    let id = managed(&stack, &serial).await["id"].as_str().unwrap().to_owned();
    let wipe = stack.api.post(&format!("deviceManagement/managedDevices/{id}/wipe"), nothing()).await;
    assert_eq!(wipe.status, 204);
    device.wait_for(|screen| screen.stage == Stage::Boxed).await;
    program.until_ready(&serial).await;
    assert_eq!(home(&device).await.department.as_deref(), Some("Second"));
    assert_eq!(managed(&stack, &serial).await["enrollmentProfileName"], "Second");
}

/// Shows: R11, R41
#[tokio::test(flavor = "multi_thread")]
async fn supervision_follows_the_flag_on_old_systems_and_is_certain_on_new_ones() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let loose =
        json!({ "supervisedModeEnabled": false, "profileRemovalDisabled": false, "isMandatory": false });
    program.default_profile(loose).await;
    let serials = stack.ready(&program, Family::IPad, 3).await;
    for (serial, version, supervised) in [
        (&serials[0], Version::new(12, 5), false),
        (&serials[1], Version::new(13, 0), true),
        (&serials[2], Version::new(26, 0), true),
    ] {
        let device = stack.practice.fleet().device_with(serial, version).unwrap();
        assert_eq!(home(&device).await.supervised, supervised, "{version:?}");
        assert_eq!(managed(&stack, serial).await["isSupervised"], supervised, "{version:?}");
    }
}

/// Shows: R42, R44, L69
#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_a_converted_device_may_leave_for_30_days_and_then_no_more() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let add = || {
        let (world, now) = (stack.practice.world(), stack.practice.world().now());
        let ipad = product(Family::IPad, None).unwrap();
        world.model().add_by_configurator(program.org, ipad, None, ADMIN, now).unwrap()
    };
    let serials = [add(), add()];
    stack.hand_over(&program, &serials, Some(program.server));
    stack.sync(&program).await;
    let converted = json!({ "serialNumbers": serials, "convertedDateTime": stack.app.now().rfc3339() });
    let _ = stack.api.post("muster/devices/markConverted", converted).await.good();
    for serial in &serials {
        let story = program.until_ready(serial).await;
        assert!(muster_tests::reasons(&story).contains(&"provisional"), "{story}");
        assert!(home(&take(&stack, serial)).await.enrolled);
    }
    let (leaves, stays) = (take(&stack, &serials[0]), take(&stack, &serials[1]));
    stack.pass(29 * DAY).await;
    assert!(leaves.screen().removable && stays.screen().removable);
    leaves.leave().await.unwrap();
    let retired =
        async || (managed(&stack, &serials[0]).await["managementState"] == "retireIssued").then_some(());
    until("the device that left", retired).await;
    stack.pass(2 * DAY).await;
    assert!(!stays.screen().removable);
    stays.leave().await.unwrap_err();
    let story = program.device(&serials[1]).await.unwrap();
    assert!(!muster_tests::reasons(&story).contains(&"provisional"), "{story}");
}

/// Shows: R48, R51
#[tokio::test(flavor = "multi_thread")]
async fn pairing_and_panes_are_as_the_profile_says() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let serials = stack.ready_with(&program, Family::IPhone, 3, json!({ "displayName": "Open" })).await;
    let certificate = {
        let key = pki::key::SigningKey::from(muster_tests::handmade::key(0));
        let name = pki::x509::Name::of("Configurator");
        let validity = pki::x509::Validity::days(stack.clock.now_unix(), 365);
        let policy = pki::x509::IssuePolicy::new(name, validity, pki::x509::Usage::Authority);
        let pem = pki::x509::self_signed(&key, &policy).unwrap().to_pem();
        pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>()
    };
    let hosts = json!([{ "certificate": certificate, "thumbprint": "" }]);
    let closed = json!({
        "displayName": "Closed", "iTunesPairingMode": "disallow", "siriDisabled": true, "enabledSkipKeys": ["AppleID", "Payment"],
    });
    let by_host = json!({
        "displayName": "By host", "iTunesPairingMode": "requiresCertificate", "managementCertificates": hosts,
    });
    for (serial, settings) in serials[1..].iter().zip([closed, by_host]) {
        let name = settings["displayName"].as_str().unwrap().to_owned();
        let profile = program.profile("depIOSEnrollmentProfile", settings).await;
        assert_eq!(program.assign(&profile, std::slice::from_ref(serial)).await.status, 204);
        program
            .until_device("ready", serial, |row| {
                row["requestedProfileName"] == name.as_str() && row["ready"] == true
            })
            .await;
    }
    let open = home(&take(&stack, &serials[0])).await;
    let closed = home(&take(&stack, &serials[1])).await;
    let by_host = home(&take(&stack, &serials[2])).await;
    assert_eq!(open.pairing, Pairing::AnyComputer);
    assert_eq!(closed.pairing, Pairing::NoComputer);
    assert_eq!(by_host.pairing, Pairing::ByCertificate);
    for pane in ["Siri", "Apple Account", "Apple Pay"] {
        assert!(open.panes.contains(&pane), "{pane}: {:?}", open.panes);
        assert!(!closed.panes.contains(&pane), "{pane}: {:?}", closed.panes);
    }
}

/// Shows: R5, L28
#[tokio::test(flavor = "multi_thread")]
async fn without_a_push_certificate_a_person_is_told_to_ask_and_the_administrator_why() {
    let stack = Stack::start().await;
    let early = stack.token_at_apple(&stack.api, OrgKind::Business, "Too early").await;
    let refused = stack.upload(&early).await;
    assert!(refused.refused(409).contains("(R5)"), "no token comes before it: {}", refused.body);

    // It ends after a year, as the token does that was not renewed.
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serial = stack.ready(&program, Family::IPad, 1).await.remove(0);
    stack.pass(200 * DAY).await;
    stack.rest().await;
    assert_eq!(stack.upload(&program).await.status, 204);
    stack.pass(166 * DAY).await;
    stack.rest().await;
    let story = program.device(&serial).await.unwrap();
    assert_eq!((muster_tests::reasons(&story), &story["ready"]), (vec!["noPushCertificate"], &json!(false)));
    let device = take(&stack, &serial);
    let screen = unboxed(&device).await;
    assert!(matches!(&screen.stage, Stage::Failed { why } if why.contains("administrator")), "{screen:?}");
    stack.renew_push_certificate(&stack.api).await;
    device.wipe().await;
    home(&device).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_nobody_assigned_sets_itself_up_as_anybodys() {
    let stack = Stack::start().await;
    let program = stack.program().await;
    let serial = stack.buy(&program, Family::Mac, 1).remove(0);
    stack.sync(&program).await;
    let screen = home(&take(&stack, &serial)).await;
    assert!(!screen.enrolled && screen.organization.is_none(), "{screen:?}");
    assert_eq!(stack.api.rows("deviceManagement/managedDevices").await.len(), 0);
}
