//! Lists of serials from an administrator (`importAppleDeviceIdentityList`, CSV).

use std::collections::{BTreeMap, BTreeSet};

use domain::device::{
    AppleRecord, Assignment, DESCRIPTION_LEN_MAX, Device, DiscoverySource, Enrollment, Import, Presence,
    read_csv,
};
use domain::{ProfileId, Serial, TokenId};
use store::Tx;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// Rows of one request.
const ROWS_MAX: usize = 10_000;

/// What became of one row (`importedAppleDeviceIdentityResult`).
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The row as it is now; none: it was refused.
    pub device: Option<Device>,
    /// Which serial.
    pub serial: Serial,
    /// `status`.
    pub ok: bool,
    /// Why not, or what happens now.
    pub words: String,
}

/// A note from outside: not empty, not too long.
pub(super) fn note(text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match &text {
        Some(text) if text.chars().count() > DESCRIPTION_LEN_MAX || text.contains('\0') => {
            Err(AppError::invalid("description", format!("takes at most {DESCRIPTION_LEN_MAX} characters")))
        }
        _ => Ok(text),
    }
}

/// Notes serials under a token before, or after, Apple lists them. With `overwrite`, what is known of a serial is
/// replaced; without, a known serial is refused in its line.
///
/// # Errors
/// [`AppError::NotFound`] for the token, [`AppError::Invalid`] for a list that is too long.
pub async fn import(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    rows: Vec<Import>,
    overwrite: bool,
) -> Result<Vec<Imported>> {
    actor.must_administer()?;
    if rows.len() > ROWS_MAX {
        let words = format!("takes at most {ROWS_MAX} rows");
        return Err(AppError::invalid("importedAppleDeviceIdentities", words));
    }
    for row in &rows {
        note(row.description.clone())?;
    }
    let args = (Scope::of(app, actor), token.clone(), rows, overwrite);
    let lines = app
        .commit(args, |tx, (scope, token, rows, overwrite)| {
            Box::pin(async move { import_in(&scope, tx, &token, rows, overwrite).await })
        })
        .await?;
    super::wake(app);
    Ok(lines)
}

/// As [`import`], from CSV with the columns `serialNumber`, `description`, `profile` and `convertedDateTime` (R44).
///
/// # Errors
/// As [`import`]; [`AppError::Invalid`] naming the line that cannot be read.
pub async fn import_csv(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    text: &str,
    overwrite: bool,
) -> Result<Vec<Imported>> {
    let rows = read_csv(text).map_err(|error| AppError::invalid("csv", error.to_string()))?;
    import(app, actor, token, rows, overwrite).await
}

async fn import_in(
    scope: &Scope,
    tx: &mut Tx<'_>,
    token: &TokenId,
    rows: Vec<Import>,
    overwrite: bool,
) -> Result<Vec<Imported>> {
    crate::token::load(tx, scope, token).await?;
    let serials: Vec<Serial> = rows.iter().map(|row| row.serial.clone()).collect();
    let known = store::device::by_serials(tx, &scope.tenant, token, &serials).await?;
    let mut known: BTreeMap<Serial, Device> =
        known.into_iter().map(|row| (row.serial.clone(), row)).collect();
    let profiles = store::profile::list(tx, &scope.tenant, token).await?;
    let mut seen = BTreeSet::new();
    let mut changed = Vec::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let serial = row.serial.clone();
        let profile = match of_profile(row.profile.as_deref(), &profiles) {
            Ok(profile) => profile,
            Err(words) => {
                lines.push(Imported { device: None, serial, ok: false, words });
                continue;
            }
        };
        let repeated = !seen.insert(serial.clone());
        let before = known.remove(&serial).unwrap_or_else(|| listed_here(scope, token, &serial));
        let shown = before.version > 0 && before.deleted_at.is_none();
        if repeated || (shown && !overwrite) {
            let words = if repeated { "it is in the list twice" } else { "it is known already" };
            lines.push(Imported { device: None, serial, ok: false, words: words.into() });
            continue;
        }
        let device = overlay(before, row, profile, scope);
        let words = if device.is_live() { "imported" } else { "noted until Apple lists it on this server" };
        changed.push(device.clone());
        lines.push(Imported { device: Some(device), serial, ok: true, words: words.into() });
    }
    store::device::upsert_many(tx, &changed).await?;
    Ok(lines)
}

/// A profile by its id, bare or with its token's before it, or by its name.
fn of_profile(
    text: Option<&str>,
    profiles: &[domain::profile::Profile],
) -> Result<Option<ProfileId>, String> {
    let Some(text) = text else { return Ok(None) };
    let bare = text.rsplit('_').next().unwrap_or(text);
    let found = profiles.iter().find(|profile| profile.id.as_str().eq_ignore_ascii_case(bare));
    let mut named = profiles.iter().filter(|profile| profile.settings.display_name == text);
    match (found, named.next(), named.next()) {
        (Some(profile), _, _) | (None, Some(profile), None) => Ok(Some(profile.id.clone())),
        (None, Some(_), Some(_)) => Err("several profiles have this name; give the id".into()),
        (None, None, _) => Err("the token has no such profile".into()),
    }
}

/// A serial that an administrator lists and Apple has not.
fn listed_here(scope: &Scope, token: &TokenId, serial: &Serial) -> Device {
    Device {
        tenant: scope.tenant.clone(),
        token: token.clone(),
        id: scope.app.new_id(),
        version: 0,
        serial: serial.clone(),
        apple: AppleRecord::default(),
        presence: Presence::Gone { at: scope.now },
        deleted_at: None,
        seen_pass: 0,
        source: DiscoverySource::AdminImport,
        description: None,
        wanted_profile: None,
        wanted_at: None,
        assignment: Assignment::default(),
        enrollment: Enrollment::default(),
        converted_at: None,
        created_at: scope.now,
    }
}

fn overlay(mut device: Device, row: Import, profile: Option<ProfileId>, scope: &Scope) -> Device {
    device.description = row.description.or(device.description);
    device.converted_at = row.converted_at.or(device.converted_at);
    if device.deleted_at.is_some() && device.presence != Presence::Present {
        device.deleted_at = None;
    }
    if let Some(profile) = profile {
        device.want(Some(profile), scope.now);
    }
    device
}
