//! What the operating system knows of this process, under the names that Prometheus' own libraries use.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{counter, gauge};

/// Ticks of a second in `/proc`: Linux tells user programs 100 on every processor.
const TICKS: u64 = 100;

/// Tells what can be found out; where there is no `/proc`, little.
pub(super) fn tell() {
    static BEGUN: OnceLock<f64> = OnceLock::new();
    if let Some(bytes) = resident() {
        gauge!("process_resident_memory_bytes").set(super::count(bytes));
    }
    if let Some(ticks) = ticks() {
        counter!("process_cpu_seconds_total").absolute(ticks / TICKS);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(super::count(open.count().try_into().unwrap_or(u64::MAX)));
    }
    gauge!("process_start_time_seconds").set(*BEGUN.get_or_init(begun));
}

/// When this process began: now, less what it has been up.
fn begun() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let uptime = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let since_boot = stat(19).map(|ticks| super::count(ticks) / super::count(TICKS));
    match (uptime, since_boot) {
        (Some(uptime), Some(since_boot)) => now - (uptime - since_boot),
        _ => now,
    }
}

/// User and system time.
fn ticks() -> Option<u64> {
    Some(stat(11)?.saturating_add(stat(12)?))
}

/// A field of `/proc/self/stat`, counted from the state, which follows the name in brackets.
fn stat(field: usize) -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(field)?.parse().ok()
}

fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
