//! The settings of a profile as Graph's properties, both ways. Most have one name on both sides; here are those that
//! have not: the screens of Setup Assistant, the wait, a Mac's accounts.

use app::AppError;
use app::profile::check_admin_password;
use domain::profile::{ProfileSettings, Screen, screens};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::graph::entity::EntityType;

/// One wait under two names: Graph calls it one thing on iOS and another on macOS.
const WAIT: [&str; 2] = ["awaitDeviceConfiguredConfirmation", "waitForDeviceConfiguredConfirmation"];
const ROTATION: &str = "depProfileAdminAccountPasswordRotationSetting";
const ACCOUNTS: &str = "accounts";
const SKIP_KEYS: &str = "enabledSkipKeys";
const PASSWORD: &str = "adminAccountPassword";

/// The properties of `entity` that these settings fill.
pub(super) fn shown(settings: &ProfileSettings, entity: &EntityType) -> Map<String, Value> {
    let Ok(Value::Object(mut known)) = serde_json::to_value(settings) else { return Map::new() };
    if let Some(Value::Object(accounts)) = known.remove(ACCOUNTS) {
        known.extend(accounts);
    }
    known.insert(ROTATION.into(), rotation(settings));
    for name in WAIT {
        known.insert(name.into(), settings.await_device_configured_confirmation.into());
    }
    for screen in screens() {
        known.insert(screen.property.into(), settings.hides(screen).into());
    }
    // A host's certificate is taken and never given out (R48); its thumbprint names it.
    let hosts = settings.management_certificates.iter().map(|host| json!({ "thumbprint": host.thumbprint }));
    known.insert("managementCertificates".into(), hosts.collect());
    known.retain(|name, _| entity.find(name).is_some());
    known
}

fn rotation(settings: &ProfileSettings) -> Value {
    let accounts = &settings.accounts;
    if accounts.auto_rotation_period_in_days.is_none() && !accounts.on_retrieval_auto_rotate_password_enabled
    {
        return Value::Null;
    }
    json!({
        "autoRotationPeriodInDays": accounts.auto_rotation_period_in_days,
        "depProfileDelayAutoRotationSetting": {
            "onRetrievalAutoRotatePasswordEnabled": accounts.on_retrieval_auto_rotate_password_enabled,
            "onRetrievalDelayAutoRotatePasswordInHours": accounts.on_retrieval_delay_auto_rotate_password_in_hours,
        },
    })
}

/// The password that the body names. Empty and null are none: clients send back what they read, and it is never shown.
pub(super) fn password(body: &Map<String, Value>) -> Result<Option<Zeroizing<String>>, AppError> {
    let given = body.get(PASSWORD).and_then(Value::as_str).filter(|password| !password.is_empty());
    given.map(check_admin_password).transpose()?;
    Ok(given.map(|password| Zeroizing::new(password.to_owned())))
}

/// Changes what the body names. The body has canonical names and types.
pub(super) fn apply(settings: &mut ProfileSettings, body: &Map<String, Value>) -> Result<(), AppError> {
    let Ok(Value::Object(mut merged)) = serde_json::to_value(&*settings) else {
        return Err(AppError::internal("settings are no object"));
    };
    let mut accounts = match merged.remove(ACCOUNTS) {
        Some(Value::Object(accounts)) => accounts,
        _ => Map::new(),
    };
    let mut hidden = Vec::new();
    for (name, value) in body {
        if WAIT.contains(&name.as_str()) {
            merged.insert(WAIT[0].into(), value.clone());
        } else if let Some(screen) = Screen::of_property(name) {
            hidden.push((screen, *value == Value::Bool(true)));
        } else if name == ROTATION {
            rotate(&mut accounts, value);
        } else if accounts.contains_key(name) {
            set(&mut accounts, name, value);
        } else if merged.contains_key(name) {
            set(&mut merged, name, value);
        }
    }
    merged.insert(ACCOUNTS.into(), Value::Object(accounts));
    let read = serde_json::from_value(Value::Object(merged));
    *settings =
        read.map_err(|error| AppError::invalid("profile", format!("failed to read a setting: {error}")))?;
    hide(settings, &hidden, body.contains_key(SKIP_KEYS));
    Ok(())
}

/// `null` takes a setting back to what it is when nobody sets it.
fn set(settings: &mut Map<String, Value>, name: &str, value: &Value) {
    if value.is_null() {
        settings.remove(name);
    } else {
        settings.insert(name.to_owned(), value.clone());
    }
}

fn rotate(accounts: &mut Map<String, Value>, value: &Value) {
    let names = [
        ("autoRotationPeriodInDays", "/autoRotationPeriodInDays"),
        (
            "onRetrievalAutoRotatePasswordEnabled",
            "/depProfileDelayAutoRotationSetting/onRetrievalAutoRotatePasswordEnabled",
        ),
        (
            "onRetrievalDelayAutoRotatePasswordInHours",
            "/depProfileDelayAutoRotationSetting/onRetrievalDelayAutoRotatePasswordInHours",
        ),
    ];
    for (name, place) in names {
        set(accounts, name, value.pointer(place).unwrap_or(&Value::Null));
    }
}

/// What is hidden is the union of the keys and the Booleans (intune.md 4.3). A client that sends both has read both,
/// and a key that it left in the list stays; one that sends a Boolean alone means it.
fn hide(settings: &mut ProfileSettings, screens: &[(Screen, bool)], keys_given: bool) {
    for (screen, hidden) in screens {
        if *hidden || !keys_given || screen.skip_key.is_none() {
            settings.hide(*screen, *hidden);
        }
    }
}
