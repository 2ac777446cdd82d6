//! Opening what a server works with: the store behind its address and keys, and the tenant that is always there.

use std::future::Future;
use std::time::Duration;

use domain::tenant::{AppleSide, DEFAULT_TENANT, NAME_AT_FIRST, Organization, Tenant};
use domain::{TenantId, Time};
use net::{CancellationToken, Clock, Points};
use pki::seal::{SealKey, SealKeys};
use pki::x509::certificates_from_pem;
use store::{Migrations, Store, StoreConfig, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

pub use domain::Limits;

use crate::application::NewApplication;
use crate::loops::drive;
use crate::points::Point;
use crate::{App, AppError, Result, Settings, Work, application, loops};

/// Where the data are, and what opens their secrets.
pub struct Place {
    /// `sqlite:/path/muster.db` or `postgres://user:password@host/database`.
    pub database_url: String,
    /// The key that seals, in base64, as [`seal_key`] makes it.
    pub seal_key: Zeroizing<String>,
    /// Keys that still open what they sealed.
    pub older_seal_keys: Vec<Zeroizing<String>>,
}

/// Practice Apple, as a practice tenant knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeApple {
    /// Base URL of its ADE service.
    pub ade_url: String,
    /// Base URL of its push service.
    pub apns_url: String,
    /// PEM of the authority of its servers.
    pub ca_pem: String,
    /// PEM of the authority of its devices.
    pub device_ca_pem: String,
}

/// A server's handle, and the credentials of the first application when this was the first start.
pub struct Opened {
    /// The handle.
    pub app: App,
    /// Shown once and kept nowhere else.
    pub first: Option<NewApplication>,
}

/// A fresh key for [`Place::seal_key`].
///
/// # Errors
/// No randomness.
pub fn seal_key() -> Result<Zeroizing<String>> {
    SealKey::generate_base64().map_err(internal)
}

/// Opens the store of a server.
async fn store(place: &Place) -> Result<Store> {
    Ok(Store::open(config(place)?).await?)
}

/// Opens the store for a command beside the servers, or without any: it makes and migrates nothing.
///
/// # Errors
/// A key that is none, or the store's: the schema is not one that this program knows.
pub async fn existing(place: &Place) -> Result<Store> {
    Ok(Store::open_existing(config(place)?, &Migrations::own()).await?)
}

pub(crate) fn config(place: &Place) -> Result<StoreConfig> {
    Ok(StoreConfig { url: place.database_url.clone(), seal: seal_keys(place)? })
}

fn seal_keys(place: &Place) -> Result<SealKeys> {
    let key = |text: &Zeroizing<String>| {
        SealKey::from_base64(text).map_err(|e| AppError::invalid("seal key", format!("it is unusable: {e}")))
    };
    let older = place.older_seal_keys.iter().map(key).collect::<Result<Vec<_>>>()?;
    Ok(SealKeys::new(key(&place.seal_key)?, older))
}

/// Opens the store, and makes the default tenant and its first application at the first start. With `practice` the
/// default tenant is a practice tenant for life.
///
/// # Errors
/// As [`store`]; [`AppError::Conflict`] when the default tenant is real and `practice` is given.
pub async fn open(
    place: &Place,
    clock: Clock,
    points: Points,
    limits: Limits,
    settings: Settings,
    practice: Option<&PracticeApple>,
) -> Result<Opened> {
    open_keeping(place, clock, points, limits, settings, practice, |_| Ok(())).await
}

/// As [`open`]; `keep` keeps the credentials of the first application before it is stored. When [`Opened::first`] is
/// none all the same, another server was first, and they are good for nothing.
///
/// # Errors
/// As [`open`], and what `keep` ends with.
pub async fn open_keeping(
    place: &Place,
    clock: Clock,
    points: Points,
    limits: Limits,
    settings: Settings,
    practice: Option<&PracticeApple>,
    keep: impl FnOnce(&NewApplication) -> Result<()>,
) -> Result<Opened> {
    let app = App::new(store(place).await?, clock, limits, settings).watched(points);
    app.at(Point::StartMigrated);
    let first = match loops::node::enter(&app).await {
        Ok(()) => first_things(&app, practice, keep).await,
        Err(error) => Err(error),
    };
    if first.is_err()
        && let Err(error) = loops::node::leave(&app).await
    {
        tracing::error!("failed to {error}");
    }
    Ok(Opened { first: first?, app })
}

/// The default tenant, and its first application.
async fn first_things(
    app: &App,
    practice: Option<&PracticeApple>,
    keep: impl FnOnce(&NewApplication) -> Result<()>,
) -> Result<Option<NewApplication>> {
    let id = tenant_id(DEFAULT_TENANT)?;
    match ensure(&app.store, &id, NAME_AT_FIRST, practice, app.now()).await {
        // Another server made it in the same moment.
        Err(AppError::Store(StoreError::Duplicate { .. })) => {}
        other => drop(other?),
    }
    app.at(Point::StartTenantMade);
    let first = application::bootstrap_keeping(app, &id, |first| {
        keep(first)?;
        app.at(Point::StartApplicationKept);
        Ok(())
    });
    let first = first.await?;
    app.at(Point::StartApplicationMade);
    Ok(first)
}

/// Makes the tenant when it is missing. An existing practice tenant follows practice Apple to its new addresses, since
/// practice Apple makes new certificates at each start.
pub(crate) async fn ensure(
    store: &Store,
    id: &TenantId,
    name: &str,
    practice: Option<&PracticeApple>,
    now: Time,
) -> Result<bool> {
    let side = practice.map(apple_side).transpose()?;
    let (id, name) = (id.clone(), name.to_owned());
    store
        .transact(move |tx| {
            let (id, name, side) = (id.clone(), name.clone(), side.clone());
            Box::pin(async move {
                let Some(mut tenant) = store::tenant::get(tx, &id).await? else {
                    let organization = Organization { name, ..Organization::default() };
                    let tenant = Tenant::new(id, organization, side.unwrap_or_else(AppleSide::real), now)
                        .map_err(|e| AppError::invalid("tenant", e.to_string()))?;
                    store::tenant::insert(tx, &tenant).await?;
                    return Ok::<_, AppError>(true);
                };
                let Some(side) = side else { return Ok(false) };
                if !tenant.apple.practice {
                    let words = format!(
                        "tenant {id} is a real one, and stays so for life: practice needs a tenant of its own"
                    );
                    return Err(AppError::conflict(words));
                }
                if tenant.apple != side {
                    tenant.apple = side;
                    store::tenant::update(tx, &tenant).await?;
                }
                Ok(false)
            })
        })
        .await
}

/// A tenant's id from outside.
pub(crate) fn tenant_id(text: &str) -> Result<TenantId> {
    TenantId::try_from(text.to_owned()).map_err(|e| AppError::invalid("tenant", format!("failed to {e}")))
}

/// The certificates of a PEM text as base64 of their DER, as settings and tenants keep them.
///
/// # Errors
/// The text holds no certificate.
pub fn anchors(pem: &str) -> Result<Vec<String>> {
    let unusable = |words: String| AppError::invalid("certificate", words);
    let certificates = certificates_from_pem(pem).map_err(|e| unusable(format!("failed to {e}")))?;
    if certificates.is_empty() {
        return Err(unusable("there is none in the PEM text".into()));
    }
    Ok(certificates.iter().map(|certificate| base64_of(&certificate.to_pem())).collect())
}

/// A PEM block without its frame is the base64 of its DER.
fn base64_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
}

fn apple_side(practice: &PracticeApple) -> Result<AppleSide> {
    Ok(AppleSide {
        practice: true,
        ade_url: practice.ade_url.clone(),
        apns_url: practice.apns_url.clone(),
        tls_anchors: anchors(&practice.ca_pem)?,
        device_anchors: anchors(&practice.device_ca_pem)?,
    })
}

pub(crate) fn internal(error: impl std::fmt::Display) -> AppError {
    AppError::internal(error.to_string())
}

/// The work loops of a server that was opened.
pub struct Works {
    app: App,
    stop: CancellationToken,
    tasks: Vec<(Work, JoinHandle<()>)>,
}

/// Begins every work loop.
pub fn work(app: &App) -> Works {
    let stop = CancellationToken::new();
    let begin = |work| {
        let (app, stop) = (app.clone(), stop.clone());
        let task = match work {
            Work::Sync => tokio::spawn(drive(app, work, stop, loops::sync::turn)),
            Work::Assign => tokio::spawn(drive(app, work, stop, loops::assign::turn)),
            Work::Setup => tokio::spawn(drive(app, work, stop, loops::setup::turn)),
            Work::Push => tokio::spawn(drive(app, work, stop, loops::push::turn)),
            Work::LastSeen => tokio::spawn(drive(app, work, stop, loops::last_seen::turn)),
            Work::IdentityRenewal => tokio::spawn(drive(app, work, stop, loops::identity_renewal::turn)),
            Work::Commands => tokio::spawn(drive(app, work, stop, loops::commands::turn)),
            Work::Retention => tokio::spawn(drive(app, work, stop, loops::retention::turn)),
            Work::Node => tokio::spawn(drive(app, work, stop, loops::node::turn)),
        };
        (work, task)
    };
    Works { app: app.clone(), tasks: Work::ALL.map(begin).into(), stop }
}

impl Works {
    /// Ends every loop, writes down when devices were last seen, gives back what this server held, and closes the store:
    /// in that order, and all of it within `within`. Half of that is for turns under way; what is cut is taken up by
    /// another server, or at the next start. Answers what did not end by itself, which the log is told too.
    pub async fn stop(self, within: Duration) -> Vec<&'static str> {
        let begun = Instant::now();
        self.stop.cancel();
        let mut late = end(self.tasks, begun + within / 2).await;
        let by = begun + within;
        let (app, store) = (&self.app, self.app.store.clone());
        late.extend(
            last(by, "lastSeen", async { loops::last_seen::turn(app.clone()).await.map(drop) }).await,
        );
        late.extend(last(by, "leases", loops::node::leave(app)).await);
        let close = async {
            store.close().await;
            Ok(())
        };
        late.extend(last(by, "store", close).await);
        late
    }

    /// Waits until this program may not go on working with the database; answers why.
    pub async fn unfit(&self) -> String {
        self.app.unfit().await
    }
}

/// Waits for the loops, and cuts those that have not ended by then.
async fn end(tasks: Vec<(Work, JoinHandle<()>)>, by: Instant) -> Vec<&'static str> {
    let mut late = Vec::new();
    for (work, mut task) in tasks {
        match timeout_at(by, &mut task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(work = work.as_str(), "failed to end a work loop well: {error}")
            }
            Err(_) => {
                tracing::error!(
                    work = work.as_str(),
                    "a turn of a work loop did not end in time, and was cut"
                );
                task.abort();
                late.push(work.as_str());
            }
        }
    }
    late
}

/// Does one of the last things that a server does; answers its name if it did not end by then.
async fn last(
    by: Instant,
    name: &'static str,
    work: impl Future<Output = Result<()>>,
) -> Option<&'static str> {
    match timeout_at(by, work).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::error!("failed to {error}");
            None
        }
        Err(_) => {
            tracing::error!(what = name, "the last of a stop did not end in time, and was left");
            Some(name)
        }
    }
}

#[cfg(test)]
mod tests;
