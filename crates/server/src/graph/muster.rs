//! `/beta/muster/`: what Graph has no resource for, by Graph's conventions.

pub(super) mod alert;
pub(super) mod device;
pub(super) mod profile;
pub(super) mod setup;
pub(super) mod sync;
pub(super) mod tenant;
pub(super) mod token;
pub(super) mod trouble;

use domain::Time;
use serde_json::{Map, Value};

/// An object of these properties.
fn object<const N: usize>(known: [(&str, Value); N]) -> Map<String, Value> {
    known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn date(at: Option<Time>) -> Value {
    at.map_or(Value::Null, |at| at.rfc3339().into())
}

/// The time from which something is allowed; what is allowed already has none.
fn due(at: Option<Time>) -> Value {
    date(at.filter(|at| *at != Time::EPOCH && *at != Time::NEVER))
}
