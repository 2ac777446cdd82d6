//! `muster devices`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{profiles, tokens};
use crate::api::{Api, percent};
use crate::error::CliError;
use crate::output::say;
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

/// What a list without rows says.
const NONE: &str = "No devices. `muster sync start` asks Apple for them.";

/// Devices that Apple says are yours.
#[derive(Debug, Subcommand)]
pub(crate) enum Devices {
    /// List them, with why each is or is not ready to unbox.
    ///
    /// Example: muster devices list --filter "enrollmentState eq 'notContacted'"
    List(List),
    /// Say which devices are not ready to unbox, and why; succeeds when all are.
    ///
    /// Example: muster devices ready --wait
    Ready(Ready),
    /// Say everything about one serial: what Apple says, what is wanted, why it is or is not ready.
    ///
    /// Example: muster devices show C8TJ500QF1MN
    Show {
        /// Serial number.
        serial: String,
    },
    /// Assign a profile to serials.
    ///
    /// Example: muster devices assign --profile "Reception iPads" C8TJ500QF1MN DMPXG1A2JF8J
    Assign(Assign),
    /// Take the assignment of serials back; the token's default holds again.
    ///
    /// Example: muster devices unassign C8TJ500QF1MN
    Unassign {
        /// Serial numbers.
        #[arg(required = true)]
        serials: Vec<String>,
    },
    /// List serials before Apple does, from a CSV: serial, description.
    ///
    /// Example: muster devices import "Head office" order-4711.csv
    Import(Import),
    /// Delete a device here; Apple's next full sync brings it back while it is still assigned there.
    ///
    /// Example: muster devices delete "Head office" C8TJ500QF1MN
    Delete {
        /// The token's id, or its name.
        token: String,
        /// Serial number.
        serial: String,
    },
    /// Mark devices as converted into ADE, not bought: their users may leave for 30 days.
    ///
    /// Example: muster devices mark-converted --on 2026-01-31 C8TJ500QF1MN
    MarkConverted(MarkConverted),
}

/// Arguments of `devices list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// An OData filter.
    #[arg(long)]
    filter: Option<String>,
}

/// Arguments of `devices ready`.
#[derive(Debug, Args)]
pub(crate) struct Ready {
    /// Only these.
    serials: Vec<String>,
    /// Wait for what passes by itself: profiles and assignments on their way to Apple.
    #[arg(long)]
    wait: bool,
}

/// Arguments of `devices import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The token's id, or its name.
    token: String,
    /// Lines of a serial number, a comma and a description.
    file: PathBuf,
    /// Write descriptions anew for serials that are there.
    #[arg(long)]
    overwrite: bool,
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
            output::rows(format, &rows, &COLUMNS, NONE);
            Ok(())
        }
        Devices::Ready(ready) => self::ready(ready, api, format).await,
        Devices::Import(import) => self::import(import, api, format).await,
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
            say!("  - {}", because(reason));
        }
    }
    Ok(())
}

/// A reason, and what to do about it where there is something to do.
fn because(reason: &Value) -> String {
    let text = |name: &str| reason.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    match (text("words").trim_end_matches('.'), text("action")) {
        (words, "") => words.to_owned(),
        (words, action) => format!("{words}: {action}"),
    }
}

/// How often a wait looks again, and how long it goes on.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(10 * 60);
/// Reasons that pass by themselves.
const PASSING: [&str; 2] = ["profilePending", "waitingForApple"];

/// Whether a row's reasons pass by themselves.
pub(crate) fn is_passing(row: &Value) -> bool {
    let reasons = row.get("reasons").and_then(Value::as_array).into_iter().flatten();
    reasons
        .filter_map(|reason| reason.get("code").and_then(Value::as_str))
        .any(|code| PASSING.contains(&code))
}

async fn ready(ready: Ready, api: &Api, format: Format) -> Result<(), CliError> {
    let end = tokio::time::Instant::now() + WAIT_MAX;
    let rows = loop {
        let rows = asked_for(&ready.serials, api).await?;
        if !ready.wait || !rows.iter().any(is_passing) {
            break rows;
        }
        if tokio::time::Instant::now() > end {
            return Err(CliError::Words("gave up waiting for Apple after ten minutes".into()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let not_ready: Vec<Value> =
        rows.iter().filter(|row| row.get("ready") != Some(&Value::Bool(true))).cloned().collect();
    let all = match rows.len() {
        0 => NONE.to_owned(),
        count => format!("All {count} are ready."),
    };
    output::rows(format, &not_ready, &COLUMNS, &all);
    match not_ready.len() {
        0 => Ok(()),
        count => Err(CliError::Words(format!("{count} of {} are not ready", rows.len()))),
    }
}

async fn asked_for(serials: &[String], api: &Api) -> Result<Vec<Value>, CliError> {
    if serials.is_empty() {
        return api.all("muster/devices").await;
    }
    let mut rows = Vec::new();
    for serial in serials {
        rows.append(&mut api.all(&format!("muster/devices/{}", percent(serial))).await?);
    }
    Ok(rows)
}

async fn import(import: Import, api: &Api, format: Format) -> Result<(), CliError> {
    let token = tokens::find(api, &import.token).await?;
    let text = std::fs::read_to_string(&import.file).map_err(|e| CliError::file("read", &import.file, e))?;
    let identities: Vec<Value> = text.lines().filter(|line| !line.trim().is_empty()).map(identity).collect();
    let body = json!({
        "importedAppleDeviceIdentities": identities,
        "overwriteImportedDeviceIdentities": import.overwrite,
    });
    let path = format!(
        "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/importAppleDeviceIdentityList"
    );
    let answer = api.post(&path, &body).await?;
    let rows = answer.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
    let columns = [("serial", "serialNumber"), ("taken", "status"), ("description", "description")];
    output::rows(format, &rows, &columns, "The file has no line.");
    match rows.iter().any(|row| row.get("status") == Some(&Value::Bool(false))) {
        true => Err(CliError::Words("not every serial was taken".into())),
        false => Ok(()),
    }
}

fn identity(line: &str) -> Value {
    let (serial, description) = line.split_once([',', ';', '\t']).unwrap_or((line, ""));
    json!({ "serialNumber": serial.trim(), "description": description.trim() })
}

async fn assign(assign: Assign, api: &Api, format: Format) -> Result<(), CliError> {
    let mut serials = assign.serials;
    if let Some(path) = assign.file {
        let text = std::fs::read_to_string(&path).map_err(|e| CliError::file("read", &path, e))?;
        let first = |line: &str| line.split([',', ';', '\t']).next().unwrap_or_default().trim().to_owned();
        serials.extend(text.lines().map(first).filter(|s| !s.is_empty()));
    }
    assign_to(&assign.profile, &serials, api, format).await
}

/// Assigns a profile, by id or name, to serials.
pub(crate) async fn assign_to(
    profile: &str,
    serials: &[String],
    api: &Api,
    format: Format,
) -> Result<(), CliError> {
    let profile = profiles::find(api, profile).await?;
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

#[cfg(test)]
mod tests;
