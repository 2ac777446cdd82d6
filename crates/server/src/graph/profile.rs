//! `…/enrollmentProfiles`: enrollment profiles, one type a platform (intune.md 4.1, 4.3).

mod settings;

use std::sync::Arc;

use app::PageQuery;
use app::application::Role;
use app::profile::{self, Edit, ProfileDetail};
use domain::profile::ProfileSettings;
use domain::token::Token;
use domain::{Platform, ProfileId, TokenId};
use http::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::call::Call;
use super::entity::{PROFILE, odata_type, profile_of};
use super::error::ApiError;
use super::list;

/// More profiles than a token can have.
const ALL: u32 = 10_000;
/// Where a device asks to enrol.
const URL: &str = "configurationEndpointUrl";

/// A profile's id as Graph has it.
pub(crate) fn joined(token: &TokenId, profile: &ProfileId) -> String {
    format!("{token}_{profile}")
}

/// A profile's id from outside: bare, `{token}_{profile}` or `ECV2_{token}_{profile}`. One of another token is none.
pub(crate) fn id_under(token: &TokenId, text: &str) -> Result<ProfileId, ApiError> {
    let (of, bare) = split(text);
    if of.is_some_and(|of| !of.eq_ignore_ascii_case(token.as_str())) {
        return Err(ApiError::not_found(format!(
            "Failed to find the enrollment profile {bare} under the token {token}."
        )));
    }
    Ok(bare.parse()?)
}

/// The token's part, if there is one, and the profile's.
pub(crate) fn split(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    let text = match text.get(..5) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ECV2_") => text.get(5..).unwrap_or_default(),
        _ => text,
    };
    match text.split_once('_') {
        Some((token, profile)) => (Some(token), profile),
        None => (None, text),
    }
}

/// A profile as Graph has it.
fn row(call: &Call, detail: &ProfileDetail) -> Value {
    let ProfileDetail { profile, is_default } = detail;
    let entity = profile_of(profile.platform);
    let mut known = settings::shown(&profile.settings, entity);
    known.insert("id".into(), joined(&profile.token, &profile.id).into());
    known.insert("isDefault".into(), json!(is_default));
    // Without its secret: who reads a profile need not be able to enrol with it.
    let url = format!("{}/t/{}/enroll/", call.app.settings.device_url, profile.tenant);
    known.insert(URL.into(), url.into());
    let Value::Object(members) = entity.complete(known) else { return Value::Null };
    let mut row = serde_json::Map::new();
    row.insert("@odata.type".into(), odata_type(profile.platform).into());
    row.extend(members);
    Value::Object(row)
}

/// The default profile of a token for a platform.
pub(crate) async fn default_row(
    call: &Call,
    token: &Token,
    platform: Platform,
) -> Result<Option<Value>, ApiError> {
    if !token.default_profiles.contains_key(&platform) {
        return Ok(None);
    }
    let found = call.done(profile::default_of(&call.app, &call.actor, &token.id, platform).await)?;
    Ok(found.map(|found| row(call, &found)))
}

/// Every profile of a token.
pub(crate) async fn rows(call: &Call, token: &Token) -> Result<Vec<Value>, ApiError> {
    rows_of(call, &token.id).await
}

async fn rows_of(call: &Call, token: &TokenId) -> Result<Vec<Value>, ApiError> {
    let every = PageQuery { limit: ALL, ..PageQuery::default() };
    let page = call.done(profile::list(&call.app, &call.actor, token, every).await)?;
    Ok(page.items.iter().map(|detail| row(call, detail)).collect())
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let rows = rows_of(&call, &call.id(0)?).await?;
    list::in_memory(&call, &PROFILE, rows, &[])
}

pub(crate) async fn count(call: Call) -> Result<Answer, ApiError> {
    let rows = rows_of(&call, &call.id(0)?).await?;
    list::count_in_memory(&call, &PROFILE, &rows)
}

fn ids(call: &Call) -> Result<(TokenId, ProfileId), ApiError> {
    let token: TokenId = call.id(0)?;
    let text = call.ids.get(1).map(String::as_str).unwrap_or_default();
    let profile = id_under(&token, text)?;
    Ok((token, profile))
}

async fn found(call: &Call) -> Result<ProfileDetail, ApiError> {
    let (token, id) = ids(call)?;
    call.done(profile::get(&call.app, &call.actor, &token, &id).await)
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let mut row = row(&call, &found(&call).await?);
    // The URL with its secret lets a device ask to enrol: only when asked for by name, and by who may change profiles.
    if call.selects(URL) && call.may(Role::ServiceConfigReadWrite) {
        let (token, id) = ids(&call)?;
        let url = call.done(profile::enrollment_url(&call.app, &call.actor, &token, &id).await)?;
        if let Value::Object(members) = &mut row {
            members.insert(URL.into(), url.as_str().into());
        }
    }
    call.entity(&PROFILE, row, &[])
}

/// `@odata.type` chooses the platform.
fn platform(call: &Call) -> Result<Option<Platform>, ApiError> {
    let Some(given) = call.body.get("@odata.type").and_then(Value::as_str).filter(|given| !given.is_empty())
    else {
        return Ok(None);
    };
    let bare = given.trim_start_matches('#');
    // The type of before there was one for each platform; its settings are those of iOS.
    if query::same(bare, "microsoft.graph.depEnrollmentProfile") {
        return Ok(Some(Platform::Ios));
    }
    let of = |platform: &Platform| query::same(odata_type(*platform).trim_start_matches('#'), bare);
    Platform::ALL.into_iter().find(of).map(Some).ok_or_else(|| {
        let names = Platform::ALL.map(odata_type).join(", ");
        let given: String = given.chars().take(80).collect();
        ApiError::bad_value(
            "@odata.type",
            format!("Failed to make a profile of type '{given}': expected one of {names}."),
        )
    })
}

pub(crate) async fn create(call: Call) -> Result<Answer, ApiError> {
    let token: TokenId = call.id(0)?;
    let platform = platform(&call)?.ok_or_else(|| {
        ApiError::bad_value(
            "@odata.type",
            "Failed to make a profile: '@odata.type' has to say for which platform.",
        )
    })?;
    let body = call.properties(profile_of(platform))?;
    let mut settings = ProfileSettings::default();
    call.done(settings::apply(&mut settings, &body))?;
    let password = call.done(settings::password(&body))?;
    let made = call.done(profile::create(&call.app, &call.actor, &token, platform, settings).await)?;
    keep_password(&call, &token, &made.profile.id, password).await?;
    Ok(Answer::json(StatusCode::CREATED, call.entity_value(&PROFILE, row(&call, &made), &[])?))
}

async fn keep_password(
    call: &Call,
    token: &TokenId,
    id: &ProfileId,
    password: Option<Zeroizing<String>>,
) -> Result<(), ApiError> {
    if password.is_some() {
        call.done(profile::set_admin_password(&call.app, &call.actor, token, id, password).await)?;
    }
    Ok(())
}

/// 204, or 200 with the profile when the client prefers that (intune.md 7).
pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let (token, id) = ids(&call)?;
    let before = found(&call).await?;
    let fixed = before.profile.platform;
    if platform(&call)?.is_some_and(|asked| asked != fixed) {
        let words =
            format!("Failed to change the profile's platform: it is {} for good (R28).", fixed.as_str());
        return Err(ApiError::bad_value("@odata.type", words));
    }
    let body = call.properties(profile_of(fixed))?;
    let password = call.done(settings::password(&body))?;
    let edit: Edit = Arc::new(move |settings| settings::apply(settings, &body));
    let changed = call.done(profile::update(&call.app, &call.actor, &token, &id, edit).await)?;
    keep_password(&call, &token, &id, password).await?;
    if !call.wants_representation {
        return Ok(Answer::no_content());
    }
    call.entity(&PROFILE, row(&call, &changed), &[])
}

pub(crate) async fn delete(call: Call) -> Result<Answer, ApiError> {
    let (token, id) = ids(&call)?;
    call.done(profile::delete(&call.app, &call.actor, &token, &id, call.confirmed()).await)?;
    Ok(Answer::no_content())
}

pub(crate) async fn set_default(call: Call) -> Result<Answer, ApiError> {
    let (token, id) = ids(&call)?;
    call.done(profile::set_default(&call.app, &call.actor, &token, &id).await)?;
    Ok(Answer::no_content())
}

/// `deviceIds` are serial numbers, despite the name. Graph answers 204 or an error, so one serial that cannot be
/// assigned is told as an error after the others were.
pub(crate) async fn assign(call: Call) -> Result<Answer, ApiError> {
    let (token, id) = ids(&call)?;
    let serials = call.parameters().needed_texts("deviceIds")?;
    if serials.is_empty() {
        return Ok(Answer::no_content());
    }
    let lines = call.done(profile::assign(&call.app, &call.actor, &token, &id, &serials).await)?;
    let refused: Vec<String> =
        lines.iter().filter(|line| !line.ok).map(|line| format!("{}: {}", line.serial, line.words)).collect();
    if refused.is_empty() {
        return Ok(Answer::no_content());
    }
    let done = lines.len() - refused.len();
    let shown = refused.iter().take(20).cloned().collect::<Vec<_>>().join("; ");
    let words = format!(
        "Failed to assign {} of {} devices ({done} are assigned): {shown}.",
        refused.len(),
        lines.len()
    );
    Err(ApiError::bad_value("deviceIds", words))
}

pub(crate) async fn export(call: Call) -> Result<Answer, ApiError> {
    let (token, id) = ids(&call)?;
    call.done(profile::export_mobile_config(&call.app, &call.actor, &token, &id).await)?;
    Ok(Answer::no_content())
}

async fn default_for(call: Call, platform: Platform) -> Result<Answer, ApiError> {
    let token: TokenId = call.id(0)?;
    let found = call.done(profile::default_of(&call.app, &call.actor, &token, platform).await)?;
    let found = found.ok_or_else(|| {
        ApiError::not_found(format!(
            "Failed to find a default profile for {}: none is set.",
            platform.as_str()
        ))
    })?;
    call.entity(&PROFILE, row(&call, &found), &[])
}

pub(crate) async fn default_ios(call: Call) -> Result<Answer, ApiError> {
    default_for(call, Platform::Ios).await
}

pub(crate) async fn default_mac_os(call: Call) -> Result<Answer, ApiError> {
    default_for(call, Platform::MacOs).await
}

pub(crate) async fn default_tv_os(call: Call) -> Result<Answer, ApiError> {
    default_for(call, Platform::TvOs).await
}

pub(crate) async fn default_vision_os(call: Call) -> Result<Answer, ApiError> {
    default_for(call, Platform::VisionOs).await
}
