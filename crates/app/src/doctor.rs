//! `muster doctor`: looks at everything that a server needs, beside a running one or without, and changes nothing.
//!
//! What is gathered here is judged in [`domain::checkup`]. Checks that need the network run at the same time, and each
//! has a limit, so that a dead name server does not hold up the rest.

mod database;
mod door;
mod place;
mod tenant;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use domain::Time;
pub use domain::checkup::{Finding, Verdict, worst};
use net::{Clock, TrustAnchors};
use zeroize::Zeroizing;

use crate::open::Limits;

/// For one check that needs the network or reads much.
const CHECK: Duration = Duration::from_secs(5);
/// For one step of it: a name, a connection, a handshake, an answer.
const STEP: Duration = Duration::from_secs(2);

/// What is looked at, from the server's settings.
pub struct Subject {
    /// The data folder.
    pub data: PathBuf,
    /// Files that hold secrets; those that are not there are passed over.
    pub secret_files: Vec<PathBuf>,
    /// The address of the database.
    pub database_url: String,
    /// Where the key that seals is kept.
    pub seal_key_file: PathBuf,
    /// The key, as far as it could be read.
    pub seal_key: Result<Zeroizing<String>, String>,
    /// Keys that still open what they sealed.
    pub older_seal_keys: Vec<Zeroizing<String>>,
    /// For people and scripts.
    pub api: Door,
    /// For devices.
    pub devices: Door,
    /// Where health and metrics are told alone.
    pub health: Option<SocketAddr>,
    /// The server's limits.
    pub limits: Limits,
    /// Bytes that shall be free on the disk of the data folder.
    pub want_free: u64,
}

/// One listener.
pub struct Door {
    /// Public base URL.
    pub url: String,
    /// The host in it, without brackets.
    pub host: String,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Whether it ends TLS itself.
    pub tls: bool,
    /// Whether its certificate is of the server's own authority.
    pub own: bool,
    /// PEM of the authorities that its clients are told of, besides those that everybody knows.
    pub anchors: Option<String>,
}

/// Looks at everything, and answers in the order in which an operator would.
pub async fn examine(subject: &Subject, clock: &Clock) -> Vec<Finding> {
    // Boxed: each is large, and it is done once.
    let database = Box::pin(database::examine(subject, clock));
    let doors = Box::pin(door::examine(subject, clock));
    let ((mut findings, opened), mut doors) = tokio::join!(database, doors);
    let mut all = place::examine(subject);
    all.append(&mut findings);
    let mut sources = Vec::new();
    let mut tenants = Vec::new();
    let mut real = false;
    if let Some(opened) = opened {
        let looked = Box::pin(tenant::examine(&opened)).await;
        (tenants, sources, real) = (looked.findings, looked.clocks, looked.real_token);
        // Who cannot be counted is told of by the database's own checks.
        let servers = crate::loops::node::count(&opened.app.store, now(clock)).await.unwrap_or(0);
        door::elsewhere(&mut doors, subject, servers);
        opened.app.store.close().await;
    }
    all.extend(doors.findings);
    all.extend(door::local(&subject.devices, real));
    all.push(domain::checkup::clock(&sources));
    all.extend(tenants);
    all
}

/// Does it within [`CHECK`].
async fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(CHECK, work).await.ok()
}

/// What the clock shows.
fn now(clock: &Clock) -> Time {
    Time::from_micros(clock.now_micros())
}

/// Everybody's authorities, and those of `anchors`.
fn trust(anchors: Option<&str>) -> TrustAnchors {
    // A machine without a bundle of authorities, or a file that is none, believes fewer; the handshake will tell.
    let system = TrustAnchors::system().ok();
    let own = anchors.and_then(|pem| TrustAnchors::from_pem(pem.as_bytes()).ok());
    match (system, own) {
        (Some(system), Some(own)) => system.and(&own),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => TrustAnchors::nobody(),
    }
}
