//! `/deviceManagement/depOnboardingSettings`: enrollment program tokens (intune.md 4.1).

use app::token::{self, NewToken, TokenChange, TokenDetail, TokenUpload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Platform, Time, TokenId};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::entity::{PROFILE, TOKEN};
use super::error::ApiError;
use super::{device, list, profile};

/// Each platform's default profile, as `$expand` names it.
const DEFAULTS: [(&str, Platform); 4] = [
    ("defaultIosEnrollmentProfile", Platform::Ios),
    ("defaultMacOsEnrollmentProfile", Platform::MacOs),
    ("defaultTvOSEnrollmentProfile", Platform::TvOs),
    ("defaultVisionOSEnrollmentProfile", Platform::VisionOs),
];
/// Tokens of a page that brings what is related along: each may have a thousand profiles and devices.
const EXPANDED_PAGE: u32 = 20;
const PROFILES: &str = "enrollmentProfiles";
const DEVICES: &str = "importedAppleDeviceIdentities";
pub(crate) static EXPANDABLE: [&str; 6] =
    [DEFAULTS[0].0, DEFAULTS[1].0, DEFAULTS[2].0, DEFAULTS[3].0, PROFILES, DEVICES];

fn date(at: Option<Time>) -> Value {
    at.map_or(Value::Null, |at| at.rfc3339().into())
}

/// A token as Graph has it.
pub(crate) fn row(detail: &TokenDetail) -> Value {
    let TokenDetail { token, sync, devices, .. } = detail;
    let sync = sync.as_ref();
    let known = [
        ("id", json!(token.id)),
        ("appleIdentifier", json!(token.apple_id)),
        ("dataSharingConsentGranted", json!(token.consent.is_some())),
        ("lastModifiedDateTime", date(Some(token.modified_at))),
        ("lastSuccessfulSyncDateTime", date(sync.and_then(|sync| sync.last_success_at))),
        (
            "lastSyncErrorCode",
            json!(sync.and_then(|sync| sync.last_error.as_ref()).map_or(0, |error| error.code)),
        ),
        ("lastSyncTriggeredDateTime", date(sync.and_then(|sync| sync.last_triggered_at))),
        ("roleScopeTagIds", json!(token.scope_tags)),
        ("shareTokenWithSchoolDataSyncService", json!(token.share_with_school_data_sync)),
        ("syncedDeviceCount", json!(devices)),
        ("tokenExpirationDateTime", date(token.server.as_ref().map(|server| server.expires_at))),
        ("tokenName", json!(token.name)),
        ("tokenType", json!(token.token_type())),
    ];
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut row = TOKEN.complete(known);
    // What is related is there when it is asked for.
    if let Value::Object(members) = &mut row {
        members.retain(|name, _| !EXPANDABLE.contains(&name.as_str()));
    }
    row
}

/// The row with what `$expand` asks for.
async fn expanded(call: &Call, detail: &TokenDetail) -> Result<Value, ApiError> {
    let mut row = row(detail);
    let Value::Object(members) = &mut row else { return Ok(row) };
    for (name, platform) in DEFAULTS.into_iter().filter(|(name, _)| call.expands(name)) {
        let found = profile::default_row(call, &detail.token, platform).await?;
        let found = match found {
            Some(found) => call.narrowed(name, &PROFILE, found)?,
            None => Value::Null,
        };
        members.insert(name.to_owned(), found);
    }
    if call.expands(PROFILES) {
        let rows = profile::rows(call, &detail.token).await?;
        let rows: Result<Vec<_>, _> =
            rows.into_iter().map(|row| call.narrowed(PROFILES, &PROFILE, row)).collect();
        members.insert(PROFILES.to_owned(), rows?.into());
    }
    if call.expands(DEVICES) {
        let (rows, more) = device::first_rows(call, &detail.token.id).await?;
        members.insert(DEVICES.to_owned(), rows.into());
        if more {
            let path = format!("deviceManagement/depOnboardingSettings/{}/{DEVICES}", detail.token.id);
            let link = format!("{}/beta/{path}?$skip={}", call.app.settings.api_url, list::PAGE);
            members.insert(format!("{DEVICES}@odata.nextLink"), link.into());
        }
    }
    Ok(row)
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let mut asked = list::asked(&call, &TOKEN)?;
    if !call.options.expand.is_empty() {
        asked.page.limit = asked.page.limit.min(EXPANDED_PAGE);
    }
    let page = call.done(token::list(&call.app, &call.actor, asked.page.clone()).await)?;
    let mut rows = Vec::with_capacity(page.items.len());
    for detail in &page.items {
        rows.push(expanded(&call, detail).await?);
    }
    asked.answer(&call, rows, page.next, page.total, &EXPANDABLE)
}

pub(crate) async fn count(call: Call) -> Result<Answer, ApiError> {
    let page = list::asked(&call, &TOKEN)?.counting();
    let page = call.done(token::list(&call.app, &call.actor, page).await)?;
    Ok(Answer::number(page.total.unwrap_or(0)))
}

async fn detail(call: &Call) -> Result<TokenDetail, ApiError> {
    let id: TokenId = call.id(0)?;
    call.done(token::detail(&call.app, &call.actor, &id).await)
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let row = expanded(&call, &detail(&call).await?).await?;
    call.entity(&TOKEN, row, &EXPANDABLE)
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn flag(body: &Map<String, Value>, name: &str) -> Option<bool> {
    body.get(name).and_then(Value::as_bool)
}

fn tags(body: &Map<String, Value>) -> Option<Vec<String>> {
    let tags = body.get("roleScopeTagIds")?.as_array()?;
    Some(tags.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

pub(crate) async fn create(call: Call) -> Result<Answer, ApiError> {
    let body = call.properties(&TOKEN)?;
    let new = NewToken {
        name: text(&body, "tokenName").unwrap_or_default(),
        apple_id: text(&body, "appleIdentifier"),
        consent: flag(&body, "dataSharingConsentGranted").unwrap_or(false),
        scope_tags: tags(&body).unwrap_or_default(),
        share_with_school_data_sync: flag(&body, "shareTokenWithSchoolDataSyncService").unwrap_or(false),
    };
    let made = call.done(token::create(&call.app, &call.actor, new).await)?;
    let detail = call.done(token::detail(&call.app, &call.actor, &made.id).await)?;
    Ok(Answer::json(StatusCode::CREATED, call.entity_value(&TOKEN, row(&detail), &[])?))
}

pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let body = call.properties(&TOKEN)?;
    let change = TokenChange {
        name: text(&body, "tokenName").filter(|name| !name.is_empty()),
        apple_id: text(&body, "appleIdentifier"),
        consent: flag(&body, "dataSharingConsentGranted"),
        scope_tags: tags(&body),
        share_with_school_data_sync: flag(&body, "shareTokenWithSchoolDataSyncService"),
    };
    changed(&call, change).await?;
    call.entity(&TOKEN, row(&detail(&call).await?), &[])
}

async fn changed(call: &Call, change: TokenChange) -> Result<(), ApiError> {
    let id: TokenId = call.id(0)?;
    call.done(token::update(&call.app, &call.actor, &id, change).await).map(drop)
}

pub(crate) async fn delete(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    call.done(token::delete(&call.app, &call.actor, &id, call.confirmed()).await)?;
    Ok(Answer::no_content())
}

pub(crate) async fn generate_key(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    let key = call.done(token::generate_key(&call.app, &call.actor, &id).await)?;
    Ok(call.value(key.certificate_pem))
}

pub(crate) async fn public_key(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    let key = call.done(token::public_key(&call.app, &call.actor, &id).await)?;
    Ok(call.value(key.certificate_pem))
}

pub(crate) async fn upload(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    let given = call.parameters();
    let upload = TokenUpload {
        file: file(&given.needed_text("depToken")?),
        apple_id: given.text("appleId"),
        confirm_other_server: given.flag("confirmOtherServer") || call.confirmed(),
    };
    call.done(token::upload(&call.app, &call.actor, &id, upload).await)?;
    Ok(Answer::no_content())
}

/// The `.p7m`: its text as Apple gave it, or that text in base64, as a script that reads files as bytes sends it.
fn file(text: &str) -> Vec<u8> {
    let packed: String = text.split_whitespace().collect();
    let unpacked = STANDARD.decode(packed).ok();
    let is_mime = |bytes: &Vec<u8>| {
        bytes.windows(12).take(4_096).any(|part| part.eq_ignore_ascii_case(b"content-type"))
    };
    unpacked.filter(is_mime).unwrap_or_else(|| text.as_bytes().to_vec())
}

pub(crate) async fn sync(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    call.done(app::sync::request(&call.app, &call.actor, &id, false).await)?;
    Ok(Answer::no_content())
}

pub(crate) async fn share(call: Call) -> Result<Answer, ApiError> {
    shared(&call, true).await
}

pub(crate) async fn unshare(call: Call) -> Result<Answer, ApiError> {
    shared(&call, false).await
}

async fn shared(call: &Call, share: bool) -> Result<Answer, ApiError> {
    let change = TokenChange { share_with_school_data_sync: Some(share), ..TokenChange::default() };
    changed(call, change).await?;
    Ok(Answer::no_content())
}

pub(crate) async fn release_devices(call: Call) -> Result<Answer, ApiError> {
    let id: TokenId = call.id(0)?;
    let serials = call.parameters().needed_texts("deviceSerialNumbers")?;
    let confirmed = call.confirmed();
    call.done(token::release_devices(&call.app, &call.actor, &id, &serials, confirmed).await)?;
    Ok(Answer::no_content())
}

/// There are no tokens of Apps and Books here, so none runs out.
pub(crate) async fn expiring_count(call: Call) -> Result<Answer, ApiError> {
    Ok(call.value(0))
}
