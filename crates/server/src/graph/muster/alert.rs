//! What an administrator should know or do now.

use app::alert;
use serde_json::json;

use super::{date, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::ALERT;
use crate::graph::error::ApiError;
use crate::graph::list;

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let alerts = call.done(alert::alerts(&call.app, &call.actor).await)?;
    let rows = alerts.iter().enumerate().map(|(index, alert)| {
        ALERT.complete(object([
            // Derived from state and stored nowhere: its place in the list is all the id there is.
            ("id", json!(format!("{index}"))),
            ("kind", json!(alert.kind)),
            ("severity", json!(alert.severity)),
            ("subject", json!(alert.subject)),
            ("title", json!(alert.title)),
            ("words", json!(alert.words)),
            ("action", json!(alert.action)),
            ("since", date(Some(alert.since))),
        ]))
    });
    let rows = rows.collect();
    list::in_memory(&call, &ALERT, rows, &[])
}
