//! What became of each device, by its own screen and by the server, and what to try next.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::act::{Stage, text};
use super::fleet::{Actor, Company, Screen, words};
use crate::error::CliError;
use crate::output;
use crate::output::say;

/// Longest table; of larger fleets the first of each kind are shown.
const ROWS_MAX: usize = 60;

/// Shows the table. Whether every device that should enrol did, and no other.
pub(super) async fn show(
    stage: &Stage,
    company: &Company,
    screens: &BTreeMap<String, Screen>,
) -> Result<bool, CliError> {
    let managed = stage.api.all("deviceManagement/managedDevices").await?;
    let managed: BTreeMap<String, &Value> =
        managed.iter().map(|row| (text(row, "serialNumber"), row)).collect();
    let headings = ["MODEL", "SERIAL", "PROFILE", "NAME", "STAGE", "SECONDS", ""];
    let mut table = output::table(headings.map(str::to_owned));
    let mut wrong = Vec::new();
    let nothing = Screen::default();
    for (at, actor) in company.actors.iter().enumerate() {
        let screen = screens.get(&actor.bought.serial).unwrap_or(&nothing);
        let verdict = judge(actor, screen, managed.get(&actor.bought.serial).copied());
        if at < ROWS_MAX || verdict.is_err() || !actor.ready {
            let profile = managed.get(&actor.bought.serial).map(|row| text(row, "enrollmentProfileName"));
            table.add_row(row(
                actor,
                screen,
                &profile.unwrap_or_default(),
                verdict.as_ref().copied().unwrap_or("WRONG"),
            ));
        }
        if let Err(words) = verdict {
            wrong.push(format!("{} {}: {words}", actor.bought.serial, actor.bought.model));
        }
    }
    say!("{}", table.trim_fmt());
    if company.actors.len() > ROWS_MAX {
        say!("({} more like these)", company.actors.len() - ROWS_MAX);
    }
    let should = company.actors.iter().filter(|actor| actor.ready).count();
    let others = company.actors.len() - should;
    match wrong.is_empty() {
        true => stage.act(&format!(
            "All {should} devices that should enrol did, with the right profile and name; the {others} that should not did not"
        )),
        false => stage.act(&format!("{} devices did not do what they should", wrong.len())),
    }
    for words in &wrong {
        stage.note(words);
    }
    Ok(wrong.is_empty())
}

fn row(actor: &Actor, screen: &Screen, profile: &str, verdict: &str) -> [String; 7] {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    [
        actor.bought.model.to_owned(),
        actor.bought.serial.clone(),
        or_dash(profile),
        or_dash(&screen.name),
        words(&screen.stage).to_owned(),
        or_dash(&screen.seconds),
        verdict.to_owned(),
    ]
}

/// Whether the device did what was expected, by its own account and the server's.
fn judge(actor: &Actor, screen: &Screen, managed: Option<&Value>) -> Result<&'static str, String> {
    if !actor.ready {
        return match managed {
            None if screen.profile.is_empty() => Ok("set up without management, as expected"),
            None => Err("it shows a management profile that the server does not know of".into()),
            Some(_) => Err("it enrolled, and should not have".into()),
        };
    }
    let managed =
        managed.ok_or_else(|| format!("it did not enrol: {} {}", words(&screen.stage), screen.why))?;
    if screen.stage != "home" {
        return Err(format!("it enrolled, but is still {} {}", words(&screen.stage), screen.why));
    }
    let name = text(managed, "deviceName");
    if name != actor.expected_name || screen.name != actor.expected_name {
        let shown = &screen.name;
        return Err(format!(
            "it should be called {:?}; the server says {name:?}, the device {shown:?}",
            actor.expected_name
        ));
    }
    let profile = text(managed, "enrollmentProfileName");
    if profile != actor.profile {
        return Err(format!("it should have {:?}; the server says {profile:?}", actor.profile));
    }
    Ok("enrolled")
}

/// What a visitor can do now, or could on a terminal.
pub(super) fn try_next(company: &Company, folder: &Path, bootstrap: &Path, stays: bool) {
    if !stays {
        say!(
            "\nTry next: `muster demo` on a terminal, where it keeps running with devices still in their boxes,"
        );
        say!(
            "or a rehearsal of your own: `muster practice serve`, then `muster serve --practice practice/practice.json`."
        );
        return;
    }
    let serial = company.later.first().map_or("SERIAL", |bought| bought.serial.as_str());
    let enrolled = company.actors.first().map_or("SERIAL", |actor| actor.bought.serial.as_str());
    say!("\nStill in their boxes:");
    for bought in &company.later {
        say!("  {}  {}", bought.serial, bought.model);
    }
    say!("\nTry next, from another terminal:");
    say!(
        "  export MUSTER_LOGIN={} MUSTER_PRACTICE={}",
        bootstrap.display(),
        folder.join("practice.json").display()
    );
    for line in [
        format!("muster devices show {serial}"),
        format!("muster practice device boot {serial} --watch"),
        "muster managed-devices list".to_owned(),
        format!("muster managed-devices commands {enrolled}"),
        format!("muster managed-devices wipe {enrolled} --yes"),
        "muster alerts".to_owned(),
    ] {
        say!("  {line}");
    }
    say!("\nEverything keeps running until Ctrl-C.");
}
