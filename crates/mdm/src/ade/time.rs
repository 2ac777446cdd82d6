//! The service's times.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time of the service, in microseconds since 1970, UTC. `None` stands for absent, empty, unreadable, or Apple's
/// zero time `0001-01-01T00:00:00Z`: none of them is worth losing a page of devices for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub Option<i64>);

impl Micros {
    /// Whether there is no time; for `skip_serializing_if`.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

/// Reads an ISO 8601 time leniently: with or without a fraction, an offset or a time of day; UTC unless it says
/// otherwise. `None` if it is empty, unreadable or before 1970.
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let micros = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>().and_then(utc))
        .or_else(|_| text.parse::<Date>().and_then(|day| utc(day.at(0, 0, 0, 0))))
        .ok()?
        .as_microsecond();
    (micros > 0).then_some(micros)
}

fn utc(time: DateTime) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(time)
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        Ok(Self(value.as_str().and_then(parse_time)))
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.and_then(|micros| Timestamp::from_microsecond(micros).ok()) {
            Some(time) => to.collect_str(&time),
            None => to.serialize_none(),
        }
    }
}
