//! What happens to devices in Setup Assistant, how to let one out, and the commands of a device.

use app::{command, managed_device, setup};
use domain::ManagedDeviceId;
use domain::command::{CommandOutcome, CommandState};
use domain::setup::{SetupPlan, SetupState, StepState};
use serde_json::{Value, json};

use super::{date, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::{COMMAND, SETUP};
use crate::graph::error::ApiError;
use crate::graph::list;

fn state(plan: &SetupPlan) -> (&'static str, Value) {
    match &plan.state {
        SetupState::Running { holds: true } => ("running", Value::Null),
        SetupState::Running { holds: false } => ("runningUnheld", Value::Null),
        SetupState::Releasing { because, .. } => ("releasing", json!(because)),
        SetupState::Finished { .. } => ("finished", Value::Null),
        SetupState::Released { because, .. } => ("released", json!(because)),
        SetupState::Abandoned { .. } => ("abandoned", Value::Null),
    }
}

fn step(state: &StepState) -> (&'static str, Value) {
    match state {
        StepState::Waiting => ("waiting", Value::Null),
        StepState::Running { .. } => ("running", Value::Null),
        StepState::Done { .. } => ("done", Value::Null),
        StepState::Failed { words, .. } => ("failed", json!(words)),
        StepState::TimedOut { .. } => ("timedOut", json!("the device did not answer in time; setup went on")),
        StepState::Skipped { why } => ("skipped", json!(why)),
    }
}

fn row(plan: &SetupPlan, serial: &str) -> Value {
    let (state, because) = state(plan);
    let steps = plan.steps.iter().map(|one| {
        let (state, words) = step(&one.state);
        json!({ "kind": one.kind, "state": state, "words": words })
    });
    SETUP.complete(object([
        ("id", json!(plan.device)),
        ("managedDeviceId", json!(plan.device)),
        ("serialNumber", json!(serial)),
        ("state", json!(state)),
        ("because", because),
        ("startedDateTime", date(Some(plan.started_at))),
        ("deadlineDateTime", date(Some(plan.deadline))),
        ("steps", steps.collect()),
    ]))
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let plans = call.done(setup::active(&call.app, &call.actor).await)?;
    let rows = plans.iter().map(|(plan, serial)| row(plan, serial.as_str())).collect();
    list::in_memory(&call, &SETUP, rows, &[])
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    let device = call.done(managed_device::get(&call.app, &call.actor, &id).await)?;
    let plan = call.done(setup::get(&call.app, &call.actor, &id).await)?;
    let plan = plan
        .ok_or_else(|| ApiError::not_found("Failed to find a setup of this device: it never began one."))?;
    call.entity(&SETUP, row(&plan, device.serial.as_str()), &[])
}

pub(crate) async fn release(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    call.done(setup::release(&call.app, &call.actor, &id).await)?;
    Ok(Answer::no_content())
}

/// Pending ones in the order in which the device gets them, then what has ended, newest first.
pub(crate) async fn commands(call: Call) -> Result<Answer, ApiError> {
    let id: ManagedDeviceId = call.id(0)?;
    call.done(managed_device::get(&call.app, &call.actor, &id).await)?;
    let pending = call.done(command::list_pending(&call.app, &call.actor, &id).await)?;
    let history = call.done(command::history(&call.app, &call.actor, &id).await)?;
    let waiting = pending.iter().map(|command| {
        let state = match command.state {
            CommandState::Queued => "queued",
            CommandState::Sent => "sent",
            CommandState::NotNow => "notNow",
        };
        COMMAND.complete(object([
            ("id", json!(command.id)),
            ("requestType", json!(command.request_type)),
            ("state", json!(state)),
            ("queuedDateTime", date(Some(command.queued_at))),
        ]))
    });
    let ended = history.iter().map(|command| {
        let (state, words) = match &command.outcome {
            CommandOutcome::Acknowledged => ("acknowledged", Value::Null),
            CommandOutcome::Error { words } => ("error", json!(words)),
            CommandOutcome::FormatError => {
                ("formatError", json!("the device does not understand the command"))
            }
            CommandOutcome::Cancelled => ("cancelled", json!("the enrolment that it belonged to has ended")),
            CommandOutcome::Expired => ("expired", json!("the device did not answer in time")),
        };
        COMMAND.complete(object([
            ("id", json!(command.id)),
            ("requestType", json!(command.request_type)),
            ("state", json!(state)),
            ("words", words),
            ("queuedDateTime", date(Some(command.queued_at))),
            ("finishedDateTime", date(Some(command.finished_at))),
        ]))
    });
    list::in_memory(&call, &COMMAND, waiting.chain(ended).collect(), &[])
}
