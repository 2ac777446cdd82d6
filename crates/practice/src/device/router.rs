//! The fleet by JSON, for people and programs outside of this process.
//!
//! | call | body | does |
//! |---|---|---|
//! | `GET /portal/devices` | | every screen of the devices in hand |
//! | `GET /portal/devices/{serial}` | | one screen |
//! | `POST /portal/devices/{serial}/unbox` | `{version?, user?, password?}` | takes it in hand and sets it up |
//! | `POST /portal/devices/{serial}/wipe` | | erases it |
//! | `POST /portal/devices/{serial}/check-in` | | makes it connect now |
//! | `POST /portal/devices/{serial}/power` | `{on}` | turns it on or off |
//! | `POST /portal/devices/{serial}/restore` | | restores its backup |
//! | `POST /portal/devices/{serial}/remove-management` | | its user removes management |
//! | `POST /portal/devices/{serial}/script` | `{requestType?, times?, quirk}` | adds a rule to its script; without `times` for ever |
//! | `GET /portal/devices/{serial}/script` | | the rules that are left |
//! | `DELETE /portal/devices/{serial}/script` | | it behaves again, and its clock is right |
//! | `POST /portal/devices/{serial}/clock` | `{seconds}` | its clock is wrong by that |

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::fault::DeviceFault;
use super::fleet::Fleet;
use super::screen::Screen;
use super::script::Rule;
use super::unit::VirtualDevice;

/// The longest body: a handful of words.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The routes, to be served beside the portal's.
pub fn router(fleet: Fleet) -> Router {
    let device = Router::new()
        .route("/", get(show))
        .route("/unbox", post(unbox))
        .route("/wipe", post(wipe))
        .route("/check-in", post(check_in))
        .route("/power", post(power))
        .route("/restore", post(restore))
        .route("/remove-management", post(remove_management))
        .route("/script", post(script).get(rules).delete(behave))
        .route("/clock", post(set_clock));
    Router::new()
        .route("/portal/devices", get(list))
        .nest("/portal/devices/{serial}", device)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(fleet)
}

/// A refusal, in words.
struct Refused(StatusCode, String);

impl From<DeviceFault> for Refused {
    fn from(fault: DeviceFault) -> Self {
        let status = match &fault {
            DeviceFault::NoSuchDevice(_) => StatusCode::NOT_FOUND,
            DeviceFault::NotAllowed(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self(status, format!("failed to {fault}"))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

type Answer = Result<Json<Screen>, Refused>;

/// Reads a body; an empty one stands for the defaults.
fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refused> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Refused(StatusCode::BAD_REQUEST, format!("failed to read the body: {error}")))
}

fn found(fleet: &Fleet, serial: &str) -> Result<VirtualDevice, Refused> {
    Ok(fleet.find(serial).ok_or_else(|| DeviceFault::NoSuchDevice(serial.to_owned()))?)
}

async fn list(State(fleet): State<Fleet>) -> Json<Vec<Screen>> {
    Json(fleet.screens())
}

async fn show(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    Ok(Json(found(&fleet, &serial)?.screen()))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Unbox {
    version: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

async fn unbox(State(fleet): State<Fleet>, Path(serial): Path<String>, body: Bytes) -> Answer {
    let wanted: Unbox = read(&body)?;
    let device = fleet.device(&serial)?;
    if let Some(version) = wanted.version {
        let version = version.parse();
        device.set_version(
            version.map_err(|error| Refused(StatusCode::BAD_REQUEST, format!("failed to {error}")))?,
        );
    }
    if let Some((user, password)) = wanted.user.zip(wanted.password) {
        device.sign_in_as(&user, &password);
    }
    device.unbox()?;
    Ok(Json(device.screen()))
}

async fn wipe(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    let device = found(&fleet, &serial)?;
    device.wipe().await;
    Ok(Json(device.screen()))
}

async fn check_in(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    let device = found(&fleet, &serial)?;
    device.check_in()?;
    Ok(Json(device.screen()))
}

#[derive(Default, Deserialize)]
struct Power {
    on: bool,
}

async fn power(State(fleet): State<Fleet>, Path(serial): Path<String>, body: Bytes) -> Answer {
    let device = found(&fleet, &serial)?;
    if read::<Power>(&body)?.on {
        device.power_on();
    } else {
        device.power_off().await;
    }
    Ok(Json(device.screen()))
}

async fn restore(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    let device = found(&fleet, &serial)?;
    Box::pin(device.restore_backup()).await?;
    Ok(Json(device.screen()))
}

async fn remove_management(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    let device = found(&fleet, &serial)?;
    Box::pin(device.remove_management()).await?;
    Ok(Json(device.screen()))
}

async fn rules(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Result<Json<Vec<Rule>>, Refused> {
    Ok(Json(found(&fleet, &serial)?.rules()))
}

async fn behave(State(fleet): State<Fleet>, Path(serial): Path<String>) -> Answer {
    let device = found(&fleet, &serial)?;
    device.behave();
    Ok(Json(device.screen()))
}

#[derive(Default, Deserialize)]
struct Off {
    seconds: i64,
}

async fn set_clock(State(fleet): State<Fleet>, Path(serial): Path<String>, body: Bytes) -> Answer {
    let device = fleet.device(&serial)?;
    device.set_clock(read::<Off>(&body)?.seconds);
    Ok(Json(device.screen()))
}

async fn script(State(fleet): State<Fleet>, Path(serial): Path<String>, body: Bytes) -> Answer {
    let rule: Rule = serde_json::from_slice(&body)
        .map_err(|error| Refused(StatusCode::BAD_REQUEST, format!("failed to read the body: {error}")))?;
    let device = fleet.device(&serial)?;
    device.script(rule);
    Ok(Json(device.screen()))
}
