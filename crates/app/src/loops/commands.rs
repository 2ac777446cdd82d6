//! Gives up commands that nobody answers.

use std::time::Duration;

use domain::Time;
use domain::command::{Command, CommandOutcome, Purpose};
use domain::setup::{Answer, Event};

use crate::loops::Work;
use crate::scope::Scope;
use crate::{App, AppError, Result, command, managed_device, setup};

/// Between turns: days are given to a command, so minutes do not matter.
const EVERY: Duration = Duration::from_secs(60);
/// Wait while there is more: some of it may be what no turn can give up.
const SOON: Duration = Duration::from_secs(1);
/// Commands a turn.
const BATCH: u32 = 200;
/// One turn.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    let expired = app
        .store
        .read(move |tx| {
            Box::pin(async move { Ok::<_, AppError>(store::command::expired(tx, now, BATCH).await?) })
        })
        .await?;
    let (any, more) = (!expired.is_empty(), expired.len() == BATCH as usize);
    for command in expired {
        // One bad row must not stop the rest; it is tried again in the next turn.
        if let Err(error) = give_up(&app, command).await {
            tracing::warn!("failed to {error} while giving up a command");
        }
    }
    if any {
        app.wake(Work::Push);
    }
    Ok(now.plus(if more { SOON } else { EVERY }))
}

async fn give_up(app: &App, expired: Command) -> Result<()> {
    let scope = Scope::new(app, &expired.tenant);
    app.store
        .transact(move |tx| {
            let (scope, expired) = (scope.clone(), expired.clone());
            Box::pin(async move {
                command::withdraw(&scope, tx, &expired.device, &expired.id, CommandOutcome::Expired).await?;
                if !matches!(expired.purpose, Purpose::Setup(_) | Purpose::Release) {
                    return Ok(());
                }
                let before = managed_device::load(&scope, tx, &expired.device).await?;
                let mut device = before.clone();
                let lost = Event::Answered { command: expired.id.clone(), answer: Answer::Lost };
                setup::happened(&scope, tx, &mut device, &lost).await?;
                managed_device::save(tx, &before, &device).await
            })
        })
        .await
}
