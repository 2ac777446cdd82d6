//! Practice Apple, a management server, and devices between the two.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use muster_practice::apple::assign::Refused;
use muster_practice::apple::catalogue::{Family, product};
use muster_practice::apple::org::{OrgCard, OrgId, OrgKind, ServerId};
use muster_practice::apple::profile::Profile;
use muster_practice::apple::shop::{Order, Selection};
use muster_practice::device::{Screen, Stage, VirtualDevice};
use muster_practice::{Practice, PracticeConfig};
use net::Clock;

use crate::stub::Stub;

/// 2026-05-09T02:30:00Z
pub(crate) const START: i64 = 1_778_293_800;

/// Long enough for anything on loopback, short enough not to hang a build.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Rehearsal {
    pub(crate) practice: Practice,
    pub(crate) clock: Clock,
    pub(crate) stub: Stub,
    pub(crate) org: OrgId,
    pub(crate) server: ServerId,
}

/// Fails the test if `future` takes longer than anything on loopback may.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long")
}

pub(crate) async fn rehearsal() -> Rehearsal {
    let clock = Clock::manual(START * 1_000_000);
    let config = PracticeConfig { clock: clock.clone(), ..PracticeConfig::default() };
    let practice = Practice::start(config).await.unwrap();
    let stub = Stub::start(&practice, clock.clone()).await;
    let mut model = practice.world().model();
    let card = OrgCard { name: "Example Works".into(), ..OrgCard::default() };
    let org = model.add_org(OrgKind::Business, card).unwrap();
    let server = model.add_server(org, "MDM of Works", vec![]).unwrap();
    drop(model);
    Rehearsal { practice, clock, stub, org, server }
}

impl Rehearsal {
    /// The ADE profile of the management server.
    pub(crate) fn profile(&self) -> Profile {
        Profile {
            profile_name: Some("Corp".into()),
            url: Some(self.stub.url("/enroll")),
            anchor_certs: vec![STANDARD.encode(&self.stub.tls_ca)],
            is_supervised: Some(true),
            is_mandatory: Some(true),
            is_mdm_removable: Some(false),
            await_device_configured: Some(true),
            skip_setup_items: vec!["Siri".into(), "AppleID".into()],
            department: Some("Sales".into()),
            support_phone_number: Some("+1 555 0100".into()),
            ..Profile::default()
        }
    }

    pub(crate) fn buy(&self, family: Family, count: usize) -> Vec<String> {
        let product = product(family, None).unwrap();
        let order = Order { product, count, number: "W1".into(), serials: vec![] };
        let mut model = self.practice.world().model();
        let serials = model.buy(self.org, &order, "shop@example.com", self.practice.world().now()).unwrap();
        let (to, now) = (Some(self.server), self.practice.world().now());
        model
            .assign_devices(self.org, &Selection::Serials(serials.clone()), to, "admin@example.com", now)
            .unwrap();
        serials
    }

    pub(crate) fn assign(&self, profile: Profile, serials: &[String]) {
        let now = self.practice.world().now();
        let refused = &Refused::default();
        let mut model = self.practice.world().model();
        let (uuid, _) = model.define_profile(self.server, profile, refused, now).unwrap();
        let assigned = model.assign(self.server, &uuid, serials, refused, now);
        assert!(assigned.is_ok());
    }

    /// A device of that family with that profile, in its box.
    pub(crate) fn device(&self, family: Family, profile: Profile) -> VirtualDevice {
        let serials = self.buy(family, 1);
        self.assign(profile, &serials);
        self.practice.fleet().device(&serials[0]).unwrap()
    }

    pub(crate) fn ipad(&self) -> VirtualDevice {
        self.device(Family::IPad, self.profile())
    }

    /// Lets an hour pass whenever somebody sleeps, until `future` is ready.
    pub(crate) async fn hours_until<F: Future>(&self, future: F) -> F::Output {
        let hours = async {
            loop {
                self.clock.until_sleeping(1).await;
                self.clock.advance(Duration::from_secs(3_600));
                tokio::task::yield_now().await;
            }
        };
        soon(async {
            tokio::select! { done = future => done, () = hours => unreachable!() }
        })
        .await
    }

    /// A device that is enrolled and at home.
    pub(crate) async fn at_home(&self) -> VirtualDevice {
        let ipad = self.ipad();
        self.stub.release(&ipad);
        ipad.unbox().unwrap();
        let screen = settled(&ipad).await;
        assert_eq!(screen.stage, Stage::Home, "{screen:?}");
        self.stub.wait_for(|seen| seen.released(&ipad.udid())).await;
        self.stub.forget();
        ipad
    }
}

pub(crate) async fn settled(device: &VirtualDevice) -> Screen {
    soon(device.settled()).await
}

/// Why the device failed.
pub(crate) async fn failure(device: &VirtualDevice) -> String {
    match settled(device).await.stage {
        Stage::Failed { why } => why,
        other => panic!("{other:?}"),
    }
}
