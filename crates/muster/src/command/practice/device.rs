//! `muster practice device`: the fleet.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::percent;
use crate::error::CliError;
use crate::output::{self, Column, Format};
use crate::portal::Portal;

const COLUMNS: [Column; 8] = [
    ("serial", "serial"),
    ("model", "model"),
    ("os", "osVersion"),
    ("stage", "stage"),
    ("seconds", "seconds"),
    ("name", "name"),
    ("profile", "profile"),
    ("why", "why"),
];

/// Virtual devices.
#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// List those that were ever unboxed, with the screen they are at.
    List,
    /// Take devices out of their boxes and switch them on.
    ///
    /// Example: muster practice device boot C8TJ500QF1MN
    Boot(Which),
    /// Erase devices by hand; they begin anew at activation.
    Wipe(Which),
    /// Have devices check in, as if they had been woken.
    CheckIn(Which),
    /// Show one device as Apple and its user see it.
    Show {
        /// Serial number.
        serial: String,
    },
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
        Device::Boot(which) => each(which, "unbox", portal, format, "Switched on").await,
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
    let rows =
        [("Stage", "stage"), ("Why", "why"), ("Name", "name"), ("Profile", "profile"), ("Screens", "panes")];
    output::card(format, &screen, &rows);
    Ok(())
}
