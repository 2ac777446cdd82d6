//! Trouble that work met at Apple, and when it was over.

use app::trouble;
use serde_json::json;

use super::{date, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::TROUBLE;
use crate::graph::error::ApiError;
use crate::graph::list;

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let troubles = call.done(trouble::troubles(&call.app, &call.actor).await)?;
    let now = call.app.now();
    let rows = troubles.iter().map(|trouble| {
        let kind = json!(trouble.kind);
        TROUBLE.complete(object([
            ("id", json!(format!("{}-{}", kind.as_str().unwrap_or_default(), trouble.subject))),
            ("kind", kind),
            ("subject", json!(trouble.subject)),
            ("words", json!(trouble.words)),
            ("times", json!(trouble.times)),
            ("over", json!(!trouble.is_open(now))),
            ("since", date(Some(trouble.since))),
            ("lastDateTime", date(Some(trouble.last_at))),
            ("endedDateTime", date(trouble.ended(now))),
        ]))
    });
    let rows = rows.collect();
    list::in_memory(&call, &TROUBLE, rows, &[])
}
