//! `muster managed-devices` and `muster setups`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, percent};
use crate::error::CliError;
use crate::output::{self, Format};

const COLLECTION: &str = "deviceManagement/managedDevices";

/// Enrolled devices.
#[derive(Debug, Subcommand)]
pub(crate) enum ManagedDevices {
    /// List them.
    ///
    /// Example: muster managed-devices list
    List,
    /// Show one.
    ///
    /// Example: muster managed-devices show C8TJ500QF1MN
    Show(Which),
    /// List its commands, pending and past.
    ///
    /// Example: muster managed-devices commands C8TJ500QF1MN
    Commands(Which),
    /// Erase it; it enrols anew with the profile that waits for it.
    ///
    /// Example: muster managed-devices wipe C8TJ500QF1MN --yes
    Wipe(Wipe),
    /// End its management, and leave what is its user's.
    ///
    /// Example: muster managed-devices retire C8TJ500QF1MN --yes
    Retire(Sure),
    /// Ask it for news.
    ///
    /// Example: muster managed-devices sync C8TJ500QF1MN
    Sync(Which),
    /// Lock it.
    ///
    /// Example: muster managed-devices lock C8TJ500QF1MN
    Lock(Which),
    /// Restart it.
    ///
    /// Example: muster managed-devices reboot C8TJ500QF1MN
    Reboot(Which),
    /// Switch it off.
    ///
    /// Example: muster managed-devices shut-down C8TJ500QF1MN
    ShutDown(Which),
    /// Take its passcode away.
    ///
    /// Example: muster managed-devices reset-passcode C8TJ500QF1MN
    ResetPasscode(Which),
    /// Show the code that lifts its Activation Lock.
    ///
    /// Example: muster managed-devices bypass-code C8TJ500QF1MN
    BypassCode(Which),
    /// Give it a name of its own instead of the template's.
    ///
    /// Example: muster managed-devices rename C8TJ500QF1MN Front-desk
    Rename {
        /// Serial number or id.
        device: String,
        /// The name: letters, digits and hyphens.
        name: String,
    },
}

/// Names a device.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Serial number or id.
    device: String,
}

/// Names a device, and says that one is sure.
#[derive(Debug, Args)]
pub(crate) struct Sure {
    /// Serial number or id.
    device: String,
    /// You are sure.
    #[arg(long)]
    yes: bool,
}

/// Arguments of `managed-devices wipe`.
#[derive(Debug, Args)]
pub(crate) struct Wipe {
    /// Serial number or id.
    device: String,
    /// You are sure: everything on the device goes.
    #[arg(long)]
    yes: bool,
    /// Six digits that a Mac asks for afterwards.
    #[arg(long, value_name = "PIN")]
    pin: Option<String>,
}

/// Devices that Setup Assistant holds.
#[derive(Debug, Subcommand)]
pub(crate) enum Setups {
    /// List them with what they wait for.
    ///
    /// Example: muster setups list
    List,
    /// Release one now.
    ///
    /// Example: muster setups release C8TJ500QF1MN
    Release(Which),
}

/// Does it.
pub(crate) async fn run(devices: ManagedDevices, api: &Api, format: Format) -> Result<(), CliError> {
    match devices {
        ManagedDevices::List => list(api, format).await,
        ManagedDevices::Show(which) => show(&which.device, api, format).await,
        ManagedDevices::Commands(which) => commands(&which.device, api, format).await,
        ManagedDevices::Wipe(wipe) => self::wipe(wipe, api, format).await,
        ManagedDevices::Sync(which) => act(&which.device, "syncDevice", &json!({}), api, format).await,
        ManagedDevices::Retire(sure) => retire(sure, api, format).await,
        ManagedDevices::Lock(which) => act(&which.device, "remoteLock", &json!({}), api, format).await,
        ManagedDevices::ShutDown(which) => act(&which.device, "shutDown", &json!({}), api, format).await,
        ManagedDevices::ResetPasscode(which) => {
            act(&which.device, "resetPasscode", &json!({}), api, format).await
        }
        ManagedDevices::BypassCode(which) => bypass_code(&which.device, api, format).await,
        ManagedDevices::Reboot(which) => act(&which.device, "rebootNow", &json!({}), api, format).await,
        ManagedDevices::Rename { device, name } => {
            act(&device, "setDeviceName", &json!({ "deviceName": name }), api, format).await
        }
    }
}

/// `muster setups`.
pub(crate) async fn setups(setups: Setups, api: &Api, format: Format) -> Result<(), CliError> {
    match setups {
        Setups::List => {
            let columns = [
                ("serial", "serialNumber"),
                ("state", "state"),
                ("since", "startedDateTime"),
                ("released by", "deadlineDateTime"),
                ("why", "because"),
                ("device", "managedDeviceId"),
            ];
            output::rows(
                format,
                &api.all("muster/setups").await?,
                &columns,
                "No device is in Setup Assistant.",
            );
        }
        Setups::Release(which) => {
            let id = find(api, &which.device).await?;
            api.post(&format!("muster/managedDevices/{id}/release"), &json!({})).await?;
            output::done(format, "Told to leave Setup Assistant.");
        }
    }
    Ok(())
}

async fn find(api: &Api, device: &str) -> Result<String, CliError> {
    let quoted = percent(&device.to_uppercase().replace('\'', "''"));
    let found = api.get(&format!("{COLLECTION}?$filter=serialNumber%20eq%20'{quoted}'&$select=id")).await?;
    let id = found.pointer("/value/0/id").and_then(Value::as_str);
    Ok(id.map_or_else(|| device.to_owned(), str::to_owned))
}

async fn list(api: &Api, format: Format) -> Result<(), CliError> {
    let columns = [
        ("name", "deviceName"),
        ("serial", "serialNumber"),
        ("model", "model"),
        ("os", "osVersion"),
        ("profile", "enrollmentProfileName"),
        ("state", "managementState"),
        ("enrolled", "enrolledDateTime"),
        ("last seen", "lastSyncDateTime"),
        ("id", "id"),
    ];
    output::rows(format, &api.all(COLLECTION).await?, &columns, "No device has enrolled yet.");
    Ok(())
}

async fn show(device: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, device).await?;
    let device = api.get(&format!("{COLLECTION}/{}", percent(&id))).await?;
    let rows = [
        ("Name", "deviceName"),
        ("Serial", "serialNumber"),
        ("Model", "model"),
        ("System", "operatingSystem"),
        ("Version", "osVersion"),
        ("Supervised", "isSupervised"),
        ("Profile", "enrollmentProfileName"),
        ("State", "deviceRegistrationState"),
        ("Management", "managementState"),
        ("Enrolled", "enrolledDateTime"),
        ("Last seen", "lastSyncDateTime"),
        ("Identity until", "managementCertificateExpirationDate"),
        ("Id", "id"),
    ];
    output::card(format, &device, &rows);
    Ok(())
}

async fn commands(device: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, device).await?;
    let commands = api.all(&format!("muster/managedDevices/{}/commands", percent(&id))).await?;
    let columns = [
        ("queued", "queuedDateTime"),
        ("command", "requestType"),
        ("state", "state"),
        ("ended", "finishedDateTime"),
        ("words", "words"),
    ];
    output::rows(format, &commands, &columns, "No commands.");
    Ok(())
}

async fn wipe(wipe: Wipe, api: &Api, format: Format) -> Result<(), CliError> {
    if !wipe.yes {
        return Err(CliError::Words(format!("wiping {} erases everything on it: say --yes", wipe.device)));
    }
    let body = wipe.pin.map_or_else(|| json!({}), |pin| json!({ "macOsUnlockCode": pin }));
    act(&wipe.device, "wipe", &body, api, format).await
}

async fn retire(sure: Sure, api: &Api, format: Format) -> Result<(), CliError> {
    match sure.yes {
        true => act(&sure.device, "retire", &json!({}), api, format).await,
        false => Err(CliError::Words(format!("retiring {} ends its management: say --yes", sure.device))),
    }
}

/// The code is told only to who asks for it by name.
async fn bypass_code(device: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, device).await?;
    let path = format!("{COLLECTION}/{}?$select=serialNumber,activationLockBypassCode", percent(&id));
    let rows = [("Serial", "serialNumber"), ("Bypass code", "activationLockBypassCode")];
    output::card(format, &api.get(&path).await?, &rows);
    Ok(())
}

async fn act(device: &str, action: &str, body: &Value, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, device).await?;
    api.post(&format!("{COLLECTION}/{}/{action}", percent(&id)), body).await?;
    output::done(format, "Queued; the device is being woken.");
    Ok(())
}
