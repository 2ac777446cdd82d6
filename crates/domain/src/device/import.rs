//! Lists of serials from an administrator (`importAppleDeviceIdentityList`, CSV; R44).

use std::collections::BTreeSet;

use crate::{Serial, Time};

/// Rows of one list; a list of Apple's own limit for a token's devices is cut by the caller.
const ROWS_MAX: usize = 10_000;
/// Longest note, in characters.
pub const DESCRIPTION_LEN_MAX: usize = 256;

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The serial.
    pub serial: Serial,
    /// The administrator's note.
    pub description: Option<String>,
    /// The profile to assign, by its id as text.
    pub profile: Option<String>,
    /// Converted into ADE on this date (R44).
    pub converted_at: Option<Time>,
}

/// Why a list is refused, by line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No header, or one without serials.
    #[error("the first line names the columns, one of them serialNumber")]
    Header,
    /// A serial that cannot be one.
    #[error("line {0} has no usable serial number")]
    Serial(usize),
    /// The same serial twice.
    #[error("line {0} repeats a serial number")]
    Repeated(usize),
    /// A date that cannot be read.
    #[error("line {0} has a date that is none: 2026-01-31 or 2026-01-31T12:00:00Z")]
    Date(usize),
    /// A quote that is not closed, a NUL, or a text too long.
    #[error("line {0} cannot be read as CSV")]
    Line(usize),
    /// Too many.
    #[error("a list takes at most {ROWS_MAX} lines")]
    TooLong,
}

/// Reads CSV (RFC 4180, one line a row) whose first line names the columns `serialNumber`, `description`, `profile`
/// and `convertedDateTime`, in any order and case; other columns are ignored.
pub fn read_csv(text: &str) -> Result<Vec<Import>, ImportError> {
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or(ImportError::Header)?;
    let header = fields(header).ok_or(ImportError::Header)?;
    let column = |names: &[&str]| {
        header.iter().position(|cell| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name)))
    };
    let serial_at = column(&["serialNumber", "serial", "serial number"]).ok_or(ImportError::Header)?;
    let [description_at, profile_at, converted_at] = [
        column(&["description", "details"]),
        column(&["profile", "requestedEnrollmentProfileId"]),
        column(&["convertedDateTime", "converted"]),
    ];
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for (at, line) in lines {
        let number = at.saturating_add(1);
        if rows.len() == ROWS_MAX {
            return Err(ImportError::TooLong);
        }
        let cells = fields(line).ok_or(ImportError::Line(number))?;
        let cell = |column: Option<usize>| {
            column
                .and_then(|at| cells.get(at))
                .map(|cell| cell.trim().to_owned())
                .filter(|cell| !cell.is_empty())
        };
        let serial: Serial =
            cell(Some(serial_at)).and_then(|text| text.parse().ok()).ok_or(ImportError::Serial(number))?;
        if !seen.insert(serial.clone()) {
            return Err(ImportError::Repeated(number));
        }
        let description = cell(description_at);
        if description.as_ref().is_some_and(|note| note.chars().count() > DESCRIPTION_LEN_MAX) {
            return Err(ImportError::Line(number));
        }
        let converted_at = match cell(converted_at) {
            None => None,
            Some(text) => Some(date(&text).ok_or(ImportError::Date(number))?),
        };
        rows.push(Import { serial, description, profile: cell(profile_at), converted_at });
    }
    Ok(rows)
}

fn date(text: &str) -> Option<Time> {
    mdm::ade::parse_time(text).map(Time::from_micros)
}

/// The cells of a line; none if a quote is not closed, or if there is a NUL, which no database takes.
fn fields(line: &str) -> Option<Vec<String>> {
    if line.contains('\0') {
        return None;
    }
    let separator = if line.contains(';') && !line.contains(',') { ';' } else { ',' };
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let cell = cells.last_mut()?;
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    (!quoted).then_some(cells)
}
