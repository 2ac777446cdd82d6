//! Alerts, derived from what is stored when they are asked for (R24, R27, L60).

use domain::ManagedDeviceId;
use domain::alert::{Alert, AlertKind, DeviceFact, Facts, ProfileFacts, PushFacts, TokenFacts, derive};
use domain::managed_device::ManagedDevice;
use domain::setup::{SetupPlan, SetupState, StepState};
use domain::time::DAY;
use domain::trouble::{Trouble, TroubleKind};
use store::Tx;

use crate::scope::Scope;
use crate::{Actor, App, Result};

use std::time::Duration;

/// Devices named by each rule; more of one kind have one cause, which the first ones show.
const DEVICES: u32 = 200;
/// A device that was told to leave Setup Assistant may take this long after its deadline.
const STUCK_AFTER: Duration = Duration::from_secs(10 * 60);
/// A release at the deadline is news for so long.
const RELEASE_NEWS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Identities are renewed long before; so near to its end, something keeps the device from it.
const IDENTITY_WARNING: Duration = DAY.saturating_mul(14);

/// Every alert of the actor's tenant, worst first.
///
/// # Errors
/// The store's.
pub async fn alerts(app: &App, actor: &Actor) -> Result<Vec<Alert>> {
    let scope = Scope::of(app, actor);
    app.look(scope, |tx, scope| {
        Box::pin(async move {
            let facts = facts(&scope, tx).await?;
            Ok(derive(&facts, scope.now, &scope.app.limits))
        })
    })
    .await
}

async fn facts(scope: &Scope, tx: &mut Tx<'_>) -> Result<Facts> {
    let mut facts = Facts::default();
    for token in scope.tokens(tx).await? {
        let throttled = store::device::count_throttled(tx, &scope.tenant, &token.id, scope.now).await?;
        let sync = store::sync::state(tx, &scope.tenant, &token.id).await?;
        for profile in store::profile::list(tx, &scope.tenant, &token.id).await? {
            if let Some(refusal) = store::profile::refusal_get(tx, &scope.tenant, &profile.id).await? {
                facts.profiles.push(ProfileFacts { profile, refusal });
            }
        }
        facts.push.needed = facts.push.needed || token.server.is_some();
        facts.tokens.push(TokenFacts { token, sync, throttled });
    }
    let certificate = store::push::certificate_get(tx, &scope.tenant).await?;
    facts.push =
        PushFacts { certificate: certificate.and_then(|certificate| certificate.current), ..facts.push };
    facts.devices = devices(scope, tx).await?;
    facts.troubles = crate::trouble::list(scope, tx).await?;
    let cannot_be_woken = unreachable(scope, tx, &facts.troubles).await?;
    facts.devices.extend(cannot_be_woken);
    Ok(facts)
}

/// What the device side's own tables show.
async fn devices(scope: &Scope, tx: &mut Tx<'_>) -> Result<Vec<DeviceFact>> {
    let mut facts = Vec::new();
    for plan in store::setup::stuck(tx, &scope.tenant, scope.now.minus(STUCK_AFTER), DEVICES).await? {
        let since = plan.deadline;
        facts.extend(of_plan(scope, tx, &plan, AlertKind::StuckInSetup, since).await?);
    }
    for plan in store::setup::released_at_deadline(tx, &scope.tenant, DEVICES).await? {
        let SetupState::Released { at, .. } = plan.state else { continue };
        if scope.now.since(at) < RELEASE_NEWS {
            facts.extend(of_plan(scope, tx, &plan, AlertKind::ReleasedAtDeadline, at).await?);
        }
    }
    let soon = scope.now.plus(IDENTITY_WARNING);
    for device in store::managed_device::expiring_identities(tx, &scope.tenant, soon, DEVICES).await? {
        let pinned = device.certificate.as_ref();
        let since = pinned.map_or(scope.now, |pinned| pinned.not_after.minus(IDENTITY_WARNING));
        if scope.sees_under(tx, &device.token).await? {
            facts.push(fact(&device, AlertKind::IdentityExpiry, since, None));
        }
    }
    for device in store::managed_device::rivals(tx, &scope.tenant, DEVICES).await? {
        if let Some(rival) = &device.rival
            && scope.sees_under(tx, &device.token).await?
        {
            let words =
                format!("UDID {} holds the serial, UDID {} asked for it too", device.udid, rival.udid);
            facts.push(fact(&device, AlertKind::SerialClaimedTwice, rival.at, Some(words)));
        }
    }
    Ok(facts)
}

/// Devices that Apple's push service does not know any more, while something waits for them.
async fn unreachable(scope: &Scope, tx: &mut Tx<'_>, troubles: &[Trouble]) -> Result<Vec<DeviceFact>> {
    let mut facts = Vec::new();
    let open = |trouble: &&Trouble| trouble.kind == TroubleKind::Device && trouble.is_open(scope.now);
    for trouble in troubles.iter().filter(open).take(DEVICES as usize) {
        let Ok(id) = trouble.subject.parse() else { continue };
        let device = store::managed_device::get(tx, &scope.tenant, &id).await?;
        let dead =
            |device: &ManagedDevice| device.push.as_ref().is_some_and(|push| push.unreachable.is_some());
        facts.extend(device.filter(dead).map(|device| {
            fact(&device, AlertKind::DeviceUnreachable, trouble.since, Some(trouble.words.clone()))
        }));
    }
    Ok(facts)
}

async fn of_plan(
    scope: &Scope,
    tx: &mut Tx<'_>,
    plan: &SetupPlan,
    kind: AlertKind,
    since: domain::Time,
) -> Result<Option<DeviceFact>> {
    let device = store::managed_device::get(tx, &scope.tenant, &plan.device).await?;
    match device {
        Some(device) if scope.sees_under(tx, &device.token).await? => {
            Ok(Some(fact(&device, kind, since, unfinished(plan))))
        }
        _ => Ok(None),
    }
}

/// The steps that did not end well.
fn unfinished(plan: &SetupPlan) -> Option<String> {
    let told = |state: &StepState| match state {
        StepState::Failed { words, .. } => Some(format!("failed: {words}")),
        StepState::TimedOut { .. } => Some("was not answered in its time".to_owned()),
        StepState::Running { .. } => Some("is with the device".to_owned()),
        StepState::Waiting => Some("did not begin".to_owned()),
        StepState::Done { .. } | StepState::Skipped { .. } => None,
    };
    let lines: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| Some(format!("{:?} {}", step.kind, told(&step.state)?)))
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn fact(device: &ManagedDevice, kind: AlertKind, since: domain::Time, words: Option<String>) -> DeviceFact {
    let name = device.info.device_name.clone().unwrap_or_else(|| device.serial.to_string());
    let subject: &ManagedDeviceId = &device.id;
    DeviceFact {
        kind,
        subject: subject.to_string(),
        name: format!("{name} ({})", device.serial),
        since,
        words,
    }
}
