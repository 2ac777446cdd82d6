//! Tables for people, JSON for scripts.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::error::CliError;

/// Prints a line, as `println!` does, but for a reader who has had enough (`| head`): that is no failure.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($words:tt)*) => { $crate::output::line(format_args!($($words)*)) };
}
pub(crate) use say;

/// How a command shows what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table.
    People,
    /// One JSON document.
    Json,
}

/// What stands where there is nothing.
const NOTHING: &str = "-";

/// A column: its heading, and the property it shows; `a/b` reads into a complex one.
pub(crate) type Column = (&'static str, &'static str);

/// Shows rows; says so when there are none.
pub(crate) fn rows(format: Format, rows: &[Value], columns: &[Column], none: &str) {
    if format == Format::Json {
        return json(&Value::Array(rows.to_vec()));
    }
    if rows.is_empty() {
        return say!("{none}");
    }
    let mut table = table(columns.iter().map(|(heading, _)| heading.to_uppercase()));
    for row in rows {
        table.add_row(columns.iter().map(|(_, property)| cell(row, property)));
    }
    say!("{}", table.trim_fmt());
}

/// An empty table in the house's style: no lines, as wide as the terminal.
pub(crate) fn table(headings: impl IntoIterator<Item = String>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.into_iter().collect::<Vec<_>>());
    table
}

/// Shows one thing, a property a line.
pub(crate) fn card(format: Format, thing: &Value, columns: &[Column]) {
    if format == Format::Json {
        return json(thing);
    }
    let width = columns.iter().map(|(heading, _)| heading.len()).max().unwrap_or(0);
    for (heading, property) in columns {
        let shown = cell(thing, property).replace('\n', ", ");
        // A line without heading explains the one above; there may be nothing to explain.
        if !heading.is_empty() || shown != NOTHING {
            say!("{heading:width$}  {shown}");
        }
    }
}

/// One JSON document, indented.
pub(crate) fn json(value: &Value) {
    say!("{value:#}");
}

/// Says that something was done; silent for scripts, who have the exit code.
pub(crate) fn done(format: Format, words: &str) {
    if format == Format::People {
        say!("{words}");
    }
}

/// What [`say!`] does.
pub(crate) fn line(words: std::fmt::Arguments<'_>) {
    // The reader has gone; what there is to do is done all the same.
    let _ = writeln!(std::io::stdout().lock(), "{words}");
}

/// Says what is worth a second look, where it spoils nobody's JSON.
pub(crate) fn note(words: &str) {
    eprintln!("note: {words}");
}

/// Says what went wrong.
pub(crate) fn complain(error: &CliError) {
    match error {
        CliError::Refused { words, request_id, .. } => {
            eprintln!("muster: {words}");
            if let Some(id) = request_id {
                eprintln!("  request-id {id}");
            }
        }
        CliError::Words(words) => eprintln!("muster: {words}"),
        other => eprintln!("muster: failed to {other}"),
    }
}

/// Whether somebody watches.
pub(crate) fn on_a_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// What a property shows in a table.
fn cell(row: &Value, property: &str) -> String {
    let value = property.split('/').try_fold(row, |value, name| value.get(name));
    match value {
        None | Some(Value::Null) => NOTHING.into(),
        Some(Value::Bool(true)) => "yes".into(),
        Some(Value::Bool(false)) => "no".into(),
        Some(Value::String(text)) if text.starts_with("0001-01-01") => "never".into(),
        Some(Value::String(text)) if text.is_empty() => NOTHING.into(),
        Some(Value::String(text)) => short_time(text),
        Some(Value::Array(items)) => items.iter().map(word).collect::<Vec<_>>().join("\n"),
        Some(other) => other.to_string(),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            fields.get("words").and_then(Value::as_str).map_or_else(|| value.to_string(), str::to_owned)
        }
        other => other.to_string(),
    }
}

/// RFC 3339 without fractions of a second; any other text as it is.
fn short_time(text: &str) -> String {
    match (text.parse::<jiff::Timestamp>(), text.split_once('.')) {
        (Ok(_), Some((seconds, _))) => format!("{}Z", seconds.replace('T', " ")),
        (Ok(_), None) => text.replace('T', " "),
        _ => text.to_owned(),
    }
}
