use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::Fields;
use muster_practice::apple::catalogue::Family;
use muster_practice::apple::profile::Profile;
use muster_practice::device::{Pairing, Screen, Stage, VirtualDevice};
use pki::x509::{Certificate, verify_issued_by};

use crate::rehearsal::{Rehearsal, failure, rehearsal, settled, soon};
use crate::stub::Knobs;

/// Shows: R12, R50, R61
#[tokio::test]
async fn an_ipad_goes_from_its_box_to_its_home_screen_when_it_is_released() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    assert_eq!(ipad.screen().stage, Stage::Boxed);
    ipad.unbox().unwrap();
    let waiting = soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    assert_eq!(waiting.organization.as_deref(), Some("Example Works"));
    assert_eq!(waiting.department.as_deref(), Some("Sales"));
    assert_eq!(waiting.support_phone.as_deref(), Some("+1 555 0100"));
    let heard = rehearsal.stub.heard();
    assert_eq!(heard.kinds(), ["MachineInfo", "Authenticate", "TokenUpdate"]);
    assert_eq!(heard.last("MachineInfo").text("SERIAL"), Some(ipad.serial()));
    assert_eq!(heard.last("Authenticate").text("SerialNumber"), Some(ipad.serial()));
    assert_eq!(heard.last("TokenUpdate").flag("AwaitingConfiguration"), Some(true));
    assert!(heard.last("TokenUpdate").plist.contains_key("UnlockToken"));

    let uuid = rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    let home = settled(&ipad).await;
    assert_eq!(home.stage, Stage::Home);
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    assert_eq!(heard.result(&uuid).unwrap().kind, "Acknowledged");
    assert!(home.enrolled && home.supervised && home.mandatory && !home.removable);
    assert_eq!(home.profile.as_deref(), Some("Works Management"));
    assert_eq!(home.notices[0], "This iPad is managed by Example Works.");
    assert!(home.notices[1].starts_with("This iPad is supervised. Example Works can monitor"));
    assert!(!home.panes.contains(&"Siri") && home.panes.contains(&"Passcode"));
    let identity = Certificate::from_der(&heard.last("TokenUpdate").certificate).unwrap();
    verify_issued_by(&identity, &[], rehearsal.stub.scep_ca()).unwrap();
}

#[tokio::test]
async fn every_family_enrols() {
    let rehearsal = rehearsal().await;
    for family in Family::ALL {
        let device = rehearsal.device(family, rehearsal.profile());
        rehearsal.stub.release(&device);
        device.unbox().unwrap();
        let screen = settled(&device).await;
        assert_eq!(screen.stage, Stage::Home, "{family:?} {screen:?}");
        assert!(screen.enrolled && screen.supervised);
    }
}

fn old(device: &VirtualDevice, version: &str) {
    device.set_version(version.parse().unwrap());
}

async fn enrolled(rehearsal: &Rehearsal, device: &VirtualDevice) -> Screen {
    rehearsal.stub.release(device);
    device.unbox().unwrap();
    let screen = settled(device).await;
    assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    rehearsal.stub.wait_for(|heard| heard.released(&device.udid())).await;
    screen
}

#[tokio::test]
async fn profiles_are_taken_plain_and_signed_but_not_with_a_broken_signature() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| knobs.plain_profile = true);
    enrolled(&rehearsal, &rehearsal.ipad()).await;
    rehearsal.stub.knobs(|knobs| knobs.plain_profile = false);
    let mut broken = rehearsal.stub.enrolment_profile();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let ipad = rehearsal.ipad();
    rehearsal.stub.plan("enroll", ([("content-type", "application/x-apple-aspen-config")], broken));
    ipad.unbox().unwrap();
    let why = failure(&ipad).await;
    assert!(why.contains("properly signed"), "{why}");
    ipad.unbox().unwrap();
    soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
}

#[tokio::test]
async fn the_web_page_is_opened_where_the_system_knows_it_and_the_profile_is_asked_for_elsewhere() {
    let rehearsal = rehearsal().await;
    let profile =
        || Profile { configuration_web_url: Some(rehearsal.stub.url("/web")), ..rehearsal.profile() };
    for (family, version, kind) in [
        (Family::IPad, "26.0", "MachineInfo by web"),
        (Family::IPad, "13.0", "MachineInfo by web"),
        (Family::IPad, "12.4", "MachineInfo"),
        (Family::Mac, "10.15", "MachineInfo by web"),
        (Family::Mac, "10.14", "MachineInfo"),
    ] {
        rehearsal.stub.forget();
        let device = rehearsal.device(family, profile());
        old(&device, version);
        let screen = enrolled(&rehearsal, &device).await;
        assert_eq!(rehearsal.stub.heard().kinds()[0], kind, "{family:?} {version}");
        assert!(screen.supervised, "the profile says so, where the system does not decide");
    }
    let ipad = rehearsal.device(Family::IPad, profile());
    rehearsal.stub.plan("web", ([("content-type", "text/html")], "<form>"));
    ipad.unbox().unwrap();
    assert!(failure(&ipad).await.contains("a web page"));
}

#[tokio::test]
async fn a_device_shows_its_identity_in_tls_when_messages_are_not_to_be_signed() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| knobs.tls_identity = true);
    let ipad = rehearsal.ipad();
    enrolled(&rehearsal, &ipad).await;
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    assert!(heard.last("TokenUpdate").signature.is_none());
}

/// Every way of signing MachineInfo is one that the server verifies, and openssl, too.
#[tokio::test]
async fn each_system_signs_in_its_way() {
    let rehearsal = rehearsal().await;
    let mut lengths = Vec::new();
    for (family, version) in
        [(Family::IPad, "26.0"), (Family::IPad, "16.0"), (Family::Mac, "15.0"), (Family::Mac, "10.15")]
    {
        let device = rehearsal.device(family, rehearsal.profile());
        old(&device, version);
        enrolled(&rehearsal, &device).await;
        let info = rehearsal.stub.heard().last("MachineInfo").clone();
        let os_version = Fields(&info.plist).peek("OS_VERSION").map(str::to_owned);
        assert_eq!(os_version.is_some(), matches!(version, "26.0" | "15.0"), "{version}");
        lengths.push(pki::cms::certificates_in(&info.body).unwrap().len());
        openssl_verifies(&info.body, None);
    }
    assert_eq!(lengths, [3, 3, 2, 1]);
}

#[tokio::test]
async fn openssl_verifies_the_signature_of_a_message() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let message = rehearsal.stub.command(&ipad, "DeviceLock", &[]).await;
    openssl_verifies(message.signature.as_deref().unwrap(), Some(&message.body));
}

fn openssl_verifies(signed: &[u8], content: Option<&[u8]>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut command = std::process::Command::new("openssl");
    command.args(["smime", "-verify", "-noverify", "-binary", "-inform", "DER", "-in"]);
    command.arg(path("signed.der", signed));
    if let Some(content) = content {
        command.arg("-content").arg(path("content", content));
    }
    let Ok(output) = command.output() else {
        println!("skipped: no openssl");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn scep_goes_by_what_the_service_can_and_waits_while_it_is_not_ready() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| knobs.no_caps = true);
    enrolled(&rehearsal, &rehearsal.ipad()).await;
    rehearsal.stub.knobs(|knobs| (knobs.no_caps, knobs.scep_pending) = (false, 1));
    let ipad = rehearsal.ipad();
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    soon(rehearsal.clock.until_sleeping(1)).await;
    rehearsal.clock.advance(Duration::from_secs(1));
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
}

#[tokio::test]
async fn a_person_sees_why_enrolling_failed() {
    let rehearsal = rehearsal().await;
    let stub = &rehearsal.stub;
    let ipad = rehearsal.ipad();
    type Change = Box<dyn Fn(&mut Knobs)>;
    let cases: [(Change, &str); 8] = [
        (Box::new(|knobs| knobs.scep_refuses = true), "refused it"),
        (Box::new(|knobs| knobs.wrong_fingerprint = true), "not the one in the profile"),
        (Box::new(|knobs| knobs.access_rights = Some(2)), "without the one it needs"),
        (
            Box::new(|knobs| plan(knobs, "Authenticate", StatusCode::BAD_REQUEST)),
            "refused Authenticate with 400",
        ),
        (Box::new(|knobs| plan(knobs, "TokenUpdate", StatusCode::FORBIDDEN)), "refused TokenUpdate with 403"),
        (Box::new(|knobs| plan(knobs, "enroll", StatusCode::NOT_FOUND)), "answered 404"),
        (Box::new(|knobs| plan(knobs, "enroll", "hello")), "sent text/plain instead"),
        (Box::new(|knobs| knobs.basic = Some(("ann", "secret"))), "a user name and a password"),
    ];
    for (change, words) in cases {
        stub.knobs(|knobs| *knobs = Knobs::default());
        stub.knobs(|knobs| change(knobs));
        ipad.unbox().unwrap();
        let why = failure(&ipad).await;
        assert!(why.starts_with("Could not ") && why.contains(words), "{why}");
        assert!(!ipad.screen().enrolled);
    }
    ipad.sign_in_as("ann", "secret");
    enrolled(&rehearsal, &ipad).await;
}

fn plan(knobs: &mut Knobs, what: &'static str, answer: impl IntoResponse) {
    knobs.planned.entry(what).or_default().push_back(answer.into_response());
}

#[tokio::test]
async fn a_host_whose_certificate_leads_to_no_anchor_is_not_trusted() {
    let rehearsal = rehearsal().await;
    let mut profile = rehearsal.profile();
    profile.anchor_certs = vec![STANDARD.encode(&rehearsal.practice.ca_cert_der)];
    let ipad = rehearsal.device(Family::IPad, profile);
    ipad.unbox().unwrap();
    let why = failure(&ipad).await;
    assert!(why.contains("connect to localhost safely") && why.contains("certificate"), "{why}");
    assert!(rehearsal.stub.heard().0.is_empty());
}

#[tokio::test]
async fn the_profile_must_bring_the_authority_of_its_server() {
    let rehearsal = rehearsal().await;
    rehearsal.stub.knobs(|knobs| {
        knobs.change = Some(Box::new(|profile| {
            let payloads = profile.get_mut("PayloadContent").unwrap().as_array_mut().unwrap();
            payloads.remove(0);
        }));
    });
    let ipad = rehearsal.ipad();
    ipad.unbox().unwrap();
    let why = failure(&ipad).await;
    assert!(why.contains("safely"), "anchors of the cloud configuration are for its address only: {why}");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_said() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    rehearsal.stub.plan("enroll", (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "20")]));
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    soon(rehearsal.clock.until_sleeping(1)).await;
    rehearsal.clock.advance(Duration::from_secs(19));
    assert!(ipad.screen().trouble.is_some_and(|words| words.contains("503")));
    assert_eq!(rehearsal.stub.heard().count("MachineInfo"), 1);
    rehearsal.clock.advance(Duration::from_secs(1));
    let screen = settled(&ipad).await;
    assert_eq!((screen.stage, screen.seconds), (Stage::Home, 20));
}

#[tokio::test]
async fn a_device_updates_when_the_server_wants_a_newer_system_and_stops_when_it_is_unknown() {
    let rehearsal = rehearsal().await;
    let answer = |body: &'static str| (StatusCode::FORBIDDEN, [("content-type", "application/json")], body);
    let update = r#"{"code":"com.apple.softwareupdate.required","details":{"OSVersion":"26.1"}}"#;
    let ipad = rehearsal.ipad();
    rehearsal.stub.plan("enroll", answer(update));
    let screen = enrolled(&rehearsal, &ipad).await;
    assert_eq!(&*screen.os, "iPadOS 26.1");

    let unknown = r#"{"code":"com.apple.unrecognized.device","message":"Ask IT."}"#;
    let ipad = rehearsal.ipad();
    rehearsal.stub.plan("enroll", answer(unknown));
    ipad.unbox().unwrap();
    assert!(failure(&ipad).await.contains("(Ask IT.)"));
}

/// Shows: R4
#[tokio::test]
async fn a_device_without_a_profile_sets_itself_up_as_anybodys() {
    let rehearsal = rehearsal().await;
    let serials = rehearsal.buy(Family::IPad, 1);
    let ipad = rehearsal.practice.fleet().device(&serials[0]).unwrap();
    ipad.unbox().unwrap();
    let screen = settled(&ipad).await;
    assert_eq!(screen.stage, Stage::Home);
    assert!(!screen.enrolled && screen.notices[0].contains("ordinary setup"), "{screen:?}");
    let refused = rehearsal.practice.fleet().device("NOSUCH0000").unwrap_err();
    assert_eq!(refused.to_string(), "find the device NOSUCH0000");
    rehearsal.assign(rehearsal.profile(), &serials);
    assert!(ipad.unbox().is_err(), "it must be erased first");
    assert!(ipad.check_in().is_err(), "nobody manages it");
    ipad.wipe().await;
    enrolled(&rehearsal, &ipad).await;
}

/// Shows: R11, R42, R48
#[tokio::test]
async fn what_the_flags_mean_depends_on_the_system() {
    let rehearsal = rehearsal().await;
    let flags = |supervised: bool, locked: bool, pairing: bool| Profile {
        is_supervised: Some(supervised),
        is_mandatory: Some(false),
        is_mdm_removable: Some(!locked),
        allow_pairing: Some(pairing),
        ..rehearsal.profile()
    };
    for (family, version, profile, supervised, mandatory, removable, pairing) in [
        (Family::IPad, "26.0", flags(false, false, false), true, true, true, Pairing::NoComputer),
        (Family::IPad, "12.4", flags(false, false, false), false, false, true, Pairing::AnyComputer),
        (Family::IPad, "12.4", flags(true, true, true), true, false, false, Pairing::AnyComputer),
        (Family::IPhone, "12.4", flags(true, true, false), true, false, false, Pairing::NoComputer),
        (Family::Mac, "10.15", flags(false, false, true), false, false, true, Pairing::AnyComputer),
        (Family::Mac, "11.0", flags(true, true, true), true, false, false, Pairing::AnyComputer),
        (Family::AppleTv, "18.0", flags(false, false, true), true, false, true, Pairing::AnyComputer),
    ] {
        let device = rehearsal.device(family, profile);
        old(&device, version);
        rehearsal.stub.release(&device);
        device.unbox().unwrap();
        let screen = soon(device.wait_for(|screen| screen.enrolled)).await;
        let seen = (screen.supervised, screen.mandatory, screen.removable, screen.pairing);
        assert_eq!(seen, (supervised, mandatory, removable, pairing), "{family:?} {version}");
        let notices = if supervised && matches!(family, Family::IPad | Family::IPhone) { 2 } else { 0 };
        assert_eq!(screen.notices.len(), notices, "{family:?} {version}");
        let told = rehearsal.stub.heard().last("TokenUpdate").flag("AwaitingConfiguration");
        let awaits = supervised || family == Family::Mac;
        assert_eq!(told == Some(true), awaits, "{family:?} {version}: unsupervised iPads do not wait");
    }
    let hosts = Profile {
        supervising_host_certs: vec![STANDARD.encode(&rehearsal.stub.tls_ca)],
        ..flags(true, false, false)
    };
    let screen = enrolled(&rehearsal, &rehearsal.device(Family::IPad, hosts)).await;
    assert_eq!(screen.pairing, Pairing::ByCertificate);
}

#[tokio::test]
async fn management_may_be_left_out_where_it_is_optional() {
    let rehearsal = rehearsal().await;
    let optional = Profile { is_mandatory: Some(false), ..rehearsal.profile() };
    for (family, version, enrols) in [(Family::Mac, "15.0", false), (Family::IPad, "26.0", true)] {
        let device = rehearsal.device(family, optional.clone());
        old(&device, version);
        device.decline_management(true);
        rehearsal.stub.release(&device);
        device.unbox().unwrap();
        assert_eq!(settled(&device).await.enrolled, enrols, "{family:?}");
    }
}

#[tokio::test]
async fn a_device_that_need_not_wait_goes_home_at_once() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal
        .device(Family::IPad, Profile { await_device_configured: Some(false), ..rehearsal.profile() });
    ipad.unbox().unwrap();
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
    assert_eq!(rehearsal.stub.heard().last("TokenUpdate").flag("AwaitingConfiguration"), None);
    let uuid = rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    let answer = rehearsal.stub.answer(&uuid).await;
    assert_eq!(answer.kind, "Error");
}
