//! Date literals.

use jiff::Unit;
use jiff::civil::{Date, Time, date};
use jiff::fmt::temporal::Pieces;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Microseconds since 1970 (UTC) of an RFC 3339 date or date-time; `None` if it is neither.
///
/// A date alone is its first instant, and a time without an offset is UTC, since scripts leave both out. The years
/// 0001 and 9999 are read to their last instant: Graph and .NET clients use both ends as "never".
pub fn micros(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    if pieces.time_zone_annotation().is_some() {
        return None;
    }
    let days = days_since_epoch(pieces.date())?;
    let time = pieces.time().unwrap_or_else(Time::midnight);
    let offset = pieces.to_numeric_offset().map_or(0, |offset| i64::from(offset.seconds()));
    let seconds =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()) - offset;
    let within = seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1000;
    days.checked_mul(MICROS_PER_DAY)?.checked_add(within)
}

fn days_since_epoch(day: Date) -> Option<i64> {
    let span = date(1970, 1, 1).until((Unit::Day, day)).ok()?;
    Some(i64::from(span.get_days()))
}
