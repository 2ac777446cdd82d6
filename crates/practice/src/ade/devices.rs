//! Fetch, sync, details, disown, Activation Lock, replacement details.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Ade;
use super::answer::Json;
use super::gate::Caller;
use super::shape::{
    DeviceAnswer, LockAnswer, LockRequest, PageAnswer, PageRequest, ProfileAnswer, ReplacementAnswer,
    SerialsRequest, UnknownDevice, by_serial,
};
use crate::apple::assign::check_serials;
use crate::apple::event::Operation;
use crate::apple::model::{ActivationLock, Model};
use crate::apple::sync::{DeviceRow, Page, page_limit};
use crate::apple::{AdeFault, What};

/// Reads a JSON body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AdeFault> {
    serde_json::from_slice(body).map_err(|_| AdeFault::MalformedRequestBody)
}

/// `POST /server/devices`
pub(super) async fn fetch(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, AdeFault> {
    let request: PageRequest = read(&body)?;
    let cursor = request.cursor.filter(|cursor| !cursor.is_empty());
    page(&ade, caller, ("/server/devices", cursor.as_deref()), |model| {
        model.fetch(caller.server, cursor.as_deref(), page_limit(request.limit), ade.world.now())
    })
}

/// `POST /devices/sync`
pub(super) async fn sync(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, AdeFault> {
    let request: PageRequest = read(&body)?;
    let cursor = request.cursor.filter(|cursor| !cursor.is_empty()).ok_or(AdeFault::CursorRequired)?;
    page(&ade, caller, ("/devices/sync", Some(&cursor)), |model| {
        model.sync(caller.server, &cursor, page_limit(request.limit), ade.world.now())
    })
}

/// Answers with a page, after the faults planned for pages.
fn page(
    ade: &Ade,
    caller: Caller,
    (path, sent): (&str, Option<&str>),
    load: impl FnOnce(&Model) -> Result<Page<'_>, AdeFault>,
) -> Result<Response, AdeFault> {
    let planned = ade.world.happens("POST", path, What::is_of_pages);
    let model = ade.world.model();
    let mut page = load(&model)?;
    match &planned {
        Some(What::Duplicates) => page.rows = page.rows.iter().chain(&page.rows).copied().collect(),
        Some(What::Disorder) => page.rows.reverse(),
        Some(What::LoseDeleted) => {
            page.rows.retain(|row| row.event.is_none_or(|event| event.operation != Operation::Deleted));
        }
        _ => {}
    }
    let repeated = sent.filter(|_| planned == Some(What::RepeatCursor));
    let answer = PageAnswer {
        devices: page.rows.iter().map(|row| row_answer(&model, caller, row)).collect(),
        more_to_follow: page.more_to_follow || repeated.is_some(),
        cursor: repeated.map_or(page.cursor, str::to_owned),
        fetched_until: page.fetched_until,
    };
    Ok(Json(answer).into_response())
}

fn row_answer<'a>(model: &'a Model, caller: Caller, row: &DeviceRow<'a>) -> DeviceAnswer<'a> {
    DeviceAnswer::of_row(model, caller.server, row, caller.version)
}

/// `POST /devices`
pub(super) async fn details(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, AdeFault> {
    let request: SerialsRequest = read(&body)?;
    check_serials(&request.devices)?;
    let model = ade.world.model();
    let mut devices = BTreeMap::new();
    for serial in &request.devices {
        let detail = match model.device_on(caller.server, serial) {
            None => Detail::Unknown(DeviceAnswer::not_accessible(serial)),
            Some(device) => {
                let row = DeviceRow { device, profile: device.profile, event: None };
                let mut answer = row_answer(&model, caller, &row);
                answer.response_status = Some("SUCCESS");
                Detail::Known(Box::new(answer))
            }
        };
        devices.insert(serial.as_str(), detail);
    }
    Ok(Json(Details { devices }).into_response())
}

#[derive(Serialize)]
struct Details<'a> {
    devices: BTreeMap<&'a str, Detail<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Known(Box<DeviceAnswer<'a>>),
    Unknown(UnknownDevice<'a>),
}

/// `POST /devices/disown`
pub(super) async fn disown(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, AdeFault> {
    let request: SerialsRequest = read(&body)?;
    let results = ade.world.model().disown(caller.server, &request.devices, ade.world.now())?;
    let devices = by_serial(&results, caller.version);
    Ok(Json(ProfileAnswer { profile_uuid: None, devices, retry_after_seconds: None }).into_response())
}

/// `POST /device/activationlock`
pub(super) async fn activation_lock(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, AdeFault> {
    let LockRequest { device, escrow_key, lost_message } = read(&body)?;
    let lock = ActivationLock { escrow_key, lost_message };
    let result = ade.world.model().lock(caller.server, &device, lock)?;
    Ok(Json(LockAnswer { serial_number: device, response_status: result.word() }).into_response())
}

/// `GET /device/replacementDetails?device=`
pub(super) async fn replacement(
    State(ade): State<Arc<Ade>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, AdeFault> {
    if caller.version < 10 {
        return Err(AdeFault::NotFound);
    }
    let serial = query.get("device").filter(|serial| !serial.is_empty()).ok_or(AdeFault::DeviceIdRequired)?;
    let model = ade.world.model();
    let device = model.device_on(caller.server, serial).ok_or(AdeFault::DeviceNotFound)?;
    let (original, at) = device.replaces.ok_or(AdeFault::DeviceNotFound)?;
    let original = model.devices.get(original).ok_or(AdeFault::DeviceNotFound)?;
    let answer = ReplacementAnswer {
        serial_number: &device.serial,
        original_device_serial_number: &original.serial,
        replacement_date: at.date(),
    };
    Ok(Json(answer).into_response())
}
