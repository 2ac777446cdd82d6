//! `[limits]`: what the server's work is bounded by, in the words of an operator. The defaults are [`Limits::default`].

use app::open::Limits;
use toml::Table;

use super::bound::{DAY, Field, HOUR, Limit, MINUTE, SECOND, Section, bounds};
use crate::error::CliError;

bounds! {
    LIMITS of Limits;
    tokens 1, 100_000, "Tokens of a tenant", "R16";
    profiles_per_token 1, 10_000, "Profiles of a token", "R14";
    sync_every MINUTE, 6 * DAY, "Between timed syncs; Apple's cursor lives for seven days", "R57";
    manual_sync_every MINUTE, DAY, "Between syncs that somebody asks for", "R57";
    full_sync_every HOUR, 30 * DAY, "Between full syncs", "R55";
    sync_run MINUTE, 6 * HOUR, "A sync run must finish within", "R57";
    sync_batch 1_000, 10_000_000, "Devices of a run, before it stores its cursor and ends", "R17";
    sync_page 1, 1_000, "Devices of a page asked of Apple, who gives no more than 1000", "Apple's service";
    apple_answer SECOND, MINUTE, "An answer of Apple's enrolment service must be whole within", "our choice";
    assign_batch 1, 1_000, "Serial numbers of a call to Apple, who takes no more than 1000", "Apple's service";
    assign_retry 10 * SECOND, DAY, "Wait after a failed assignment, doubled each time", "our choice";
    assign_retry_max MINUTE, 7 * DAY, "Longest such wait", "our choice";
    throttle_wait MINUTE, 7 * DAY, "Wait for a throttled device when Apple names no time", "Apple's service";
    token_warning DAY, 180 * DAY, "A token is expiring so long before its end", "R27";
    rejections_before_alarm 1, 100, "Rejections in a row before a token counts as rejected", "our choice";
    push_certificate_warning DAY, 180 * DAY, "The push certificate is expiring so long before its end", "L29";
    challenge MINUTE, DAY, "Life of a SCEP challenge", "N29";
    identity DAY, 3_650 * DAY, "Life of a device's identity, in whole days", "our choice";
    identity_renewal HOUR, 3_649 * DAY, "A device's identity is renewed so long before its end", "our choice";
    setup MINUTE, DAY, "Longest time in Setup Assistant before a device is released", "N11";
    setup_step 10 * SECOND, DAY, "Limit of one step of it", "N11";
    release_retry 10 * SECOND, 15 * MINUTE, "Wait before an unanswered release is queued again", "our choice";
    command HOUR, 90 * DAY, "A pending command is given up after", "our choice";
    push_retry 10 * SECOND, DAY, "Wait before a device is woken again, doubled up to a day", "our choice";
    commands_per_device 10, 10_000, "Pending commands of a device", "our choice";
    provisional DAY, 365 * DAY, "Users of converted devices may leave for so long", "R44";
    released_kept DAY, 365 * DAY, "Devices that are gone at Apple are kept for so long", "N26";
    commands_kept DAY, 3_650 * DAY, "Commands that ended are kept for so long", "our choice";
    sync_runs_kept DAY, 3_650 * DAY, "Sync runs that ended are kept for so long", "our choice";
    session 5 * MINUTE, 30 * DAY, "An administrator has to sign in again after", "our choice";
    session_idle MINUTE, 30 * DAY, "The same without a visit", "our choice";
}

static SECTION: Section<Limits> = Section {
    name: "limits",
    about: "# Limits. A time is a number with s, m, h or d (seconds, minutes, hours, days). In brackets: what may be set, and the\n\
            # requirement behind it, or else whose choice it is.",
    limits: LIMITS,
};

/// The defaults, and over them what the file says.
pub(super) fn read(table: &Table) -> Result<Limits, CliError> {
    let limits = SECTION.read(table)?;
    together(&limits)?;
    Ok(limits)
}

/// What one limit says of another.
fn together(limits: &Limits) -> Result<(), CliError> {
    let whole_days = limits.identity.as_secs().checked_rem(DAY) == Some(0);
    let rules = [
        (whole_days, "identity is in whole days, such as \"365d\": certificates are issued for days"),
        (
            limits.identity_renewal < limits.identity,
            "identity_renewal must be shorter than identity: a new identity would be renewed at once",
        ),
        (
            limits.setup_step <= limits.setup,
            "setup_step must not be longer than setup, of which it is a part",
        ),
        (
            limits.assign_retry <= limits.assign_retry_max,
            "assign_retry must not be longer than assign_retry_max, up to which it is doubled",
        ),
        (
            limits.session_idle <= limits.session,
            "session_idle must not be longer than session, which ends it anyway",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, words)) => Err(CliError::Words(format!("[limits]: {words}"))),
    }
}

/// Those that are not as they come: the name, what it is, and the default.
pub(crate) fn changed(limits: &Limits) -> Vec<(&'static str, String, String)> {
    SECTION.changed(limits)
}

/// The table of the example file.
pub(super) fn example() -> String {
    SECTION.example()
}

#[cfg(test)]
mod tests;
