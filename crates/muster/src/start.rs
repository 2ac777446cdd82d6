//! Starting a server from its settings: for `muster serve`, and for the demo, which then talks to it over HTTP alone.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use app::application::NewApplication;
use app::open::Place;
use app::server_certificate::ServerAuthority;
use app::user::{self, Link};
use app::{App, AppError};
use net::forwarded::{Network, TrustedProxies};
use net::{CancellationToken, Clock, Identity, ListenConfig, Listener, Points, ServerIdentity, ServerTls};
use serde_json::json;

use crate::Handles;
use crate::error::CliError;
use crate::key_file;
use crate::named_file;
use crate::owner::Owner;
use crate::practice_file::PracticeFile;
use crate::profile_file::write_private;
use crate::settings::identity_provider::IdentityProvider;
use crate::settings::server::Bounds;
use crate::settings::{Settings, Side, Tls, host};

/// The tenant whose first administrator the link is for; others get theirs by `muster accounts reset`.
const DEFAULT_TENANT: &str = "default";
/// How often certificates are read or made anew: operators' tools renew theirs at least a week before the end.
const CERTIFICATES_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Names under which a listener on this machine alone is reached.
const LOOPBACK_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A running server.
pub(crate) struct Running {
    /// Public base URL of the API.
    pub(crate) api_url: String,
    /// Public base URL for devices.
    pub(crate) device_url: String,
    /// Where the API listens.
    pub(crate) api_address: SocketAddr,
    /// Where devices are listened to.
    pub(crate) device_address: SocketAddr,
    /// Where health and metrics are told alone.
    pub(crate) health_address: Option<SocketAddr>,
    /// The first application's file, when this was the first start.
    pub(crate) bootstrap: Option<PathBuf>,
    /// The file with the link for the first administrator, while there is none.
    pub(crate) setup_link: Option<PathBuf>,
    /// Held until the server has stopped.
    _lock: File,
    server: server::Running,
    works: app::open::Works,
    stop: CancellationToken,
    finish: Duration,
    certificates: Arc<Certificates>,
    clock: Clock,
}

impl Running {
    /// Shows certificates anew now: an operator's tool has just renewed one. Whether every listener could; one that
    /// could not keeps what it shows.
    pub(crate) fn read_certificates(&self) -> bool {
        self.certificates.show_anew(&self.clock)
    }

    /// Says by `/readyz` that nobody shall be sent here any more, and serves on.
    pub(crate) fn announce_stop(&self) {
        self.server.announce_stop();
    }

    /// Waits until this program may not go on working with the database; answers why.
    pub(crate) async fn unfit(&self) -> String {
        self.works.unfit().await
    }

    /// Takes no more requests, finishes those under way, then the work of the loops, and closes the database. Requests and
    /// work have `stop_finish` each.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let cut = self.server.stop().await;
        if cut > 0 {
            tracing::warn!(cut, "requests were still under way and were cut");
        }
        self.works.stop(self.finish).await;
    }
}

/// The file of the server's own authority, PEM: what browsers, scripts and `muster login` need.
pub(crate) fn authority_path(data: &Path) -> PathBuf {
    data.join("server-ca.pem")
}

/// The database and its keys, as they are.
pub(crate) fn place(settings: &Settings) -> Result<Place, CliError> {
    place_with(settings, &key_file::read(&settings.seal_key_file)?)
}

/// The database, with these keys in place of those in the key file.
pub(crate) fn place_with(settings: &Settings, keys: &[key_file::Key]) -> Result<Place, CliError> {
    let mut place = key_file::place(&settings.database_url, &key_file::written(keys))?;
    for path in &settings.older_seal_key_files {
        place.older_seal_keys.extend(key_file::read(path)?);
    }
    Ok(place)
}

/// The place of a server that has run: an operator's command makes neither keys nor an empty database.
pub(crate) fn existing(settings: &Settings) -> Result<Place, CliError> {
    must_exist(settings)?;
    place(settings)
}

/// A SQLite database must be there.
pub(crate) fn must_exist(settings: &Settings) -> Result<(), CliError> {
    if let Some(path) = settings.sqlite_path()
        && !path.exists()
    {
        let words = format!(
            "there is no database at {}: say --data or --config as for `muster serve`",
            path.display()
        );
        return Err(CliError::Words(words));
    }
    Ok(())
}

/// Starts a server: takes its folder, listens, opens the database, and begins to answer and to work.
pub(crate) async fn start(settings: &Settings, handles: Handles) -> Result<Running, CliError> {
    let folder = Folder::take(settings)?;
    let Handles { clock, points } = handles;
    let doors = Doors::open(settings, &clock).await?;
    let urls = doors.urls(settings)?;
    let (app, bootstrap) = open(settings, &folder, &urls, clock.clone(), points).await?;
    let setup_link = setup_link(settings, &app).await?;
    let config = server::ServerConfig {
        app: app.clone(),
        api: doors.api,
        device: Some(doors.devices),
        health: doors.health,
        limits: settings.server.edge(uncounted(settings)),
        metrics_from: settings.metrics_from.clone(),
    };
    let provider = settings.identity_provider.as_ref().map(IdentityProvider::open).transpose()?;
    let server = server::Server::start_with_provider(config, provider).await.map_err(CliError::failed)?;
    let works = app::open::work(&app);
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&doors.certificates).keep_fresh(clock.clone(), stop.clone()));
    Ok(Running {
        api_url: urls.api_url,
        device_url: urls.device_url,
        api_address: server.api_addr,
        device_address: server.device_addr,
        health_address: server.health_addr,
        bootstrap,
        setup_link,
        _lock: folder.lock,
        server,
        works,
        stop,
        finish: settings.server.stop_finish,
        certificates: doors.certificates,
        clock,
    })
}

/// The data folder, taken.
struct Folder {
    lock: File,
    /// Whether the seal key was made just now.
    fresh_key: bool,
}

impl Folder {
    /// Makes it and the seal key, if they are not there, and holds it.
    fn take(settings: &Settings) -> Result<Self, CliError> {
        std::fs::create_dir_all(&settings.data).map_err(|e| CliError::file("write", &settings.data, e))?;
        let lock = lock(settings)?;
        let fresh_key = !settings.seal_key_file.exists();
        if fresh_key {
            make_seal_key(settings)?;
        }
        Ok(Self { lock, fresh_key })
    }
}

/// The listeners, and what they show. Clients may connect from now on and are answered once the server has started.
struct Doors {
    api: Listener,
    devices: Listener,
    health: Option<Listener>,
    certificates: Arc<Certificates>,
}

impl Doors {
    async fn open(settings: &Settings, clock: &Clock) -> Result<Self, CliError> {
        let certificates = Arc::new(Certificates::open(settings, clock)?);
        let api = certificates.listener(&settings.api, settings, false).await?;
        let devices = certificates.listener(&settings.devices, settings, true).await?;
        let health = match settings.health_listen {
            Some(address) => Some(Listener::bind(Bounds::health(address)).await.map_err(CliError::failed)?),
            None => None,
        };
        Ok(Self { api, devices, health, certificates })
    }

    /// How the server is reached from outside.
    fn urls(&self, settings: &Settings) -> Result<app::Settings, CliError> {
        Ok(app::Settings {
            api_url: url(&settings.api, self.api.local_addr()),
            device_url: url(&settings.devices, self.devices.local_addr()),
            device_anchors: self.certificates.device_anchors(&settings.devices)?,
        })
    }
}

/// Opens the database. At the first start of all, the first application's file is there before the application is.
async fn open(
    settings: &Settings,
    folder: &Folder,
    urls: &app::Settings,
    clock: Clock,
    points: Points,
) -> Result<(App, Option<PathBuf>), CliError> {
    let practice = settings.practice.as_deref().map(PracticeFile::read).transpose()?;
    let practice = practice.as_ref().map(PracticeFile::for_tenant);
    let place = place(settings)?;
    let mut bootstrap = None;
    let keep = |first: &NewApplication| {
        bootstrap = Some(
            write_bootstrap(settings, &urls.api_url, first).map_err(|e| AppError::internal(e.to_string()))?,
        );
        Ok(())
    };
    let (limits, urls) = (settings.limits.clone(), urls.clone());
    let opened = app::open::open_keeping(&place, clock, points, limits, urls, practice.as_ref(), keep).await;
    let opened = opened.map_err(|error| match folder.fresh_key {
        true => CliError::Failed(format!("{error}\n  {}", made_just_now(settings))),
        false => CliError::failed(error),
    })?;
    if opened.first.is_none()
        && let Some(of_nobody) = bootstrap.take()
    {
        std::fs::remove_file(&of_nobody).map_err(|e| CliError::file("remove", &of_nobody, e))?;
    }
    Ok((opened.app, bootstrap))
}

/// Takes the data folder for one program alone: two servers on one SQLite database would each believe to be the only
/// one, and a copy must not be put in place under a running server. The lock goes with the process.
pub(crate) fn lock(settings: &Settings) -> Result<File, CliError> {
    let path = settings.data.join("serve.lock");
    let owner = Owner::of_new(&settings.data)?;
    // Made by root, it would keep the server's user out.
    let made = File::create(&path).and_then(|file| owner.take(&file).map(|()| file));
    let file = made.map_err(|e| CliError::file("write", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(CliError::Words(format!("a server is running on {}: stop it first", settings.data.display())))
        }
        Err(TryLockError::Error(error)) => Err(CliError::file("write", &path, error)),
    }
}

fn make_seal_key(settings: &Settings) -> Result<(), CliError> {
    if settings.sqlite_path().is_some_and(|path| path.exists()) {
        let words = format!(
            "the database {} is there, but its key {} is not: without it no secret opens. Put it back, or say --seal-key-file",
            settings.database_url,
            settings.seal_key_file.display()
        );
        return Err(CliError::Words(words));
    }
    let key = app::open::seal_key().map_err(CliError::failed)?;
    write_private(&settings.seal_key_file, key.as_bytes())
}

/// What to do when a database of another server does not open with the key that was made for a new one.
fn made_just_now(settings: &Settings) -> String {
    let key = settings.seal_key_file.display();
    format!(
        "{key} was made just now. If the database has served before, put the key that it had in its place."
    )
}

/// The file with a fresh link for the first administrator, while there is none. Afterwards the file goes.
async fn setup_link(settings: &Settings, app: &App) -> Result<Option<PathBuf>, CliError> {
    let path = settings.data.join("setup-link.txt");
    let keep = |link: &Link| {
        let text = format!("{}\n", link.url(&app.settings.api_url).as_str());
        write_private(&path, text.as_bytes()).map_err(|e| AppError::internal(e.to_string()))
    };
    let made = user::first_link(app, DEFAULT_TENANT, keep).await.map_err(CliError::failed)?;
    if made.is_none() && path.exists() {
        std::fs::remove_file(&path).map_err(|e| CliError::file("remove", &path, e))?;
    }
    Ok(made.map(|_| path))
}

fn write_bootstrap(settings: &Settings, url: &str, first: &NewApplication) -> Result<PathBuf, CliError> {
    let path = settings.data.join("bootstrap.json");
    let own = settings.api.tls == Tls::Own;
    let login = json!({
        "url": url,
        "tenant": first.tenant.as_str(),
        "client_id": first.client_id,
        "client_secret": first.client_secret.as_str(),
        "ca_pem": own.then(|| std::fs::read_to_string(authority_path(&settings.data)).ok()),
    });
    write_private(&path, format!("{login:#}\n").as_bytes())?;
    Ok(path)
}

/// How a side is reached from outside, as the settings alone tell.
pub(crate) fn public_url(side: &Side) -> String {
    url(side, side.listen)
}

/// The URL set, or `localhost` and the port.
pub(crate) fn url(side: &Side, address: SocketAddr) -> String {
    side.url.clone().unwrap_or_else(|| format!("https://localhost:{}", address.port()))
}

/// What the listeners show, and how it is made anew.
struct Certificates {
    own: Option<ServerAuthority>,
    shown: std::sync::Mutex<Vec<Shown>>,
    now: i64,
}

/// One listener's identity and where it comes from.
struct Shown {
    identity: ServerIdentity,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Own(Vec<String>),
    Files(PathBuf, PathBuf),
}

impl Certificates {
    /// Reads the server's own authority, or makes it when a listener needs one and there is none.
    fn open(settings: &Settings, clock: &Clock) -> Result<Self, CliError> {
        let now = clock.now_micros() / 1_000_000;
        let needed = [&settings.api, &settings.devices].into_iter().any(|side| side.tls == Tls::Own);
        let own = needed.then(|| authority(&settings.data, now)).transpose()?;
        Ok(Self { own, shown: std::sync::Mutex::default(), now })
    }

    async fn listener(&self, side: &Side, settings: &Settings, devices: bool) -> Result<Listener, CliError> {
        let source = match &side.tls {
            Tls::Off => None,
            Tls::Own => Some(Source::Own(hosts(side)?)),
            Tls::Files { certificate, key } => Some(Source::Files(certificate.clone(), key.clone())),
        };
        let tls = match source {
            None => None,
            Some(source) => {
                let identity = ServerIdentity::new(self.identity(&source, self.now)?);
                let shown = Shown { identity: identity.clone(), source };
                self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(shown);
                let tls = ServerTls::new(identity);
                // Only devices are asked for a certificate: a browser would ask its person to choose one.
                Some(if devices { tls.asking_for_certificates() } else { tls })
            }
        };
        let proxies = proxies(settings, devices);
        let pass_through = settings.pass_through.clone();
        let config = ListenConfig { tls, proxies, pass_through, ..ListenConfig::plain(side.listen) };
        Listener::bind(settings.server.listening(config)).await.map_err(CliError::failed)
    }

    fn identity(&self, source: &Source, now: i64) -> Result<Identity, CliError> {
        match (source, &self.own) {
            (Source::Files(certificate, key), _) => named_file::identity(certificate, key),
            (Source::Own(hosts), Some(authority)) => {
                let issued = authority.issue(hosts, now).map_err(CliError::failed)?;
                Identity::from_pem(issued.chain_pem.as_bytes(), issued.key_pem.as_bytes())
                    .map_err(CliError::failed)
            }
            (Source::Own(_), None) => Err(CliError::Failed("find the server's own authority".into())),
        }
    }

    /// Base64 of the certificates that devices must be told to trust.
    fn device_anchors(&self, side: &Side) -> Result<Vec<String>, CliError> {
        match (&side.anchors, &self.own) {
            (Some(path), _) => named_file::anchors(path),
            (None, Some(own)) if side.tls == Tls::Own => {
                app::open::anchors(&own.certificate_pem).map_err(CliError::failed)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Shows certificates anew each day: what the operator's tools have renewed, or a fresh one of our own.
    async fn keep_fresh(self: Arc<Self>, clock: Clock, stop: CancellationToken) {
        loop {
            let next = clock
                .now_micros()
                .saturating_add(i64::try_from(CERTIFICATES_EVERY.as_micros()).unwrap_or(i64::MAX));
            tokio::select! {
                () = stop.cancelled() => return,
                () = clock.sleep_until(next) => {}
            }
            self.show_anew(&clock);
        }
    }

    /// Whether every listener shows a fresh certificate now.
    fn show_anew(&self, clock: &Clock) -> bool {
        let now = clock.now_micros() / 1_000_000;
        let mut all = true;
        for shown in self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            match self.identity(&shown.source, now) {
                Ok(identity) => shown.identity.replace(identity),
                Err(error) => {
                    all = false;
                    tracing::error!("the listener keeps its old certificate: failed to {error}");
                }
            }
        }
        all
    }
}

/// Host names and addresses of a listener's certificate.
fn hosts(side: &Side) -> Result<Vec<String>, CliError> {
    let mut hosts = side.url.as_deref().map(host).transpose()?.into_iter().collect::<Vec<_>>();
    if side.listen.ip().is_loopback() || side.listen.ip().is_unspecified() || side.url.is_none() {
        hosts.extend(
            LOOPBACK_NAMES
                .iter()
                .map(|&name| name.to_owned())
                .filter(|name| side.url.as_deref() != Some(name)),
        );
    }
    hosts.dedup();
    Ok(hosts)
}

fn authority(data: &Path, now: i64) -> Result<ServerAuthority, CliError> {
    let (certificate, key) = (authority_path(data), data.join("server-ca.key"));
    if certificate.exists() {
        let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e));
        return Ok(ServerAuthority { certificate_pem: read(&certificate)?, key_pem: read(&key)?.into() });
    }
    let made = ServerAuthority::create(now).map_err(CliError::failed)?;
    write_private(&key, made.key_pem.as_bytes())?;
    std::fs::write(&certificate, &made.certificate_pem)
        .map_err(|e| CliError::file("write", &certificate, e))?;
    Ok(made)
}

/// Whose word is taken. On both sides for a client's address, which pauses after wrong secrets and `/metrics` go by; for
/// a certificate only where certificates are asked for.
fn proxies(settings: &Settings, devices: bool) -> TrustedProxies {
    match settings.proxies.is_empty() {
        true => TrustedProxies::none(),
        false => TrustedProxies::new(
            settings.proxies.clone(),
            settings.certificate_header.clone().filter(|_| devices),
        ),
    }
}

/// Who stands for many clients: balancers, and proxies when they do not say for whom they ask.
fn uncounted(settings: &Settings) -> Vec<Network> {
    [settings.proxies.as_slice(), settings.pass_through.as_slice()].concat()
}
