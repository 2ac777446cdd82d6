//! `muster practice device`: the fleet.

mod misbehave;

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
    /// Have a device misbehave, for rehearsing it.
    ///
    /// Example: muster practice device misbehave C8TJ500QF1MN not-now --on DeviceConfigured --times 5
    Misbehave(misbehave::Misbehave),
    /// Have devices behave again, with their clocks right.
    ///
    /// Example: muster practice device behave C8TJ500QF1MN
    Behave(Which),
    /// Set a device's clock wrong: it is in what the device signs.
    ///
    /// Example: muster practice device clock C8TJ500QF1MN --seconds -86400
    Clock {
        /// Serial number.
        serial: String,
        /// How far it is ahead; behind, if less than 0.
        #[arg(long, allow_negative_numbers = true)]
        seconds: i64,
    },
    /// Switch devices off, or on again: they go on where they were.
    ///
    /// Example: muster practice device power C8TJ500QF1MN --on
    Power {
        #[command(flatten)]
        which: Which,
        /// Switch them on.
        #[arg(long)]
        on: bool,
    },
    /// Restore a backup of each device onto itself: it comes back with its management and a new push token.
    ///
    /// Example: muster practice device restore C8TJ500QF1MN
    Restore(Which),
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
        Device::Misbehave(args) => misbehave::run(args, portal, format).await,
        Device::Behave(which) => {
            for serial in &which.serials {
                portal.delete(&format!("devices/{}/script", percent(serial))).await?;
            }
            output::done(format, &format!("Behaves again: {}.", which.serials.join(", ")));
            Ok(())
        }
        Device::Clock { serial, seconds } => {
            let body = json!({ "seconds": seconds });
            portal.post(&format!("devices/{}/clock", percent(&serial)), &body).await?;
            output::done(format, &format!("The clock of {serial} is off by {seconds} s."));
            Ok(())
        }
        Device::Power { which, on } => {
            for serial in &which.serials {
                portal.post(&format!("devices/{}/power", percent(serial)), &json!({ "on": on })).await?;
            }
            let done = if on { "Switched on" } else { "Switched off" };
            output::done(format, &format!("{done}: {}.", which.serials.join(", ")));
            Ok(())
        }
        Device::Restore(which) => each(which, "restore", portal, format, "Restored").await,
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
