//! `muster practice device`: the fleet.

use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::api::percent;
use crate::error::CliError;
use crate::output::{self, Column, Format};
use crate::portal::Portal;

const COLUMNS: [Column; 8] = [
    ("serial", "serial"),
    ("model", "model"),
    ("os", "os"),
    ("stage", "stage"),
    ("seconds", "seconds"),
    ("name", "name"),
    ("profile", "profile"),
    ("why", "why"),
];

/// How often a watched device is looked at, and how long.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const WATCH_MAX: Duration = Duration::from_secs(10 * 60);

/// Virtual devices.
#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// List those that were ever unboxed, with the screen they are at.
    ///
    /// Example: muster practice device list
    List,
    /// Take devices out of their boxes and switch them on.
    ///
    /// Example: muster practice device boot C8TJ500QF1MN
    Boot(Boot),
    /// Erase devices by hand; they begin anew at activation.
    ///
    /// Example: muster practice device wipe C8TJ500QF1MN
    Wipe(Which),
    /// Have devices check in, as if they had been woken.
    ///
    /// Example: muster practice device check-in C8TJ500QF1MN
    CheckIn(Which),
    /// Show one device as Apple and its user see it.
    ///
    /// Example: muster practice device show C8TJ500QF1MN
    Show {
        /// Serial number.
        serial: String,
    },
}

/// Arguments of `practice device boot`.
#[derive(Debug, Args)]
pub(crate) struct Boot {
    #[command(flatten)]
    which: Which,
    /// Stay until each of them is at its home screen or goes no further; on a terminal that is so anyway.
    #[arg(long, conflicts_with = "no_watch")]
    watch: bool,
    /// Come back at once, as in a script.
    #[arg(long)]
    no_watch: bool,
}

impl Boot {
    /// A person wants to see what happens; a script goes on, unless it says otherwise.
    fn stays(&self, format: Format, terminal: bool) -> bool {
        self.watch || (!self.no_watch && terminal && format == Format::People)
    }
}

/// Which devices.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Serial numbers.
    #[arg(required = true)]
    serials: Vec<String>,
}

/// Does it.
pub(crate) async fn run(
    device: Device,
    portal: &Portal,
    org: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    match device {
        Device::List => {
            let rows = portal.get("devices").await?.as_array().cloned().unwrap_or_default();
            output::rows(
                format,
                &rows,
                &COLUMNS,
                "Every device is in its box: `muster practice device boot SERIAL`.",
            );
            Ok(())
        }
        Device::Boot(boot) => {
            let serials = boot.which.serials.clone();
            let stays = boot.stays(format, output::on_a_terminal());
            each(boot.which, "unbox", portal, format, "Switched on").await?;
            if stays { watch(&serials, portal, format).await } else { Ok(()) }
        }
        Device::Wipe(which) => each(which, "wipe", portal, format, "Erased").await,
        Device::CheckIn(which) => each(which, "check-in", portal, format, "Told to check in").await,
        Device::Show { serial } => show(&serial, portal, org, format).await,
    }
}

async fn each(which: Which, what: &str, portal: &Portal, format: Format, done: &str) -> Result<(), CliError> {
    for serial in &which.serials {
        portal.post(&format!("devices/{}/{what}", percent(serial)), &json!({})).await?;
    }
    output::done(
        format,
        &format!("{done}: {}. `muster practice device list` shows them.", which.serials.join(", ")),
    );
    Ok(())
}

/// Follows devices until none of them moves any more.
async fn watch(serials: &[String], portal: &Portal, format: Format) -> Result<(), CliError> {
    let total = u64::try_from(serials.len()).unwrap_or(u64::MAX);
    let bar = if format == Format::People { ProgressBar::new(total) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("[{bar:30}] {pos}/{len} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    let end = tokio::time::Instant::now() + WATCH_MAX;
    let rows = loop {
        let rows = mine(serials, portal).await?;
        let settled = rows.iter().filter(|row| is_settled(row)).count();
        bar.set_position(u64::try_from(settled).unwrap_or(u64::MAX));
        if settled >= serials.len() || tokio::time::Instant::now() > end {
            break rows;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    bar.finish_and_clear();
    output::rows(format, &rows, &COLUMNS, "None of them is in hand.");
    match rows.iter().all(|row| stage(row) == "home") && !rows.is_empty() {
        true => Ok(()),
        false => Err(CliError::Words("not every device came to its home screen".into())),
    }
}

async fn mine(serials: &[String], portal: &Portal) -> Result<Vec<Value>, CliError> {
    let rows = portal.get("devices").await?.as_array().cloned().unwrap_or_default();
    let is_mine = |row: &Value| {
        let serial = row.get("serial").and_then(Value::as_str).unwrap_or_default();
        serials.iter().any(|mine| mine.eq_ignore_ascii_case(serial))
    };
    Ok(rows.into_iter().filter(is_mine).collect())
}

fn stage(row: &Value) -> &str {
    row.get("stage").and_then(Value::as_str).unwrap_or_default()
}

fn is_settled(row: &Value) -> bool {
    matches!(stage(row), "home" | "failed")
}

async fn show(serial: &str, portal: &Portal, org: Option<&str>, format: Format) -> Result<(), CliError> {
    let org = crate::portal::id(&portal.org(org).await?);
    let apple = portal.get(&format!("orgs/{org}/devices/{}", percent(serial))).await?;
    let fleet = portal.get("devices").await?.as_array().cloned().unwrap_or_default();
    let is = |row: &&Value| {
        row.get("serial").and_then(Value::as_str).is_some_and(|s| s.eq_ignore_ascii_case(serial))
    };
    let screen = fleet.iter().find(is).cloned().unwrap_or_else(|| json!({ "stage": "boxed" }));
    if format == Format::Json {
        output::json(&json!({ "apple": apple, "device": screen }));
        return Ok(());
    }
    let rows = [
        ("Serial", "serial"),
        ("Model", "model"),
        ("Order", "order"),
        ("Profile at Apple", "profileStatus"),
        ("Activated", "activated"),
        ("Activation Lock", "locked"),
    ];
    output::card(format, &apple, &rows);
    let rows = [
        ("System          ", "os"),
        ("Stage", "stage"),
        ("Why", "why"),
        ("Name", "name"),
        ("Profile", "profile"),
        ("Organization", "organization"),
        ("Supervised", "supervised"),
        ("Removable", "removable"),
        ("Screens", "panes"),
        ("Notices", "notices"),
    ];
    output::card(format, &screen, &rows);
    Ok(())
}

#[cfg(test)]
mod tests;
