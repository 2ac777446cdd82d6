//! Asking for a sync, and its runs: progress while one goes on, history after.

use app::sync;
use domain::sync::{RunState, SyncRun};
use domain::{RunId, TokenId};
use http::StatusCode;
use serde_json::{Value, json};

use super::{date, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::SYNC_RUN;
use crate::graph::error::ApiError;
use crate::graph::list;

/// Runs that are looked at: two a day for more than a year.
const RUNS: u32 = 1_000;

fn row(run: &SyncRun) -> Value {
    let (state, words) = match &run.state {
        RunState::Running => ("running", None),
        RunState::Succeeded => ("succeeded", None),
        RunState::BatchLimit => (
            "batchLimit",
            Some("the batch limit was reached; the next run goes on from here (R17)".to_owned()),
        ),
        RunState::RepeatedCursor => {
            ("repeatedCursor", Some("Apple repeated itself; stopped, and the next run goes on".to_owned()))
        }
        RunState::TimedOut => {
            ("timedOut", Some("not finished within its time; the next run goes on (R57)".to_owned()))
        }
        RunState::Failed { code, words } => ("failed", Some(format!("{words} ({code})"))),
    };
    let words: Vec<String> = words.into_iter().chain(run.remarks()).collect();
    let words = (!words.is_empty()).then(|| words.join("; "));
    SYNC_RUN.complete(object([
        ("id", json!(run.id)),
        ("kind", json!(run.kind)),
        ("trigger", json!(run.trigger)),
        ("phase", json!(run.phase)),
        ("state", json!(state)),
        ("words", json!(words)),
        ("startedDateTime", date(Some(run.started_at))),
        ("finishedDateTime", date(run.finished_at)),
        ("deadlineDateTime", date(Some(run.deadline))),
        ("pages", json!(run.pages)),
        ("devicesSeen", json!(run.counts.seen)),
        ("devicesNew", json!(run.counts.new)),
        ("devicesChanged", json!(run.counts.changed)),
        ("devicesGone", json!(run.counts.gone)),
    ]))
}

pub(crate) async fn start(call: Call) -> Result<Answer, ApiError> {
    let token: TokenId = call.id(0)?;
    let full = call.parameters().text("kind").is_some_and(|kind| kind == "full");
    let run = call.done(sync::request(&call.app, &call.actor, &token, full).await)?;
    Ok(Answer::json(StatusCode::ACCEPTED, json!({ "id": run })))
}

/// Newest first.
pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let token: TokenId = call.id(0)?;
    let runs = call.done(sync::runs(&call.app, &call.actor, &token, RUNS).await)?;
    list::in_memory(&call, &SYNC_RUN, runs.iter().map(row).collect(), &[])
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let (token, run): (TokenId, RunId) = (call.id(0)?, call.id(1)?);
    let run = call.done(sync::run(&call.app, &call.actor, &token, &run).await)?;
    call.entity(&SYNC_RUN, row(&run), &[])
}
