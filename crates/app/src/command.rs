//! The command queue of a device: what is asked of it, in order, one at a time (apple.md 3.5).

use std::time::Duration;

use domain::command::{Command, CommandOutcome, CommandState, FinishedCommand, Purpose};
use domain::managed_device::ManagedDevice;
use domain::{CommandId, ManagedDeviceId, Platform, Time};
use store::Tx;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// A device in Setup Assistant that falls silent with a command is woken after this, since a person stands before it.
const WAITING_RETRY: Duration = Duration::from_secs(10);
/// Finished commands that an answer lists.
const HISTORY_MAX: u32 = 200;

/// Queues a command, without waking the device.
///
/// # Errors
/// [`AppError::Conflict`] when the queue is full.
pub(crate) async fn enqueue(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
    id: CommandId,
    command: &mdm::command::Command,
    purpose: Purpose,
) -> Result<()> {
    // Setup and release pass: no queue of an administrator's may keep a device in Setup Assistant.
    if !matches!(purpose, Purpose::Setup(_) | Purpose::Release) {
        must_have_room(scope, tx, device).await?;
    }
    let tethered = needs_tether(scope, tx, device, &purpose).await?;
    let body = if tethered { command.to_xml_when_tethered(id.as_str()) } else { command.to_xml(id.as_str()) };
    let body = body.map_err(|e| AppError::invalid("command", format!("failed to {e}")))?;
    let row = Command {
        tenant: scope.tenant.clone(),
        device: device.id.clone(),
        enrolment: device.enrolment,
        id,
        request_type: command.request_type().to_owned(),
        body,
        purpose,
        state: CommandState::Queued,
        seq: scope.app.memory.next_seq(scope.now),
        queued_at: scope.now,
        sent_at: None,
        expires_at: scope.in_future(scope.app.limits.command),
    };
    store::command::enqueue(tx, &row).await?;
    Ok(())
}

async fn must_have_room(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<()> {
    let pending = store::command::pending_count(tx, &scope.tenant, &device.id).await?;
    if pending >= scope.app.limits.commands_per_device as u64 {
        return Err(AppError::conflict(format!(
            "{pending} commands wait for this device already; cancel some or wait"
        )));
    }
    Ok(())
}

/// Whether the device is to carry a command out only while it is tethered to a network, as its profile may ask (N36).
/// Never the release from Setup Assistant nor a new identity: without them it would be stuck, or lost to us.
async fn needs_tether(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
    purpose: &Purpose,
) -> Result<bool> {
    if device.platform != Platform::MacOs || matches!(purpose, Purpose::Release | Purpose::IdentityRenewal) {
        return Ok(false);
    }
    let profile = store::profile::get(tx, &scope.tenant, &device.token, &device.profile).await?;
    Ok(profile.is_some_and(|profile| profile.settings.request_requires_network_tether))
}

/// Queues a command of its own and asks for a wake.
///
/// # Errors
/// As [`enqueue`].
pub(crate) async fn send(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
    command: &mdm::command::Command,
    purpose: Purpose,
) -> Result<CommandId> {
    let id = scope.command_id()?;
    enqueue(scope, tx, device, id.clone(), command, purpose).await?;
    store::push::wake_request(tx, &scope.tenant, &device.id, scope.now).await?;
    Ok(id)
}

/// Takes the next command for a device out of the queue for sending: its bytes, marked as sent. One that was sent
/// before and not answered is sent again: its answer was lost.
///
/// # Errors
/// The store's.
pub(crate) async fn hand_out(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
) -> Result<Option<Vec<u8>>> {
    let Some(next) = store::command::next_for(tx, &scope.tenant, &device.id).await? else {
        if store::command::pending_count(tx, &scope.tenant, &device.id).await? == 0 {
            store::push::wake_settle(tx, &scope.tenant, &device.id, Time::NEVER, 0).await?;
        }
        return Ok(None);
    };
    // Heard from: the series of wakes begins anew, in case that it falls silent with this command.
    // Sooner while a person waits before Setup Assistant.
    let retry = scope.app.limits.push_retry;
    let again = scope.in_future(if device.awaiting_configuration { retry.min(WAITING_RETRY) } else { retry });
    store::push::wake_settle(tx, &scope.tenant, &device.id, again, 0).await?;
    let sent = Some(scope.now);
    store::command::set_state(tx, &scope.tenant, &device.id, &next.id, CommandState::Sent, sent).await?;
    Ok(Some(next.body))
}

/// Moves a pending command to history, if it is pending still.
///
/// # Errors
/// The store's.
pub(crate) async fn withdraw(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDeviceId,
    id: &CommandId,
    outcome: CommandOutcome,
) -> Result<()> {
    if let Some(command) = store::command::get(tx, &scope.tenant, device, id).await? {
        store::command::finish(tx, &command.end(outcome, scope.now)).await?;
    }
    Ok(())
}

/// The last commands of a device that have ended, newest first.
///
/// # Errors
/// [`crate::AppError::NotFound`].
pub async fn history(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<Vec<FinishedCommand>> {
    let args = (Scope::of(app, actor), device.clone());
    app.look(args, |tx, (scope, device)| {
        Box::pin(async move {
            crate::managed_device::load(&scope, tx, &device).await?;
            Ok(store::command::history(tx, &scope.tenant, &device, HISTORY_MAX).await?)
        })
    })
    .await
}

/// How many commands wait for a device.
///
/// # Errors
/// [`crate::AppError::NotFound`].
pub async fn pending(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<u64> {
    let args = (Scope::of(app, actor), device.clone());
    app.look(args, |tx, (scope, device)| {
        Box::pin(async move {
            crate::managed_device::load(&scope, tx, &device).await?;
            Ok(store::command::pending_count(tx, &scope.tenant, &device).await?)
        })
    })
    .await
}

/// The commands that wait for the device or for its answer, in the order in which it gets them.
///
/// # Errors
/// [`crate::AppError::NotFound`].
pub async fn list_pending(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<Vec<Command>> {
    let args = (Scope::of(app, actor), device.clone());
    app.look(args, |tx, (scope, device)| {
        Box::pin(async move {
            crate::managed_device::load(&scope, tx, &device).await?;
            Ok(store::command::pending(tx, &scope.tenant, &device).await?)
        })
    })
    .await
}
