//! Gives devices a new identity before theirs ends (lessons 59 to 65): a profile update by command, with a fresh
//! one-time challenge. What shows that it worked is the device calling with the new identity, not that it was sent.

use std::time::Duration;

use domain::Time;
use domain::command::Purpose;
use domain::identity::Challenge;
use domain::managed_device::ManagedDevice;
use mdm::Redacted;
use mdm::command::Command;
use pki::x509::CertificateAuthority;
use store::Tx;
use zeroize::Zeroizing;

use crate::enrollment::profile::{Renewal, renewal};
use crate::loops::Work;
use crate::scope::Scope;
use crate::{App, AppError, Result, ca, command, managed_device, setup};

/// Between turns.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// Renewals a turn: a fleet that enrolled in one week renews over days, not in a flood (lessons 65).
const BATCH: u32 = 200;

/// One turn.
///
/// # Errors
/// The store's.
pub async fn turn(app: App) -> Result<Time> {
    let now = app.now();
    let before = now.plus(app.limits.identity_renewal);
    let expiring = app
        .store
        .read(move |tx| {
            Box::pin(async move {
                Ok::<_, AppError>(store::managed_device::identities_to_renew(tx, before, BATCH).await?)
            })
        })
        .await?;
    for device in expiring {
        // One device's trouble is its own (lessons 61).
        if let Err(error) = renew(&app, &device).await {
            tracing::warn!(tenant = %device.tenant, device = %device.id, "failed to {error} while renewing its identity");
        }
    }
    app.wake(Work::Push);
    Ok(now.plus(EVERY))
}

async fn renew(app: &App, device: &ManagedDevice) -> Result<()> {
    let scope = Scope::new(app, &device.tenant);
    let authority = ca::authority(app, &device.tenant).await?;
    let secret = pki::random::secret().map_err(|e| AppError::internal(e.to_string()))?;
    let id = device.id.clone();
    app.store
        .transact(move |tx| {
            let (scope, authority, id, secret) =
                (scope.clone(), authority.clone(), id.clone(), secret.clone());
            Box::pin(async move {
                let device = managed_device::load(&scope, tx, &id).await?;
                offer(&scope, tx, &device, &authority, secret).await
            })
        })
        .await
}

/// Queues the profile, unless one waits already: a command that expires is followed by another.
async fn offer(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
    authority: &CertificateAuthority,
    secret: Zeroizing<String>,
) -> Result<()> {
    let Some(push) = device.push.as_ref().filter(|_| device.stage.is_managed()) else { return Ok(()) };
    let pending = store::command::pending(tx, &scope.tenant, &device.id).await?;
    if pending.iter().any(|command| command.purpose == Purpose::IdentityRenewal) {
        return Ok(());
    }
    let around = setup::surroundings(scope, tx, device).await?;
    let challenge = Challenge {
        hash: pki::digest::sha256_hex(secret.as_bytes()),
        tenant: scope.tenant.clone(),
        device: device.id.clone(),
        enrolment: device.enrolment,
        // As long as its command may wait; it goes only to the holder of the present identity.
        expires_at: scope.in_future(scope.app.limits.command),
        used: None,
        certificate: None,
    };
    store::identity::challenge_insert(tx, &challenge).await?;
    let wanted = Renewal {
        tenant: around.tenant.as_ref().clone(),
        udid: &device.udid,
        topic: &push.topic,
        platform: device.platform,
        shared_ipad: around.settings.enable_shared_ipad,
        challenge: secret,
    };
    let payload = Redacted(renewal(scope, wanted, authority)?);
    command::send(scope, tx, device, &Command::InstallProfile { payload }, Purpose::IdentityRenewal).await?;
    Ok(())
}
