//! Keeps the deadlines of setup: limits of steps, the release at the end, and the release again until the device has
//! acknowledged it (lessons 39).

use std::time::Duration;

use domain::Time;
use domain::setup::{Event, SetupPlan};

use crate::loops::Work;
use crate::points::Point;
use crate::scope::Scope;
use crate::{App, AppError, Result, managed_device, setup};

/// Longest wait between turns, for plans that another node began.
const EVERY: Duration = Duration::from_secs(30);
/// Plans a turn.
const BATCH: u32 = 200;

/// One turn.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    let due = app
        .store
        .read(move |tx| Box::pin(async move { Ok::<_, AppError>(store::setup::due(tx, now, BATCH).await?) }))
        .await?;
    let any = !due.is_empty();
    for plan in due {
        // One bad plan must not keep the others' devices in Setup Assistant.
        if let Err(error) = tick(&app, plan).await {
            tracing::error!("failed to {error} while keeping a deadline of setup");
        }
    }
    if any {
        app.wake(Work::Push);
    }
    let next = app
        .store
        .read(move |tx| Box::pin(async move { Ok::<_, AppError>(store::setup::next_due(tx).await?) }))
        .await?;
    let latest = now.plus(EVERY);
    // A plan that failed is due still: not again at once.
    Ok(next.map_or(latest, |next| next.clamp(now.plus(Duration::from_secs(1)), latest)))
}

async fn tick(app: &App, plan: SetupPlan) -> Result<()> {
    let scope = Scope::new(app, &plan.tenant);
    app.store
        .transact(move |tx| {
            let (scope, id) = (scope.clone(), plan.device.clone());
            Box::pin(async move {
                let before = managed_device::load(&scope, tx, &id).await?;
                let mut device = before.clone();
                setup::happened(&scope, tx, &mut device, &Event::Tick).await?;
                managed_device::save(tx, &before, &device).await
            })
        })
        .await?;
    app.at(Point::EnrolDeadlineKept);
    Ok(())
}
