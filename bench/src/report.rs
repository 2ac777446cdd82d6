//! What is told: a line as each work ends, and the tables of the page.

use std::path::Path;

use crate::Result;
use crate::database::Engine;
use crate::work::{Measured, Work};

/// Where the tables stand in the page.
const BEGIN: &str =
    "<!-- bench: from here to the end mark the page is written by `make bench ARGS=--write` -->";
const END: &str = "<!-- bench: end -->";

/// One work on one engine.
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) engine: Engine,
    pub(crate) measured: Vec<Measured>,
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report {
    engines: Vec<String>,
    rows: Vec<Row>,
}

impl Row {
    /// The run in the middle, by rate.
    fn median(&self) -> Option<&Measured> {
        let mut runs: Vec<&Measured> = self.measured.iter().collect();
        runs.sort_by(|a, b| a.value.total_cmp(&b.value));
        runs.get(runs.len() / 2).copied()
    }
}

impl Report {
    /// Notes how an engine keeps what is committed.
    pub(crate) fn engine(&mut self, words: String) {
        println!("{words}");
        self.engines.push(words);
    }

    /// Takes a work, and tells it.
    pub(crate) fn add(&mut self, row: Row) {
        if let Some(median) = row.median() {
            let runs: Vec<String> = row.measured.iter().map(|run| figure(run.value)).collect();
            println!(
                "{:<10} {:<52} {:>8} {:<2} cpu {:>6.1} us  p50 {:>6} ms  p99 {:>6} ms  runs {}  {}",
                row.engine.as_str(),
                row.work.title(),
                figure(median.value),
                row.work.unit(),
                median.cpu_us,
                latency(median.p50_ms),
                latency(median.p99_ms),
                runs.join(" "),
                median.note,
            );
        }
        self.rows.push(row);
    }

    /// Writes the tables between the marks of a page.
    pub(crate) fn write(&self, page: &Path) -> Result<()> {
        let text = std::fs::read_to_string(page)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("the page has no begin mark")?;
        let (_, after) = rest.split_once(END).ok_or("the page has no end mark")?;
        Ok(std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.tables()))?)
    }

    fn tables(&self) -> String {
        let mut text = String::new();
        for words in &self.engines {
            text.push_str(&format!("- {words}\n"));
        }
        text.push_str("\n| work | engine | median | each run | CPU of the server, µs an item | p50 ms | p99 ms | |\n|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            if let Some(m) = row.median() {
                let runs: Vec<String> = row.measured.iter().map(|run| figure(run.value)).collect();
                text.push_str(&format!(
                    "| {} | {} | {} {} | {} | {:.1} | {} | {} | {} |\n",
                    row.work.title(),
                    row.engine.as_str(),
                    figure(m.value),
                    row.work.unit(),
                    runs.join(", "),
                    m.cpu_us,
                    latency(m.p50_ms),
                    latency(m.p99_ms),
                    m.note
                ));
            }
        }
        text
    }
}

/// Three digits of small figures, none behind the point of large ones.
fn figure(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn latency(milliseconds: Option<f64>) -> String {
    milliseconds.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}"))
}
