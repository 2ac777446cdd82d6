//! What happens while Setup Assistant waits, and the administrator's way out of it (apple.md 3.6, N9).

mod account;

use std::sync::Arc;

use domain::command::{CommandOutcome, Purpose};
use domain::managed_device::{ManagedDevice, is_supervised};
use domain::name_template::{Naming, device_type};
use domain::profile::{Profile, ProfileSettings};
use domain::setup::{Answer, Effect, Event, SetupPlan, SetupState, Start, StepKind, advance, start};
use domain::tenant::Tenant;
use domain::{CommandId, ManagedDeviceId, Platform};
use mdm::command::{Command, OrganizationInfo, Setting, SharedDeviceConfiguration};
use store::Tx;

use crate::loops::Work;
use crate::points::Point;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result, command};

/// What steps are built from: the profile as it is now, and who the organisation is.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) settings: Arc<ProfileSettings>,
}

/// Reads them. A profile that was deleted since leaves the defaults.
pub(crate) async fn surroundings(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
) -> Result<Surroundings> {
    let tenant = store::tenant::get(tx, &scope.tenant).await?;
    let tenant = tenant.ok_or_else(|| AppError::not_found(format!("the tenant {}", scope.tenant)))?;
    let profile: Option<Profile> =
        store::profile::get(tx, &scope.tenant, &device.token, &device.profile).await?;
    let settings = profile.map(|profile| profile.settings).unwrap_or_default();
    Ok(Surroundings { tenant: Arc::new(tenant), settings: Arc::new(settings) })
}

impl Surroundings {
    /// What decides the device's name.
    pub(crate) fn naming<'a>(&'a self, device: &'a ManagedDevice) -> Naming<'a> {
        let model = device.info.product_name.as_deref().or(device.info.model_name.as_deref());
        Naming {
            template: self.settings.device_name_template.as_deref().filter(|t| !t.trim().is_empty()),
            name_override: device.name_override.as_deref(),
            device_type: device_type(model.unwrap_or_else(|| family(device.platform))),
            serial: device.serial.as_str(),
            supervised: is_supervised(&device.info, device.platform, self.settings.supervised_mode_enabled),
        }
    }
}

/// What a device without a model is taken for.
const fn family(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "iPad",
        Platform::MacOs => "Mac",
        Platform::TvOs => "AppleTV",
        Platform::VisionOs => "Vision",
    }
}

/// Starts a new plan for this enrolment, whatever was there before (lessons 40), and its first step. Answers whether the
/// device will be woken for it.
pub(crate) async fn begin(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    holds: bool,
) -> Result<bool> {
    abandon(scope, tx, device).await?;
    let around = surroundings(scope, tx, device).await?;
    let naming = around.naming(device);
    let plan = start(
        Start {
            tenant: &scope.tenant,
            device: &device.id,
            enrolment: device.enrolment,
            version: 0,
            platform: device.platform,
            settings: &around.settings,
            named: naming.wanted().is_some(),
            supervised: naming.supervised,
            holds,
        },
        scope.now,
        &scope.app.limits,
    );
    let (plan, effects) = advance(plan, &Event::Tick, scope.now, &scope.app.limits, &scope.command_id()?);
    let wakes = effects.iter().any(|effect| matches!(effect, Effect::Wake));
    store::setup::replace(tx, &plan).await?;
    carry_out(scope, tx, device, &plan, effects, Some(around)).await?;
    Ok(wakes)
}

/// Ends the plan of an enrolment that is over.
pub(crate) async fn abandon(scope: &Scope, tx: &mut Tx<'_>, device: &mut ManagedDevice) -> Result<()> {
    happened(scope, tx, device, &Event::Ended).await
}

/// Tells the plan that something happened, and does what it wants. Without a plan nothing happens.
pub(crate) async fn happened(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    event: &Event,
) -> Result<()> {
    let Some(plan) = store::setup::get(tx, &scope.tenant, &device.id).await? else { return Ok(()) };
    if !plan.is_active() {
        return Ok(());
    }
    let (next, effects) = advance(plan.clone(), event, scope.now, &scope.app.limits, &scope.command_id()?);
    if next != plan {
        store::setup::update(tx, &next).await?;
    }
    carry_out(scope, tx, device, &next, effects, None).await
}

/// Whether the last `DeviceName` step or another is still to come.
pub(crate) async fn is_active(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<bool> {
    let plan = store::setup::get(tx, &scope.tenant, &device.id).await?;
    Ok(plan.is_some_and(|plan| plan.is_active()))
}

async fn carry_out(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    plan: &SetupPlan,
    effects: Vec<Effect>,
    mut around: Option<Surroundings>,
) -> Result<()> {
    for effect in effects {
        match effect {
            Effect::Withdraw { command } => {
                command::withdraw(scope, tx, &device.id, &command, CommandOutcome::Expired).await?;
            }
            Effect::QueueStep { index, kind, command } => {
                let around = match around.take() {
                    Some(around) => around,
                    None => surroundings(scope, tx, device).await?,
                };
                let request = step_command(scope, tx, kind, device, &around).await?;
                command::enqueue(scope, tx, device, command, &request, Purpose::Setup(index)).await?;
                scope.app.at(Point::EnrolStepQueued);
            }
            Effect::QueueRelease { command } => {
                command::enqueue(scope, tx, device, command, &Command::DeviceConfigured, Purpose::Release)
                    .await?;
                scope.app.at(Point::EnrolReleaseQueued);
            }
            Effect::Wake => {
                store::push::wake_request(tx, &scope.tenant, &device.id, scope.now).await?;
            }
            Effect::LeftSetup => {
                device.leave_setup();
                tracing::info!(tenant = %scope.tenant, device = %device.id, state = ?plan.state, "device left Setup Assistant");
            }
        }
    }
    Ok(())
}

/// The command of a step.
async fn step_command(
    scope: &Scope,
    tx: &mut Tx<'_>,
    kind: StepKind,
    device: &ManagedDevice,
    around: &Surroundings,
) -> Result<Command> {
    Ok(match kind {
        StepKind::Name => {
            let name = around.naming(device).wanted().unwrap_or_else(|| device.serial.to_string());
            Command::Settings(vec![Setting::DeviceName(name)])
        }
        StepKind::OrganizationInfo => organization(device.platform, around),
        StepKind::DeviceInformation => information(device.platform),
        StepKind::SecurityInfo => Command::SecurityInfo,
        StepKind::ActivationLockBypassCode => Command::ActivationLockBypassCode,
        StepKind::SharedDeviceConfiguration => {
            Command::Settings(vec![Setting::SharedDeviceConfiguration(Box::new(shared(&around.settings)))])
        }
        StepKind::AccountConfiguration => {
            let accounts = account::configuration(scope, tx, device, &around.settings.accounts).await?;
            Command::AccountConfiguration(Box::new(accounts))
        }
    })
}

/// Who manages the device (R12), and whether its user may turn Activation Lock on.
fn organization(platform: Platform, around: &Surroundings) -> Command {
    let organization = &around.tenant.organization;
    let name = if organization.name.trim().is_empty() {
        around.tenant.id.to_string()
    } else {
        organization.name.clone()
    };
    let info = OrganizationInfo {
        name,
        address: organization.address.clone(),
        phone: organization.phone.clone(),
        email: organization.email.clone(),
        ..OrganizationInfo::default()
    };
    let mut settings = vec![Setting::OrganizationInfo(Some(info))];
    // Apple's schema of Settings: MDMOptions is not for tvOS.
    if platform != Platform::TvOs {
        settings.push(Setting::ActivationLockAllowedWhileSupervised(around.settings.activation_lock_allowed));
    }
    Command::Settings(settings)
}

/// Shared iPad (R45, R46, N12 to N14). Temporary sessions only voids the settings of cached users.
fn shared(settings: &ProfileSettings) -> SharedDeviceConfiguration {
    let seconds = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    if settings.force_temporary_session {
        return SharedDeviceConfiguration {
            temporary_session_only: Some(true),
            temporary_session_timeout: seconds(settings.temporary_session_timeout_in_seconds),
            ..SharedDeviceConfiguration::default()
        };
    }
    SharedDeviceConfiguration {
        resident_users: seconds(settings.shared_ipad_maximum_user_count),
        user_session_timeout: seconds(settings.user_session_timeout_in_seconds),
        temporary_session_timeout: seconds(settings.temporary_session_timeout_in_seconds),
        passcode_lock_grace_period: seconds(settings.passcode_lock_grace_period_in_seconds),
        ..SharedDeviceConfiguration::default()
    }
}

/// What inventory asks of every platform, and of some (Apple's schema of `DeviceInformation`).
const QUERIES: [&str; 10] = [
    "DeviceName",
    "OSVersion",
    "BuildVersion",
    "ModelName",
    "ProductName",
    "SerialNumber",
    "UDID",
    "IsSupervised",
    "WiFiMAC",
    "AwaitingConfiguration",
];

/// The inventory command for a platform.
pub(crate) fn information(platform: Platform) -> Command {
    let more: &[&str] = match platform {
        Platform::Ios => &[
            "Model",
            "DeviceCapacity",
            "AvailableDeviceCapacity",
            "IsMultiUser",
            "IsActivationLockEnabled",
            "ServiceSubscriptions",
            "IMEI",
            "MEID",
        ],
        Platform::MacOs => {
            &["Model", "DeviceCapacity", "AvailableDeviceCapacity", "EthernetMAC", "IsActivationLockEnabled"]
        }
        Platform::TvOs => &["Model"],
        Platform::VisionOs => &["DeviceCapacity", "AvailableDeviceCapacity"],
    };
    Command::DeviceInformation {
        queries: QUERIES.iter().chain(more).map(|query| (*query).to_owned()).collect(),
    }
}

/// What a device's answer to a step or to the release means to the plan.
pub(crate) fn answer_event(command: &CommandId, outcome: &CommandOutcome) -> Event {
    let answer = match outcome {
        CommandOutcome::Acknowledged => Answer::Acknowledged,
        CommandOutcome::Error { words } => Answer::Refused(words.clone()),
        CommandOutcome::FormatError => Answer::Refused("CommandFormatError".to_owned()),
        CommandOutcome::Cancelled | CommandOutcome::Expired => Answer::Lost,
    };
    Event::Answered { command: command.clone(), answer }
}

/// The setup of a device, as it stands; none: it never began.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<Option<SetupPlan>> {
    let args = (Scope::of(app, actor), device.clone());
    app.look(args, |tx, (scope, device)| {
        Box::pin(async move {
            crate::managed_device::load(&scope, tx, &device).await?;
            Ok(store::setup::get(tx, &scope.tenant, &device).await?)
        })
    })
    .await
}

/// Releases a device from Setup Assistant now, whatever its steps are at (lessons 44, 46).
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Conflict`] when the device does not wait.
pub async fn release(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<()> {
    let scope = Scope::of(app, actor);
    let device = device.clone();
    app.store
        .transact(move |tx| {
            let (scope, id) = (scope.clone(), device.clone());
            Box::pin(async move {
                let mut device = crate::managed_device::load(&scope, tx, &id).await?;
                let plan = store::setup::get(tx, &scope.tenant, &id).await?;
                let holds = matches!(
                    plan.map(|plan| plan.state),
                    Some(SetupState::Running { holds: true } | SetupState::Releasing { .. })
                );
                if !holds {
                    return Err(AppError::conflict("the device does not wait in Setup Assistant"));
                }
                let before = device.clone();
                happened(&scope, tx, &mut device, &Event::Release).await?;
                crate::managed_device::save(tx, &before, &device).await
            })
        })
        .await?;
    app.wake(Work::Push);
    app.wake(Work::Setup);
    Ok(())
}

/// Devices that setup is under way for, at most so many, with their serial numbers.
const ACTIVE_MAX: u32 = 10_000;

/// Every setup that is under way, with the serial number of its device.
///
/// # Errors
/// The store's.
pub async fn active(app: &App, actor: &Actor) -> Result<Vec<(SetupPlan, domain::Serial)>> {
    app.look(Scope::of(app, actor), |tx, scope| {
        Box::pin(async move {
            let mut found = Vec::new();
            for plan in store::setup::active(tx, &scope.tenant, None, ACTIVE_MAX).await? {
                let device = store::managed_device::get(tx, &scope.tenant, &plan.device).await?;
                if let Some(device) = device
                    && scope.sees_under(tx, &device.token).await?
                {
                    found.push((plan, device.serial));
                }
            }
            Ok(found)
        })
    })
    .await
}
