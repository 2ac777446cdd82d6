//! Check-in messages (apple.md 3.4).

use std::sync::Arc;

use domain::Platform;
use domain::device::{EnrollmentEvent, EnrollmentState};
use domain::managed_device::{
    AuthenticateSaid, DeviceInfo, ManagedDevice, PushSaid, Refusal, Stage, TokenUpdateSaid,
};
use domain::secret::SecretKind;
use domain::setup::Event;
use domain::trouble::TroubleKind;
use mdm::checkin::{Authenticate, CheckIn, CheckInMessage, SetBootstrapToken, TokenUpdate};
use mdm::guard::{Dictionary, Value, write_xml};
use store::Tx;

use super::{Reply, caller, managed_caller, refused, token_service};
use crate::loops::Work;
use crate::managed_device::save;
use crate::points::Point;
use crate::scope::Scope;
use crate::{AppError, Result, setup};

/// Takes a check-in message.
pub(super) async fn take(scope: &Scope, fingerprint: String, message: Arc<CheckInMessage>) -> Result<Reply> {
    match &message.message {
        CheckIn::UserAuthenticate(_) => return Ok(Reply::UserNotManaged),
        CheckIn::DeclarativeManagement(_) | CheckIn::ReturnToService => {
            known(scope, fingerprint, &message).await?;
            return Ok(Reply::NotFound);
        }
        CheckIn::GetToken(token) => {
            let udid = message.enrollment.device();
            return token_service::give(scope, fingerprint, udid, &token.service_type).await;
        }
        CheckIn::Other(name) => {
            known(scope, fingerprint, &message).await?;
            return Err(AppError::invalid("MessageType", format!("{name:?} is not served here")));
        }
        CheckIn::GetBootstrapToken => return bootstrap_token(scope, fingerprint, &message).await,
        _ => {}
    }
    let kind = message.message.message_type().to_owned();
    let (heard, stored) = points(&message.message);
    heard.into_iter().for_each(|point| scope.app.at(point));
    let in_tx = scope.clone();
    scope
        .app
        .store
        .transact(move |tx| {
            let (scope, fingerprint, message) = (in_tx.clone(), fingerprint.clone(), Arc::clone(&message));
            Box::pin(async move { write(&scope, tx, &fingerprint, &message).await })
        })
        .await?;
    tracing::debug!(tenant = %scope.tenant, message = kind, "took a check-in message");
    stored.into_iter().for_each(|point| scope.app.at(point));
    // After the commit: a loop that is woken earlier finds nothing.
    scope.app.wake(Work::Push);
    scope.app.wake(Work::Setup);
    Ok(Reply::Empty)
}

/// The points before and after a message is stored.
const fn points(message: &CheckIn) -> (Option<Point>, Option<Point>) {
    match message {
        CheckIn::Authenticate(_) => {
            (Some(Point::EnrolAuthenticateHeard), Some(Point::EnrolAuthenticateStored))
        }
        CheckIn::TokenUpdate(_) => (Some(Point::EnrolTokenUpdateHeard), Some(Point::EnrolTokenUpdateStored)),
        CheckIn::CheckOut { .. } => (None, Some(Point::EnrolCheckOutStored)),
        _ => (None, None),
    }
}

/// Makes sure that a message of no consequence comes from a device of ours.
async fn known(scope: &Scope, fingerprint: String, message: &CheckInMessage) -> Result<()> {
    let (in_tx, udid) = (scope.clone(), message.enrollment.device().to_owned());
    scope
        .app
        .store
        .read(move |tx| {
            let (scope, fingerprint, udid) = (in_tx.clone(), fingerprint.clone(), udid.clone());
            Box::pin(async move { managed_caller(&scope, tx, &fingerprint, &udid).await.map(|_| ()) })
        })
        .await
}

async fn write(scope: &Scope, tx: &mut Tx<'_>, fingerprint: &str, message: &CheckInMessage) -> Result<()> {
    let udid = message.enrollment.device();
    match &message.message {
        CheckIn::Authenticate(said) => authenticate(scope, tx, fingerprint, udid, said).await,
        CheckIn::TokenUpdate(said) => token_update(scope, tx, fingerprint, udid, said).await,
        CheckIn::CheckOut { .. } => check_out(scope, tx, fingerprint, udid).await,
        CheckIn::SetBootstrapToken(said) => set_bootstrap_token(scope, tx, fingerprint, udid, said).await,
        _ => Ok(()),
    }
}

/// `Authenticate`: an enrolment begins, or a living one is confirmed.
async fn authenticate(
    scope: &Scope,
    tx: &mut Tx<'_>,
    fingerprint: &str,
    udid: &str,
    said: &Authenticate,
) -> Result<()> {
    let (before, credential) = caller(scope, tx, fingerprint).await?;
    let info = DeviceInfo {
        device_name: said.device_name.clone(),
        os_version: said.os_version.clone(),
        build_version: said.build_version.clone(),
        product_name: said.product_name.clone(),
        model_name: said.model_name.clone(),
        model: said.model.clone(),
        imei: said.imei.clone(),
        meid: said.meid.clone(),
        ..DeviceInfo::default()
    };
    let heard = AuthenticateSaid { udid, serial: said.serial_number.as_deref(), info };
    let outcome = before.clone().authenticate(credential, heard).map_err(refused)?;
    let mut device = outcome.device;
    if outcome.begins && before.has_been_enrolled() {
        end_enrolment(scope, tx, &mut device).await?;
        for kind in [SecretKind::UnlockToken, SecretKind::BootstrapToken] {
            store::secret::delete(tx, &scope.tenant, kind, device.id.as_str()).await?;
        }
    }
    if outcome.begins {
        tracing::info!(tenant = %scope.tenant, serial = %device.serial, enrolment = device.enrolment, "a device begins to enrol");
    }
    save(tx, &before, &device).await
}

/// Whatever waits for an enrolment that is over is cancelled: its queue and its plan of setup.
pub(crate) async fn end_enrolment(scope: &Scope, tx: &mut Tx<'_>, device: &mut ManagedDevice) -> Result<()> {
    setup::abandon(scope, tx, device).await?;
    store::command::cancel_all(tx, &scope.tenant, &device.id, scope.now).await?;
    store::push::wake_settle(tx, &scope.tenant, &device.id, domain::Time::NEVER, 0).await?;
    Ok(())
}

/// `TokenUpdate` of the device: where to wake it, and whether Setup Assistant holds it.
async fn token_update(
    scope: &Scope,
    tx: &mut Tx<'_>,
    fingerprint: &str,
    udid: &str,
    said: &TokenUpdate,
) -> Result<()> {
    let (before, credential) = caller(scope, tx, fingerprint).await?;
    let push = PushSaid {
        topic: said.topic.clone(),
        token: said.token.to_vec(),
        magic: said.push_magic.to_string(),
    };
    let heard = TokenUpdateSaid { udid, push, awaiting_configuration: said.awaiting_configuration };
    let outcome = before.clone().token_update(credential, heard, scope.now).map_err(refused)?;
    let mut device = outcome.device;
    if outcome.enrolled && !before.stage.is_managed() {
        may_come_back(scope, tx, &device).await?;
    }
    if let Some(token) = &said.unlock_token {
        store::secret::put(tx, &scope.tenant, SecretKind::UnlockToken, device.id.as_str(), token).await?;
    }
    if outcome.enrolled {
        note_enrolled(scope, tx, &device).await?;
        if device.awaiting_configuration && device.platform == Platform::MacOs {
            // A Mac in Setup Assistant has no accounts yet: whatever password is kept was of the one before.
            store::secret::delete(tx, &scope.tenant, SecretKind::AdminPassword, device.id.as_str()).await?;
        }
        tracing::info!(tenant = %scope.tenant, serial = %device.serial, awaiting = device.awaiting_configuration, "a device has enrolled");
    }
    let woken = match outcome.setup {
        Some(holds) => setup::begin(scope, tx, &mut device, holds).await?,
        None => {
            if before.awaiting_configuration {
                // The answer to the release may have been lost; this says the same.
                setup::happened(scope, tx, &mut device, &Event::NotAwaiting).await?;
            }
            super::outcome::keep_name(scope, tx, &mut device).await?;
            false
        }
    };
    if before.push.as_ref().is_some_and(|push| push.unreachable.is_some()) {
        // It could not be woken by its old token; here is a new one.
        store::trouble::end(tx, &scope.tenant, TroubleKind::Device, device.id.as_str(), scope.now).await?;
    }
    if !woken && store::command::pending_count(tx, &scope.tenant, &device.id).await? > 0 {
        store::push::wake_request(tx, &scope.tenant, &device.id, scope.now).await?;
    }
    save(tx, &before, &device).await
}

/// A restored backup enrols a device that had left without asking for a profile, and so past every rule of admission:
/// a block holds all the same.
async fn may_come_back(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<()> {
    let row = store::device::get(tx, &scope.tenant, &device.token, &device.device).await?;
    match row {
        Some(row) if row.enrollment.state == EnrollmentState::Blocked => Err(refused(Refusal::Ended)),
        _ => Ok(()),
    }
}

/// The serial's row learns that it is enrolled, and with which profile.
async fn note_enrolled(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<()> {
    let event =
        EnrollmentEvent::Enrolled { managed_device: device.id.clone(), profile: device.profile.clone() };
    note(scope, tx, device, event).await
}

/// The serial's row learns what became of its managed device, from the device itself.
async fn note(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice, event: EnrollmentEvent) -> Result<()> {
    if let Some(mut row) = store::device::get(tx, &scope.tenant, &device.token, &device.device).await? {
        let before = row.clone();
        row.after(event, scope.now);
        row.after(EnrollmentEvent::Contact, scope.now);
        store::device::update_from(tx, &before, &row).await?;
    }
    Ok(())
}

/// `CheckOut`: the device has left.
async fn check_out(scope: &Scope, tx: &mut Tx<'_>, fingerprint: &str, udid: &str) -> Result<()> {
    let (before, credential) = caller(scope, tx, fingerprint).await?;
    let mut device = before.clone().check_out(credential, udid).map_err(refused)?;
    leave(scope, tx, &mut device, Stage::CheckedOut).await?;
    save(tx, &before, &device).await
}

/// The device is no longer under management: nothing waits for it, and its serial may enrol anew.
pub(super) async fn leave(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    stage: Stage,
) -> Result<()> {
    end_enrolment(scope, tx, device).await?;
    device.leave(stage);
    for kind in [SecretKind::UnlockToken, SecretKind::BootstrapToken] {
        store::secret::delete(tx, &scope.tenant, kind, device.id.as_str()).await?;
    }
    // A Mac that was not erased still has its administrator's account.
    if stage == Stage::Erased {
        let owner = device.id.as_str();
        store::secret::delete(tx, &scope.tenant, SecretKind::AdminPassword, owner).await?;
    }
    note(scope, tx, device, EnrollmentEvent::Left).await?;
    tracing::info!(tenant = %scope.tenant, serial = %device.serial, stage = ?stage, "a device has left management");
    Ok(())
}

async fn set_bootstrap_token(
    scope: &Scope,
    tx: &mut Tx<'_>,
    fingerprint: &str,
    udid: &str,
    said: &SetBootstrapToken,
) -> Result<()> {
    let (before, device) = managed_caller(scope, tx, fingerprint, udid).await?;
    let owner = device.id.as_str();
    match &said.bootstrap_token {
        Some(token) => {
            store::secret::put(tx, &scope.tenant, SecretKind::BootstrapToken, owner, token).await?
        }
        None => drop(store::secret::delete(tx, &scope.tenant, SecretKind::BootstrapToken, owner).await?),
    }
    save(tx, &before, &device).await
}

/// `GetBootstrapToken`: the token, or an empty dictionary when there is none.
async fn bootstrap_token(scope: &Scope, fingerprint: String, message: &CheckInMessage) -> Result<Reply> {
    let (in_tx, udid) = (scope.clone(), message.enrollment.device().to_owned());
    let token = scope
        .app
        .store
        .read(move |tx| {
            let (scope, fingerprint, udid) = (in_tx.clone(), fingerprint.clone(), udid.clone());
            Box::pin(async move {
                let (_, device) = managed_caller(&scope, tx, &fingerprint, &udid).await?;
                let kind = SecretKind::BootstrapToken;
                Ok::<_, AppError>(store::secret::get(tx, &scope.tenant, kind, device.id.as_str()).await?)
            })
        })
        .await?;
    let mut answer = Dictionary::new();
    if let Some(token) = token {
        answer.insert("BootstrapToken".to_owned(), Value::Data(token.to_vec()));
    }
    let body = write_xml(&Value::Dictionary(answer)).map_err(|e| AppError::internal(e.to_string()))?;
    Ok(Reply::Plist(body))
}
