//! Forgets what is older than it is kept: ended commands, ended sync runs and troubles, devices long gone at Apple,
//! challenges and what lets people in whose time is over. One server at a time, a small piece at a time, so that nobody ever waits for it.

use std::time::Duration;

use domain::Time;
use domain::retention::{Cutoffs, cutoffs};
use store::{StoreError, Tx};

use crate::{App, Result};

/// Between turns: what is kept for months may be kept for some minutes more.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// One server does it; the next one after this, if that one dies.
const LEASE: Duration = Duration::from_secs(2 * 60);
const NAME: &str = "retention";
/// Rows a transaction: some milliseconds.
const BATCH: u32 = 1_000;
/// Transactions a turn for each kind: a million rows an hour, more than a fleet of 100,000 devices makes.
const BATCHES: u32 = 100;

/// What is forgotten.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Commands,
    SyncRuns,
    GoneDevices,
    Troubles,
    Challenges,
    Assertions,
    Sessions,
    Invitations,
    DeviceCodes,
    RefreshTokens,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Commands,
        Kind::SyncRuns,
        Kind::GoneDevices,
        Kind::Troubles,
        Kind::Challenges,
        Kind::Assertions,
        Kind::Sessions,
        Kind::Invitations,
        Kind::DeviceCodes,
        Kind::RefreshTokens,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Kind::Commands => "commands",
            Kind::SyncRuns => "syncRuns",
            Kind::GoneDevices => "goneDevices",
            Kind::Troubles => "troubles",
            Kind::Challenges => "challenges",
            Kind::Assertions => "assertions",
            Kind::Sessions => "sessions",
            Kind::Invitations => "invitations",
            Kind::DeviceCodes => "deviceCodes",
            Kind::RefreshTokens => "refreshTokens",
        }
    }

    async fn prune(self, tx: &mut Tx<'_>, before: Cutoffs) -> Result<u64, StoreError> {
        let ends = before.sign_ins;
        match self {
            Kind::Commands => store::command::history_prune(tx, before.commands, BATCH).await,
            Kind::SyncRuns => store::sync::runs_prune(tx, before.sync_runs, BATCH).await,
            Kind::GoneDevices => store::device::prune_gone(tx, before.gone_devices, BATCH).await,
            Kind::Troubles => store::trouble::prune(tx, before.sync_runs, BATCH).await,
            Kind::Challenges => store::identity::challenges_expire(tx, before.challenges, BATCH).await,
            Kind::Assertions => {
                store::application::credential::assertions_expire(tx, ends.assertions, BATCH).await
            }
            Kind::Sessions => store::session::prune(tx, ends.sessions_began, ends.sessions_seen, BATCH).await,
            Kind::Invitations => store::invitation::prune(tx, ends.invitations, BATCH).await,
            Kind::DeviceCodes => store::device_code::prune(tx, ends.device_codes, BATCH).await,
            Kind::RefreshTokens => {
                store::refresh_token::prune(tx, ends.refresh_tokens, ends.refresh_families, BATCH).await
            }
        }
    }
}

/// One turn.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let next = app.now().plus(EVERY);
    for kind in Kind::ALL {
        let mut forgotten = 0;
        for _ in 0..BATCHES {
            if app.is_stopping() || !hold(&app).await? {
                return Ok(next);
            }
            let before = cutoffs(&app.limits, app.now());
            let some = app.commit((kind, before), |tx, (kind, before)| {
                Box::pin(async move { Ok(kind.prune(tx, before).await?) })
            });
            let some = some.await?;
            forgotten += some;
            if some < u64::from(BATCH) {
                break;
            }
        }
        if forgotten > 0 {
            metrics::counter!("muster_forgotten_total", "what" => kind.as_str()).increment(forgotten);
            tracing::info!(what = kind.as_str(), rows = forgotten, "forgot what is older than it is kept");
        }
    }
    Ok(next)
}

async fn hold(app: &App) -> Result<bool> {
    app.commit((app.instance.clone(), app.now()), |tx, (holder, now)| {
        Box::pin(async move { Ok(store::lease::try_acquire(tx, NAME, &holder, now, LEASE).await?) })
    })
    .await
}
