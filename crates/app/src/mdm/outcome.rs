//! What a finished command means to whoever waits for it.

use domain::command::{CommandOutcome, FinishedCommand, Purpose};
use domain::managed_device::{DeviceInfo, ManagedDevice, Stage};
use domain::secret::SecretKind;
use domain::setup::{Event, StepKind};
use mdm::command::{Command, CommandAnswer, SecurityInfo, Setting};
use mdm::guard::{Dictionary, Fields};
use store::Tx;

use super::check_in::leave;
use crate::scope::Scope;
use crate::{AppError, Result, command, setup};

/// Longest text kept of what a device says of itself, in bytes.
const TEXT_MAX: usize = 256;
/// `DeviceCapacity` counts in these, bytes.
const GIBIBYTE: f64 = 1_073_741_824.0;

/// Takes what the answer says into the device's row, and tells the plan of setup.
pub(super) async fn apply(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    finished: &FinishedCommand,
    answer: &CommandAnswer,
) -> Result<()> {
    let done = finished.outcome == CommandOutcome::Acknowledged;
    if done {
        learn(scope, tx, device, finished, answer).await?;
    }
    match &finished.purpose {
        Purpose::Setup(index) => {
            if done && step_is_name(scope, tx, device, *index).await? {
                device.info.device_name =
                    setup::surroundings(scope, tx, device).await?.naming(device).wanted();
            }
            setup::happened(scope, tx, device, &setup::answer_event(&finished.id, &finished.outcome)).await
        }
        Purpose::Release => {
            setup::happened(scope, tx, device, &setup::answer_event(&finished.id, &finished.outcome)).await
        }
        Purpose::Name if done => {
            device.info.device_name = setup::surroundings(scope, tx, device).await?.naming(device).wanted();
            Ok(())
        }
        Purpose::Action(action) if done => acted(scope, tx, device, action).await,
        Purpose::Name | Purpose::Inventory | Purpose::IdentityRenewal | Purpose::Action(_) => Ok(()),
    }
}

async fn step_is_name(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice, index: u32) -> Result<bool> {
    let plan = store::setup::get(tx, &scope.tenant, &device.id).await?;
    let step = plan.and_then(|plan| plan.steps.into_iter().nth(usize::try_from(index).ok()?));
    Ok(step.is_some_and(|step| step.kind == StepKind::Name))
}

/// What an acknowledged action changes here.
async fn acted(scope: &Scope, tx: &mut Tx<'_>, device: &mut ManagedDevice, action: &str) -> Result<()> {
    match action {
        "wipe" => leave(scope, tx, device, Stage::Erased).await,
        "retire" => leave(scope, tx, device, Stage::CheckedOut).await,
        "removeBypassCode" => {
            store::secret::delete(tx, &scope.tenant, SecretKind::BypassCode, device.id.as_str()).await?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What the device says of itself, by what was asked.
async fn learn(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &mut ManagedDevice,
    finished: &FinishedCommand,
    answer: &CommandAnswer,
) -> Result<()> {
    match finished.request_type.as_str() {
        "DeviceInformation" => {
            let Some(responses) = answer.query_responses() else { return Ok(()) };
            let fields = Fields(responses);
            let mut info = device_info(responses);
            info.reported_at = Some(scope.now);
            device.info.merge(info);
            if fields.opt_flag("AwaitingConfiguration") == Some(false) && device.awaiting_configuration {
                setup::happened(scope, tx, device, &Event::NotAwaiting).await?;
                device.leave_setup();
            }
            keep_name(scope, tx, device).await
        }
        "SecurityInfo" => {
            if let Some(security) = answer.security_info() {
                device.info.is_encrypted = encrypted(&security).or(device.info.is_encrypted);
            }
            Ok(())
        }
        "ActivationLockBypassCode" => {
            if let Some(code) = answer.activation_lock_bypass_code().filter(|code| code.len() <= TEXT_MAX) {
                let owner = device.id.as_str();
                store::secret::put(tx, &scope.tenant, SecretKind::BypassCode, owner, code.as_bytes()).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Names the device anew if it shows another name than is wanted for it (R49: at every check-in). While setup runs,
/// its own step does this.
pub(super) async fn keep_name(scope: &Scope, tx: &mut Tx<'_>, device: &mut ManagedDevice) -> Result<()> {
    let Some(shown) = device.info.device_name.clone() else { return Ok(()) };
    let around = setup::surroundings(scope, tx, device).await?;
    let Some(name) = around.naming(device).rename_from(&shown) else { return Ok(()) };
    if setup::is_active(scope, tx, device).await? || naming_waits(scope, tx, device).await? {
        return Ok(());
    }
    let rename = Command::Settings(vec![Setting::DeviceName(name)]);
    match command::send(scope, tx, device, &rename, Purpose::Name).await {
        // The queue is full: what the device says must be taken all the same, and a later check-in names it.
        Ok(_) | Err(AppError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a new name is on its way already.
async fn naming_waits(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<bool> {
    let pending = store::command::pending(tx, &scope.tenant, &device.id).await?;
    Ok(pending.iter().any(|command| command.purpose == Purpose::Name))
}

/// Data are encrypted: both kinds of encryption on iOS, or FileVault.
fn encrypted(security: &SecurityInfo) -> Option<bool> {
    security.fde_enabled.or_else(|| security.hardware_encryption_caps.map(|caps| caps == 3))
}

fn device_info(responses: &Dictionary) -> DeviceInfo {
    let fields = Fields(responses);
    let text =
        |key| fields.peek(key).filter(|text| text.len() <= TEXT_MAX && !text.is_empty()).map(str::to_owned);
    let subscription = fields.dictionaries("ServiceSubscriptions").next();
    let number = |key| {
        let newer = subscription.and_then(|fields| fields.peek(key)).filter(|text| text.len() <= TEXT_MAX);
        newer.map(str::to_owned).or_else(|| text(key))
    };
    DeviceInfo {
        device_name: text("DeviceName"),
        os_version: text("OSVersion"),
        build_version: text("BuildVersion"),
        product_name: text("ProductName"),
        model_name: text("ModelName"),
        model: text("Model"),
        imei: number("IMEI"),
        meid: number("MEID"),
        wifi_mac: text("WiFiMAC"),
        ethernet_mac: text("EthernetMAC"),
        total_storage_bytes: bytes(fields.opt_real("DeviceCapacity")),
        free_storage_bytes: bytes(fields.opt_real("AvailableDeviceCapacity")),
        is_supervised: fields.opt_flag("IsSupervised"),
        is_multi_user: fields.opt_flag("IsMultiUser"),
        activation_lock_enabled: fields.opt_flag("IsActivationLockEnabled"),
        is_encrypted: None,
        reported_at: None,
    }
}

/// Gibibytes to bytes; nonsense to nothing. No device has a thousand terabytes.
fn bytes(gibibytes: Option<f64>) -> Option<i64> {
    let gibibytes = gibibytes.filter(|size| (0.0..=1_048_576.0).contains(size))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked, and a byte more or less is no matter"
    )]
    Some((gibibytes * GIBIBYTE) as i64)
}
