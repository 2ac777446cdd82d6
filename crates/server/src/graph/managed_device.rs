//! `/deviceManagement/managedDevices`: enrolled devices and what is asked of them (intune.md 4.2).

use app::managed_device::{self, Action, Wipe};
use domain::ManagedDeviceId;
use domain::managed_device::{ManagedDevice, Stage};
use query::{BinaryOp, Expr, Literal, Path};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::entity::MANAGED_DEVICE;
use super::error::ApiError;
use super::list;

/// Graph's `managementState`.
fn management_state(stage: Stage) -> &'static str {
    match stage {
        Stage::ProfileServed | Stage::IdentityIssued => "discovered",
        Stage::Authenticated | Stage::AwaitingConfiguration | Stage::Enrolled => "managed",
        Stage::CheckedOut => "retireIssued",
        Stage::Erased => "wipeIssued",
    }
}

/// Graph's `deviceRegistrationState`.
fn registration_state(stage: Stage) -> &'static str {
    match stage {
        Stage::ProfileServed | Stage::IdentityIssued | Stage::Authenticated => {
            "notRegisteredPendingEnrollment"
        }
        Stage::AwaitingConfiguration | Stage::Enrolled => "registered",
        Stage::CheckedOut | Stage::Erased => "revoked",
    }
}

/// Graph's `deviceType`, of the device's own words for itself.
fn device_type(device: &ManagedDevice) -> &'static str {
    use domain::Platform;
    let info = &device.info;
    let model = info.product_name.as_deref().or(info.model_name.as_deref()).unwrap_or_default();
    match device.platform {
        Platform::Ios if model.starts_with("iPad") => "iPad",
        Platform::Ios if model.starts_with("iPod") => "iPod",
        Platform::Ios => "iPhone",
        Platform::MacOs => "macMDM",
        Platform::TvOs => "tvOS",
        Platform::VisionOs => "visionOS",
    }
}

fn operating_system(device: &ManagedDevice) -> &'static str {
    match device_type(device) {
        "iPad" => "iPadOS",
        "iPhone" | "iPod" => "iOS",
        _ => device.platform.as_str(),
    }
}

fn hardware(device: &ManagedDevice) -> Value {
    let info = &device.info;
    json!({
        "serialNumber": device.serial.as_str(),
        "totalStorageSpace": info.total_storage_bytes.unwrap_or(0),
        "freeStorageSpace": info.free_storage_bytes.unwrap_or(0),
        "imei": info.imei,
        "meid": info.meid,
        "manufacturer": "Apple",
        "model": info.model_name,
        "productName": info.product_name,
        "osBuildNumber": info.build_version,
        "wifiMac": info.wifi_mac,
        "isSupervised": info.is_supervised.unwrap_or(false),
        "isEncrypted": info.is_encrypted.unwrap_or(false),
        "isSharedDevice": info.is_multi_user.unwrap_or(false),
    })
}

/// Devices as Graph has them, with the scope tags of the tokens they enrolled through (R22).
async fn rows(call: &Call, devices: &[ManagedDevice]) -> Result<Vec<Value>, ApiError> {
    let tokens = devices.iter().map(|device| device.token.clone()).collect();
    let tags = call.done(app::token::scope_tags(&call.app, &call.actor, tokens).await)?;
    let none = Vec::new();
    Ok(devices.iter().map(|device| row(device, tags.get(&device.token).unwrap_or(&none))).collect())
}

async fn row_of(call: &Call, device: &ManagedDevice) -> Result<Value, ApiError> {
    Ok(rows(call, std::slice::from_ref(device)).await?.pop().unwrap_or_default())
}

fn row(device: &ManagedDevice, scope_tags: &[String]) -> Value {
    let info = &device.info;
    let date = |at: Option<domain::Time>| json!(at.map(domain::Time::rfc3339));
    let known = [
        ("id", json!(device.id)),
        ("deviceEnrollmentType", json!("appleBulkWithoutUser")),
        ("deviceName", json!(info.device_name)),
        ("managedDeviceName", json!(device.name_override.as_ref().or(info.device_name.as_ref()))),
        ("deviceRegistrationState", json!(registration_state(device.stage))),
        ("deviceType", json!(device_type(device))),
        ("enrolledDateTime", date(device.enrolled_at)),
        ("enrollmentProfileName", json!(device.profile_name)),
        ("ethernetMacAddress", json!(info.ethernet_mac)),
        ("freeStorageSpaceInBytes", json!(info.free_storage_bytes)),
        ("hardwareInformation", hardware(device)),
        ("imei", json!(info.imei)),
        ("isEncrypted", json!(info.is_encrypted)),
        ("isSupervised", json!(info.is_supervised)),
        ("lastSyncDateTime", date(device.last_seen.or(device.enrolled_at))),
        ("managementCertificateExpirationDate", date(device.certificate.as_ref().map(|pin| pin.not_after))),
        ("managementState", json!(management_state(device.stage))),
        ("meid", json!(info.meid)),
        ("model", json!(info.model_name.as_ref().or(info.product_name.as_ref()))),
        ("operatingSystem", json!(operating_system(device))),
        ("osVersion", json!(info.os_version)),
        ("roleScopeTagIds", json!(scope_tags)),
        ("serialNumber", json!(device.serial.as_str())),
        ("totalStorageSpaceInBytes", json!(info.total_storage_bytes)),
        ("udid", json!(device.udid)),
        ("wiFiMacAddress", json!(info.wifi_mac)),
    ];
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    MANAGED_DEVICE.complete(known)
}

/// A device that was given a profile and has not come back is none yet.
fn has_enrolled() -> Expr {
    let enrolled = Expr::Path(Path(vec!["enrolledDateTime".into()]));
    Expr::Compare(Box::new(enrolled), BinaryOp::Ne, Box::new(Expr::Literal(Literal::Null)))
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let asked = list::asked_of(&call, &MANAGED_DEVICE, Some(has_enrolled()))?;
    let page = call.done(managed_device::list(&call.app, &call.actor, asked.page.clone()).await)?;
    let rows = rows(&call, &page.items).await?;
    asked.answer(&call, rows, page.next, page.total, &[])
}

pub(crate) async fn count(call: Call) -> Result<Answer, ApiError> {
    let page = list::asked_of(&call, &MANAGED_DEVICE, Some(has_enrolled()))?.counting();
    let page = call.done(managed_device::list(&call.app, &call.actor, page).await)?;
    Ok(Answer::number(page.total.unwrap_or(0)))
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    let device = call.done(managed_device::get(&call.app, &call.actor, &id).await)?;
    let mut row = row_of(&call, &device).await?;
    // Reading a bypass code is recorded, so it is read only when asked for by name.
    if call.selects("activationLockBypassCode") {
        let code = managed_device::bypass_code(&call.app, &call.actor, &id).await;
        let code = match code {
            Err(app::AppError::NotFound { .. }) => Value::Null,
            code => json!(call.done(code)?.as_str()),
        };
        if let Value::Object(members) = &mut row {
            members.insert("activationLockBypassCode".into(), code);
        }
    }
    call.entity(&MANAGED_DEVICE, row, &[])
}

/// `managedDeviceName` is what Graph lets a client change; an empty one gives the name back to the template.
pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    let body = call.properties(&MANAGED_DEVICE)?;
    match body.get("managedDeviceName").map(|name| name.as_str().unwrap_or_default()) {
        None => {}
        Some("") => call.done(managed_device::use_template(&call.app, &call.actor, &id).await)?,
        Some(name) => call.done(managed_device::rename(&call.app, &call.actor, &id, name).await)?,
    }
    let device = call.done(managed_device::get(&call.app, &call.actor, &id).await)?;
    let row = row_of(&call, &device).await?;
    call.entity(&MANAGED_DEVICE, row, &[])
}

async fn act(call: &Call, action: Action) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    call.done(managed_device::act(&call.app, &call.actor, &id, action).await)?;
    Ok(Answer::no_content())
}

pub(crate) async fn wipe(call: Call) -> Result<Answer, ApiError> {
    let given = call.parameters();
    let wipe = Wipe {
        preserve_data_plan: given.flag("persistEsimDataPlan"),
        disallow_proximity_setup: given.flag("disallowProximitySetup"),
        pin: given.text("macOsUnlockCode"),
        obliteration_behavior: given.text("obliterationBehavior").and_then(|word| apples_word(&word)),
    };
    act(&call, Action::Wipe(wipe)).await
}

/// Graph's `obliterationBehavior` in Apple's words, which begin with a capital; `default` is not to say anything.
fn apples_word(word: &str) -> Option<String> {
    let (first, rest) = word.split_at_checked(1).filter(|_| word != "default")?;
    Some(format!("{}{rest}", first.to_ascii_uppercase()))
}

pub(crate) async fn retire(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::Retire).await
}

pub(crate) async fn remote_lock(call: Call) -> Result<Answer, ApiError> {
    let given = call.parameters();
    let (message, phone_number) = (given.text("message"), given.text("phoneNumber"));
    let pin = given.text("macOsUnlockCode");
    act(&call, Action::RemoteLock { message, phone_number, pin }).await
}

pub(crate) async fn reboot_now(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::RebootNow).await
}

pub(crate) async fn shut_down(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::ShutDown).await
}

pub(crate) async fn reset_passcode(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::ResetPasscode).await
}

pub(crate) async fn sync_device(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::SyncDevice).await
}

pub(crate) async fn bypass_activation_lock(call: Call) -> Result<Answer, ApiError> {
    act(&call, Action::ClearBypassCode).await
}

pub(crate) async fn set_device_name(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    let name = call.parameters().needed_text("deviceName")?;
    call.done(managed_device::rename(&call.app, &call.actor, &id, &name).await)?;
    Ok(Answer::no_content())
}
