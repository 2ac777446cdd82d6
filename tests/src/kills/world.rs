//! Practice Apple, 200 virtual devices, and a server that can be killed, on one database.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use app::server_certificate::ServerAuthority;
use net::client::ClientOptions;
use net::{Clock, TrustAnchors};
use practice::apple::catalogue::{Family, product};
use practice::apple::org::{OrgCard, OrgId, OrgKind, ServerId};
use practice::apple::shop::{Order, Selection};
use practice::device::FleetConfig;
use practice::{Practice, PracticeConfig};
use serde_json::{Value, json};

use super::admin::{Admin, Called};
use super::server::{Mouth, Obituary, Recipe, Server};
use super::time::Time;
use super::traffic::Deeds;
use super::{Bug, planted};
use crate::api::nothing;
use crate::database::{self, Engine};
use crate::program::ADMIN;
use crate::tool::Folder;

/// Devices that are set up, erased and set up again.
pub(super) const FLEET: usize = 200;
/// Devices that come to the MDM server and leave it again, and stay in their boxes.
const SHELF: usize = 60;
/// Devices of a page, so that every sync has several.
const SYNC_PAGE: u32 = 25;
/// Serial numbers of a call, so that every assignment has several.
const ASSIGN_BATCH: u32 = 100;
/// 200 devices at once are more work than any kill leaves behind, and it is not what is tested here.
const FOUNDING_TRIES: u32 = 6;
/// The name of the organisation and its token.
const NAME: &str = "Works";

/// See the module.
pub struct World {
    pub(super) admin: Admin,
    pub(super) practice: Practice,
    pub(super) time: Time,
    pub(super) org: OrgId,
    pub(super) server_at_apple: ServerId,
    pub(super) token: String,
    pub(super) profile: String,
    pub(super) fleet: Vec<String>,
    pub(super) shelf: Vec<String>,
    pub(super) deeds: Deeds,
    /// The points at which its first servers died.
    pub(super) deaths: Vec<(&'static str, Obituary)>,
    server: Option<Server>,
    recipe: Recipe,
    mouth: Mouth,
    folder: Folder,
}

/// Assignments of one profile to one device that Apple takes within an hour here. The traffic itself moves a device away
/// and back a hundred times in that time when the computer is slow, and each return is an assignment; a server that
/// assigns in a loop does it thousands of times.
const REPEATS_PER_HOUR: u32 = 200;

impl World {
    /// Founds a world on a database of that engine: a first server that dies at each point of its start, then
    /// everything from the push certificate to 200 devices at home.
    ///
    /// # Panics
    /// When the server does not get that far.
    pub async fn found(engine: Engine, program: &Path, bug: Option<Bug>, deaths: &[&'static str]) -> World {
        let clock = Clock::manual(today() * 1_000_000);
        let config = PracticeConfig { clock: clock.clone(), ..PracticeConfig::default() };
        let practice = Practice::start(config).await.unwrap();
        practice.world().model().rules.repeats_per_hour = REPEATS_PER_HOUR;
        let patient = FleetConfig { patience: 1_000, retry: Duration::from_secs(10), pace: Duration::ZERO };
        practice.fleet().configure(patient);
        let folder = Folder::new();
        let database = database::fresh(engine, &folder).await;
        let place = Place::prepare(&folder, &database, &practice, bug.as_ref());
        let recipe = Recipe {
            program: program.to_owned(),
            config: folder.path("muster.toml"),
            log: folder.path("server.log"),
            bug,
        };
        let mouth = Mouth::default();
        let time = Time::standing(clock, mouth.clone());
        let mut died = Vec::new();
        for &point in deaths {
            let server = Server::start(&recipe, &mouth, time.clock.now_micros(), Some(point)).await;
            died.push((point, server.kill()));
        }
        let server = Server::start(&recipe, &mouth, time.clock.now_micros(), None).await;
        time.run();
        let bootstrap = folder.path("data").join("bootstrap.json");
        let login = std::fs::read(&bootstrap).expect("the first credentials are in their file");
        let login: Value = serde_json::from_slice(&login).unwrap();
        let trust = TrustAnchors::from_pem(place.authority_pem.as_bytes()).unwrap();
        let http = net::client::build(&ClientOptions::new(trust, "kill-test/1")).unwrap();
        let admin = Admin::new(http, &place.api_url, &login);
        let (token, org, server_at_apple) = open_program(&admin, &practice).await;
        let profile = default_profile(&admin, &token).await;
        let mut world = World {
            admin,
            practice,
            time,
            org,
            server_at_apple,
            token,
            profile,
            fleet: Vec::new(),
            shelf: Vec::new(),
            deeds: Deeds::default(),
            deaths: died,
            server: Some(server),
            recipe,
            mouth,
            folder,
        };
        world.fill().await;
        world
    }

    /// Buys every device, chooses the profile for the fleet, and has the fleet set up.
    async fn fill(&mut self) {
        self.fleet = self.buy(FLEET);
        self.shelf = self.buy(SHELF);
        crate::until("every device known here", async || {
            let rows = self.admin.rows("muster/devices").await?;
            (rows.len() == FLEET + SHELF).then_some(())
        })
        .await;
        let path = format!(
            "deviceManagement/depOnboardingSettings/{}/enrollmentProfiles/{}/updateDeviceProfileAssignment",
            self.token, self.profile
        );
        good(self.admin.post(&path, json!({ "deviceIds": self.fleet })).await);
        for serial in &self.fleet {
            self.practice.fleet().device(serial).unwrap();
        }
        for _ in 1..FOUNDING_TRIES {
            if super::truth::until_agreed(self).await.is_ok() {
                return;
            }
        }
        super::truth::until_agreed(self).await.unwrap_or_else(|words| {
            panic!("the world is not founded: {words:?}\n{}", self.last_words());
        });
    }

    /// Buys some devices more, which stay in their boxes.
    pub fn buy_more(&self) {
        self.buy(SHELF);
    }

    fn buy(&self, count: usize) -> Vec<String> {
        let order = Order {
            product: product(Family::IPhone, None).unwrap(),
            count,
            number: format!("PO-{count}"),
            serials: Vec::new(),
        };
        let now = self.practice.world().now();
        let serials = self.practice.world().model().buy(self.org, &order, ADMIN, now).unwrap();
        self.hand_over(&serials, true);
        serials
    }

    /// Puts devices on the MDM server at Apple, or takes them off it.
    pub(super) fn hand_over(&self, serials: &[String], to_us: bool) {
        let (world, now) = (self.practice.world(), self.practice.world().now());
        let server = to_us.then_some(self.server_at_apple);
        let selection = Selection::Serials(serials.to_vec());
        world.model().assign_devices(self.org, &selection, server, ADMIN, now).unwrap();
    }

    /// The server that runs now, to be put back.
    ///
    /// # Panics
    /// When none does.
    pub(super) fn take_server(&mut self) -> Server {
        self.server.take().unwrap()
    }

    /// Gives it back.
    pub(super) fn put_back(&mut self, server: Server) {
        self.server = Some(server);
    }

    /// Kills the server. Time stands until it is back.
    ///
    /// # Panics
    /// When none runs.
    pub(super) fn kill(&mut self) -> Obituary {
        self.time.stand();
        self.server.take().unwrap().kill()
    }

    /// Starts the server again; with `at`, kills it at that point of its start first.
    pub(super) async fn revive(&mut self, at: Option<&str>) {
        let now = self.time.clock.now_micros();
        if let Some(at) = at {
            Server::start(&self.recipe, &self.mouth, now, Some(at)).await.kill();
        }
        self.server = Some(Server::start(&self.recipe, &self.mouth, now, None).await);
        self.time.run();
    }

    /// Wakes the bug that is planted in it.
    pub fn wake_bug(&self) {
        planted::wake(&self.folder);
    }

    /// The end of the server's log, for a failure's words.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.recipe.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// TLS is checked by the computer's clock.
fn today() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The server's settings and certificates.
struct Place {
    api_url: String,
    authority_pem: String,
}

impl Place {
    fn prepare(folder: &Folder, database: &str, practice: &Practice, bug: Option<&Bug>) -> Place {
        let authority = ServerAuthority::create(today()).unwrap();
        let hosts = ["localhost", "127.0.0.1"].map(str::to_owned);
        let issued = authority.issue(&hosts, today()).unwrap();
        let certificate = folder.put("server.pem", &issued.chain_pem);
        let key = folder.put("server.key", issued.key_pem.as_bytes());
        let anchors = folder.put("authority.pem", &authority.certificate_pem);
        folder.put("practice.json", practice_file(practice).to_string());
        let [api, devices] = [port(), port()];
        let tls = format!("certificate = {certificate:?}\nkey = {key:?}\n");
        let devices = match bug {
            Some(Bug::AnswerBeforeCommit) => planted::front(folder, devices, port(), &certificate, &key),
            _ => format!("listen = \"127.0.0.1:{devices}\"\nurl = \"https://localhost:{devices}\"\n{tls}"),
        };
        let settings = format!(
            "data = {:?}\ndatabase_url = {database:?}\npractice = {:?}\nlog_filter = \"warn,muster_app=info\"\n\
             [api]\nlisten = \"127.0.0.1:{api}\"\n{tls}\
             [devices]\n{devices}anchors = {anchors:?}\n\
             [limits]\nsync_every = \"2m\"\nmanual_sync_every = \"1m\"\nsync_page = {SYNC_PAGE}\n\
             assign_batch = {ASSIGN_BATCH}\n",
            folder.path("data"),
            folder.path("practice.json"),
        );
        folder.put("muster.toml", settings);
        Place { api_url: format!("https://localhost:{api}"), authority_pem: authority.certificate_pem }
    }
}

/// What `muster practice serve` writes.
fn practice_file(practice: &Practice) -> Value {
    let pem = |der: &[u8]| pki::pem::encode("CERTIFICATE", der);
    json!({
        "adeUrl": practice.ade_url,
        "apnsUrl": practice.apns_url,
        "portalUrl": practice.portal_url,
        "activationUrl": practice.activation_url,
        "pushcertUrl": practice.pushcert_url,
        "pushUrl": practice.push_url,
        "caPem": pem(&practice.ca_cert_der),
        "deviceCaPem": pem(&practice.device_ca_der),
    })
}

/// A free port that stays free while the server is down: the system gives none of these to a connection that goes out.
fn port() -> u16 {
    let mut chance = super::Chance::new(u64::from_le_bytes(pki::random::bytes::<8>().unwrap()));
    loop {
        let port = 12_000 + u16::try_from(chance.below(20_000)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The answer of a call that had to succeed.
fn good(called: Called) -> Value {
    match called {
        Called::Answered(200..=299, body) => body,
        other => panic!("the server refused: {other:?}"),
    }
}

/// A push certificate, a token and its MDM server at Apple.
async fn open_program(admin: &Admin, practice: &Practice) -> (String, OrgId, ServerId) {
    const PUSH: &str = "deviceManagement/applePushNotificationCertificate";
    const TOKENS: &str = "deviceManagement/depOnboardingSettings";
    let path = format!("{PUSH}/downloadApplePushNotificationCertificateSigningRequest()");
    let request = good(admin.get(&path).await);
    let pem = practice.push_certificate(request["value"].as_str().unwrap().as_bytes(), ADMIN, None).unwrap();
    good(admin.patch(PUSH, json!({ "appleIdentifier": ADMIN, "certificate": pem })).await);
    let draft = json!({ "tokenName": NAME, "appleIdentifier": ADMIN, "dataSharingConsentGranted": true });
    let token = good(admin.post(TOKENS, draft).await)["id"].as_str().unwrap().to_owned();
    let of_token = |action: &str| format!("{TOKENS}/{token}/{action}");
    good(admin.post(&of_token("generateEncryptionPublicKey"), nothing()).await);
    let key = good(admin.get(&of_token("getEncryptionPublicKey()")).await);
    let key = pki::x509::Certificate::from_pem(key["value"].as_str().unwrap()).unwrap().der().to_vec();
    let (org, server) = {
        let mut model = practice.world().model();
        let card = OrgCard { name: NAME.to_owned(), email: ADMIN.to_owned(), ..OrgCard::default() };
        let org = model.add_org(OrgKind::Business, card).unwrap();
        (org, model.add_server(org, "MDM", key).unwrap())
    };
    let file = String::from_utf8(practice.download_token(server, ADMIN).unwrap()).unwrap();
    good(admin.post(&of_token("uploadDepToken"), json!({ "appleId": ADMIN, "depToken": file })).await);
    (token, org, server)
}

/// A profile for iPhones that holds devices in Setup Assistant, and that users may remove.
async fn default_profile(admin: &Admin, token: &str) -> String {
    let path = format!("deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles");
    let body = json!({
        "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
        "displayName": "Standard",
        "supervisedModeEnabled": true,
        "profileRemovalDisabled": false,
        "isMandatory": true,
        "supportDepartment": "IT",
        "supportPhoneNumber": "+1 555 0100",
        "awaitDeviceConfiguredConfirmation": true,
        "deviceNameTemplate": "Works-{{SERIAL}}",
    });
    let profile = good(admin.post(&path, body).await)["id"].as_str().unwrap().to_owned();
    good(admin.post(&format!("{path}/{profile}/setDefaultProfile"), nothing()).await);
    profile
}
