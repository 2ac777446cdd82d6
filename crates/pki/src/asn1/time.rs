//! UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5) as seconds since 1970.

use super::{Tlv, tag, tlv};
use crate::{Error, Result};

const BAD: Error = Error::Asn1("a time is malformed");
const DAY: i64 = 86_400;
/// 2050-01-01: from here on RFC 5280 wants GeneralizedTime.
const GENERALIZED_FROM: i64 = 2_524_608_000;
/// 9999-12-31 23:59:59, the last time that can be written.
const LATEST: i64 = 253_402_300_799;

/// Seconds since 1970 of a UTCTime or GeneralizedTime in Zulu form.
pub(crate) fn read(element: Tlv<'_>) -> Result<i64> {
    let text = element.content.strip_suffix(b"Z").ok_or(BAD)?;
    let (year, rest) = match element.tag {
        tag::UTC_TIME => {
            let (two, rest) = number(text, 2)?;
            (if two < 50 { 2000 + two } else { 1900 + two }, rest)
        }
        tag::GENERALIZED_TIME => number(text, 4)?,
        _ => return Err(BAD),
    };
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    // UTCTime may leave the seconds out in BER.
    let (second, rest) = if rest.is_empty() { (0, rest) } else { number(rest, 2)? };
    let plausible = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && rest.is_empty();
    if !plausible {
        return Err(BAD);
    }
    Ok(days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// `count` decimal digits from the front.
fn number(text: &[u8], count: usize) -> Result<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(count).ok_or(BAD)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(BAD);
    }
    let value = digits.iter().fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Ok((value, rest))
}

/// UTCTime through 2049, GeneralizedTime after; times outside 1950..=9999 are moved to the nearest that can be said.
pub(crate) fn write(unix: i64) -> Vec<u8> {
    // 1950-01-01, the first UTCTime.
    let unix = unix.clamp(-631_152_000, LATEST);
    let (year, month, day) = civil_from_days(unix.div_euclid(DAY));
    let seconds = unix.rem_euclid(DAY);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if unix < GENERALIZED_FROM {
        tlv(tag::UTC_TIME, &[format!("{:02}{rest}", year.rem_euclid(100)).as_bytes()])
    } else {
        tlv(tag::GENERALIZED_TIME, &[format!("{year:04}{rest}").as_bytes()])
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's algorithm).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}
