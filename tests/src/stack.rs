//! A whole stack of a test's own: practice Apple and a server, on one clock.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use app::App;
use app::application::NewApplication;
use app::loops::Work;
use app::open::{Limits, Place, PracticeApple};
use app::server_certificate::ServerAuthority;
use net::client::ClientOptions;
use net::{
    CancellationToken, Clock, Identity, ListenConfig, Listener, Points, ServerIdentity, ServerTls,
    TrustAnchors,
};
use practice::apple::model::Rules;
use practice::{Practice, PracticeConfig};
use server::{Server, ServerConfig, ServerLimits};
use tokio::task::JoinSet;

use crate::api::Api;
use crate::database::{self, Engine};
use crate::tool::Folder;
use crate::until;

/// 2026-05-09T02:30:00Z
const START: i64 = 1_778_293_800;

/// How a stack is set up.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where data are kept.
    pub engine: Engine,
    /// What the clock shows at first, in seconds since 1970.
    pub start_unix: i64,
    /// The server's limits.
    pub limits: Limits,
    /// Practice Apple's rules.
    pub rules: Rules,
}

impl Default for Setting {
    fn default() -> Self {
        Setting {
            engine: Engine::Sqlite,
            start_unix: START,
            limits: Limits::default(),
            rules: Rules::default(),
        }
    }
}

impl Setting {
    /// The clock stands at the computer's time: for programs that look at theirs.
    #[must_use]
    pub fn today() -> Setting {
        Setting { start_unix: today(), ..Setting::default() }
    }
}

/// TLS is checked by the computer's clock, whatever the test's own shows.
fn today() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Practice Apple and a server with one practice tenant.
pub struct Stack {
    /// What time it is, for both.
    pub clock: Clock,
    /// Apple.
    pub practice: Practice,
    /// The server's handle, for looking behind the API where nothing else shows what must be so.
    pub app: App,
    /// The API, as the first application of the default tenant.
    pub api: Api,
    /// Base URL of the API.
    pub api_url: String,
    /// Base URL for devices.
    pub device_url: String,
    /// A client that trusts the server and nobody else.
    pub http: reqwest::Client,
    /// PEM of the authority of the server's own certificate.
    pub server_ca_pem: String,
    /// Where the database file is.
    pub folder: Folder,
    running: Option<Running>,
    place: Place,
    limits: Limits,
    addresses: [SocketAddr; 2],
    authority: ServerAuthority,
}

impl Stack {
    /// Starts one as usual.
    pub async fn start() -> Stack {
        Stack::with(Setting::default()).await
    }

    /// Starts one on that engine.
    pub async fn on(engine: Engine) -> Stack {
        Stack::with(Setting { engine, ..Setting::default() }).await
    }

    /// Starts one.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with(setting: Setting) -> Stack {
        let clock = Clock::manual(setting.start_unix * 1_000_000);
        let config =
            PracticeConfig { clock: clock.clone(), rules: setting.rules, ..PracticeConfig::default() };
        let practice = Practice::start(config).await.unwrap();
        let folder = Folder::new();
        let place = Place {
            database_url: database::fresh(setting.engine, &folder).await,
            seal_key: app::open::seal_key().unwrap(),
            older_seal_keys: Vec::new(),
        };
        let authority = ServerAuthority::create(today()).unwrap();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listeners = [listener(&authority, free, false).await, listener(&authority, free, true).await];
        let addresses = [listeners[0].local_addr(), listeners[1].local_addr()];
        let apple = apple(&practice);
        let urls = urls(addresses, &authority);
        let opened = app::open::open(
            &place,
            clock.clone(),
            Points::default(),
            setting.limits.clone(),
            urls.clone(),
            Some(&apple),
        );
        let opened = opened.await.unwrap();
        let running = serve(opened.app.clone(), listeners).await;
        let trust = TrustAnchors::from_pem(authority.certificate_pem.as_bytes()).unwrap();
        let http = net::client::build(&ClientOptions::new(trust, "whole-product-test/1")).unwrap();
        Stack {
            api: Api::new(http.clone(), &urls.api_url, opened.first.unwrap()),
            clock,
            practice,
            app: opened.app,
            api_url: urls.api_url,
            device_url: urls.device_url,
            http,
            server_ca_pem: authority.certificate_pem.clone(),
            folder,
            running: Some(running),
            place,
            limits: setting.limits,
            addresses,
            authority,
        }
    }

    /// Everything that the database holds, as whoever steals it reads it.
    pub async fn dump(&self) -> Vec<u8> {
        database::dump(&self.place.database_url, &self.folder).await
    }

    /// Stops the server, lets `meanwhile` happen, and starts it again at the same addresses on the same data.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self, meanwhile: impl FnOnce(&Stack)) {
        self.stop_server().await;
        meanwhile(self);
        let [api, devices] = self.addresses;
        let listeners =
            [listener(&self.authority, api, false).await, listener(&self.authority, devices, true).await];
        let urls = urls(self.addresses, &self.authority);
        let apple = apple(&self.practice);
        let opened = app::open::open(
            &self.place,
            self.clock.clone(),
            Points::default(),
            self.limits.clone(),
            urls,
            Some(&apple),
        );
        self.app = opened.await.unwrap().app;
        self.running = Some(serve(self.app.clone(), listeners).await);
    }

    /// Stops the server: what it had in memory is on disk then.
    pub async fn stop_server(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
            self.app.store.close().await;
        }
    }

    /// This stack as `muster doctor` looks at it.
    #[must_use]
    pub fn subject(&self) -> app::doctor::Subject {
        let door = |url: &str, address| app::doctor::Door {
            url: url.to_owned(),
            host: "localhost".to_owned(),
            listen: address,
            tls: true,
            own: true,
            anchors: Some(self.authority.certificate_pem.clone()),
        };
        app::doctor::Subject {
            data: self.folder.root().to_owned(),
            secret_files: Vec::new(),
            database_url: self.place.database_url.clone(),
            seal_key_file: "seal.key".into(),
            seal_key: Ok(self.place.seal_key.clone()),
            older_seal_keys: Vec::new(),
            api: door(&self.api_url, self.addresses[0]),
            devices: door(&self.device_url, self.addresses[1]),
            health: None,
            limits: self.limits.clone(),
            want_free: 0,
        }
    }

    /// The key that seals the secrets of its database.
    #[must_use]
    pub fn seal_key(&self) -> &str {
        &self.place.seal_key
    }

    /// A further server on the same database, with an API of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn another_node(&self) -> Node {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listeners =
            [listener(&self.authority, free, false).await, listener(&self.authority, free, true).await];
        let address = listeners[0].local_addr();
        // Both are behind the same public addresses.
        let urls = urls(self.addresses, &self.authority);
        let opened = app::open::open(
            &self.place,
            self.clock.clone(),
            Points::default(),
            self.limits.clone(),
            urls,
            None,
        );
        let app = opened.await.unwrap().app;
        let running = serve(app.clone(), listeners).await;
        let url = format!("https://localhost:{}", address.port());
        Node { api: self.api.at(&url), app, running }
    }

    /// The same URL without TLS, for programs that cannot be told whom to trust: a listener more, as behind a proxy that
    /// ends TLS.
    ///
    /// # Panics
    /// When the URL is not one for devices.
    pub async fn plain(&self, url: &str) -> String {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind(ListenConfig::plain(free)).await.unwrap();
        let address = listener.local_addr();
        let stop = self.running.as_ref().unwrap().stop.clone();
        tokio::spawn(listener.serve(server::device::router(self.app.clone()), stop));
        format!("http://{address}{}", url.strip_prefix(&self.device_url).unwrap())
    }

    /// Waits until every loop of the server has nothing more to do now.
    pub async fn rest(&self) {
        let resting = |work: &Work| {
            let status = self.app.status(*work);
            !status.busy && status.next_due.is_some_and(|due| due > self.app.now())
        };
        until("the loops at rest", async || Work::ALL.iter().all(resting).then_some(())).await;
    }

    /// Lets time pass, once everything that is due now is done: as in life, where minutes are long.
    pub async fn pass(&self, span: Duration) {
        self.rest().await;
        self.clock.advance(span);
    }

    /// A caller of the API as another application, such as another tenant's.
    #[must_use]
    pub fn api_as(&self, application: NewApplication) -> Api {
        Api::new(self.http.clone(), &self.api_url, application)
    }

    /// A further practice tenant, and its API.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn add_tenant(&self, id: &str) -> Api {
        let apple = apple(&self.practice);
        let made = app::operator::add_tenant(&self.app.store, id, "Another Works", Some(&apple), &self.clock);
        self.api_as(made.await.unwrap())
    }
}

fn apple(practice: &Practice) -> PracticeApple {
    PracticeApple {
        ade_url: practice.ade_url.clone(),
        apns_url: practice.apns_url.clone(),
        ca_pem: pki::pem::encode("CERTIFICATE", &practice.ca_cert_der),
        device_ca_pem: pki::pem::encode("CERTIFICATE", &practice.device_ca_der),
    }
}

fn urls(addresses: [SocketAddr; 2], authority: &ServerAuthority) -> app::Settings {
    let url = |address: SocketAddr| format!("https://localhost:{}", address.port());
    app::Settings {
        api_url: url(addresses[0]),
        device_url: url(addresses[1]),
        device_anchors: app::open::anchors(&authority.certificate_pem).unwrap(),
    }
}

/// A further server on a stack's database.
pub struct Node {
    /// Its API, as the stack's application.
    pub api: Api,
    /// Its handle.
    pub app: App,
    running: Running,
}

impl Node {
    /// Stops it.
    pub async fn stop(self) {
        self.running.stop().await;
        self.app.store.close().await;
    }
}

/// What runs of a server.
struct Running {
    server: server::Running,
    loops: JoinSet<()>,
    stop: CancellationToken,
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        self.loops.join_all().await;
        self.server.stop().await;
    }
}

async fn serve(app: App, [api, devices]: [Listener; 2]) -> Running {
    let config = ServerConfig {
        app: app.clone(),
        api,
        device: Some(devices),
        health: None,
        limits: ServerLimits::default(),
        metrics_from: Vec::new(),
    };
    let server = Server::start(config).await.unwrap();
    let stop = CancellationToken::new();
    Running { server, loops: app::loops::spawn(&app, &stop), stop }
}

async fn listener(authority: &ServerAuthority, address: SocketAddr, devices: bool) -> Listener {
    let hosts = ["localhost", "127.0.0.1"].map(str::to_owned);
    let issued = authority.issue(&hosts, today()).unwrap();
    let identity = Identity::from_pem(issued.chain_pem.as_bytes(), issued.key_pem.as_bytes()).unwrap();
    let tls = ServerTls::new(ServerIdentity::new(identity));
    let tls = if devices { tls.asking_for_certificates() } else { tls };
    let limits = net::Limits { drain: Duration::from_secs(2), ..net::Limits::default() };
    Listener::bind(ListenConfig { limits, ..ListenConfig::tls(address, tls) }).await.unwrap()
}
