//! `…/importedAppleDeviceIdentities`: serials that Apple says are ours, under one token or under all (intune.md 4.1).

use app::device::{self, Imported};
use app::{AppError, PageQuery, profile};
use domain::device::{Device, DiscoverySource, EnrollmentState, Import, Presence};
use domain::{DeviceId, Serial, TokenId};
use http::StatusCode;
use query::{BinaryOp, Expr, Literal, Path};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::entity::DEVICE;
use super::error::ApiError;
use super::profile::{id_under, joined};
use super::{entity::Stored, list};

/// A serial as Graph has it.
fn row(device: &Device) -> Value {
    let date = |at: Option<domain::Time>| json!(at.map(domain::Time::rfc3339));
    let enrolled =
        matches!(device.enrollment.state, EnrollmentState::Enrolled | EnrollmentState::PendingReset);
    let wanted = device.wanted_profile.as_ref().map(|profile| joined(&device.token, profile));
    let known = [
        ("id", json!(device.id)),
        ("createdDateTime", date(Some(device.created_at))),
        ("description", json!(device.description)),
        ("discoverySource", json!(device.source)),
        ("enrollmentState", json!(device.enrollment.state)),
        ("isDeleted", json!(device.presence != Presence::Present)),
        // A device that enrolled by ADE is supervised since iOS 13 and macOS 11 (R11).
        ("isSupervised", json!(enrolled)),
        ("lastContactedDateTime", date(device.enrollment.last_contact)),
        ("platform", json!(device.platform().map_or("unknown", domain::Platform::as_str))),
        ("requestedEnrollmentProfileAssignmentDateTime", date(device.wanted_at)),
        ("requestedEnrollmentProfileId", json!(wanted)),
        ("serialNumber", json!(device.serial.as_str())),
    ];
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    DEVICE.complete(known)
}

/// The first page of a token's serials, and whether there are more.
pub(crate) async fn first_rows(call: &Call, token: &TokenId) -> Result<(Vec<Value>, bool), ApiError> {
    let query = PageQuery { limit: list::PAGE, ..PageQuery::default() };
    let page = call.done(device::list(&call.app, &call.actor, Some(token), query).await)?;
    Ok((page.items.iter().map(row).collect(), page.next.is_some()))
}

async fn listed(call: Call, token: Option<TokenId>) -> Result<Answer, ApiError> {
    let asked = list::asked(&call, &DEVICE)?;
    let page = call.done(device::list(&call.app, &call.actor, token.as_ref(), asked.page.clone()).await)?;
    asked.answer(&call, page.items.iter().map(row).collect(), page.next, page.total, &[])
}

async fn counted(call: Call, token: Option<TokenId>) -> Result<Answer, ApiError> {
    let page = list::asked(&call, &DEVICE)?.counting();
    let page = call.done(device::list(&call.app, &call.actor, token.as_ref(), page).await)?;
    Ok(Answer::number(page.total.unwrap_or(0)))
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let token = call.id(0)?;
    listed(call, Some(token)).await
}

pub(crate) async fn count(call: Call) -> Result<Answer, ApiError> {
    let token = call.id(0)?;
    counted(call, Some(token)).await
}

pub(crate) async fn list_all(call: Call) -> Result<Answer, ApiError> {
    listed(call, None).await
}

pub(crate) async fn count_all(call: Call) -> Result<Answer, ApiError> {
    counted(call, None).await
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let (token, id): (TokenId, DeviceId) = (call.id(0)?, call.id(1)?);
    let device = call.done(device::get(&call.app, &call.actor, &token, &id).await)?;
    call.entity(&DEVICE, row(&device), &[])
}

/// A serial by its id alone.
async fn anywhere(call: &Call) -> Result<Device, ApiError> {
    let id: DeviceId = call.id(0)?;
    let is_it = Expr::Compare(
        Box::new(Expr::Path(Path(vec!["id".into()]))),
        BinaryOp::Eq,
        Box::new(Expr::Literal(Literal::Text(id.to_string()))),
    );
    let filter = query::check(&is_it, &Stored(&DEVICE))?;
    let query = PageQuery { filter: Some(filter), limit: 1, ..PageQuery::default() };
    let page = call.done(device::list(&call.app, &call.actor, None, query).await)?;
    let found = page.items.into_iter().next();
    call.done(found.ok_or_else(|| AppError::not_found(format!("the device {id}"))))
}

pub(crate) async fn get_anywhere(call: Call) -> Result<Answer, ApiError> {
    let device = anywhere(&call).await?;
    call.entity(&DEVICE, row(&device), &[])
}

pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let (token, id): (TokenId, DeviceId) = (call.id(0)?, call.id(1)?);
    let device = call.done(device::get(&call.app, &call.actor, &token, &id).await)?;
    updated(call, device).await
}

pub(crate) async fn update_anywhere(call: Call) -> Result<Answer, ApiError> {
    let device = anywhere(&call).await?;
    updated(call, device).await
}

async fn updated(call: Call, device: Device) -> Result<Answer, ApiError> {
    let body = call.properties(&DEVICE)?;
    let (token, id) = (&device.token, &device.id);
    if let Some(description) = body.get("description") {
        let description = description.as_str().map(str::to_owned);
        call.done(device::describe(&call.app, &call.actor, token, id, description).await)?;
    }
    if let Some(profile) = body.get("requestedEnrollmentProfileId") {
        want(&call, &device, profile.as_str().unwrap_or_default()).await?;
    }
    if let Some(state) = body.get("enrollmentState").and_then(Value::as_str) {
        let blocked = state == "blocked";
        if blocked != (device.enrollment.state == EnrollmentState::Blocked) {
            call.done(device::block(&call.app, &call.actor, token, id, blocked).await)?;
        }
    }
    let device = call.done(device::get(&call.app, &call.actor, token, id).await)?;
    call.entity(&DEVICE, row(&device), &[])
}

/// Assigns, or with an empty id unassigns.
async fn want(call: &Call, device: &Device, profile: &str) -> Result<(), ApiError> {
    let serials = [device.serial.to_string()];
    let lines = if profile.is_empty() {
        if device.wanted_profile.is_none() {
            return Ok(());
        }
        call.done(profile::unassign(&call.app, &call.actor, &serials).await)?
    } else {
        let profile = id_under(&device.token, profile)?;
        call.done(profile::assign(&call.app, &call.actor, &device.token, &profile, &serials).await)?
    };
    match lines.into_iter().find(|line| !line.ok) {
        Some(line) => Err(ApiError::bad_value(
            "requestedEnrollmentProfileId",
            format!("Failed to assign: {}.", line.words),
        )),
        None => Ok(()),
    }
}

pub(crate) async fn delete(call: Call) -> Result<Answer, ApiError> {
    let (token, id): (TokenId, DeviceId) = (call.id(0)?, call.id(1)?);
    call.done(device::delete(&call.app, &call.actor, &token, &id).await)?;
    Ok(Answer::no_content())
}

/// The only token, for the paths of old clients that name none.
async fn only_token(call: &Call) -> Result<TokenId, ApiError> {
    let two = PageQuery { limit: 2, ..PageQuery::default() };
    let mut tokens = call.done(app::token::list(&call.app, &call.actor, two).await)?.items;
    match (tokens.pop(), tokens.pop()) {
        (Some(one), None) => Ok(one.token.id),
        (None, _) => Err(ApiError::bad("Failed to import: there is no enrollment program token yet.")),
        _ => Err(ApiError::bad(
            "Failed to import: there are several tokens; use depOnboardingSettings/{id}/importedAppleDeviceIdentities.",
        )),
    }
}

/// One row of an import, or the line that refuses it.
fn import_row(body: &Map<String, Value>) -> Result<Import, Value> {
    let text =
        |name: &str| body.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let serial = text("serialNumber").unwrap_or_default();
    let Ok(number) = serial.parse::<Serial>() else {
        let serial: String = serial.chars().take(64).collect();
        return Err(result(DEVICE.complete(Map::from_iter([("serialNumber".into(), serial.into())])), false));
    };
    Ok(Import {
        serial: number,
        description: text("description").map(str::to_owned),
        profile: text("requestedEnrollmentProfileId").map(str::to_owned),
        converted_at: None,
    })
}

/// `importedAppleDeviceIdentityResult`.
fn result(row: Value, status: bool) -> Value {
    let mut members = Map::new();
    members.insert("@odata.type".into(), "#microsoft.graph.importedAppleDeviceIdentityResult".into());
    if let Value::Object(row) = row {
        members.extend(row);
    }
    members.insert("status".into(), status.into());
    Value::Object(members)
}

fn shown(line: &Imported) -> Value {
    let row = match &line.device {
        Some(device) => row(device),
        None => {
            let known = [
                ("serialNumber", json!(line.serial.as_str())),
                ("discoverySource", json!(DiscoverySource::AdminImport)),
            ];
            DEVICE.complete(known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        }
    };
    let mut shown = result(row, line.ok);
    if let Value::Object(members) = &mut shown {
        // Graph tells only that a row was refused; why stands beside it.
        members.insert("statusDetails".into(), line.words.clone().into());
    }
    shown
}

async fn imported(call: Call, token: TokenId) -> Result<Answer, ApiError> {
    let given = call.parameters();
    let overwrite = given.flag("overwriteImportedDeviceIdentities");
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for one in given.needed_objects("importedAppleDeviceIdentities")? {
        match import_row(one) {
            Ok(row) => rows.push(row),
            Err(line) => refused.push(line),
        }
    }
    let lines = call.done(device::import(&call.app, &call.actor, &token, rows, overwrite).await)?;
    let lines: Vec<Value> = lines.iter().map(shown).chain(refused).collect();
    Ok(call.value(lines))
}

pub(crate) async fn import(call: Call) -> Result<Answer, ApiError> {
    let token = call.id(0)?;
    imported(call, token).await
}

pub(crate) async fn import_anywhere(call: Call) -> Result<Answer, ApiError> {
    let token = only_token(&call).await?;
    imported(call, token).await
}

async fn created(call: Call, token: TokenId) -> Result<Answer, ApiError> {
    let wrong =
        || ApiError::bad_value("serialNumber", "Failed to read 'serialNumber': expected letters and digits.");
    let row_of = import_row(&call.properties(&DEVICE)?).map_err(|_| wrong())?;
    let mut lines = call.done(device::import(&call.app, &call.actor, &token, vec![row_of], false).await)?;
    let line = lines.pop().ok_or_else(|| ApiError::internal("an import of one row answered none"))?;
    let device = line.device.filter(|_| line.ok);
    let words = format!("{}: {}", line.serial, line.words);
    let device = call.done(device.ok_or(AppError::Conflict { words }))?;
    Ok(Answer::json(StatusCode::CREATED, call.entity_value(&DEVICE, row(&device), &[])?))
}

pub(crate) async fn create(call: Call) -> Result<Answer, ApiError> {
    let token = call.id(0)?;
    created(call, token).await
}

pub(crate) async fn create_anywhere(call: Call) -> Result<Answer, ApiError> {
    let token = only_token(&call).await?;
    created(call, token).await
}
