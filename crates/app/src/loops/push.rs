//! Wakes devices for whom something waits: when it is queued, and again at longer and longer intervals until the
//! device connects (apple.md 5.3; lessons 55, 56).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apple::apns::Client;
use domain::push::{Pushed, Wake, WakeNext, after_push};
use domain::trouble::TroubleKind;
use domain::{TenantId, Time};
use futures_util::StreamExt as _;
use store::Tx;
use store::push::Settled;

use crate::points::Point;
use crate::{App, AppError, Result, push, trouble};

/// Longest wait between turns, for wakes that another node asked for.
const EVERY: Duration = Duration::from_secs(10);
/// Wakes claimed at a time.
const PAGE: u32 = 1_000;
/// Wakes whose end is written down at a time, and such writings under way.
const SETTLED: usize = 200;
const WRITINGS: usize = 2;
/// Pushes under way at a time; the connection itself keeps to Apple's limit of streams.
const STREAMS: usize = 100;

/// One turn: everything that is due, a page at a time.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    loop {
        let due = app
            .store
            .transact(move |tx| {
                Box::pin(async move { Ok::<_, AppError>(store::push::wakes_due(tx, now, PAGE).await?) })
            })
            .await?;
        if !due.is_empty() {
            app.at(Point::CommandWakesClaimed);
        }
        let full = due.len() == PAGE as usize;
        wake_all(&app, due, now.plus(store::push::WAKE_LEASE)).await;
        if !full {
            break;
        }
    }
    let next = app
        .store
        .read(move |tx| Box::pin(async move { Ok::<_, AppError>(store::push::next_wake_due(tx).await?) }))
        .await?;
    let latest = now.plus(EVERY);
    Ok(next.map_or(latest, |next| next.clamp(now.plus(Duration::from_secs(1)), latest)))
}

async fn wake_all(app: &App, due: Vec<Wake>, claimed_until: Time) {
    let mut connections: HashMap<TenantId, Option<Client>> = HashMap::new();
    for wake in &due {
        if !connections.contains_key(&wake.tenant) {
            let connection = push::connection(app, &wake.tenant).await.unwrap_or_else(|error| {
                tracing::error!(tenant = %wake.tenant, "failed to {error}");
                None
            });
            connections.insert(wake.tenant.clone(), connection);
        }
    }
    let service = Service::default();
    let (connections, heard) = (&connections, &service);
    futures_util::stream::iter(due)
        .map(|wake| async move {
            let connection = connections.get(&wake.tenant).and_then(Option::as_ref);
            let pushed = push_one(app, connection, &wake, heard).await;
            (wake, pushed)
        })
        .buffer_unordered(STREAMS)
        .ready_chunks(SETTLED)
        .for_each_concurrent(WRITINGS, |pushed| async move {
            // A wake that could not be settled is due again when its lease is over.
            if let Err(error) = settle(app, pushed, claimed_until).await {
                tracing::warn!("failed to {error} after waking devices");
            }
        })
        .await;
    if let Err(error) = service.keep(app).await {
        tracing::warn!("failed to {error} while keeping how Apple's push service works");
    }
}

/// What the pushes of a page say of the service, by tenant: the words of trouble, or that it works.
#[derive(Default)]
struct Service(Mutex<HashMap<TenantId, Option<String>>>);

impl Service {
    /// One push that is taken says that the service works; the others say why it may not.
    fn hear(&self, tenant: &TenantId, trouble: Option<String>) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match heard.get_mut(tenant) {
            Some(known) => *known = known.take().and(trouble),
            None => {
                heard.insert(tenant.clone(), trouble);
            }
        }
    }

    async fn keep(self, app: &App) -> Result<()> {
        let heard = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (tenant, trouble) in heard {
            match trouble {
                Some(words) => {
                    app.memory.push_in_trouble(&tenant);
                    trouble::met(app, &tenant, TroubleKind::Push, trouble::PUSH, words).await?;
                }
                // Most pages of pushes go well: that is written down now and then, not each time.
                None if app.memory.push_works(&tenant, app.now()) => {
                    trouble::over(app, &tenant, TroubleKind::Push, trouble::PUSH).await?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

async fn push_one(app: &App, connection: Option<&Client>, wake: &Wake, service: &Service) -> Pushed {
    let pushed = match connection {
        Some(client) => {
            let ended = push::push(client, wake, app.now()).await;
            app.at(Point::CommandPushed);
            service.hear(&wake.tenant, ended.trouble);
            ended.pushed
        }
        None => Pushed::CertificateRefused,
    };
    metrics::counter!("muster_pushes", "outcome" => word(&pushed)).increment(1);
    pushed
}

/// What became of a device whose token APNs did not know, or did not know before.
struct Reach {
    wake: Wake,
    /// Why it cannot be reached, and when that token is tried again; none: it can, after all.
    lost: Option<(String, Time)>,
}

/// Writes down what became of wakes. APNs may have taken its time: the device that called meanwhile, or for which
/// something new waits, keeps the due time that it was given.
async fn settle(app: &App, pushed: Vec<(Wake, Pushed)>, claimed_until: Time) -> Result<()> {
    let (mut settled, mut reaches) = (Vec::new(), Vec::new());
    for (wake, pushed) in pushed {
        match after_push(&wake, &pushed, app.now(), &app.limits) {
            WakeNext::Unreachable { words, due } => reaches.push(Reach { wake, lost: Some((words, due)) }),
            WakeNext::At { due, attempts } => {
                settled.push(Settled {
                    tenant: wake.tenant.clone(),
                    device: wake.device.clone(),
                    claimed_until,
                    next_due: due,
                    attempts,
                });
                if pushed == Pushed::Accepted && wake.target.unreachable.is_some() {
                    reaches.push(Reach { wake, lost: None });
                }
            }
        }
    }
    let ended = (Arc::new(settled), Arc::new(reaches), app.now());
    app.commit(ended, |tx, (settled, reaches, now)| {
        Box::pin(async move {
            store::push::wakes_settle(tx, &settled).await?;
            for reach in reaches.iter() {
                keep_reach(tx, reach, now).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn keep_reach(tx: &mut Tx<'_>, Reach { wake, lost }: &Reach, now: Time) -> Result<()> {
    let (tenant, device) = (&wake.tenant, &wake.device);
    let of = (tenant, TroubleKind::Device, device.as_str());
    let Some((words, due)) = lost else {
        store::push::mark_reachable(tx, tenant, device, &wake.target).await?;
        return Ok(store::trouble::end(tx, of.0, of.1, of.2, now).await?);
    };
    // With nothing that waits for it, it is not tried again.
    let waits = store::command::pending_count(tx, tenant, device).await? > 0;
    let due = if waits { *due } else { Time::NEVER };
    store::push::mark_unreachable(tx, tenant, device, &wake.target, words, due).await?;
    trouble::met_in(tx, of, words, now).await
}

const fn word(pushed: &Pushed) -> &'static str {
    match pushed {
        Pushed::Accepted => "accepted",
        Pushed::Unregistered { .. } => "unregistered",
        Pushed::BadToken { .. } => "badToken",
        Pushed::Later { .. } => "later",
        Pushed::CertificateRefused => "certificateRefused",
    }
}
