//! A serial's story: under which token it is, what is wanted, what Apple and the device say, and why it is or is not
//! ready to unbox. Assigning across tokens, and marking what was converted (R44).

use app::device::{self, Story};
use app::profile::{self, Assigned};
use domain::ProfileId;
use domain::device::{Outcome, Presence};
use serde_json::{Value, json};

use super::{date, due, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::READINESS;
use crate::graph::error::ApiError;
use crate::graph::list;
use crate::graph::profile::{joined, split};

fn outcome(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Success => "success",
        Outcome::NotAccessible => "notAccessible",
        Outcome::Failed => "failed",
        Outcome::Throttled => "throttled",
        Outcome::Unanswered => "unanswered",
        Outcome::Other(word) => word,
    }
}

fn presence(device: &domain::device::Device) -> &'static str {
    match (device.deleted_at, device.presence) {
        (Some(_), _) => "deleted",
        (None, Presence::Present) => "present",
        (None, Presence::Gone { .. }) => "gone",
    }
}

fn row(story: &Story) -> Value {
    let device = &story.device;
    let assignment = &device.assignment;
    let id =
        |known: &Option<(ProfileId, String)>| json!(known.as_ref().map(|(id, _)| joined(&device.token, id)));
    let name = |known: &Option<(ProfileId, String)>| json!(known.as_ref().map(|(_, name)| name));
    let reasons = story.readiness.reasons.iter().map(
        |reason| json!({ "code": reason.code.as_str(), "words": reason.words, "action": reason.action }),
    );
    READINESS.complete(object([
        ("id", json!(device.id)),
        ("tokenId", json!(device.token)),
        ("tokenName", json!(story.token_name)),
        ("serialNumber", json!(device.serial.as_str())),
        ("model", json!(device.apple.model)),
        ("deviceFamily", json!(device.apple.family)),
        ("platform", json!(device.platform().map_or("unknown", domain::Platform::as_str))),
        ("appleProfileStatus", json!(device.apple.profile_status)),
        ("requestedProfileId", id(&story.wanted)),
        ("requestedProfileName", name(&story.wanted)),
        ("enrolledProfileId", id(&story.enrolled)),
        ("enrolledProfileName", name(&story.enrolled)),
        ("enrollmentState", json!(device.enrollment.state)),
        ("managedDeviceId", json!(story.managed_device)),
        ("stage", json!(story.stage)),
        ("ready", json!(story.readiness.ready)),
        ("reasons", reasons.collect()),
        (
            "assignment",
            json!({
                "outcome": assignment.outcome.as_ref().map(outcome),
                "attemptedDateTime": date(assignment.attempted_at),
                "retryDateTime": due(Some(assignment.retry_at)),
            }),
        ),
        ("convertedDateTime", date(device.converted_at)),
        ("presence", json!(presence(device))),
    ]))
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let asked = list::asked(&call, &READINESS)?;
    let page = call.done(device::story_page(&call.app, &call.actor, None, asked.page.clone()).await)?;
    asked.answer(&call, page.items.iter().map(row).collect(), page.next, page.total, &[])
}

pub(crate) async fn count(call: Call) -> Result<Answer, ApiError> {
    let page = list::asked(&call, &READINESS)?.counting();
    let page = call.done(device::list(&call.app, &call.actor, None, page).await)?;
    Ok(Answer::number(page.total.unwrap_or(0)))
}

/// One row for each token that knows the serial.
pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let serial = call.ids.first().cloned().unwrap_or_default();
    let stories = call.done(device::stories(&call.app, &call.actor, &serial).await)?;
    list::in_memory(&call, &READINESS, stories.iter().map(row).collect(), &[])
}

fn answer(call: &Call, lines: &[Assigned]) -> Answer {
    let lines = lines
        .iter()
        .map(|line| json!({ "serialNumber": line.serial.as_str(), "ok": line.ok, "words": line.words }));
    call.value(lines.collect::<Vec<_>>())
}

/// Each serial under the profile's token.
pub(crate) async fn assign(call: Call) -> Result<Answer, ApiError> {
    let given = call.parameters();
    let serials = given.needed_texts("serialNumbers")?;
    let id = given.needed_text("profileId")?;
    let (token, bare) = split(&id);
    let profile: ProfileId = bare.parse()?;
    let lines = match token {
        Some(token) => profile::assign(&call.app, &call.actor, &token.parse()?, &profile, &serials).await,
        None => profile::assign_across(&call.app, &call.actor, &profile, &serials).await,
    };
    Ok(answer(&call, &call.done(lines)?))
}

pub(crate) async fn unassign(call: Call) -> Result<Answer, ApiError> {
    let serials = call.parameters().needed_texts("serialNumbers")?;
    let lines = call.done(profile::unassign(&call.app, &call.actor, &serials).await)?;
    Ok(answer(&call, &lines))
}

/// With `"convertedDateTime": null` the mark is taken away.
pub(crate) async fn mark_converted(call: Call) -> Result<Answer, ApiError> {
    let given = call.parameters();
    let serials = given.needed_texts("serialNumbers")?;
    let at = given.date("convertedDateTime");
    let unknown = call.done(device::mark_converted(&call.app, &call.actor, &serials, at).await)?;
    let lines = serials.iter().map(|serial| {
        let known = unknown.iter().all(|one| !query::same(one.as_str(), serial.trim()));
        let words = if known { "marked" } else { "no token here has this serial" };
        json!({ "serialNumber": serial, "ok": known, "words": words })
    });
    Ok(call.value(lines.collect::<Vec<_>>()))
}
