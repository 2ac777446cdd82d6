//! Choosing profiles for serials (R29, R58, `updateDeviceProfileAssignment`).

use std::collections::BTreeMap;

use domain::device::{Device, wanted_profile};
use domain::profile::Profile;
use domain::token::Token;
use domain::{ProfileId, Serial, TokenId};
use store::{PageQuery, Tx};

use super::load;
use crate::device::rows_of;
use crate::loops::Work;
use crate::scope::Scope;
use crate::token::read_serials;
use crate::{Actor, App, AppError, Result, ade};

/// Rows changed in one step.
const ROWS: u32 = 1_000;

/// What became of one serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Which.
    pub serial: Serial,
    /// Whether the profile is now wanted for it.
    pub ok: bool,
    /// What happens now, or why not.
    pub words: String,
}

/// Wants a profile for serials of its token. Apple is told in the background; a device that is set up takes it after
/// the next wipe (R4).
///
/// # Errors
/// [`AppError::NotFound`] for the profile, [`AppError::Invalid`] for serials that are none. A serial that is not under
/// the token, or of another platform, is told in its line.
pub async fn assign(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
    serials: &[String],
) -> Result<Vec<Assigned>> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone(), read_serials(serials)?);
    let lines = app
        .commit(args, |tx, (scope, token, id, serials)| {
            Box::pin(async move { assign_in(&scope, tx, &token, &id, serials).await })
        })
        .await?;
    app.wake(Work::Assign);
    Ok(lines)
}

/// As [`assign`], with the profile found under whichever token has it.
///
/// # Errors
/// As [`assign`].
pub async fn assign_across(
    app: &App,
    actor: &Actor,
    id: &ProfileId,
    serials: &[String],
) -> Result<Vec<Assigned>> {
    let args = (Scope::of(app, actor), id.clone());
    let token = app
        .look(args, |tx, (scope, id)| {
            Box::pin(async move {
                for token in scope.tokens(tx).await? {
                    if store::profile::get(tx, &scope.tenant, &token.id, &id).await?.is_some() {
                        return Ok(token.id);
                    }
                }
                Err(AppError::not_found(format!("the enrollment profile {id}")))
            })
        })
        .await?;
    assign(app, actor, &token, id, serials).await
}

async fn assign_in(
    scope: &Scope,
    tx: &mut Tx<'_>,
    token: &TokenId,
    id: &ProfileId,
    serials: Vec<Serial>,
) -> Result<Vec<Assigned>> {
    let token = crate::token::load(tx, scope, token).await?;
    let profile = load(scope, tx, &token.id, id).await?;
    let rows = store::device::by_serials(tx, &scope.tenant, &token.id, &serials).await?;
    let mut rows: BTreeMap<Serial, Device> = rows.into_iter().map(|row| (row.serial.clone(), row)).collect();
    let mut lines = Vec::with_capacity(serials.len());
    let mut changed = Vec::new();
    for serial in serials {
        let line = match rows.remove(&serial).filter(|row| row.deleted_at.is_none()) {
            None => Err(elsewhere(scope, tx, &token, &serial).await?),
            Some(row) => choose(scope, row, &profile, &mut changed),
        };
        let ok = line.is_ok();
        lines.push(Assigned { serial, ok, words: line.unwrap_or_else(|words| words) });
    }
    store::device::upsert_many(tx, &changed).await?;
    Ok(lines)
}

fn choose(
    scope: &Scope,
    mut row: Device,
    profile: &Profile,
    changed: &mut Vec<Device>,
) -> Result<String, String> {
    if let Some(platform) = row.platform().filter(|platform| *platform != profile.platform) {
        return Err(format!(
            "it is a {} device and “{}” is a profile for {}",
            platform.as_str(),
            profile.settings.display_name,
            profile.platform.as_str()
        ));
    }
    let set_up = row.enrollment.profile.as_ref().is_some_and(|enrolled| *enrolled != profile.id);
    if row.want(Some(profile.id.clone()), scope.now) {
        changed.push(row.clone());
    }
    Ok(if set_up {
        format!(
            "assigned; it is set up and takes “{}” after the next wipe (R4)",
            profile.settings.display_name
        )
    } else if row.is_live() {
        "assigned; Apple is told in a moment".to_owned()
    } else {
        "noted; Apple is told once it lists the serial on this server".to_owned()
    })
}

/// Where a serial is that is not under the token.
async fn elsewhere(scope: &Scope, tx: &mut Tx<'_>, token: &Token, serial: &Serial) -> Result<String> {
    for row in rows_of(scope, tx, serial).await? {
        if row.is_live()
            && let Some(other) = store::token::get(tx, &scope.tenant, &row.token).await?
        {
            return Ok(format!(
                "it is under the token “{}” and the profile under “{}”",
                other.name, token.name
            ));
        }
    }
    Ok(format!(
        "Apple has not listed it under “{}”: assign it to that server at Apple, then sync",
        token.name
    ))
}

/// Takes the chosen profile from serials, under whichever tokens they are: the default holds again for a device that
/// never enrolled. Where there is none, Apple is told at once to take the profile away.
///
/// # Errors
/// [`AppError::Invalid`] for serials that are none.
pub async fn unassign(app: &App, actor: &Actor, serials: &[String]) -> Result<Vec<Assigned>> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), read_serials(serials)?);
    let (mut lines, bare) = app
        .commit(args, |tx, (scope, serials)| Box::pin(async move { unassign_in(&scope, tx, serials).await }))
        .await?;
    for (token, serials) in bare {
        let words = match take_away(app, &token, &serials).await {
            Ok(()) => "unassigned; Apple has taken the profile away".to_owned(),
            Err(error) => format!("unassigned here; at Apple it still has the profile: failed to {error}"),
        };
        for line in lines.iter_mut().filter(|line| serials.contains(&line.serial)) {
            line.words.clone_from(&words);
        }
    }
    app.wake(Work::Assign);
    Ok(lines)
}

type Bare = Vec<(Token, Vec<Serial>)>;

async fn unassign_in(scope: &Scope, tx: &mut Tx<'_>, serials: Vec<Serial>) -> Result<(Vec<Assigned>, Bare)> {
    let mut tokens: BTreeMap<TokenId, (Token, Vec<Serial>)> = BTreeMap::new();
    let mut lines = Vec::with_capacity(serials.len());
    let mut changed = Vec::new();
    for serial in serials {
        let mut words = None;
        for mut row in rows_of(scope, tx, &serial).await? {
            let Some(token) = store::token::get(tx, &scope.tenant, &row.token).await? else { continue };
            if row.want(None, scope.now) {
                changed.push(row.clone());
            }
            words = Some("unassigned; the default profile holds again");
            if row.is_live() && wanted_profile(&row, &token.default_profiles).is_none() {
                words = Some("unassigned");
                if row.apple.profile_uuid.is_some() {
                    tokens.entry(token.id.clone()).or_insert((token, Vec::new())).1.push(serial.clone());
                }
            }
        }
        let ok = words.is_some();
        let words = words.unwrap_or("no token here has this serial").to_owned();
        lines.push(Assigned { serial, ok, words });
    }
    store::device::upsert_many(tx, &changed).await?;
    Ok((lines, tokens.into_values().collect()))
}

async fn take_away(app: &App, token: &Token, serials: &[Serial]) -> Result<()> {
    let client = ade::client(app, token).await?;
    for some in serials.chunks(mdm::ade::MAX_DEVICES_PER_CALL) {
        let texts: Vec<String> = some.iter().map(ToString::to_string).collect();
        let answer = client.remove_profile(None, &texts).await.map_err(|error| ade::told(&error))?;
        let done =
            |serial: &&Serial| answer.devices.get(serial.as_str()) == Some(&mdm::ade::AssignResult::Success);
        let done: Vec<Serial> = some.iter().filter(done).cloned().collect();
        let args = (Scope::new(app, &token.tenant), token.id.clone(), done);
        app.commit(args, |tx, (scope, token, done)| {
            Box::pin(async move {
                let mut rows = store::device::by_serials(tx, &scope.tenant, &token, &done).await?;
                for row in &mut rows {
                    row.apple.profile_uuid = None;
                    row.apple.profile_status = domain::device::ProfileStatus::Empty;
                }
                Ok(store::device::upsert_many(tx, &rows).await?)
            })
        })
        .await?;
    }
    Ok(())
}

/// Takes a profile that is being deleted from every serial that wants it.
pub(super) async fn forget_profile(
    scope: &Scope,
    tx: &mut Tx<'_>,
    token: &TokenId,
    id: &ProfileId,
) -> Result<()> {
    loop {
        let filter = super::equals("requestedEnrollmentProfileId", id.as_str());
        let query = PageQuery { filter: Some(filter), limit: ROWS, ..PageQuery::default() };
        let mut rows = store::device::page(tx, &scope.tenant, Some(token), &query).await?.items;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &mut rows {
            row.want(None, scope.now);
        }
        store::device::upsert_many(tx, &rows).await?;
    }
}
