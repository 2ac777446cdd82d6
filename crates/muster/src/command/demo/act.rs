//! What every act has: the two doors, a voice, and patience with an end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::api::Api;
use crate::error::CliError;
use crate::output::say;
use crate::portal::Portal;

/// How often the demo looks whether something has happened.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(150);

/// The two doors.
pub(super) struct Stage {
    /// The server's public API.
    pub(super) api: Api,
    /// Practice Apple's portal.
    pub(super) portal: Portal,
}

static ACTS: AtomicUsize = AtomicUsize::new(1);

impl Stage {
    /// Begins an act.
    pub(super) fn act(&self, words: &str) {
        say!("{:>2}. {words}", ACTS.fetch_add(1, Ordering::Relaxed));
    }

    /// A line within an act.
    pub(super) fn note(&self, words: &str) {
        say!("    {words}");
    }

    /// Looks until `look` finds something, at most for `patience`.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        patience: Duration,
        mut look: impl AsyncFnMut() -> Result<Option<T>, CliError>,
    ) -> Result<T, CliError> {
        let end = Instant::now() + patience;
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if Instant::now() > end {
                return Err(CliError::Words(format!("gave up after {} s: {what}", patience.as_secs())));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Everything the server says of a serial; empty when no token knows it.
    pub(super) async fn device(&self, serial: &str) -> Result<Vec<Value>, CliError> {
        match self.api.get(&format!("muster/devices/{serial}")).await {
            Ok(found) => Ok(found.get("value").and_then(Value::as_array).cloned().unwrap_or_default()),
            Err(CliError::Refused { status: 404, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// A property as text; empty without it.
pub(super) fn text(thing: &Value, property: &str) -> String {
    let found = property.split('/').try_fold(thing, |value, name| value.get(name));
    match found {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The items of a collection in an answer.
pub(super) fn items(thing: &Value, property: &str) -> Vec<Value> {
    thing.get(property).and_then(Value::as_array).cloned().unwrap_or_default()
}
