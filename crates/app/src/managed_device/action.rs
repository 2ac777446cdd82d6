//! What an administrator asks of a device, under Graph's names. Everything is a command: it is queued, the device is
//! woken, and its answer decides.

use domain::command::Purpose;
use domain::managed_device::{ManagedDevice, is_supervised};
use domain::name_template::check_rename;
use domain::secret::SecretKind;
use domain::{CommandId, ManagedDeviceId, Platform};
use mdm::Redacted;
use mdm::command::{Command, EraseDevice, Setting};
use store::Tx;

use super::{load, save};
use crate::enrollment::profile::identifier;
use crate::loops::Work;
use crate::points::Point;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result, command, setup};

/// Longest message on a locked screen, in characters.
const MESSAGE_LEN_MAX: usize = 500;
/// Digits of a Mac's PIN (apple.md 3.7).
const PIN_LEN: usize = 6;

/// An action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `wipe`: `EraseDevice`.
    Wipe(Wipe),
    /// `retire`: the enrolment profile is removed, the device's data stay.
    Retire,
    /// `remoteLock`.
    RemoteLock {
        /// Shown on the locked screen.
        message: Option<String>,
        /// Shown on the locked screen.
        phone_number: Option<String>,
        /// Unlocks a Mac: six digits.
        pin: Option<String>,
    },
    /// `rebootNow`.
    RebootNow,
    /// `shutDown`.
    ShutDown,
    /// `resetPasscode`: the passcode is removed.
    ResetPasscode,
    /// `syncDevice`: wake it and ask for its inventory.
    SyncDevice,
    /// `removeBypassCode`: the Activation Lock bypass code no longer works.
    ClearBypassCode,
}

/// How a device is erased (apple.md 3.9).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wipe {
    /// `keepEsimDataPlan`.
    pub preserve_data_plan: bool,
    /// Do not offer a nearby device for setting it up.
    pub disallow_proximity_setup: bool,
    /// Unlocks a Mac after: six digits (`macOsUnlockCode`).
    pub pin: Option<String>,
    /// `ObliterationBehavior` of a Mac.
    pub obliteration_behavior: Option<String>,
}

impl Action {
    /// Graph's name of the action.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Wipe(_) => "wipe",
            Self::Retire => "retire",
            Self::RemoteLock { .. } => "remoteLock",
            Self::RebootNow => "rebootNow",
            Self::ShutDown => "shutDown",
            Self::ResetPasscode => "resetPasscode",
            Self::SyncDevice => "syncDevice",
            Self::ClearBypassCode => "removeBypassCode",
        }
    }
}

/// Queues an action and wakes the device. Answers which command it became.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Conflict`] for a device that is not under management; [`AppError::Refused`]
/// for what its platform or state does not allow; [`AppError::Invalid`] for a bad value.
pub async fn act(app: &App, actor: &Actor, device: &ManagedDeviceId, action: Action) -> Result<CommandId> {
    if !actor.may_administer() {
        return Err(AppError::refused("devices give no orders"));
    }
    let scope = Scope::of(app, actor);
    let (id, name) = (device.clone(), action.name());
    let command = app
        .store
        .transact(move |tx| {
            let (scope, id, action) = (scope.clone(), id.clone(), action.clone());
            Box::pin(async move {
                let device = managed(&scope, tx, &id).await?;
                let command = build(&scope, tx, &device, &action).await?;
                let purpose = match action {
                    Action::SyncDevice => Purpose::Inventory,
                    _ => Purpose::Action(action.name().to_owned()),
                };
                command::send(&scope, tx, &device, &command, purpose).await
            })
        })
        .await?;
    app.at(Point::CommandQueued);
    tracing::info!(tenant = %actor.tenant, device = %device, actor = %actor.name, action = name, "queued an action");
    app.wake(Work::Push);
    Ok(command)
}

/// A device that can be sent commands. Before its enrolment nothing is queued for it (lessons 21).
async fn managed(scope: &Scope, tx: &mut Tx<'_>, id: &ManagedDeviceId) -> Result<ManagedDevice> {
    let device = load(scope, tx, id).await?;
    if device.stage.is_managed() && device.push.is_some() {
        Ok(device)
    } else {
        Err(AppError::conflict("the device is not under management now; it must enrol first"))
    }
}

async fn build(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice, action: &Action) -> Result<Command> {
    only_where_possible(device, action)?;
    Ok(match action {
        Action::Wipe(wipe) => Command::EraseDevice(Box::new(erase(device, wipe)?)),
        Action::Retire => Command::RemoveProfile { identifier: identifier(&scope.tenant) },
        Action::RemoteLock { message, phone_number, pin } => {
            let long = |text: &Option<String>| {
                text.as_ref().is_some_and(|text| text.chars().count() > MESSAGE_LEN_MAX)
            };
            if long(message) || long(phone_number) {
                return Err(AppError::invalid(
                    "message",
                    format!("it has more than {MESSAGE_LEN_MAX} characters"),
                ));
            }
            let (message, phone_number) = (message.clone(), phone_number.clone());
            Command::DeviceLock { message, phone_number, pin: mac_pin(device, pin.as_deref())? }
        }
        Action::RebootNow => Command::RestartDevice { notify_user: false },
        Action::ShutDown => Command::ShutDownDevice,
        Action::ResetPasscode => {
            let token =
                store::secret::get(tx, &scope.tenant, SecretKind::UnlockToken, device.id.as_str()).await?;
            let token = token.ok_or_else(|| AppError::conflict("the device has left no unlock token"))?;
            Command::ClearPasscode { unlock_token: Redacted(token.to_vec()) }
        }
        Action::SyncDevice => setup::information(device.platform),
        Action::ClearBypassCode => Command::ClearActivationLockBypassCode,
    })
}

/// Platforms and supervision by Apple's schema of each command.
fn only_where_possible(device: &ManagedDevice, action: &Action) -> Result<()> {
    use Platform::{Ios, MacOs, TvOs, VisionOs};
    let platforms: &[Platform] = match action {
        Action::Wipe(_) | Action::Retire | Action::SyncDevice => &Platform::ALL,
        Action::RemoteLock { .. } | Action::ShutDown => &[Ios, MacOs],
        Action::RebootNow => &[Ios, MacOs, TvOs],
        Action::ResetPasscode => &[Ios],
        Action::ClearBypassCode => &[Ios, MacOs, VisionOs],
    };
    let name = action.name();
    if !platforms.contains(&device.platform) {
        return Err(AppError::refused(format!("{} has no {name}", device.platform.as_str())));
    }
    let supervised_only = matches!(action, Action::RebootNow | Action::ShutDown | Action::ClearBypassCode);
    if supervised_only && device.platform == Ios && !is_supervised(&device.info, device.platform, false) {
        return Err(AppError::refused(format!("{name} needs a supervised device")));
    }
    if matches!(action, Action::ResetPasscode) && device.info.is_multi_user == Some(true) {
        return Err(AppError::refused("a Shared iPad has no passcode of its own"));
    }
    Ok(())
}

fn erase(device: &ManagedDevice, wipe: &Wipe) -> Result<EraseDevice> {
    let mac = device.platform == Platform::MacOs;
    Ok(EraseDevice {
        preserve_data_plan: wipe.preserve_data_plan && device.platform == Platform::Ios,
        disallow_proximity_setup: wipe.disallow_proximity_setup && device.platform == Platform::Ios,
        pin: mac_pin(device, wipe.pin.as_deref())?,
        obliteration_behavior: wipe.obliteration_behavior.clone().filter(|_| mac),
        return_to_service: None,
    })
}

fn mac_pin(device: &ManagedDevice, pin: Option<&str>) -> Result<Option<Redacted<String>>> {
    match pin {
        Some(_) if device.platform != Platform::MacOs => Ok(None),
        Some(pin) if pin.len() == PIN_LEN && pin.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(Redacted(pin.to_owned())))
        }
        Some(_) => Err(AppError::invalid("macOsUnlockCode", "it takes exactly six digits")),
        None => Ok(None),
    }
}

/// `setDeviceName` (L63, L64): this one device is called so from now on, whatever its profile's template says.
///
/// # Errors
/// As [`act`], and [`AppError::Invalid`] for a name that breaks a rule.
pub async fn rename(app: &App, actor: &Actor, device: &ManagedDeviceId, name: &str) -> Result<()> {
    check_rename(name).map_err(|e| AppError::invalid("deviceName", format!("the name {e}")))?;
    set_override(app, actor, device, Some(name.to_owned())).await
}

/// Lets the template of its profile name the device again.
///
/// # Errors
/// As [`act`].
pub async fn use_template(app: &App, actor: &Actor, device: &ManagedDeviceId) -> Result<()> {
    set_override(app, actor, device, None).await
}

async fn set_override(
    app: &App,
    actor: &Actor,
    device: &ManagedDeviceId,
    name: Option<String>,
) -> Result<()> {
    let (scope, id) = (Scope::of(app, actor), device.clone());
    app.store
        .transact(move |tx| {
            let (scope, id, name) = (scope.clone(), id.clone(), name.clone());
            Box::pin(async move {
                let before = managed(&scope, tx, &id).await?;
                let mut device = before.clone();
                device.name_override = name.clone();
                let around = setup::surroundings(&scope, tx, &device).await?;
                let naming = around.naming(&device);
                if !naming.supervised {
                    return Err(AppError::refused("only supervised devices can be renamed (L62)"));
                }
                if let Some(wanted) = naming.wanted() {
                    let rename = Command::Settings(vec![Setting::DeviceName(wanted)]);
                    command::send(&scope, tx, &device, &rename, Purpose::Name).await?;
                }
                save(tx, &before, &device).await
            })
        })
        .await?;
    app.wake(Work::Push);
    Ok(())
}
