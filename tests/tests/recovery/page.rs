//! The page: one section a family, a row a fault.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The fault, and how long it stood.
    pub(crate) fault: String,
    /// What the product said while it stood.
    pub(crate) said: String,
    /// How long after the fault's end wanted and observed were equal.
    pub(crate) recovered: Duration,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/recovery.md")
}

/// A length of time in the two largest units that it has.
pub(crate) fn length(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if left >= size {
            parts.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "at once".to_owned() } else { parts.join(" ") }
}

fn table(bound: &str, rows: &[Row]) -> String {
    let mut text = String::from(
        "| fault | what the product says meanwhile | outcome | time to recover |\n|---|---|---|---|\n",
    );
    for row in rows {
        let (fault, said) = (row.fault.replace('|', "\\|"), row.said.replace('|', "\\|"));
        let _ = writeln!(text, "| {fault} | {said} | recovered | {bound}{} |", length(row.recovered));
    }
    text
}

/// The mixtures: a seed each, what was in it, and within which time all was well after the last of it.
pub(crate) fn mixtures(rows: &[(u64, Row)]) {
    let mut text = String::from("| seed | faults | outcome | time to recover |\n|---|---|---|---|\n");
    for (seed, row) in rows {
        let _ = writeln!(text, "| {seed} | {} | recovered | within {} |", row.fault, length(row.recovered));
    }
    keep("mixtures", &text);
}

/// Devices act while time stands still and their server's turns come between steps of the clock, so a second more or less
/// says nothing: a bound is told, in whole spans of this length.
const DEVICES: Duration = Duration::from_secs(120);

/// The devices: within which time each was home.
pub(crate) fn devices(rows: &[Row]) {
    let bound = |row: &Row| {
        let spans = row.recovered.as_secs().div_ceil(DEVICES.as_secs()).max(1);
        Duration::from_secs(spans * DEVICES.as_secs())
    };
    let rows: Vec<Row> = rows.iter().map(|row| Row { recovered: bound(row), ..row.clone() }).collect();
    keep("devices", &table("within ", &rows));
}

/// Holds the section of that name to these rows, or writes it.
pub(crate) fn holds(section: &str, rows: &[Row]) {
    keep(section, &table("", rows));
}

fn keep(section: &str, text: &str) {
    let (begin, end) =
        (format!("<!-- {section}: written by tests -->\n"), format!("<!-- end of {section} -->\n"));
    let blessing = std::env::var_os("MUSTER_BLESS").is_some();
    // The families may run side by side.
    let lock = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/recovery-page.lock")).unwrap();
    if blessing {
        lock.lock().unwrap();
    }
    let page = fs::read_to_string(path()).unwrap();
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/recovery.md has no {begin}"));
    let (found, after) = rest.split_once(&end).unwrap();
    let wanted = format!("\n{text}\n");
    if blessing && found != wanted {
        fs::write(path(), format!("{before}{begin}{wanted}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(found, wanted, "docs/recovery.md is not up to date: see `make docs`");
}

#[test]
fn lengths_are_told_in_their_two_largest_units() {
    let told = [0, 59, 900, 3_660, 90_000].map(|seconds| length(Duration::from_secs(seconds)));
    assert_eq!(told, ["at once", "59 s", "15 min", "1 h 1 min", "1 d 1 h"]);
}
