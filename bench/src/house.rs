//! One server's data: a folder, a database of its own, and the same use cases that the server has, to fill it.

use std::path::Path;

use app::open::{Limits, Place, PracticeApple, open};
use app::{Actor, ActorKind, App};
use domain::tenant::DEFAULT_TENANT;
use net::{Clock, Points};
use pki::x509::Certificate;
use practice::{Practice, PracticeConfig};
use serde_json::json;

use crate::Result;
use crate::database::{Database, Engine};
use crate::server::Front;

/// Of a run: above every list that is measured, so that one run reads it all.
const SYNC_BATCH: u32 = 10_000_000;

/// Where a server lives.
pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) database: Database,
    place: Place,
    /// A second handle on the database, for what the server is not measured by.
    pub(crate) app: App,
    pub(crate) actor: Actor,
}

impl House {
    /// An empty one, whose tenant is a practice tenant.
    pub(crate) async fn build(engine: Engine, practice: &Practice) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = Database::fresh(engine, folder.path()).await?;
        let key = app::open::seal_key()?;
        std::fs::write(folder.path().join("seal.key"), key.as_bytes())?;
        write_practice(&folder.path().join("practice.json"), practice)?;
        let place = Place { database_url: database.url.clone(), seal_key: key, older_seal_keys: Vec::new() };
        let app = opened(&place, practice).await?;
        let actor =
            Actor { kind: ActorKind::Admin, name: "bench".into(), ..Actor::system(DEFAULT_TENANT.parse()?) };
        Ok(Self { folder, database, place, app, actor })
    }

    /// Closes the handle: what the server is then started with, is on disk.
    pub(crate) async fn leave(&self) {
        self.app.store.close().await;
    }

    /// Opens the handle again.
    pub(crate) async fn come_back(&mut self, practice: &Practice) -> Result<()> {
        self.app = opened(&self.place, practice).await?;
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The settings file of the server.
    pub(crate) fn settings(&self, front: Front) -> Result<String> {
        let folder = self.folder.path();
        let path = |name: &str| folder.join(name).display().to_string();
        let (devices, proxies) = match front {
            Front::Tls => ("", ""),
            Front::Proxy => (
                "tls = false\nurl = \"https://localhost\"\n",
                "[proxies]\ntrusted = [\"127.0.0.1\"]\ncertificate_header = \"rfc9440\"\n",
            ),
        };
        Ok(format!(
            "data = {:?}\ndatabase_url = {:?}\npractice = {:?}\n\
             [api]\nlisten = \"127.0.0.1:0\"\n[devices]\nlisten = \"127.0.0.1:0\"\n{devices}{proxies}\
             [limits]\nsync_batch = {SYNC_BATCH}\n",
            folder.display().to_string(),
            self.database.url,
            path("practice.json"),
        ))
    }
}

async fn opened(place: &Place, practice: &Practice) -> Result<App> {
    let settings = app::Settings {
        api_url: "https://localhost".into(),
        device_url: "https://localhost".into(),
        device_anchors: Vec::new(),
    };
    let apple = PracticeApple {
        ade_url: practice.ade_url.clone(),
        apns_url: practice.apns_url.clone(),
        ca_pem: pem(&practice.ca_cert_der)?,
        device_ca_pem: pem(&practice.device_ca_der)?,
    };
    let points = Points::default();
    Ok(open(place, Clock::system(), points, Limits::default(), settings, Some(&apple)).await?.app)
}

fn pem(der: &[u8]) -> Result<String> {
    Ok(Certificate::from_der(der)?.to_pem())
}

/// What `muster practice serve` writes for a server.
fn write_practice(path: &Path, practice: &Practice) -> Result<()> {
    let file = json!({
        "adeUrl": practice.ade_url,
        "apnsUrl": practice.apns_url,
        "portalUrl": practice.portal_url,
        "activationUrl": practice.activation_url,
        "pushcertUrl": practice.pushcert_url,
        "pushUrl": practice.push_url,
        "caPem": pem(&practice.ca_cert_der)?,
        "deviceCaPem": pem(&practice.device_ca_der)?,
    });
    Ok(std::fs::write(path, file.to_string())?)
}

/// The engine, and how it keeps what is committed: read back by the store that the server has too.
pub(crate) async fn durability(engine: Engine) -> Result<String> {
    let practice = Practice::start(PracticeConfig::default()).await?;
    let house = House::build(engine, &practice).await?;
    let words = format!("{}: {}", house.database.version().await?, house.app.store.durability().await?);
    house.leave().await;
    practice.stop().await;
    Ok(words)
}
