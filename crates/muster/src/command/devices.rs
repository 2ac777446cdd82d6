//! `muster devices`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{profiles, tokens};
use crate::api::{Api, percent};
use crate::error::CliError;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 8] = [
    ("serial", "serialNumber"),
    ("model", "model"),
    ("token", "tokenName"),
    ("profile", "requestedProfileName"),
    ("at Apple", "appleProfileStatus"),
    ("state", "enrollmentState"),
    ("ready", "ready"),
    ("why", "reasons"),
];

/// Devices that Apple says are yours.
#[derive(Debug, Subcommand)]
pub(crate) enum Devices {
    /// List them, with why each is or is not ready to unbox.
    ///
    /// Example: muster devices list --filter "enrollmentState eq 'notContacted'"
    List(List),
    /// Say everything about one serial: what Apple says, what is wanted, why it is or is not ready.
    Show {
        /// Serial number.
        serial: String,
    },
    /// Assign a profile to serials.
    ///
    /// Example: muster devices assign --profile "Reception iPads" C8TJ500QF1MN DMPXG1A2JF8J
    Assign(Assign),
    /// Take the assignment of serials back; the token's default holds again.
    Unassign {
        /// Serial numbers.
        #[arg(required = true)]
        serials: Vec<String>,
    },
    /// Delete a device here; Apple's next full sync brings it back while it is still assigned there.
    Delete {
        /// The token's id, or its name.
        token: String,
        /// Serial number.
        serial: String,
    },
    /// Mark devices as converted into ADE, not bought: their users may leave for 30 days.
    MarkConverted(MarkConverted),
}

/// Arguments of `devices list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// An OData filter.
    #[arg(long)]
    filter: Option<String>,
}

/// Arguments of `devices assign`.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// The profile's id, or its name.
    #[arg(long)]
    profile: String,
    /// Serial numbers.
    #[arg(required_unless_present = "file")]
    serials: Vec<String>,
    /// A file with a serial number a line (a CSV's first column).
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Arguments of `devices mark-converted`.
#[derive(Debug, Args)]
pub(crate) struct MarkConverted {
    /// When, RFC 3339 or a date.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Serial numbers.
    #[arg(required = true)]
    serials: Vec<String>,
}

/// Does it.
pub(crate) async fn run(devices: Devices, api: &Api, format: Format) -> Result<(), CliError> {
    match devices {
        Devices::List(list) => {
            let filter = list.filter.map(|f| format!("?$filter={}", percent(&f))).unwrap_or_default();
            let rows = api.all(&format!("muster/devices{filter}")).await?;
            output::rows(format, &rows, &COLUMNS, "No devices. `muster sync start` asks Apple for them.");
            Ok(())
        }
        Devices::Show { serial } => show(&serial, api, format).await,
        Devices::Assign(assign) => self::assign(assign, api, format).await,
        Devices::Unassign { serials } => {
            api.post("muster/devices/unassign", &json!({ "serialNumbers": serials })).await?;
            output::done(format, "The token's default profile holds for them again.");
            Ok(())
        }
        Devices::Delete { token, serial } => delete(&token, &serial, api, format).await,
        Devices::MarkConverted(marked) => {
            let on = if marked.on.len() == 10 { format!("{}T00:00:00Z", marked.on) } else { marked.on };
            let body = json!({ "serialNumbers": marked.serials, "convertedDateTime": on });
            api.post("muster/devices/markConverted", &body).await?;
            output::done(format, "Marked: their users may remove management for 30 days from then.");
            Ok(())
        }
    }
}

/// Everything about one serial.
pub(crate) async fn show(serial: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let found = api.get(&format!("muster/devices/{}", percent(serial))).await?;
    let rows = found.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
    if format == Format::Json {
        output::json(&Value::Array(rows));
        return Ok(());
    }
    let card = [
        ("Serial", "serialNumber"),
        ("Model", "model"),
        ("Token", "tokenName"),
        ("Listed by Apple", "presence"),
        ("Profile wanted", "requestedProfileName"),
        ("Profile at Apple", "appleProfileStatus"),
        ("Last assignment", "assignment/outcome"),
        ("Tried again", "assignment/retryDateTime"),
        ("Enrolled with", "enrolledProfileName"),
        ("State", "enrollmentState"),
        ("Ready to unbox", "ready"),
    ];
    for row in &rows {
        output::card(format, row, &card);
        for reason in row.get("reasons").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| reason.get(name).and_then(Value::as_str).unwrap_or_default();
            println!("  - {}. {}", text("words").trim_end_matches('.'), text("action"));
        }
    }
    Ok(())
}

async fn assign(assign: Assign, api: &Api, format: Format) -> Result<(), CliError> {
    let profile = profiles::find(api, &assign.profile).await?;
    let mut serials = assign.serials;
    if let Some(path) = assign.file {
        let text = std::fs::read_to_string(&path).map_err(|e| CliError::file("read", &path, e))?;
        let first = |line: &str| line.split([',', ';', '\t']).next().unwrap_or_default().trim().to_owned();
        serials.extend(text.lines().map(first).filter(|s| !s.is_empty()));
    }
    let answer =
        api.post("muster/devices/assign", &json!({ "serialNumbers": serials, "profileId": profile })).await?;
    let rows = answer.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
    output::rows(
        format,
        &rows,
        &[("serial", "serialNumber"), ("taken", "ok"), ("what happens", "words")],
        "Nothing to do.",
    );
    match rows.iter().any(|row| row.get("ok") == Some(&Value::Bool(false))) {
        true => Err(CliError::Words("not every serial could be assigned".into())),
        false => Ok(()),
    }
}

async fn delete(token: &str, serial: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let token = tokens::find(api, token).await?;
    let collection = format!("deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities");
    let quoted = percent(&serial.replace('\'', "''"));
    let found = api.get(&format!("{collection}?$filter=serialNumber%20eq%20'{quoted}'")).await?;
    let id = found.pointer("/value/0/id").and_then(Value::as_str);
    let id = id.ok_or_else(|| CliError::Words(format!("no device {serial} under that token")))?;
    api.delete(&format!("{collection}/{id}")).await?;
    output::done(format, "Deleted. Unassign it at Apple too, or the next full sync lists it again.");
    Ok(())
}
