//! Wakes devices for whom something waits: when it is queued, and again at longer and longer intervals until the
//! device connects (apple.md 5.3; lessons 55, 56).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use apple::apns::Client;
use domain::push::{Pushed, Wake, WakeNext, after_push};
use domain::{TenantId, Time};
use futures_util::StreamExt as _;
use store::push::Settled;

use crate::points::Point;
use crate::{App, AppError, Result, push};

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
    let connections = &connections;
    futures_util::stream::iter(due)
        .map(|wake| async move {
            let connection = connections.get(&wake.tenant).and_then(Option::as_ref);
            let pushed = push_one(app, connection, &wake).await;
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
}

async fn push_one(app: &App, connection: Option<&Client>, wake: &Wake) -> Pushed {
    let pushed = match connection {
        Some(client) => {
            let pushed = push::push(client, wake, app.now()).await;
            app.at(Point::CommandPushed);
            pushed
        }
        None => Pushed::CertificateRefused,
    };
    metrics::counter!("muster_pushes", "outcome" => word(&pushed)).increment(1);
    pushed
}

/// Writes down what became of wakes. APNs may have taken its time: the device that called meanwhile, or for which
/// something new waits, keeps the due time that it was given.
async fn settle(app: &App, pushed: Vec<(Wake, Pushed)>, claimed_until: Time) -> Result<()> {
    let (mut settled, mut unreachable) = (Vec::new(), Vec::new());
    for (wake, pushed) in pushed {
        match after_push(&wake, &pushed, app.now(), &app.limits) {
            WakeNext::Unreachable { words } => unreachable.push((wake, words)),
            WakeNext::At { due, attempts } => settled.push(Settled {
                tenant: wake.tenant,
                device: wake.device,
                claimed_until,
                next_due: due,
                attempts,
            }),
        }
    }
    let ended = (Arc::new(settled), Arc::new(unreachable));
    app.commit(ended, |tx, (settled, unreachable)| {
        Box::pin(async move {
            store::push::wakes_settle(tx, &settled).await?;
            for (wake, words) in unreachable.iter() {
                store::push::mark_unreachable(tx, &wake.tenant, &wake.device, &wake.target, words).await?;
            }
            Ok(())
        })
    })
    .await
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
