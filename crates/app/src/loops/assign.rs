//! Gives devices their profiles at Apple: defines what is not defined, assigns what is wanted and not there, and keeps
//! what Apple answered for each serial.
//!
//! What is to be done is derived from what is stored, so that a program that dies loses nothing: a profile that was
//! defined and not recorded is defined again (Apple keeps the first, unused), an assignment that was made and not
//! recorded is found right by the next sync.

use std::collections::BTreeMap;
use std::time::Duration;

use apple::AdeError;
use apple::ade::Client;
use domain::assignment::{Batch, Wanted, after, observed, outcome_of, plan};
use domain::device::{AppleRecord, Assignment, Device, Outcome};
use domain::profile::{DefineRefusal, DefinedProfile, Profile};
use domain::sync::record;
use domain::token::{Standing, Token};
use domain::trouble::TroubleKind;
use domain::{ProfileId, Serial, TenantId, Time, TokenId};
use futures_util::StreamExt as _;
use mdm::ade::AssignmentResponse;
use store::device::Gap;

use super::lease::Lease;
use crate::points::Point;
use crate::profile::content::{self, Content};
use crate::scope::Scope;
use crate::{App, Result, Work, ade, trouble};

/// Tokens worked on side by side.
const SIDE_BY_SIDE: usize = 4;
/// Gaps read at once: two of Apple's calls.
const GAPS: u32 = 2_000;
/// Rounds of one turn for one token, so that no token holds up the others: 200,000 devices.
const ROUNDS: u32 = 100;
/// When to look again at a token that another node has: what was wanted meanwhile may have come too late for its turn.
const HELD_ELSEWHERE: Duration = Duration::from_secs(15);
/// Longest wait between turns: what an administrator changed at a node that died before it acted is found here.
const EVERY: Duration = Duration::from_secs(60);
/// A due time that has come already although there was nothing to do is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// One turn: every token, and when the next assignment is due.
///
/// # Errors
/// The store's; what fails at Apple is kept with its token.
pub async fn turn(app: App) -> Result<Time> {
    if app.ade.is_first_turn() {
        encode_anew(&app).await?;
    }
    let tokens =
        app.look((), |tx, ()| Box::pin(async move { Ok(store::token::all_live(tx).await?) })).await?;
    let (mut due, mut failed) = (Time::NEVER, None);
    let mut ended = futures_util::stream::iter(tokens)
        .map(|(tenant, token)| assign_token(app.clone(), tenant, token))
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some(result) = ended.next().await {
        match result {
            Ok(of_token) => due = due.min(of_token),
            // The others are not held up by it.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or_else(|| Ok(due.min(app.now().plus(EVERY))), Err)
}

/// The operator may have changed the server's address or certificates since the last start: every profile that is in
/// use is encoded anew. What comes out the same stays as it is at Apple.
async fn encode_anew(app: &App) -> Result<()> {
    app.commit((), |tx, ()| {
        Box::pin(async move {
            for tenant in store::tenant::list(tx).await? {
                store::profile::content_forget(tx, &tenant.id).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Closes one token's gap. Answers when to look again.
async fn assign_token(app: App, tenant: TenantId, id: TokenId) -> Result<Time> {
    let now = app.now();
    if let Some(until) = ade::paused(&app, &tenant, &id, now) {
        return Ok(until);
    }
    let args = (Scope::new(&app, &tenant), id.clone());
    let (token, undefined, due) = app
        .look(args, |tx, (scope, id)| {
            Box::pin(async move {
                let token = store::token::get(tx, &scope.tenant, &id).await?;
                let undefined = store::profile::wanted_undefined(tx, &scope.tenant, &id).await?;
                let due = store::device::next_assignment_due(tx, &scope.tenant, &id).await?;
                Ok((token, undefined, due))
            })
        })
        .await?;
    // A token in trouble is left to the sync loop, which hears when it is well again and wakes this one.
    let Some(token) = token.filter(|token| token.server.is_some() && token.standing == Standing::Good) else {
        return Ok(Time::NEVER);
    };
    if undefined.is_empty() && due.is_none_or(|due| due > now) {
        return Ok(due.unwrap_or(Time::NEVER));
    }
    let Some(lease) = Lease::take(&app, format!("assign/{tenant}/{id}")).await? else {
        return Ok(now.plus(HELD_ELSEWHERE));
    };
    app.at(Point::AssignLeased);
    let client = ade::client(&app, &token).await?;
    let worked = work(&app, &client, &token, undefined, &lease).await;
    lease.release().await?;
    match worked? {
        Ended::Paused(until) => Ok(until),
        Ended::Quiet => {
            trouble::over(&app, &token.tenant, TroubleKind::Assignment, token.id.as_str()).await?;
            next_due(&app, &token).await
        }
    }
}

async fn next_due(app: &App, token: &Token) -> Result<Time> {
    let args = (token.tenant.clone(), token.id.clone());
    let due = app
        .look(args, |tx, (tenant, token)| {
            Box::pin(async move { Ok(store::device::next_assignment_due(tx, &tenant, &token).await?) })
        })
        .await?;
    Ok(due.map_or(Time::NEVER, |due| due.max(app.now().plus(LOOK_AGAIN))))
}

/// How the work on a token ended.
enum Ended {
    /// Nothing is left that may be done now.
    Quiet,
    /// Apple is busy, away, or has something against the token.
    Paused(Time),
}

async fn work(
    app: &App,
    client: &Client,
    token: &Token,
    undefined: Vec<ProfileId>,
    lease: &Lease,
) -> Result<Ended> {
    for profile in undefined {
        if !may_go_on(app, lease).await? {
            return Ok(Ended::Paused(Lease::look_again(app)));
        }
        // One bad profile must not stop the others (lessons 19): only what concerns the token ends the work.
        if let Err(error) = define(app, client, token, &profile, lease).await? {
            return in_trouble(app, token, &error).await;
        }
    }
    for _ in 0..ROUNDS {
        let args = (Scope::new(app, &token.tenant), token.id.clone());
        let gaps = app
            .look(args, |tx, (scope, token)| {
                Box::pin(async move {
                    Ok(store::device::assignment_gap(tx, &scope.tenant, &token, scope.now, GAPS).await?)
                })
            })
            .await?;
        let wanted: Vec<Wanted<'_>> = gaps
            .iter()
            .map(|gap| Wanted { device: &gap.device, profile: &gap.wanted, uuid: gap.wanted_uuid.as_deref() })
            .collect();
        let plan = plan(&wanted, app.now(), &app.limits);
        drop_deleted(app, token, &gaps).await?;
        if plan.batches.is_empty() {
            return Ok(Ended::Quiet);
        }
        let devices: BTreeMap<&Serial, &Device> =
            gaps.iter().map(|gap| (&gap.device.serial, &gap.device)).collect();
        for batch in plan.batches {
            if !may_go_on(app, lease).await? {
                return Ok(Ended::Paused(Lease::look_again(app)));
            }
            if let Err(error) = assign(app, client, token, &batch, &devices, lease).await? {
                return in_trouble(app, token, &error).await;
            }
        }
    }
    Ok(Ended::Quiet)
}

/// Whether the next call is this node's to make.
async fn may_go_on(app: &App, lease: &Lease) -> Result<bool> {
    Ok(!app.is_stopping() && lease.hold().await?)
}

/// A serial may want a profile that was deleted while the serial was hidden: then the default holds again.
async fn drop_deleted(app: &App, token: &Token, gaps: &[Gap]) -> Result<()> {
    let waiting: Vec<(Serial, ProfileId)> = gaps
        .iter()
        .filter(|gap| gap.wanted_uuid.is_none() && gap.device.wanted_profile.is_some())
        .map(|gap| (gap.device.serial.clone(), gap.wanted.clone()))
        .collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let args = (Scope::new(app, &token.tenant), token.id.clone(), waiting);
    app.commit(args, |tx, (scope, token, waiting)| {
        Box::pin(async move {
            let profiles = store::profile::list(tx, &scope.tenant, &token).await?;
            let gone = |id: &ProfileId| !profiles.iter().any(|profile| profile.id == *id);
            let serials: Vec<Serial> =
                waiting.into_iter().filter(|(_, wanted)| gone(wanted)).map(|(serial, _)| serial).collect();
            let mut rows = store::device::by_serials(tx, &scope.tenant, &token, &serials).await?;
            for row in &mut rows {
                row.want(None, scope.now);
            }
            Ok(store::device::upsert_many(tx, &rows).await?)
        })
    })
    .await
}

/// Apple refused or did not answer: the token is left alone for a while.
async fn in_trouble(app: &App, token: &Token, error: &AdeError) -> Result<Ended> {
    tracing::warn!(tenant = %token.tenant, token = %token.id, "failed to {error} while assigning profiles");
    let until = app.now().plus(ade::wait_after(error, app));
    ade::pause(app, token, until);
    let Some(heard) = ade::heard(error) else {
        let (words, subject) = (ade::words(error), token.id.as_str());
        trouble::met(app, &token.tenant, TroubleKind::Assignment, subject, words).await?;
        return Ok(Ended::Paused(until));
    };
    // What Apple has against the token itself is told by its health.
    let token = ade::keep_standing(app, token, heard).await?;
    if let Some(token) = token.filter(|token| token.standing != Standing::Good) {
        look_by(app, &token, until).await?;
    }
    Ok(Ended::Paused(until))
}

/// A token in trouble is left to the sync loop: it must not wait for its next timed run to look.
async fn look_by(app: &App, token: &Token, due: Time) -> Result<()> {
    app.commit((token.tenant.clone(), token.id.clone(), due), |tx, (tenant, token, due)| {
        Box::pin(async move {
            let Some(mut state) = store::sync::state(tx, &tenant, &token).await? else { return Ok(()) };
            let before = state.next_due;
            state.look_by(due);
            if state.next_due != before {
                store::sync::update_state(tx, &state).await?;
            }
            Ok(())
        })
    })
    .await?;
    app.wake(Work::Sync);
    Ok(())
}

/// What a profile is at Apple now.
#[derive(Clone)]
enum Known {
    /// It is defined, or was refused with exactly this content.
    Settled,
    /// It is to be defined.
    New(Box<(Profile, mdm::ade::Profile, String)>),
}

/// Defines a profile if Apple does not have its present content.
async fn define(
    app: &App,
    client: &Client,
    token: &Token,
    id: &ProfileId,
    lease: &Lease,
) -> Result<Result<(), AdeError>> {
    let args = (Scope::new(app, &token.tenant), token.clone(), id.clone());
    let known = app
        .commit(args, |tx, (scope, token, id)| {
            Box::pin(async move {
                let Some(profile) = store::profile::get(tx, &scope.tenant, &token.id, &id).await? else {
                    return Ok(Known::Settled);
                };
                let Content { apple, hash } = content::of(&scope, tx, &token, &profile).await?;
                store::profile::content_set(tx, &profile, &hash).await?;
                let defined =
                    store::profile::defined_current(tx, &scope.tenant, &token.id, &id, &hash).await?;
                let refusal = store::profile::refusal_get(tx, &scope.tenant, &id).await?;
                let refused = refusal.is_some_and(|refusal| refusal.content_hash == hash);
                Ok(if defined.is_some() || refused {
                    Known::Settled
                } else {
                    Known::New(Box::new((profile, apple, hash)))
                })
            })
        })
        .await?;
    let Known::New(new) = known else { return Ok(Ok(())) };
    let (profile, apple, hash) = *new;
    match lease.during(client.define_profile(&apple)).await {
        Ok(answer) => {
            app.at(Point::AssignProfileDefined);
            let defined = DefinedProfile {
                tenant: token.tenant.clone(),
                token: token.id.clone(),
                profile: profile.id.clone(),
                profile_uuid: answer.profile_uuid,
                content_hash: hash,
                defined_at: app.now(),
            };
            tracing::info!(tenant = %token.tenant, profile = %profile.id, uuid = %defined.profile_uuid, "Apple accepted an enrollment profile");
            app.commit(defined, |tx, defined| {
                Box::pin(async move {
                    store::profile::defined_insert(tx, &defined).await?;
                    Ok(store::profile::refusal_clear(tx, &defined.tenant, &defined.profile).await?)
                })
            })
            .await?;
            app.at(Point::AssignProfileStored);
            Ok(Ok(()))
        }
        Err(AdeError::Invalid { words, .. }) => {
            tracing::warn!(tenant = %token.tenant, profile = %profile.id, %words, "Apple refused an enrollment profile");
            let refusal = DefineRefusal { content_hash: hash, words, at: app.now() };
            app.commit((token.tenant.clone(), profile.id, refusal), |tx, (tenant, profile, refusal)| {
                Box::pin(
                    async move { Ok(store::profile::refusal_set(tx, &tenant, &profile, &refusal).await?) },
                )
            })
            .await?;
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

type Results = Vec<(Serial, Assignment, Option<AppleRecord>)>;

/// Makes one call and keeps what it came to for each serial.
async fn assign(
    app: &App,
    client: &Client,
    token: &Token,
    batch: &Batch,
    devices: &BTreeMap<&Serial, &Device>,
    lease: &Lease,
) -> Result<Result<(), AdeError>> {
    let texts: Vec<String> = batch.serials.iter().map(ToString::to_string).collect();
    let answer = match lease.during(client.assign_profile(&batch.uuid, &texts)).await {
        Ok(answer) => answer,
        Err(error) => {
            if matches!(error, AdeError::NotFound { .. }) {
                forget_defined(app, token, &batch.uuid).await?;
            }
            return Ok(Err(error));
        }
    };
    app.at(Point::AssignCallAnswered);
    let confirmed = lease.during(read_back(client, batch, &answer)).await;
    let results = results(app, batch, &answer, devices, &confirmed);
    let throttled = results.iter().any(|(_, assignment, _)| assignment.outcome == Some(Outcome::Throttled));
    let args = (Scope::new(app, &token.tenant), token.id.clone(), results, throttled);
    app.commit(args, |tx, (scope, token, results, throttled)| {
        Box::pin(async move {
            store::device::set_assignment_results(tx, &scope.tenant, &token, &results).await?;
            if throttled
                && let Some(mut state) = store::sync::state(tx, &scope.tenant, &token).await?
                && state.needs_full.is_none()
            {
                state.devices_throttled();
                store::sync::update_state(tx, &state).await?;
            }
            Ok(())
        })
    })
    .await?;
    app.at(Point::AssignCallNoted);
    Ok(Ok(()))
}

/// Apple does not know the profile: it is defined anew.
async fn forget_defined(app: &App, token: &Token, uuid: &str) -> Result<()> {
    app.commit((token.tenant.clone(), uuid.to_owned()), |tx, (tenant, uuid)| {
        Box::pin(async move {
            store::profile::defined_forget(tx, &tenant, &uuid).await?;
            Ok(())
        })
    })
    .await
}

/// What Apple has for the serials that it accepted, so that "ready to unbox" is Apple's word and not ours
/// (lessons 16). If it does not say, its `SUCCESS` has to do.
async fn read_back(
    client: &Client,
    batch: &Batch,
    answer: &AssignmentResponse,
) -> BTreeMap<Serial, AppleRecord> {
    let accepted: Vec<String> = batch
        .serials
        .iter()
        .map(ToString::to_string)
        .filter(|serial| answer.devices.get(serial) == Some(&mdm::ade::AssignResult::Success))
        .collect();
    if accepted.is_empty() {
        return BTreeMap::new();
    }
    match client.device_details(&accepted).await {
        Ok(details) => details
            .devices
            .into_iter()
            .filter(|(_, device)| device.profile_status.is_some())
            .filter_map(|(serial, device)| Some((serial.parse().ok()?, record(device))))
            .collect(),
        Err(error) => {
            tracing::debug!("failed to {error} while reading an assignment back");
            BTreeMap::new()
        }
    }
}

fn results(
    app: &App,
    batch: &Batch,
    answer: &AssignmentResponse,
    devices: &BTreeMap<&Serial, &Device>,
    confirmed: &BTreeMap<Serial, AppleRecord>,
) -> Results {
    let (now, wait) = (app.now(), answer.retry_after_seconds.map(Duration::from_secs));
    let mut results = Vec::with_capacity(batch.serials.len());
    for serial in &batch.serials {
        let Some(device) = devices.get(serial) else { continue };
        let outcome = outcome_of(answer.devices.get(serial.as_str()));
        let read = confirmed
            .get(serial)
            .map(|record| AppleRecord { op_date: device.apple.op_date, ..record.clone() });
        let record = read.or_else(|| observed(&device.apple, &batch.uuid, &outcome, now));
        let assignment = after(&device.assignment, &batch.uuid, outcome, wait, now, &app.limits);
        results.push((serial.clone(), assignment, record));
    }
    results
}
