//! Devices: buy, add, list, show, replace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer::{By, Refused, SOMEBODY, org, server};
use crate::apple::PortalFault;
use crate::apple::catalogue::{Family, PRODUCTS, Product, product};
use crate::apple::device::Device;
use crate::apple::model::{HistoryAction, Model};
use crate::apple::moment::Moment;
use crate::apple::org::ServerId;
use crate::apple::shop::Order;
use crate::services::Services;

/// Devices on one page of the list when the caller does not say, and at most.
const LIST: usize = 100;
const LIST_MAX: usize = 1_000;

/// A device as the portal shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeviceView {
    serial: String,
    #[serde(flatten)]
    product: &'static Product,
    order: String,
    server: Option<String>,
    profile_status: &'static str,
    profile_uuid: Option<String>,
    activated: bool,
    locked: bool,
    provisional_until: Option<Moment>,
    migration_deadline: Option<Moment>,
    throttled_until: Option<Moment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<HistoryView>,
}

#[derive(Serialize)]
struct HistoryView {
    at: Moment,
    action: HistoryAction,
    server: Option<String>,
    by: String,
}

fn server_uuid(model: &Model, id: ServerId) -> Option<String> {
    model.server(id).map(|server| server.uuid.clone())
}

fn view(model: &Model, device: &Device, with_history: bool) -> DeviceView {
    let entries = model.history_of(&device.serial).filter(|_| with_history);
    let history = entries.map(|entry| HistoryView {
        at: entry.at,
        action: entry.action,
        server: entry.server.and_then(|id| server_uuid(model, id)),
        by: entry.by.to_string(),
    });
    DeviceView {
        serial: device.serial.to_string(),
        product: device.product,
        order: device.order.to_string(),
        server: device.membership.as_ref().and_then(|place| server_uuid(model, place.server)),
        profile_status: device.profile.status.word(),
        profile_uuid: device.profile.profile.and_then(|id| model.profile_uuid(id)).map(str::to_owned),
        activated: device.activated_with.is_some(),
        locked: model.activation_lock_of(&device.serial).is_some(),
        provisional_until: device.provisional_until,
        migration_deadline: device.migration_deadline,
        throttled_until: device.throttled_until,
        history: if with_history { history.collect() } else { Vec::new() },
    }
}

#[derive(Deserialize)]
pub(super) struct NewOrder {
    family: Family,
    model: Option<String>,
    #[serde(default = "one")]
    count: usize,
    number: Option<String>,
    #[serde(default)]
    serials: Vec<String>,
    by: Option<String>,
}

const fn one() -> usize {
    1
}

#[derive(Serialize)]
pub(super) struct Bought {
    order: String,
    serials: Vec<String>,
}

/// `POST /portal/orgs/{org}/orders`
pub(super) async fn order(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(new): Json<NewOrder>,
) -> Result<Json<Bought>, Refused> {
    let product = product(new.family, new.model.as_deref()).ok_or(PortalFault::NoSuchProduct)?;
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let number = new.number.unwrap_or_else(|| format!("W{:09}", model.devices().count()));
    let order = Order { product, count: new.count, number: number.clone(), serials: new.serials };
    let serials = model.buy(org, &order, new.by.as_deref().unwrap_or(SOMEBODY), now)?;
    Ok(Json(Bought { order: number, serials }))
}

#[derive(Deserialize)]
pub(super) struct Configured {
    family: Family,
    model: Option<String>,
    serial: Option<String>,
    by: Option<String>,
}

/// `POST /portal/orgs/{org}/configurator`
pub(super) async fn configurator(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Json(new): Json<Configured>,
) -> Result<Json<Bought>, Refused> {
    let product = product(new.family, new.model.as_deref()).ok_or(PortalFault::NoSuchProduct)?;
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let by = new.by.as_deref().unwrap_or(SOMEBODY);
    let serial = model.add_by_configurator(org, product, new.serial.as_deref(), by, now)?;
    Ok(Json(Bought { order: String::new(), serials: vec![serial] }))
}

#[derive(Deserialize)]
pub(super) struct Listing {
    server: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// `GET /portal/orgs/{org}/devices`
pub(super) async fn list(
    State(services): State<Arc<Services>>,
    Path(uuid): Path<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Vec<DeviceView>>, Refused> {
    let model = services.world.model();
    let org = org(&model, &uuid)?;
    let wanted = match listing.server.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some(uuid) => Some(Some(server(&model, org, uuid)?)),
    };
    let after = listing.after.and_then(|serial| model.device(&serial)).map(|device| device.id);
    let matching = model.devices().filter(|device| {
        let place = device.membership.as_ref().map(|place| place.server);
        device.org == Some(org)
            && after.is_none_or(|after| device.id > after)
            && wanted.is_none_or(|wanted| wanted == place)
    });
    let page = matching.take(listing.limit.unwrap_or(LIST).min(LIST_MAX));
    Ok(Json(page.map(|device| view(&model, device, false)).collect()))
}

/// `GET /portal/orgs/{org}/devices/{serial}`
pub(super) async fn show(
    State(services): State<Arc<Services>>,
    Path((uuid, serial)): Path<(String, String)>,
) -> Result<Json<DeviceView>, Refused> {
    let model = services.world.model();
    let org = org(&model, &uuid)?;
    let device = model.device(&serial).filter(|device| device.org == Some(org));
    let device = device.ok_or(PortalFault::NoSuchDevice(serial.clone()))?;
    Ok(Json(view(&model, device, true)))
}

/// `POST /portal/orgs/{org}/devices/{serial}/replace`
pub(super) async fn replace(
    State(services): State<Arc<Services>>,
    Path((uuid, serial)): Path<(String, String)>,
    by: Option<Json<By>>,
) -> Result<Json<Bought>, Refused> {
    let now = services.world.now();
    let mut model = services.world.model();
    let org = org(&model, &uuid)?;
    let by = by.map(|Json(by)| by).unwrap_or_default();
    let fresh = model.replace(org, &serial, by.name(), now)?;
    Ok(Json(Bought { order: String::new(), serials: vec![fresh] }))
}

/// `POST /portal/devices/{serial}/leave`
pub(super) async fn leave(
    State(services): State<Arc<Services>>,
    Path(serial): Path<String>,
) -> Result<StatusCode, Refused> {
    let now = services.world.now();
    services.world.model().leave(&serial, now)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct Throttled {
    seconds: i64,
}

/// `POST /portal/devices/{serial}/throttle`
pub(super) async fn throttle(
    State(services): State<Arc<Services>>,
    Path(serial): Path<String>,
    Json(throttled): Json<Throttled>,
) -> Result<StatusCode, Refused> {
    let now = services.world.now();
    let found = services.world.model().throttle(&serial, throttled.seconds, now);
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(PortalFault::NoSuchDevice(serial).into()) }
}

/// `GET /portal/products`
pub(super) async fn products() -> Json<&'static [Product]> {
    Json(PRODUCTS)
}
