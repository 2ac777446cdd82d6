//! How a plan moves: a pure step from state and event to state and effects.
//!
//! Promises, held by property tests: a plan leaves `Running` at its deadline at the latest; a released device stays
//! released; `DeviceConfigured` is in the queue at most once; refused or lost, it is queued again until the device
//! acknowledges it.

use std::time::Duration;

use super::{ReleaseReason, SetupPlan, SetupState, StepKind, StepState};
use crate::{CommandId, Limits, Time};

/// Longest wait before `DeviceConfigured` is queued again; the waits double from [`Limits::release_retry`].
const RELEASE_RETRY_MAX: Duration = Duration::from_secs(15 * 60);

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Time passed, or the plan is new.
    Tick,
    /// The device answered a command of the plan.
    Answered {
        /// Which.
        command: CommandId,
        /// How.
        answer: Answer,
    },
    /// An administrator pressed Release.
    Release,
    /// The device says that it does not wait in Setup Assistant (any more).
    NotAwaiting,
    /// The device was wiped, checked out or enrols anew.
    Ended,
}

/// A device's answer, as far as a plan cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `Acknowledged`.
    Acknowledged,
    /// `Error` or `CommandFormatError`, with the device's words.
    Refused(String),
    /// The command was taken out of the queue without an answer: expired or cancelled.
    Lost,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Take a command out of the queue, so that it does not stand before the next.
    Withdraw {
        /// Which.
        command: CommandId,
    },
    /// Queue a step's command.
    QueueStep {
        /// The step's index in the plan.
        index: u32,
        /// What it does.
        kind: StepKind,
        /// `CommandUUID` for it.
        command: CommandId,
    },
    /// Queue `DeviceConfigured`.
    QueueRelease {
        /// `CommandUUID` for it.
        command: CommandId,
    },
    /// Wake the device: something waits for it.
    Wake,
    /// The device has left Setup Assistant.
    LeftSetup,
}

/// Moves a plan on. `fresh` names the one command that may be queued.
pub fn advance(
    mut plan: SetupPlan,
    event: &Event,
    now: Time,
    limits: &Limits,
    fresh: &CommandId,
) -> (SetupPlan, Vec<Effect>) {
    let mut effects = Vec::new();
    if !plan.is_active() {
        plan.due_at = Time::NEVER;
        return (plan, effects);
    }
    match event {
        Event::Tick => {}
        Event::Answered { command, answer } => note(&mut plan, command, answer, now, limits, &mut effects),
        Event::Release => release(&mut plan, ReleaseReason::Admin, now, fresh, &mut effects),
        Event::NotAwaiting => stop_holding(&mut plan, now, &mut effects),
        Event::Ended => abandon(&mut plan, now, &mut effects),
    }
    go_on(&mut plan, now, limits, fresh, &mut effects);
    plan.due_at = due(&plan, limits);
    (plan, effects)
}

/// Takes a device's answer into the plan.
fn note(
    plan: &mut SetupPlan,
    command: &CommandId,
    answer: &Answer,
    now: Time,
    limits: &Limits,
    effects: &mut Vec<Effect>,
) {
    match &mut plan.state {
        SetupState::Running { .. } => {
            let step = plan
                .steps
                .iter_mut()
                .find(|s| matches!(&s.state, StepState::Running { command: c, .. } if c == command));
            if let Some(step) = step {
                step.state = match answer {
                    Answer::Acknowledged => StepState::Done { at: now },
                    Answer::Refused(words) => StepState::Failed { at: now, words: words.clone() },
                    Answer::Lost => StepState::TimedOut { at: now },
                };
            }
        }
        SetupState::Releasing { command: waiting, because, since, .. }
            if waiting.as_ref() == Some(command) =>
        {
            match answer {
                Answer::Acknowledged => {
                    plan.state = SetupState::Released { at: now, because: *because };
                    effects.push(Effect::LeftSetup);
                }
                Answer::Refused(_) => {
                    *waiting = None;
                    *since = now;
                }
                Answer::Lost => {
                    *waiting = None;
                    *since = now.minus(limits.release_retry.max(RELEASE_RETRY_MAX));
                }
            }
        }
        _ => {}
    }
}

/// The running step, if one is.
fn running(plan: &SetupPlan) -> Option<(usize, &CommandId, Time)> {
    plan.steps.iter().enumerate().find_map(|(index, step)| match &step.state {
        StepState::Running { command, since } => Some((index, command, *since)),
        _ => None,
    })
}

/// Whatever has become due: limits of steps, the next step, the deadline, the next attempt at release.
fn go_on(plan: &mut SetupPlan, now: Time, limits: &Limits, fresh: &CommandId, effects: &mut Vec<Effect>) {
    match plan.state {
        SetupState::Running { holds } => {
            if now >= plan.deadline {
                end_steps(plan, now, effects);
                finish(plan, holds, ReleaseReason::Deadline, now, fresh, effects);
                return;
            }
            time_out_step(plan, now, effects);
            if running(plan).is_some() {
                return;
            }
            if !begin_next(plan, now, fresh, effects) {
                finish(plan, holds, ReleaseReason::Finished, now, fresh, effects);
            }
        }
        SetupState::Releasing { .. } => release_again(plan, now, limits, fresh, effects),
        _ => {}
    }
}

fn time_out_step(plan: &mut SetupPlan, now: Time, effects: &mut Vec<Effect>) {
    let Some((index, command, since)) = running(plan).map(|(i, c, s)| (i, c.clone(), s)) else { return };
    let Some(step) = plan.steps.get_mut(index) else { return };
    if now >= since.plus(Duration::from_secs(step.limit_seconds.into())) {
        step.state = StepState::TimedOut { at: now };
        effects.push(Effect::Withdraw { command });
    }
}

/// Begins the next step that waits; false: there is none.
fn begin_next(plan: &mut SetupPlan, now: Time, fresh: &CommandId, effects: &mut Vec<Effect>) -> bool {
    let next = plan.steps.iter_mut().enumerate().find(|(_, step)| step.state == StepState::Waiting);
    let Some((index, step)) = next else { return false };
    step.state = StepState::Running { command: fresh.clone(), since: now };
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    effects.push(Effect::QueueStep { index, kind: step.kind, command: fresh.clone() });
    effects.push(Effect::Wake);
    true
}

/// Ends what has not ended: nothing may stand between the device and its release.
fn end_steps(plan: &mut SetupPlan, now: Time, effects: &mut Vec<Effect>) {
    for step in &mut plan.steps {
        if let StepState::Running { command, .. } = &step.state {
            effects.push(Effect::Withdraw { command: command.clone() });
        }
        if !step.state.has_ended() {
            step.state = StepState::TimedOut { at: now };
        }
    }
}

fn finish(
    plan: &mut SetupPlan,
    holds: bool,
    because: ReleaseReason,
    now: Time,
    fresh: &CommandId,
    effects: &mut Vec<Effect>,
) {
    if holds {
        begin_release(plan, because, now, fresh, effects);
    } else {
        plan.state = SetupState::Finished { at: now };
    }
}

fn begin_release(
    plan: &mut SetupPlan,
    because: ReleaseReason,
    now: Time,
    fresh: &CommandId,
    effects: &mut Vec<Effect>,
) {
    plan.state = SetupState::Releasing { command: Some(fresh.clone()), since: now, because, attempts: 1 };
    effects.push(Effect::QueueRelease { command: fresh.clone() });
    effects.push(Effect::Wake);
}

/// An administrator's release: at once, whatever the steps are at. A device that does not wait needs none.
fn release(
    plan: &mut SetupPlan,
    because: ReleaseReason,
    now: Time,
    fresh: &CommandId,
    effects: &mut Vec<Effect>,
) {
    match plan.state {
        SetupState::Running { holds: true } => {
            end_steps(plan, now, effects);
            begin_release(plan, because, now, fresh, effects);
        }
        SetupState::Releasing { .. } => effects.push(Effect::Wake),
        _ => {}
    }
}

/// The retry of a release: queue it anew if the last was refused, wake the device if it has not answered.
fn release_again(
    plan: &mut SetupPlan,
    now: Time,
    limits: &Limits,
    fresh: &CommandId,
    effects: &mut Vec<Effect>,
) {
    let SetupState::Releasing { command, since, attempts, .. } = &mut plan.state else { return };
    if now < since.plus(release_wait(*attempts, limits)) {
        return;
    }
    *since = now;
    *attempts = attempts.saturating_add(1);
    if command.is_none() {
        *command = Some(fresh.clone());
        effects.push(Effect::QueueRelease { command: fresh.clone() });
    }
    effects.push(Effect::Wake);
}

fn release_wait(attempts: u32, limits: &Limits) -> Duration {
    let doubled = limits.release_retry.saturating_mul(1 << attempts.saturating_sub(1).min(16));
    doubled.min(RELEASE_RETRY_MAX.max(limits.release_retry))
}

/// The device is out of Setup Assistant by itself: steps go on, a release is over.
fn stop_holding(plan: &mut SetupPlan, now: Time, effects: &mut Vec<Effect>) {
    match &mut plan.state {
        SetupState::Running { holds: holds @ true } => {
            *holds = false;
            effects.push(Effect::LeftSetup);
        }
        SetupState::Releasing { command, because, .. } => {
            if let Some(command) = command.take() {
                effects.push(Effect::Withdraw { command });
            }
            plan.state = SetupState::Released { at: now, because: *because };
            effects.push(Effect::LeftSetup);
        }
        _ => {}
    }
}

fn abandon(plan: &mut SetupPlan, now: Time, effects: &mut Vec<Effect>) {
    end_steps(plan, now, effects);
    if let SetupState::Releasing { command: Some(command), .. } = &plan.state {
        effects.push(Effect::Withdraw { command: command.clone() });
    }
    plan.state = SetupState::Abandoned { at: now };
}

fn due(plan: &SetupPlan, limits: &Limits) -> Time {
    match &plan.state {
        SetupState::Running { .. } => {
            let limit = running(plan).and_then(|(index, _, since)| {
                plan.steps.get(index).map(|step| since.plus(Duration::from_secs(step.limit_seconds.into())))
            });
            limit.map_or(plan.deadline, |limit| limit.min(plan.deadline))
        }
        SetupState::Releasing { since, attempts, .. } => since.plus(release_wait(*attempts, limits)),
        _ => Time::NEVER,
    }
}
