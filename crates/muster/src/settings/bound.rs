//! Settings that bound something: a table of the settings file whose every line is a time or a number, with its range
//! and its reason.

use std::time::Duration;

use toml::{Table, Value};

use crate::error::CliError;

pub(super) const SECOND: u64 = 1;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;
/// Units of a span, largest first.
const UNITS: [(char, u64); 4] = [('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', SECOND)];

/// One limit of `L`: how it is written, and what it may be.
pub(super) struct Limit<L> {
    pub(super) name: &'static str,
    /// Least and most that make sense; of a span in seconds.
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) what: &'static str,
    /// The requirement behind it, or else whose choice it is.
    pub(super) why: &'static str,
    pub(super) field: fn(&mut L) -> Field<'_>,
}

/// A table of them.
pub(super) struct Section<L: 'static> {
    /// Its heading in the file.
    pub(super) name: &'static str,
    /// What stands above it in the example file.
    pub(super) about: &'static str,
    pub(super) limits: &'static [Limit<L>],
}

/// Where a limit is kept.
pub(super) enum Field<'a> {
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

/// A table in code. One that does not name every field of its type does not compile: nobody could set the rest.
macro_rules! bounds {
    ($table:ident of $limits:ident; $( $name:ident $least:expr, $most:expr, $what:literal, $why:literal; )+) => {
        static $table: &[Limit<$limits>] = &[$(
            Limit {
                name: stringify!($name),
                least: $least,
                most: $most,
                what: $what,
                why: $why,
                field: |limits| Field::from(&mut limits.$name),
            },
        )+];

        const _: fn($limits) = |$limits { $( $name: _ ),+ }| {};
    };
}
pub(super) use bounds;

impl<L> Limit<L> {
    /// Takes what was written, if it is possible.
    pub(super) fn set(&self, section: &str, given: &Value, limits: &mut L) -> Result<(), CliError> {
        let field = (self.field)(limits);
        let amount = match (&field, given) {
            (Field::Span(_), Value::String(text)) => seconds(text),
            (Field::Count(_) | Field::Small(_), Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        match amount.filter(|amount| (self.least..=self.most).contains(amount)).and_then(|n| field.put(n)) {
            Some(()) => Ok(()),
            None => Err(self.impossible(section, given, limits)),
        }
    }

    fn impossible(&self, section: &str, given: &Value, limits: &mut L) -> CliError {
        let kind = match (self.field)(limits) {
            Field::Span(_) => "a time such as \"12h\", with s, m, h or d",
            Field::Count(_) | Field::Small(_) => "a whole number",
        };
        let range = self.range(limits);
        CliError::Words(format!(
            "[{section}]: {} = {} cannot be: it is {kind}, {range}",
            self.name,
            written(given)
        ))
    }

    pub(super) fn range(&self, limits: &mut L) -> String {
        let field = (self.field)(limits);
        format!("from {} to {}", field.words(self.least), field.words(self.most))
    }

    /// What it is set to, in words.
    pub(super) fn shown(&self, limits: &mut L) -> String {
        let field = (self.field)(limits);
        field.words(field.amount())
    }
}

impl Field<'_> {
    pub(super) fn amount(&self) -> u64 {
        match self {
            Field::Span(span) => span.as_secs(),
            Field::Count(count) => u64::try_from(**count).unwrap_or(u64::MAX),
            Field::Small(count) => u64::from(**count),
        }
    }

    /// Nothing when this machine's numbers are too small for it.
    pub(super) fn put(self, amount: u64) -> Option<()> {
        match self {
            Field::Span(span) => *span = Duration::from_secs(amount),
            Field::Count(count) => *count = usize::try_from(amount).ok()?,
            Field::Small(count) => *count = u32::try_from(amount).ok()?,
        }
        Some(())
    }

    /// An amount of this kind, in the largest unit that leaves no rest.
    pub(super) fn words(&self, amount: u64) -> String {
        let Field::Span(_) = self else { return amount.to_string() };
        if amount == 0 {
            return "0s".to_owned();
        }
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

impl<L: Clone + Default> Section<L> {
    /// The defaults, and over them what the file says.
    pub(super) fn read(&self, table: &Table) -> Result<L, CliError> {
        let mut limits = L::default();
        for (name, given) in table {
            let limit =
                self.limits.iter().find(|limit| limit.name == name).ok_or_else(|| self.unknown(name))?;
            limit.set(self.name, given, &mut limits)?;
        }
        Ok(limits)
    }

    fn unknown(&self, name: &str) -> CliError {
        let known = self.limits.iter().map(|limit| limit.name).collect::<Vec<_>>().join(", ");
        CliError::Words(format!("[{}]: there is no {name}; there are {known}", self.name))
    }

    /// Those that are not as they come: the name, what it is, and the default.
    pub(super) fn changed(&self, limits: &L) -> Vec<(&'static str, String, String)> {
        let (mut set, mut default) = (limits.clone(), L::default());
        let each =
            self.limits.iter().map(|limit| (limit.name, limit.shown(&mut set), limit.shown(&mut default)));
        each.filter(|(_, set, default)| set != default).collect()
    }

    /// The table of the example file: every limit with what it is, its range, the requirement behind it and its default.
    pub(super) fn example(&self) -> String {
        let mut limits = L::default();
        let mut text = format!("{}\n[{}]\n", self.about, self.name);
        for limit in self.limits {
            let (shown, range) = (limit.shown(&mut limits), limit.range(&mut limits));
            let value = match (limit.field)(&mut limits) {
                Field::Span(_) => format!("\"{shown}\""),
                Field::Count(_) | Field::Small(_) => shown,
            };
            text.push_str(&format!("# {} ({range}; {}).\n{} = {value}\n", limit.what, limit.why, limit.name));
        }
        text
    }
}
