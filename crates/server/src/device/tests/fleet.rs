//! Virtual devices, which know Apple's documents and none of our code, over real connections.

use std::sync::Arc;
use std::time::Duration;

use ::app::managed_device::{Action, Wipe, act};
use ::app::{loops, push_certificate, setup};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Platform;
use domain::managed_device::Stage;
use domain::profile::ProfileSettings;
use domain::setup::{ReleaseReason, SetupState};
use net::{CancellationToken, Identity, ListenConfig, Listener, ServerTls};
use pki::x509::{IssuePolicy, Name, Usage};
use practice::apple::assign::Refused;
use practice::apple::catalogue::{Family, product};
use practice::apple::org::{OrgCard, OrgKind};
use practice::apple::profile::Profile;
use practice::apple::shop::Order;
use practice::device::{Quirk, Rule, Stage as Shown, VirtualDevice};
use practice::{Practice, PracticeConfig};

use super::pretend::{ALWAYS, House, SECRET, SERIAL, authority, key};

/// A server on a real address, practice Apple, and the serial in its box.
struct Rehearsal {
    house: Arc<House>,
    practice: Practice,
    stop: CancellationToken,
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Rehearsal {
    async fn of(family: Family, settings: ProfileSettings, awaits: bool) -> Rehearsal {
        let practice = Practice::start(PracticeConfig::default()).await.unwrap();
        let ca = authority("Pretend Host CA", 2);
        let policy = IssuePolicy::new(Name::of("localhost"), ALWAYS, Usage::TlsServer);
        let host = ca.issue(&policy.with_san(["localhost".into()]), key(1).public_key()).unwrap();
        let identity = Identity::from_der(vec![host.der().to_vec()], &key(1).to_pkcs8()).unwrap();
        let tls = ServerTls::new(identity).asking_for_certificates();
        let listener = Listener::bind(ListenConfig::tls("127.0.0.1:0".parse().unwrap(), tls)).await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().port());
        let anchor = STANDARD.encode(ca.certificate().der());
        let house =
            House::at(platform(family), settings, net::Clock::system(), url.clone(), vec![anchor.clone()])
                .await;
        house.believe(practice.device_ca_der.clone(), practice.apns_url.clone(), &practice.ca_cert_der).await;
        let request = push_certificate::request(&house.app, &house.actor()).await.unwrap();
        let pem = practice.push_certificate(request.as_bytes(), "it@test.example", None).unwrap();
        let upload = push_certificate::Upload { pem, apple_id: None, force: false };
        push_certificate::upload(&house.app, &house.actor(), upload).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(crate::device::router(house.app.clone()), stop.clone()));
        for (work, turn) in [(::app::Work::Push, 0), (::app::Work::Setup, 1)] {
            let (app, stop) = (house.app.clone(), stop.clone());
            tokio::spawn(async move {
                match turn {
                    0 => loops::drive(app, work, stop, loops::push::turn).await,
                    _ => loops::drive(app, work, stop, loops::setup::turn).await,
                }
            });
        }
        sell(&practice, family, &format!("{url}/t/default/enroll/{SECRET}"), anchor, awaits);
        Rehearsal { house: Arc::new(house), practice, stop }
    }

    fn device(&self) -> VirtualDevice {
        self.practice.fleet().device(SERIAL).unwrap()
    }
}

fn platform(family: Family) -> Platform {
    match family {
        Family::IPhone | Family::IPad => Platform::Ios,
        Family::Mac => Platform::MacOs,
        Family::AppleTv => Platform::TvOs,
        Family::Vision => Platform::VisionOs,
    }
}

/// The organisation buys the serial, and assigns it a profile.
fn sell(practice: &Practice, family: Family, url: &str, anchor: String, awaits: bool) {
    let world = practice.world();
    let now = world.now();
    let mut model = world.model();
    let card = OrgCard {
        name: "Test School".into(),
        email: "it@test.example".into(),
        phone: String::new(),
        address: String::new(),
    };
    let org = model.add_org(OrgKind::Business, card).unwrap();
    let server = model.add_server(org, "Muster", Vec::new()).unwrap();
    let order = Order {
        product: product(family, None).unwrap(),
        count: 1,
        number: "1".into(),
        serials: vec![SERIAL.into()],
    };
    let bought = model.buy(org, &order, "it", now).unwrap();
    let chosen = practice::apple::shop::Selection::Serials(bought.clone());
    model.assign_devices(org, &chosen, Some(server), "it", now).unwrap();
    let profile = Profile {
        profile_name: Some("Classroom".into()),
        url: Some(url.to_owned()),
        anchor_certs: vec![anchor],
        is_supervised: Some(true),
        await_device_configured: Some(awaits),
        devices: bought,
        ..Profile::default()
    };
    model.define_profile(server, profile, &Refused::default(), now).unwrap();
}

async fn home(device: &VirtualDevice) {
    let screen = tokio::time::timeout(Duration::from_secs(60), device.settled()).await;
    let screen = screen.unwrap_or_else(|_| device.screen());
    assert_eq!(screen.stage, Shown::Home, "{:?} {:?}", screen.stage, screen.trouble);
}

/// Shows: N9, R49, R12
#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_ipad_enrols_is_named_and_comes_home() {
    let template = Some("{{DEVICETYPE}}-{{SERIAL}}".into());
    let settings = ProfileSettings { device_name_template: template, ..ProfileSettings::default() };
    let rehearsal = Rehearsal::of(Family::IPad, settings, true).await;
    let device = rehearsal.device();
    device.unbox().unwrap();
    home(&device).await;
    assert_eq!(&*device.screen().name, format!("iPad-{SERIAL}"));
    let managed = rehearsal.house.managed().await;
    assert_eq!(managed.stage, Stage::Enrolled);
    let plan =
        setup::get(&rehearsal.house.app, &rehearsal.house.actor(), &managed.id).await.unwrap().unwrap();
    assert!(matches!(plan.state, SetupState::Released { because: ReleaseReason::Finished, .. }), "{plan:?}");
    let code =
        ::app::managed_device::bypass_code(&rehearsal.house.app, &rehearsal.house.actor(), &managed.id).await;
    assert!(code.is_ok());
}

/// Shows: R4
#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_ipad_is_wiped_by_a_push_and_enrols_anew() {
    let rehearsal = Rehearsal::of(Family::IPad, ProfileSettings::default(), false).await;
    let device = rehearsal.device();
    device.unbox().unwrap();
    home(&device).await;
    let id = rehearsal.house.managed().await.id;
    act(&rehearsal.house.app, &rehearsal.house.actor(), &id, Action::Wipe(Wipe::default())).await.unwrap();
    let erased =
        tokio::time::timeout(Duration::from_secs(60), device.wait_for(|s| s.stage == Shown::Boxed)).await;
    assert!(erased.is_ok(), "{:?}", device.screen());
    // It shows "Hello" a moment before it has come to rest, and only then hears somebody open the box.
    device.power_off().await;
    device.unbox().unwrap();
    home(&device).await;
    assert_eq!(rehearsal.house.managed().await.enrolment, 2);
}

/// Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_device_comes_home() {
    for family in [Family::IPhone, Family::Mac, Family::AppleTv, Family::Vision] {
        let rehearsal = Rehearsal::of(family, ProfileSettings::default(), true).await;
        let device = rehearsal.device();
        device.unbox().unwrap();
        home(&device).await;
        let managed = rehearsal.house.managed().await;
        assert_eq!(managed.stage, Stage::Enrolled, "{family:?}");
        let plan =
            setup::get(&rehearsal.house.app, &rehearsal.house.actor(), &managed.id).await.unwrap().unwrap();
        let refused: Vec<_> = plan
            .steps
            .iter()
            .filter(|step| !matches!(step.state, domain::setup::StepState::Done { .. }))
            .collect();
        assert!(refused.is_empty(), "{family:?}: {refused:?}");
    }
}

/// Lessons 39 to 46: answers are lost, come twice, are errors or "not now".
#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_ipad_that_misbehaves_comes_home_all_the_same() {
    let rehearsal = Rehearsal::of(Family::IPad, ProfileSettings::default(), true).await;
    let device = rehearsal.device();
    device.script(Rule::new("Settings", 1, Quirk::NotNow));
    device.script(Rule::new("ActivationLockBypassCode", 1, Quirk::Lost));
    let (code, domain, words) = (12021, "MCMDMErrorDomain".into(), "Unknown command".into());
    device.script(Rule::new("SecurityInfo", 1, Quirk::Error { code, domain, words }));
    device.script(Rule::new("DeviceInformation", 1, Quirk::Twice));
    device.script(Rule::new("DeviceConfigured", 1, Quirk::NotNow));
    device.unbox().unwrap();
    home(&device).await;
    assert_eq!(rehearsal.house.managed().await.stage, Stage::Enrolled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_ipad_whose_backup_is_restored_is_enrolled_again_and_one_that_leaves_is_not() {
    let rehearsal = Rehearsal::of(Family::IPad, ProfileSettings::default(), true).await;
    let device = rehearsal.device();
    device.unbox().unwrap();
    home(&device).await;
    device.restore_backup().await.unwrap();
    assert_eq!(rehearsal.house.managed().await.stage, Stage::Enrolled);
    device.remove_management().await.unwrap();
    assert_eq!(rehearsal.house.managed().await.stage, Stage::CheckedOut);
}
