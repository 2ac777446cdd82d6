//! Points in time as Apple writes them.

use serde::{Serialize, Serializer};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// Seconds in an hour.
pub const HOUR_S: i64 = 3_600;

/// Seconds in a day.
pub const DAY_S: i64 = 24 * HOUR_S;

/// A point in time: microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment that many whole seconds after 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS))
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Whole milliseconds since 1970, as APNs writes its timestamps.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment and `seconds` more.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS)))
    }

    /// ISO 8601 to the second, `2026-05-09T02:30:00Z`: the only form the ADE service writes.
    pub fn iso8601(self) -> String {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(stamp) => stamp.to_string(),
            Err(_) => String::new(),
        }
    }

    /// The date alone, `2026-05-09`, as replacement details write it.
    pub fn date(self) -> String {
        self.iso8601().chars().take(10).collect()
    }

    /// Reads an RFC 3339 time stamp.
    pub fn parse(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self(stamp.as_microsecond()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso8601())
    }
}
