//! Answers to commands, and the next command (apple.md 3.5).

use std::sync::Arc;

use domain::CommandId;
use domain::command::{Answered, CommandState, Settled, settle};
use domain::managed_device::{ManagedDevice, Stage};
use mdm::command::{CommandAnswer, Status};
use store::Tx;

use super::{Reply, managed_caller, refused};
use crate::managed_device::save;
use crate::points::Point;
use crate::scope::Scope;
use crate::{AppError, Result, command};

/// Takes an answer and gives the next command. A device that has nothing to say and for whom nothing waits costs one
/// read and no write.
pub(super) async fn take(scope: &Scope, fingerprint: String, answer: Arc<CommandAnswer>) -> Result<Reply> {
    if answer.status == Status::Idle && nothing_to_do(scope, &fingerprint, &answer).await? {
        return Ok(Reply::Empty);
    }
    let says_something = answered(&answer).is_some();
    if says_something {
        scope.app.at(Point::CommandAnswerHeard);
    }
    let in_tx = scope.clone();
    // What follows from the answer is handed out now; no push is needed to a device that listens.
    let next = scope
        .app
        .store
        .transact(move |tx| {
            let (scope, fingerprint, answer) = (in_tx.clone(), fingerprint.clone(), Arc::clone(&answer));
            Box::pin(async move { write(&scope, tx, &fingerprint, &answer).await })
        })
        .await?;
    if says_something {
        scope.app.at(Point::CommandAnswerStored);
    }
    if next.is_some() {
        scope.app.at(Point::CommandHandedOut);
    }
    Ok(next.map_or(Reply::Empty, Reply::Plist))
}

async fn nothing_to_do(scope: &Scope, fingerprint: &str, answer: &CommandAnswer) -> Result<bool> {
    let (in_tx, fingerprint, udid) =
        (scope.clone(), fingerprint.to_owned(), answer.enrollment.device().to_owned());
    scope
        .app
        .store
        .glance(move |tx| {
            let (scope, fingerprint, udid) = (in_tx.clone(), fingerprint.clone(), udid.clone());
            Box::pin(async move {
                let Some((caller, waiting)) = store::managed_device::calling(tx, &fingerprint).await? else {
                    // A stranger is refused here; who shows another of a device's identities has something to do.
                    managed_caller(&scope, tx, &fingerprint, &udid).await?;
                    return Ok::<_, AppError>(false);
                };
                caller.may_call(&scope.tenant, &udid, scope.now).map_err(refused)?;
                scope.app.memory.saw(&scope.tenant, &caller.id, scope.now);
                Ok(waiting == 0)
            })
        })
        .await
}

async fn write(
    scope: &Scope,
    tx: &mut Tx<'_>,
    fingerprint: &str,
    answer: &CommandAnswer,
) -> Result<Option<Vec<u8>>> {
    let (before, mut device) = managed_caller(scope, tx, fingerprint, answer.enrollment.device()).await?;
    match answered(answer) {
        // A new connection: what was not possible before may be now.
        None => drop(store::command::reset_not_now(tx, &scope.tenant, &device.id).await?),
        Some(answered) => settle_answer(scope, tx, &mut device, answer, answered).await?,
    }
    let next =
        if may_be_sent_commands(&device) { command::hand_out(scope, tx, &device).await? } else { None };
    save(tx, &before, &device).await?;
    Ok(next)
}

/// Nothing is sent between `Authenticate` and `TokenUpdate`, nor to a device that has left.
fn may_be_sent_commands(device: &ManagedDevice) -> bool {
    matches!(device.stage, Stage::AwaitingConfiguration | Stage::Enrolled)
}

/// What the status says about a command; none: `Idle`, or a word that we do not know and treat as that.
fn answered(answer: &CommandAnswer) -> Option<Answered> {
    match &answer.status {
        Status::Acknowledged => Some(Answered::Acknowledged),
        Status::Error => Some(Answered::Error(answer.error_words())),
        Status::CommandFormatError => Some(Answered::FormatError),
        Status::NotNow => Some(Answered::NotNow),
        Status::Idle | Status::Other(_) => None,
    }
}

async fn settle_answer(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    answer: &CommandAnswer,
    answered: Answered,
) -> Result<()> {
    let id: Option<CommandId> = answer.command_uuid.as_deref().and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(()) };
    let pending = store::command::get(tx, &scope.tenant, &device.id, &id).await?;
    match settle(pending.as_ref(), device.enrolment, answered, scope.now) {
        Settled::Nothing => Ok(()),
        Settled::NotNow => {
            let sent_at = pending.and_then(|command| command.sent_at);
            store::command::set_state(tx, &scope.tenant, &device.id, &id, CommandState::NotNow, sent_at)
                .await?;
            Ok(())
        }
        Settled::Finished(finished) => {
            store::command::finish(tx, &finished).await?;
            super::outcome::apply(scope, tx, device, &finished, answer).await
        }
    }
}
