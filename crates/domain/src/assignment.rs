//! Assignment of profiles at Apple: wanted, at Apple, difference (R29, R58, R59; apple.md 1.6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mdm::ade;

use crate::device::{AppleRecord, Assignment, Device, Outcome, ProfileStatus};
use crate::{Limits, ProfileId, Serial, Time};

#[cfg(test)]
mod tests;

/// A serial and the profile it should have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted<'w> {
    /// The serial.
    pub device: &'w Device,
    /// The profile.
    pub profile: &'w ProfileId,
    /// The profile's UUID at Apple; none: its present content is not defined there yet.
    pub uuid: Option<&'w str>,
}

/// What to do at Apple.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Calls, each with one profile and at most as many serials as Apple takes.
    pub batches: Vec<Batch>,
    /// Profiles that must be defined before their serials can have them.
    pub undefined: BTreeSet<ProfileId>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The profile at Apple.
    pub uuid: String,
    /// The serials, sorted.
    pub serials: Vec<Serial>,
}

/// Whether Apple says that the device has this profile. The status counts too: assigned anew at Apple, a device may
/// carry the UUID and no profile (lessons 4).
pub fn is_right(device: &Device, uuid: &str) -> bool {
    let set = !matches!(device.apple.profile_status, ProfileStatus::Empty | ProfileStatus::Removed);
    set && device.apple.profile_uuid.as_deref() == Some(uuid)
}

/// Plans the calls that close the gap. What is right is never assigned again: Apple throttles that (lessons 14).
pub fn plan(wanted: &[Wanted<'_>], now: Time, limits: &Limits) -> Plan {
    let mut by_uuid: BTreeMap<&str, BTreeSet<&Serial>> = BTreeMap::new();
    let mut plan = Plan::default();
    for item in wanted.iter().filter(|item| item.device.is_live() && item.device.assignment.retry_at <= now) {
        match item.uuid {
            None => {
                plan.undefined.insert(item.profile.clone());
            }
            Some(uuid)
                if !is_right(item.device, uuid) && !is_fresh(&item.device.assignment, uuid, now, limits) =>
            {
                by_uuid.entry(uuid).or_default().insert(&item.device.serial);
            }
            Some(_) => {}
        }
    }
    let size = limits.assign_batch.clamp(1, ade::MAX_DEVICES_PER_CALL);
    for (uuid, serials) in by_uuid {
        let serials: Vec<Serial> = serials.into_iter().cloned().collect();
        plan.batches
            .extend(serials.chunks(size).map(|some| Batch { uuid: uuid.to_owned(), serials: some.to_vec() }));
    }
    plan
}

/// Whether Apple has just said that the device has the profile. An event of before, read after that, may say otherwise
/// until the newer one comes; to assign again meanwhile would be one step towards Apple's throttle.
fn is_fresh(assignment: &Assignment, uuid: &str, now: Time, limits: &Limits) -> bool {
    assignment.outcome == Some(Outcome::Success)
        && assignment.profile_uuid.as_deref() == Some(uuid)
        && assignment.attempted_at.is_some_and(|at| at.plus(limits.assign_retry) > now)
}

/// Apple's answer for one serial; none: it was not mentioned.
pub fn outcome_of(answer: Option<&ade::AssignResult>) -> Outcome {
    match answer {
        None => Outcome::Unanswered,
        Some(ade::AssignResult::Success) => Outcome::Success,
        Some(ade::AssignResult::NotAccessible) => Outcome::NotAccessible,
        Some(ade::AssignResult::Failed) => Outcome::Failed,
        Some(ade::AssignResult::Throttled) => Outcome::Throttled,
        Some(ade::AssignResult::Other(word)) => Outcome::Other(word.clone()),
    }
}

/// What the assignment of a device becomes by an outcome. `retry_after`: how long Apple asks us to wait.
pub fn after(
    before: &Assignment,
    uuid: &str,
    outcome: Outcome,
    retry_after: Option<Duration>,
    now: Time,
    limits: &Limits,
) -> Assignment {
    let failures = if outcome == Outcome::Success { 0 } else { before.failures.saturating_add(1) };
    let retry_at = match outcome {
        Outcome::Success => Time::EPOCH,
        Outcome::Throttled => {
            now.plus(retry_after.filter(|wait| !wait.is_zero()).unwrap_or(limits.throttle_wait))
        }
        _ => now.plus(back_off(failures, limits)),
    };
    Assignment {
        profile_uuid: Some(uuid.to_owned()),
        outcome: Some(outcome),
        attempted_at: Some(now),
        failures,
        retry_at,
    }
}

/// Doubled with each failure, up to the longest wait.
fn back_off(failures: u32, limits: &Limits) -> Duration {
    let doublings = failures.saturating_sub(1).min(30);
    limits.assign_retry.saturating_mul(1 << doublings).min(limits.assign_retry_max)
}

/// What Apple has thereby said of the device: after `SUCCESS` it has the profile. None: nothing new.
pub fn observed(before: &AppleRecord, uuid: &str, outcome: &Outcome, now: Time) -> Option<AppleRecord> {
    (*outcome == Outcome::Success).then(|| AppleRecord {
        profile_uuid: Some(uuid.to_owned()),
        profile_status: ProfileStatus::Assigned,
        profile_assigned_at: Some(now),
        profile_pushed_at: None,
        ..before.clone()
    })
}
