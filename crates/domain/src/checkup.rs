//! What an operator is told of a server's health (`muster doctor`): facts that somebody else has gathered, judged.
//!
//! Each rule answers one [`Finding`]: what was found, and in trouble what to do about it.

use std::time::Duration;

mod certificate;
mod clock;
mod database;
mod place;
#[cfg(test)]
mod tests;
mod token;

pub use certificate::{Push, PushAnswer, ServerCertificate, push, push_service, server_certificate};
pub use clock::{ClockSource, clock};
pub use database::{Durability, Schema, connections, durability, log_size, schema};
pub use place::{Disk, disk, secret_file};
pub use token::{Answered, TokenFacts, token};

use crate::time::DAY;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and will not for long, or not in all cases.
    Warning,
    /// It does not work.
    Problem,
}

impl Verdict {
    /// As scripts read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        }
    }
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for scripts: an area and a thing, such as `database.keys`.
    pub check: &'static str,
    /// Whose, for what belongs to a tenant.
    pub tenant: Option<String>,
    /// How bad.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, tenant: None, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    /// It will not be well for long.
    pub fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        let (verdict, advice) = (Verdict::Warning, Some(advice.into()));
        Self { check, tenant: None, verdict, found: found.into(), advice }
    }

    /// It is not well.
    pub fn problem(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, ..Self::warning(check, found, advice) }
    }

    /// The same, of a tenant.
    #[must_use]
    pub fn of(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }
}

/// The worst of them.
pub fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
}

/// A span as people say it, in its largest unit, rounded down.
pub(crate) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(DAY.as_secs(), "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fits = units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1, "second"));
    let count = seconds.checked_div(fits.0).unwrap_or(seconds);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", fits.1)
}

/// Bytes as people say them.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        None => format!("{bytes} bytes"),
        Some((unit, name)) => {
            let tenths = bytes.saturating_mul(10).checked_div(unit).unwrap_or(0);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
    }
}
