//! A server on a database of its own, practice Apple beside it, and a clock that both go by.

use std::sync::Arc;
use std::time::Duration;

use domain::profile::ProfileSettings;
use domain::sync::SyncRun;
use domain::tenant::DEFAULT_TENANT;
use domain::{Limits, Platform, ProfileId, TokenId};
use muster_app::open::{Place, PracticeApple, open, seal_key};
use muster_app::token::{NewToken, TokenUpload, Uploaded};
use muster_app::{
    Actor, ActorKind, App, PageQuery, Result, Settings, device, loops, profile, push_certificate, sync, token,
};
use net::{Clock, Points};
use pki::x509::Certificate;
use practice::apple::catalogue::{Family, product};
use practice::apple::org::{OrgCard, OrgId, OrgKind, ServerId};
use practice::apple::shop::{Order, Selection};
use practice::{Practice, PracticeConfig};
use tempfile::TempDir;

use crate::engine::Engine;

pub(crate) const BY: &str = "it@example.org";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// Everything a test needs.
pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) practice: Practice,
    pub(crate) org: OrgId,
    pub(crate) actor: Actor,
    place: Place,
    limits: Limits,
    practice_apple: PracticeApple,
    _dir: TempDir,
}

/// A token and its server at practice Apple.
pub(crate) struct Connected {
    pub(crate) token: TokenId,
    pub(crate) server: ServerId,
}

fn settings() -> Settings {
    Settings {
        api_url: "https://mdm.example.org".into(),
        device_url: "https://devices.example.org".into(),
        device_anchors: Vec::new(),
    }
}

pub(crate) fn administrator(tenant: &str) -> Actor {
    let rights = domain::access::Rights::all();
    Actor { tenant: tenant.parse().unwrap(), name: "Ada".into(), kind: ActorKind::Admin, rights }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::on(Engine::Sqlite, limits).await
    }

    pub(crate) async fn on(engine: Engine, limits: Limits) -> Self {
        let clock = Clock::manual(1_800_000_000_000_000);
        let config = PracticeConfig { clock: clock.clone(), ..PracticeConfig::default() };
        let practice = Practice::start(config).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let place = Place {
            database_url: engine.database_url(&dir).await,
            seal_key: seal_key().unwrap(),
            older_seal_keys: Vec::new(),
        };
        let pem = |der: &[u8]| Certificate::from_der(der).unwrap().to_pem();
        let practice_apple = PracticeApple {
            ade_url: practice.ade_url.clone(),
            apns_url: practice.apns_url.clone(),
            ca_pem: pem(&practice.ca_cert_der),
            device_ca_pem: pem(&practice.device_ca_der),
        };
        let opened =
            open(&place, clock.clone(), Points::default(), limits.clone(), settings(), Some(&practice_apple))
                .await
                .unwrap();
        let card =
            OrgCard { name: "Example Ltd".into(), email: BY.into(), phone: "1".into(), address: "A".into() };
        let org = practice.world().model().add_org(OrgKind::Business, card).unwrap();
        let actor = administrator(DEFAULT_TENANT);
        Self { app: opened.app, clock, practice, org, actor, place, limits, practice_apple, _dir: dir }
    }

    /// Closes the database and opens it as a new process would.
    pub(crate) async fn restart(&mut self) {
        self.app.store.close().await;
        self.app = self.another().await;
    }

    /// Another server on the same database.
    pub(crate) async fn another(&self) -> App {
        let opened = open(
            &self.place,
            self.clock.clone(),
            Points::default(),
            self.limits.clone(),
            settings(),
            Some(&self.practice_apple),
        )
        .await;
        opened.unwrap().app
    }

    pub(crate) async fn add_push_certificate(&self) {
        let request = push_certificate::request(&self.app, &self.actor).await.unwrap();
        let pem = self.practice.push_certificate(request.as_bytes(), BY, None).unwrap();
        let upload = push_certificate::Upload { pem, apple_id: Some(BY.into()), force: false };
        push_certificate::upload(&self.app, &self.actor, upload).await.unwrap();
    }

    /// A token from consent to file.
    pub(crate) async fn connect(&self, name: &str) -> Connected {
        if push_certificate::get(&self.app, &self.actor).await.unwrap().is_none() {
            self.add_push_certificate().await;
        }
        let new = NewToken { name: name.into(), consent: true, ..NewToken::default() };
        let token = token::create(&self.app, &self.actor, new).await.unwrap().id;
        let server = self.server_for(&token, name).await;
        self.upload(&token, server, false).await.unwrap();
        Connected { token, server }
    }

    /// A server at practice Apple with a new public key of the token.
    pub(crate) async fn server_for(&self, token: &TokenId, name: &str) -> ServerId {
        let key = token::generate_key(&self.app, &self.actor, token).await.unwrap();
        let certificate = Certificate::from_pem(&key.certificate_pem).unwrap();
        self.practice.world().model().add_server(self.org, name, certificate.der().to_vec()).unwrap()
    }

    pub(crate) async fn upload(&self, token: &TokenId, server: ServerId, confirm: bool) -> Result<Uploaded> {
        let file = self.practice.download_token(server, BY).unwrap();
        let upload = TokenUpload { file, apple_id: Some(BY.into()), confirm_other_server: confirm };
        token::upload(&self.app, &self.actor, token, upload).await
    }

    /// Buys devices for a server.
    pub(crate) fn buy(&self, server: ServerId, family: Family, count: usize) -> Vec<String> {
        let world = self.practice.world();
        let (now, mut model) = (world.now(), world.model());
        let order = Order {
            product: product(family, None).unwrap(),
            count,
            number: "PO".into(),
            serials: Vec::new(),
        };
        let serials = model.buy(self.org, &order, BY, now).unwrap();
        model.assign_devices(self.org, &Selection::Serials(serials.clone()), Some(server), BY, now).unwrap();
        serials
    }

    /// Puts devices on a server, or on none.
    pub(crate) fn place(&self, serials: &[String], server: Option<ServerId>) {
        let world = self.practice.world();
        let now = world.now();
        let selection = Selection::Serials(serials.to_vec());
        world.model().assign_devices(self.org, &selection, server, BY, now).unwrap();
    }

    pub(crate) async fn sync(&self) {
        loops::sync::turn(self.app.clone()).await.unwrap();
    }

    pub(crate) async fn assign(&self) {
        loops::assign::turn(self.app.clone()).await.unwrap();
    }

    pub(crate) async fn last_run(&self, token: &TokenId) -> SyncRun {
        sync::runs(&self.app, &self.actor, token, 1).await.unwrap().remove(0)
    }

    /// Serials that are shown, sorted.
    pub(crate) async fn shown(&self, token: &TokenId) -> Vec<String> {
        let query = PageQuery { limit: 10_000, ..PageQuery::default() };
        let page = device::list(&self.app, &self.actor, Some(token), query).await.unwrap();
        let live = page.items.into_iter().filter(domain::device::Device::is_live);
        let mut serials: Vec<String> = live.map(|device| device.serial.to_string()).collect();
        serials.sort();
        serials
    }

    pub(crate) async fn device(&self, serial: &str) -> domain::device::Device {
        device::stories(&self.app, &self.actor, serial).await.unwrap().remove(0).device
    }

    /// Whether it may be unboxed, and the codes of the reasons.
    pub(crate) async fn readiness(&self, serial: &str) -> (bool, Vec<&'static str>) {
        let story = device::stories(&self.app, &self.actor, serial).await.unwrap().remove(0);
        (story.readiness.ready, story.readiness.reasons.iter().map(|reason| reason.code.as_str()).collect())
    }

    pub(crate) async fn profile(&self, token: &TokenId, platform: Platform, name: &str) -> ProfileId {
        let settings = ProfileSettings {
            display_name: name.into(),
            supervised_mode_enabled: true,
            ..ProfileSettings::default()
        };
        profile::create(&self.app, &self.actor, token, platform, settings).await.unwrap().profile.id
    }

    pub(crate) async fn rename_profile(&self, token: &TokenId, id: &ProfileId, name: &'static str) {
        let edit: profile::Edit = Arc::new(move |settings| {
            settings.display_name = name.into();
            Ok(())
        });
        profile::update(&self.app, &self.actor, token, id, edit).await.unwrap();
    }

    /// The profile that practice Apple has for a serial, by name.
    pub(crate) fn profile_at_apple(&self, server: ServerId, serial: &str) -> Option<String> {
        let world = self.practice.world();
        let model = world.model();
        let uuid = model.device(serial)?.profile.profile.and_then(|id| model.profile_uuid(id))?.to_owned();
        model.read_profile(server, &uuid).ok().and_then(|profile| profile.profile_name)
    }

    pub(crate) fn calls(&self, endpoint: &str) -> u64 {
        self.practice.world().calls(endpoint)
    }

    pub(crate) async fn alerts(&self) -> Vec<domain::alert::AlertKind> {
        let alerts = muster_app::alert::alerts(&self.app, &self.actor).await.unwrap();
        alerts.into_iter().map(|alert| alert.kind).collect()
    }
}
