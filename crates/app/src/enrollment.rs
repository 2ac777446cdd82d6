//! The first request of a device: signed MachineInfo in, enrolment profile out (apple.md 3.1, 3.2).
//!
//! What is believed, in this order: the secret in the URL (which profile), the signature around MachineInfo (some
//! genuine Apple device of this tenant's kind), and our own list of serials under that profile's token. A serial or a
//! UDID alone proves nothing (lessons, classes B, C, D).

pub(crate) mod profile;
mod verify;

use domain::device::{Device, EnrollmentState};
use domain::identity::Challenge;
use domain::managed_device::{ManagedDevice, Served, admit, serve};
use domain::tenant::Tenant;
use domain::{Platform, ProfileId, Serial, TenantId, Time, TokenId};
use mdm::machine_info::MachineInfo;
use store::{StoreError, Tx};
use zeroize::Zeroizing;

use crate::points::Point;
use crate::scope::Scope;
use crate::{App, AppError, Result, ca};

pub use verify::MACHINE_INFO_MAX;

/// What a profile's secret in a URL stands for.
#[derive(Clone)]
struct Door {
    tenant: Tenant,
    token: TokenId,
    profile: ProfileId,
}

/// What was decided, for building the profile outside of the transaction.
#[derive(Clone)]
struct Ticket {
    tenant: Tenant,
    udid: String,
    topic: String,
    platform: Platform,
    shared_ipad: bool,
}

/// Answers `POST …/enroll/{secret}`: `signed` is MachineInfo as CMS, in BER or DER. The answer is a signed
/// `.mobileconfig`, good for [`domain::Limits::challenge`] and for this device only.
///
/// # Errors
/// [`AppError::Refused`], [`AppError::Invalid`] or [`AppError::TooSoon`], with words for administrators, not for the
/// device; other errors are ours and may pass.
pub async fn enroll(app: &App, tenant: &TenantId, secret: &str, signed: &[u8]) -> Result<Vec<u8>> {
    let scope = Scope::new(app, tenant);
    let door = open(&scope, secret).await?;
    let info = verify::machine_info(&door.tenant, signed)?;
    let serial: Serial =
        info.serial.parse().map_err(|_| AppError::invalid("SERIAL", "it is no serial number"))?;
    app.memory.pace(tenant, &serial, scope.now).map_err(|next_at| AppError::TooSoon {
        words: format!(
            "{serial} has asked for its enrolment profile too often (a pace for each serial number)"
        ),
        next_at,
    })?;
    let challenge = pki::random::secret().map_err(|e| AppError::internal(e.to_string()))?;
    let authority = ca::authority(app, tenant).await?;
    match decide(&scope, &door, &serial, &info, &challenge).await {
        Ok(ticket) => {
            app.at(Point::EnrolProfileStored);
            profile::signed(&scope, &ticket, &challenge, &authority)
        }
        Err(refused @ AppError::Refused { .. }) => {
            tracing::warn!(tenant = %tenant, serial = %serial, "refused to enrol a device: failed to {refused}");
            note_failure(&scope, &door, &serial).await?;
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

/// The profile that a secret stands for. A wrong one is told apart from nothing.
async fn open(scope: &Scope, secret: &str) -> Result<Door> {
    let hash = pki::digest::sha256_hex(secret.as_bytes());
    let tenant = scope.tenant.clone();
    let found = scope
        .app
        .store
        .read(move |tx| {
            let (hash, tenant) = (hash.clone(), tenant.clone());
            Box::pin(async move {
                let key = store::profile::by_url_secret(tx, &hash).await?;
                let key = key.filter(|(of, _, _)| *of == tenant);
                let row = store::tenant::get(tx, &tenant).await?;
                Ok::<_, AppError>(row.zip(key))
            })
        })
        .await?;
    let (tenant, (_, token, profile)) = found.ok_or_else(|| {
        AppError::refused("the enrolment URL is of no profile here, or of one that was deleted")
    })?;
    Ok(Door { tenant, token, profile })
}

/// Decides and writes, in one transaction: the row of the device and its challenge.
async fn decide(
    scope: &Scope,
    door: &Door,
    serial: &Serial,
    info: &MachineInfo,
    challenge: &Zeroizing<String>,
) -> Result<Ticket> {
    let hash = pki::digest::sha256_hex(challenge.as_bytes());
    let (scope, door, serial, udid) = (scope.clone(), door.clone(), serial.clone(), info.udid.clone());
    let store = scope.app.store.clone();
    store
        .transact(move |tx| {
            let (scope, door, serial, udid, hash) =
                (scope.clone(), door.clone(), serial.clone(), udid.clone(), hash.clone());
            Box::pin(async move { decide_in(&scope, tx, &door, &serial, udid, hash).await })
        })
        .await
}

async fn decide_in(
    scope: &Scope,
    tx: &mut Tx<'_>,
    door: &Door,
    serial: &Serial,
    udid: String,
    hash: String,
) -> Result<Ticket> {
    let row = admitted(scope, tx, door, serial).await?;
    let topic = topic(scope, tx).await?;
    let profile = store::profile::get(tx, &scope.tenant, &door.token, &door.profile).await?;
    let profile = profile.ok_or_else(|| AppError::refused("the profile of the enrolment URL was deleted"))?;
    let existing = store::managed_device::by_serial(tx, &scope.tenant, serial).await?;
    let known = existing.is_some();
    let served = Served {
        tenant: scope.tenant.clone(),
        fresh_id: scope.managed_device_id(),
        serial: serial.clone(),
        udid: udid.clone(),
        device: row.id.clone(),
        token: door.token.clone(),
        profile: door.profile.clone(),
        profile_name: profile.settings.display_name.clone(),
        platform: profile.platform,
    };
    let outcome = serve(existing, served, scope.now);
    warn_of_rival(&outcome.device);
    if known {
        store::managed_device::update(tx, &outcome.device).await?;
    } else {
        // On two nodes at once a serial's first requests both find no row: the later one is decided anew.
        let inserted = store::managed_device::insert(tx, &outcome.device).await;
        inserted.map_err(|error| match error {
            StoreError::Duplicate { .. } => StoreError::Conflict,
            other => other,
        })?;
    }
    let challenge = Challenge {
        hash,
        tenant: scope.tenant.clone(),
        device: outcome.device.id.clone(),
        enrolment: outcome.enrolment,
        expires_at: scope.in_future(scope.app.limits.challenge),
        used: None,
        certificate: None,
    };
    store::identity::challenge_insert(tx, &challenge).await?;
    scope.app.at(Point::EnrolProfileDecided);
    let shared_ipad = profile.settings.enable_shared_ipad;
    Ok(Ticket { tenant: door.tenant.clone(), udid, topic, platform: profile.platform, shared_ipad })
}

/// The serial's row, if it may enrol through this door.
async fn admitted(scope: &Scope, tx: &mut Tx<'_>, door: &Door, serial: &Serial) -> Result<Device> {
    let rows = store::device::find_serial(tx, &scope.tenant, serial).await?;
    let row = rows.into_iter().find(|row| row.token == door.token);
    let mut ours = Vec::new();
    if let Some(row) = &row {
        for uuid in row.apple.profile_uuid.iter().chain(&row.assignment.profile_uuid) {
            let defined = store::profile::defined_by_uuid(tx, &scope.tenant, uuid).await?;
            if defined.is_some_and(|defined| defined.token == door.token) {
                ours.push(uuid.clone());
            }
        }
    }
    let admitted = admit(row.as_ref(), |uuid| ours.iter().any(|known| known == uuid));
    admitted.cloned().map_err(|refusal| AppError::refused(format!("the device {serial} {refusal}")))
}

/// The push topic for the profile: without one no command could ever reach the device (L29).
async fn topic(scope: &Scope, tx: &mut Tx<'_>) -> Result<String> {
    let certificate = store::push::certificate_get(tx, &scope.tenant).await?;
    let topic = certificate.as_ref().and_then(|certificate| certificate.topic(scope.now));
    topic.map(str::to_owned).ok_or_else(|| {
        AppError::refused(
            "there is no valid MDM push certificate; add or renew it, then let the device try again (NoEnrollmentPolicy, L29)",
        )
    })
}

fn warn_of_rival(device: &ManagedDevice) {
    if let Some(rival) = device.rival.as_ref().filter(|rival| rival.at == device.served_at) {
        tracing::warn!(tenant = %device.tenant, serial = %device.serial, udid = %rival.udid, "two UDIDs claim one serial number");
    }
}

/// A refusal is seen on the serial's row, unless the device is enrolled or blocked.
async fn note_failure(scope: &Scope, door: &Door, serial: &Serial) -> Result<()> {
    let (now, tenant, token, serial): (Time, _, _, _) =
        (scope.now, scope.tenant.clone(), door.token.clone(), serial.clone());
    let store = scope.app.store.clone();
    store
        .transact(move |tx| {
            let (tenant, token, serial) = (tenant.clone(), token.clone(), serial.clone());
            Box::pin(async move {
                let rows = store::device::find_serial(tx, &tenant, &serial).await?;
                let Some(mut row) = rows.into_iter().find(|row| row.token == token) else {
                    return Ok::<_, AppError>(());
                };
                row.enrollment.last_contact = Some(now);
                if matches!(row.enrollment.state, EnrollmentState::NotContacted | EnrollmentState::Failed) {
                    row.enrollment.state = EnrollmentState::Failed;
                }
                store::device::update(tx, &row).await?;
                Ok(())
            })
        })
        .await
}
