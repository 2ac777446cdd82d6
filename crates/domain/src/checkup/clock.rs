//! This machine's clock against those of others.

use std::time::Duration;

use super::{Finding, span};
use crate::Time;

/// Further apart, something is wrong with the time service here. A `Date` has whole seconds, and takes a moment to come.
const WARN: Duration = Duration::from_secs(30);
/// Further apart, Apple refuses every signature.
const REFUSED: Duration = Duration::from_secs(5 * 60);

/// Somebody who told the time.
#[derive(Debug, Clone)]
pub struct ClockSource {
    /// Who.
    pub host: String,
    /// What it said.
    pub theirs: Time,
    /// What the clock here said when that arrived.
    pub ours: Time,
}

/// How far this clock is off. One source alone may itself be wrong, so the one nearest to us counts.
pub fn clock(sources: &[ClockSource]) -> Finding {
    const CHECK: &str = "clock.offset";
    let off = |source: &ClockSource| source.theirs.since(source.ours).max(source.ours.since(source.theirs));
    let Some(nearest) = sources.iter().min_by_key(|source| off(source)) else {
        let advice =
            "compare with `date -u` elsewhere; Apple's servers are asked when database and network allow it";
        return Finding::warning(CHECK, "no server could be asked for the time", advice);
    };
    let away = off(nearest);
    let direction = if nearest.ours > nearest.theirs { "ahead of" } else { "behind" };
    let found = format!("the clock here is {} {direction} that of {}", span(away), nearest.host);
    let advice = "set the clock and let a time service keep it (timedatectl set-ntp true): Apple refuses signatures that are minutes off, and certificates are issued by this clock";
    match away {
        away if away >= REFUSED => Finding::problem(CHECK, found, advice),
        away if away >= WARN => Finding::warning(CHECK, found, advice),
        _ => Finding::ok(CHECK, format!("within {} of {}", span(WARN), nearest.host)),
    }
}
