//! What was hit, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use app::points::Point;
use serde_json::{Value, json};

use super::server::Obituary;
use crate::database::Engine;

/// The phases that kills must hit.
const PHASES: [&str; 4] = ["sync", "assign", "enrol", "command"];

/// Counts of a campaign, which can be kept in a file and gone on with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Kills on SQLite.
    pub sqlite: u64,
    /// Kills on PostgreSQL.
    pub postgres: u64,
    /// Kills at a random moment, of all.
    pub at_random: u64,
    /// Kills at each named point.
    pub points: BTreeMap<String, u64>,
    /// Kills in each phase, a kill while two were under way in both.
    pub phases: BTreeMap<String, u64>,
    /// How often each point was passed in all.
    pub passed: BTreeMap<String, u64>,
    /// What was found to be wrong.
    pub violations: Vec<String>,
}

impl Tally {
    /// Kills in all.
    #[must_use]
    pub const fn kills(&self) -> u64 {
        self.sqlite + self.postgres
    }

    /// Counts a kill.
    pub(super) fn count(&mut self, engine: Engine, point: Option<&str>, obituary: &Obituary) {
        match engine {
            Engine::Sqlite => self.sqlite += 1,
            Engine::Postgres => self.postgres += 1,
        }
        match point {
            Some(point) => *self.points.entry(point.to_owned()).or_default() += 1,
            None => self.at_random += 1,
        }
        let named = point.and_then(|point| point.split('.').next());
        let mut phases: Vec<&str> = obituary.phases.iter().map(String::as_str).chain(named).collect();
        phases.sort_unstable();
        phases.dedup();
        for phase in phases {
            *self.phases.entry(phase.to_owned()).or_default() += 1;
        }
        for (point, times) in &obituary.passed {
            *self.passed.entry(point.clone()).or_default() += times;
        }
    }

    /// Points and phases that no kill hit.
    #[must_use]
    pub fn missed(&self) -> Vec<&'static str> {
        let points = Point::ALL.iter().map(|point| point.as_str());
        let points = points.filter(|point| !self.points.contains_key(*point));
        points.chain(PHASES.into_iter().filter(|phase| !self.phases.contains_key(*phase))).collect()
    }

    /// Reads it from a file; a fresh one when there is none.
    ///
    /// # Panics
    /// When the file is another's.
    #[must_use]
    pub fn read(path: &Path) -> Tally {
        let Ok(bytes) = std::fs::read(path) else { return Tally::default() };
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let number = |key: &str| value[key].as_u64().unwrap();
        let counts = |key: &str| {
            let entries = value[key].as_object().unwrap().iter();
            entries.map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect()
        };
        let violations = value["violations"].as_array().unwrap().iter();
        Tally {
            sqlite: number("sqlite"),
            postgres: number("postgres"),
            at_random: number("atRandom"),
            points: counts("points"),
            phases: counts("phases"),
            passed: counts("passed"),
            violations: violations.map(|words| words.as_str().unwrap().to_owned()).collect(),
        }
    }

    /// Writes it to a file, whole or not at all.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &Path) {
        let value = json!({
            "sqlite": self.sqlite,
            "postgres": self.postgres,
            "atRandom": self.at_random,
            "points": self.points,
            "phases": self.phases,
            "passed": self.passed,
            "violations": self.violations,
        });
        let half = path.with_extension("half");
        std::fs::write(&half, format!("{value:#}\n")).unwrap();
        std::fs::rename(&half, path).unwrap();
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills: {} on SQLite, {} on PostgreSQL; {} at random, {} at named points; {} violations",
            self.kills(),
            self.sqlite,
            self.postgres,
            self.at_random,
            self.kills() - self.at_random,
            self.violations.len(),
        )?;
        writeln!(f, "{:<30} {:>6} {:>9}", "point", "kills", "passings")?;
        for point in Point::ALL.iter().map(|point| point.as_str()) {
            let of = |counts: &BTreeMap<String, u64>| counts.get(point).copied().unwrap_or(0);
            writeln!(f, "{point:<30} {:>6} {:>9}", of(&self.points), of(&self.passed))?;
        }
        writeln!(f, "{:<30} {:>6}", "phase", "kills")?;
        for phase in PHASES {
            writeln!(f, "{phase:<30} {:>6}", self.phases.get(phase).copied().unwrap_or(0))?;
        }
        for words in &self.violations {
            writeln!(f, "VIOLATION {words}")?;
        }
        Ok(())
    }
}
