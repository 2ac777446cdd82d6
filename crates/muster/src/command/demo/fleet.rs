//! The fleet: who is ready, and what each device's screen shows once it is switched on.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::act::{LOOK_EVERY, Stage, items, text};
use super::profiles::Made;
use super::tokens::{Bought, Connected};
use crate::command::devices::is_passing;
use crate::error::CliError;
use crate::output;
use crate::output::say;

/// For Apple to have taken every assignment.
const READY_PATIENCE: Duration = Duration::from_secs(60);
/// For a fleet to come home, plus [`PATIENCE_PER_DEVICE`] for each device.
const HOME_PATIENCE: Duration = Duration::from_secs(120);
const PATIENCE_PER_DEVICE: Duration = Duration::from_millis(500);
/// Devices shown while they are on their way: a small terminal holds them.
const ROWS_LIVE: usize = 14;
/// How often progress is told where nobody can repaint.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// A device of the first day, and what is expected of it.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) bought: Bought,
    /// The server says that it is ready.
    pub(super) ready: bool,
    /// Why it is not, in the server's words.
    pub(super) why: String,
    /// The profile it should enrol with.
    pub(super) profile: String,
    /// The name it should take.
    pub(super) expected_name: String,
}

/// Everybody.
pub(super) struct Company {
    /// To be switched on today.
    pub(super) actors: Vec<Actor>,
    /// In their boxes, for the visitor.
    pub(super) later: Vec<Bought>,
}

/// What a virtual device's screen shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen {
    pub(super) serial: String,
    pub(super) stage: String,
    pub(super) why: String,
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) seconds: String,
}

impl Company {
    /// Waits until Apple has taken the assignments, then asks the server about every serial.
    pub(super) async fn gather(stage: &Stage, orgs: &[Connected], made: &[Made]) -> Result<Self, CliError> {
        let rows =
            stage.until("Apple did not take every assignment", READY_PATIENCE, async || settled(stage).await);
        let rows = rows.await?;
        let by_serial: BTreeMap<String, &Value> =
            rows.iter().map(|row| (text(row, "serialNumber"), row)).collect();
        let mut actors = Vec::new();
        for bought in orgs.iter().flat_map(|org| org.first_day.iter().chain(&org.elsewhere)) {
            actors.push(match by_serial.get(&bought.serial) {
                Some(row) => Actor::of(bought, row, made),
                None => Actor::unknown(bought, words_on_unknown(stage, &bought.serial).await),
            });
        }
        Ok(Self { actors, later: orgs.iter().flat_map(|org| org.later.clone()).collect() })
    }

    /// Says how many are ready, and of each of the others why not.
    pub(super) fn say_who_is_ready(&self, stage: &Stage) {
        let ready = self.actors.iter().filter(|actor| actor.ready).count();
        stage.act(&format!("Ready to unbox: {ready} of {}", self.actors.len()));
        for actor in self.actors.iter().filter(|actor| !actor.ready) {
            stage.note(&format!("{} {}: not ready. {}", actor.bought.serial, actor.bought.model, actor.why));
        }
    }
}

impl Actor {
    fn of(bought: &Bought, row: &Value, made: &[Made]) -> Self {
        let profile = text(row, "requestedProfileName");
        let template = made.iter().find(|made| made.name == profile).map(|made| made.template.as_str());
        let reasons = items(row, "reasons");
        let said: Vec<_> = reasons
            .iter()
            .map(|reason| format!("{}; {}", text(reason, "words"), text(reason, "action")))
            .collect();
        Self {
            bought: bought.clone(),
            ready: row.get("ready") == Some(&Value::Bool(true)),
            why: said.join(". "),
            expected_name: rendered(template.unwrap_or_default(), bought),
            profile,
        }
    }

    fn unknown(bought: &Bought, why: String) -> Self {
        Self {
            bought: bought.clone(),
            ready: false,
            why,
            profile: String::new(),
            expected_name: String::new(),
        }
    }
}

/// A name template as R49 describes it, worked out by hand here so that the server is checked against it.
fn rendered(template: &str, bought: &Bought) -> String {
    let kind = match bought.family {
        "AppleTV" => "Apple TV",
        "Vision" => "Apple Vision",
        family => family,
    };
    template.replace("{{DEVICETYPE}}", kind).replace("{{SERIAL}}", &bought.serial)
}

/// Every row of the readiness list, once nothing in it will pass by itself.
async fn settled(stage: &Stage) -> Result<Option<Vec<Value>>, CliError> {
    let rows = stage.api.all("muster/devices").await?;
    Ok((!rows.is_empty() && !rows.iter().any(is_passing)).then_some(rows))
}

async fn words_on_unknown(stage: &Stage, serial: &str) -> String {
    match stage.api.get(&format!("muster/devices/{serial}")).await {
        Err(CliError::Refused { words, .. }) => words,
        Err(error) => error.to_string(),
        Ok(_) => "no token lists it".into(),
    }
}

impl Screen {
    fn of(row: &Value) -> Self {
        Self {
            serial: text(row, "serial"),
            stage: text(row, "stage"),
            why: text(row, "why"),
            name: text(row, "name"),
            profile: text(row, "profile"),
            seconds: text(row, "seconds"),
        }
    }

    /// Whether the person at the device sees a screen that stays.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.stage.as_str(), "home" | "failed")
    }
}

/// The screens of every device that was ever switched on.
pub(super) async fn screens(stage: &Stage) -> Result<BTreeMap<String, Screen>, CliError> {
    let rows = stage.portal.get("devices").await?;
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    Ok(rows.iter().map(Screen::of).map(|screen| (screen.serial.clone(), screen)).collect())
}

/// Switches a device on.
pub(super) async fn unbox(stage: &Stage, serial: &str) -> Result<(), CliError> {
    stage.portal.post(&format!("devices/{serial}/unbox"), &json!({})).await.map(drop)
}

/// Switches the company on, ready or not, and shows it until every device stands still. What each screen shows then.
pub(super) async fn boot(stage: &Stage, company: &Company) -> Result<BTreeMap<String, Screen>, CliError> {
    stage.act(&format!("Switched on: {} devices, ready or not", company.actors.len()));
    for actor in &company.actors {
        unbox(stage, &actor.bought.serial).await?;
    }
    let count = u32::try_from(company.actors.len()).unwrap_or(u32::MAX);
    let end = Instant::now() + HOME_PATIENCE + PATIENCE_PER_DEVICE * count;
    let mut live = Live::new(company.actors.len());
    loop {
        let screens = screens(stage).await?;
        let still = company
            .actors
            .iter()
            .all(|actor| screens.get(&actor.bought.serial).is_some_and(Screen::is_settled));
        live.paint(company, &screens);
        if still || Instant::now() > end {
            live.end();
            return Ok(screens);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Progress, repainted on a terminal and told line by line elsewhere.
struct Live {
    bars: Option<(MultiProgress, ProgressBar, Vec<ProgressBar>)>,
    last: String,
    told_at: Instant,
}

impl Live {
    fn new(devices: usize) -> Self {
        let bars = output::on_a_terminal().then(|| painted(devices)).flatten();
        Self { bars, last: String::new(), told_at: Instant::now() }
    }

    fn paint(&mut self, company: &Company, screens: &BTreeMap<String, Screen>) {
        let counts = counts(company, screens);
        let Some((_, total, rows)) = &self.bars else {
            let due = self.told_at.elapsed() >= TELL_EVERY || self.last.is_empty();
            if counts != self.last && due {
                say!("    {counts}");
                self.last = counts;
                self.told_at = Instant::now();
            }
            return;
        };
        let settled = screens.values().filter(|screen| screen.is_settled()).count();
        total.set_position(u64::try_from(settled).unwrap_or(u64::MAX));
        total.set_message(counts);
        let moving = company.actors.iter().filter_map(|actor| {
            let screen = screens.get(&actor.bought.serial)?;
            (!screen.is_settled()).then(|| line(&actor.bought, screen))
        });
        let mut moving = moving.chain(std::iter::repeat(String::new()));
        for row in rows {
            row.set_message(moving.next().unwrap_or_default());
        }
    }

    fn end(self) {
        if let Some((all, ..)) = self.bars {
            // What was painted goes; the summary says it all.
            let _ = all.clear();
        }
    }
}

fn painted(devices: usize) -> Option<(MultiProgress, ProgressBar, Vec<ProgressBar>)> {
    let all = MultiProgress::new();
    let total = ProgressStyle::with_template("    [{bar:30}] {pos}/{len}  {wide_msg}").ok()?;
    let row = ProgressStyle::with_template("      {wide_msg}").ok()?;
    let bar = all.add(ProgressBar::new(u64::try_from(devices).unwrap_or(u64::MAX)).with_style(total));
    let rows =
        (0..devices.min(ROWS_LIVE)).map(|_| all.add(ProgressBar::new(1).with_style(row.clone()))).collect();
    Some((all, bar, rows))
}

fn line(bought: &Bought, screen: &Screen) -> String {
    format!("{:12} {:30} {}", bought.serial, bought.model, words(&screen.stage))
}

/// How many devices are at which stage, in the order of the way.
fn counts(company: &Company, screens: &BTreeMap<String, Screen>) -> String {
    let mut counts: Vec<(&str, usize)> = STAGES.iter().map(|(stage, _)| (*stage, 0)).collect();
    for actor in &company.actors {
        let stage = screens.get(&actor.bought.serial).map_or("boxed", |screen| screen.stage.as_str());
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == stage) {
            *count += 1;
        }
    }
    let said: Vec<_> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(stage, count)| format!("{count} {}", words(stage)))
        .collect();
    said.join(", ")
}

/// Stages of a virtual device, in words.
const STAGES: [(&str, &str); 7] = [
    ("boxed", "in the box"),
    ("activating", "activating"),
    ("remoteManagement", "at Remote Management"),
    ("enrolling", "enrolling"),
    ("awaitingConfiguration", "being configured"),
    ("home", "at the home screen"),
    ("failed", "failed"),
];

/// A stage in words; one that is not known as it is.
pub(super) fn words(stage: &str) -> &str {
    STAGES.iter().find(|(known, _)| *known == stage).map_or(stage, |(_, words)| words)
}
