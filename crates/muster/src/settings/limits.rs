//! `[limits]`: what the server bounds, in the words of an operator. The defaults are [`Limits::default`].

use std::time::Duration;

use app::open::Limits;
use toml::{Table, Value};

use crate::error::CliError;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Units of a span, largest first.
const UNITS: [(char, u64); 4] = [('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', SECOND)];

/// One limit: how it is written, and what it may be.
struct Limit {
    name: &'static str,
    /// Least and most that make sense; of a span in seconds.
    least: u64,
    most: u64,
    what: &'static str,
    /// The requirement behind it, or else whose choice it is.
    why: &'static str,
    field: fn(&mut Limits) -> Field<'_>,
}

/// Where a limit is kept.
enum Field<'a> {
    Span(&'a mut Duration),
    Count(&'a mut usize),
    Small(&'a mut u32),
}

impl<'a> From<&'a mut Duration> for Field<'a> {
    fn from(field: &'a mut Duration) -> Self {
        Field::Span(field)
    }
}

impl<'a> From<&'a mut usize> for Field<'a> {
    fn from(field: &'a mut usize) -> Self {
        Field::Count(field)
    }
}

impl<'a> From<&'a mut u32> for Field<'a> {
    fn from(field: &'a mut u32) -> Self {
        Field::Small(field)
    }
}

macro_rules! limits {
    ($( $name:ident $least:expr, $most:expr, $what:literal, $why:literal; )+) => {
        static LIMITS: &[Limit] = &[$(
            Limit {
                name: stringify!($name),
                least: $least,
                most: $most,
                what: $what,
                why: $why,
                field: |limits| Field::from(&mut limits.$name),
            },
        )+];

        /// A limit that the table does not have is one that nobody can set: then this does not compile.
        const _: fn(Limits) = |Limits { $( $name: _ ),+ }| {};
    };
}

limits! {
    tokens 1, 100_000, "Tokens of a tenant", "R16";
    profiles_per_token 1, 10_000, "Profiles of a token", "R14";
    sync_every MINUTE, 6 * DAY, "Between timed syncs; Apple's cursor lives for seven days", "R57";
    manual_sync_every MINUTE, DAY, "Between syncs that somebody asks for", "R57";
    full_sync_every HOUR, 30 * DAY, "Between full syncs", "R55";
    sync_run MINUTE, 6 * HOUR, "A sync run must finish within", "R57";
    sync_batch 1_000, 10_000_000, "Devices of a run, before it stores its cursor and ends", "R17";
    sync_page 1, 1_000, "Devices of a page asked of Apple, who gives no more than 1000", "Apple's service";
    apple_answer SECOND, MINUTE, "An answer of Apple's enrolment service must be whole within", "our choice";
    assign_batch 1, 1_000, "Serial numbers of a call to Apple, who takes no more than 1000", "Apple's service";
    assign_retry 10 * SECOND, DAY, "Wait after a failed assignment, doubled each time", "our choice";
    assign_retry_max MINUTE, 7 * DAY, "Longest such wait", "our choice";
    throttle_wait MINUTE, 7 * DAY, "Wait for a throttled device when Apple names no time", "Apple's service";
    token_warning DAY, 180 * DAY, "A token is expiring so long before its end", "R27";
    rejections_before_alarm 1, 100, "Rejections in a row before a token counts as rejected", "our choice";
    push_certificate_warning DAY, 180 * DAY, "The push certificate is expiring so long before its end", "L29";
    challenge MINUTE, DAY, "Life of a SCEP challenge", "N29";
    identity DAY, 3_650 * DAY, "Life of a device's identity, in whole days", "our choice";
    identity_renewal HOUR, 3_649 * DAY, "A device's identity is renewed so long before its end", "our choice";
    setup MINUTE, DAY, "Longest time in Setup Assistant before a device is released", "N11";
    setup_step 10 * SECOND, DAY, "Limit of one step of it", "N11";
    release_retry 10 * SECOND, 15 * MINUTE, "Wait before an unanswered release is queued again", "our choice";
    command HOUR, 90 * DAY, "A pending command is given up after", "our choice";
    push_retry 10 * SECOND, DAY, "Wait before a device is woken again, doubled up to a day", "our choice";
    commands_per_device 10, 10_000, "Pending commands of a device", "our choice";
    provisional DAY, 365 * DAY, "Users of converted devices may leave for so long", "R44";
    released_kept DAY, 365 * DAY, "Devices that are gone at Apple are kept for so long", "N26";
}

impl Limit {
    /// Takes what was written, if it is possible.
    fn set(&self, given: &Value, limits: &mut Limits) -> Result<(), CliError> {
        let field = (self.field)(limits);
        let amount = match (&field, given) {
            (Field::Span(_), Value::String(text)) => seconds(text),
            (Field::Count(_) | Field::Small(_), Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        match amount.filter(|amount| (self.least..=self.most).contains(amount)).and_then(|n| field.put(n)) {
            Some(()) => Ok(()),
            None => Err(self.impossible(given, limits)),
        }
    }

    fn impossible(&self, given: &Value, limits: &mut Limits) -> CliError {
        let kind = match (self.field)(limits) {
            Field::Span(_) => "a time such as \"12h\", with s, m, h or d",
            Field::Count(_) | Field::Small(_) => "a whole number",
        };
        let range = self.range(limits);
        CliError::Words(format!(
            "[limits]: {} = {} cannot be: it is {kind}, {range}",
            self.name,
            written(given)
        ))
    }

    fn range(&self, limits: &mut Limits) -> String {
        let field = (self.field)(limits);
        format!("from {} to {}", field.words(self.least), field.words(self.most))
    }

    /// What it is set to, in words.
    fn shown(&self, limits: &mut Limits) -> String {
        let field = (self.field)(limits);
        field.words(field.amount())
    }
}

impl Field<'_> {
    fn amount(&self) -> u64 {
        match self {
            Field::Span(span) => span.as_secs(),
            Field::Count(count) => u64::try_from(**count).unwrap_or(u64::MAX),
            Field::Small(count) => u64::from(**count),
        }
    }

    /// Nothing when this machine's numbers are too small for it.
    fn put(self, amount: u64) -> Option<()> {
        match self {
            Field::Span(span) => *span = Duration::from_secs(amount),
            Field::Count(count) => *count = usize::try_from(amount).ok()?,
            Field::Small(count) => *count = u32::try_from(amount).ok()?,
        }
        Some(())
    }

    /// An amount of this kind, in the largest unit that leaves no rest.
    fn words(&self, amount: u64) -> String {
        let Field::Span(_) = self else { return amount.to_string() };
        let fits = UNITS.into_iter().find(|(_, unit)| amount.checked_rem(*unit) == Some(0));
        let (letter, unit) = fits.unwrap_or(('s', SECOND));
        format!("{}{letter}", amount.checked_div(unit).unwrap_or(amount))
    }
}

/// A value as its file has it; of a longer one its kind.
fn written(given: &Value) -> String {
    match given {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        other => format!("that {}", other.type_str()),
    }
}

/// A number and its unit, as seconds.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let (_, length) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
    let number = text.strip_suffix(unit)?;
    // `parse` alone would take a plus sign.
    if !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(length)
}

/// The defaults, and over them what the file says.
pub(super) fn read(table: &Table) -> Result<Limits, CliError> {
    let mut limits = Limits::default();
    for (name, given) in table {
        let limit = LIMITS.iter().find(|limit| limit.name == name).ok_or_else(|| unknown(name))?;
        limit.set(given, &mut limits)?;
    }
    together(&limits)?;
    Ok(limits)
}

fn unknown(name: &str) -> CliError {
    let known = LIMITS.iter().map(|limit| limit.name).collect::<Vec<_>>().join(", ");
    CliError::Words(format!("[limits]: there is no {name}; there are {known}"))
}

/// What one limit says of another.
fn together(limits: &Limits) -> Result<(), CliError> {
    let whole_days = limits.identity.as_secs().checked_rem(DAY) == Some(0);
    let rules = [
        (whole_days, "identity is in whole days, such as \"365d\": certificates are issued for days"),
        (
            limits.identity_renewal < limits.identity,
            "identity_renewal must be shorter than identity: a new identity would be renewed at once",
        ),
        (
            limits.setup_step <= limits.setup,
            "setup_step must not be longer than setup, of which it is a part",
        ),
        (
            limits.assign_retry <= limits.assign_retry_max,
            "assign_retry must not be longer than assign_retry_max, up to which it is doubled",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, words)) => Err(CliError::Words(format!("[limits]: {words}"))),
    }
}

/// Those that are not as they come: the name, what it is, and the default.
pub(crate) fn changed(limits: &Limits) -> Vec<(&'static str, String, String)> {
    let (mut set, mut default) = (limits.clone(), Limits::default());
    let each = LIMITS.iter().map(|limit| (limit.name, limit.shown(&mut set), limit.shown(&mut default)));
    each.filter(|(_, set, default)| set != default).collect()
}

/// The table of the example file: every limit with what it is, its range, the requirement behind it and its default.
pub(super) fn example() -> String {
    let mut limits = Limits::default();
    let mut text = String::from(
        "# Limits. A time is a number with s, m, h or d (seconds, minutes, hours, days). In brackets: what may be set, and the\n\
         # requirement behind it, or else whose choice it is.\n[limits]\n",
    );
    for limit in LIMITS {
        let (shown, range) = (limit.shown(&mut limits), limit.range(&mut limits));
        let value = match (limit.field)(&mut limits) {
            Field::Span(_) => format!("\"{shown}\""),
            Field::Count(_) | Field::Small(_) => shown,
        };
        text.push_str(&format!("# {} ({range}; {}).\n{} = {value}\n", limit.what, limit.why, limit.name));
    }
    text
}

#[cfg(test)]
mod tests;
