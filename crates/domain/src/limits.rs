//! Limits. Every one is a setting; the defaults are the requirements'.

use std::time::Duration;

use crate::time::DAY;

/// Limits of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Tokens a tenant (R16).
    pub tokens: usize,
    /// Profiles a token (R14; 1,000 by section 7).
    pub profiles_per_token: usize,
    /// Timed sync (R57).
    pub sync_every: Duration,
    /// Between manual syncs (R57).
    pub manual_sync_every: Duration,
    /// Between full syncs (R55).
    pub full_sync_every: Duration,
    /// A sync run must finish within (R57).
    pub sync_run: Duration,
    /// Devices a run, before it stores its cursor and ends (R17).
    pub sync_batch: u32,
    /// Devices a page asked of Apple (apple.md 1.4: at most 1,000).
    pub sync_page: u32,
    /// An answer of Apple's enrolment service must be whole within: a call that lasts longer may be lost.
    pub apple_answer: Duration,
    /// Serials a call to Apple (apple.md 1.4).
    pub assign_batch: usize,
    /// Wait after a failed assignment, doubled each time up to `assign_retry_max`.
    pub assign_retry: Duration,
    /// Longest such wait.
    pub assign_retry_max: Duration,
    /// Wait for a throttled device when Apple does not say (apple.md 1.6: about a day).
    pub throttle_wait: Duration,
    /// A token is `expiring` so long before its end.
    pub token_warning: Duration,
    /// Rejections in a row before a token counts as rejected (apple.md 7, trap 14).
    pub rejections_before_alarm: u32,
    /// The push certificate is expiring so long before its end.
    pub push_certificate_warning: Duration,
    /// Life of a SCEP challenge (N29: a 15-minute window).
    pub challenge: Duration,
    /// Life of a device identity.
    pub identity: Duration,
    /// Renew a device identity so long before its end.
    pub identity_renewal: Duration,
    /// Longest time in Setup Assistant before the device is released.
    pub setup: Duration,
    /// Limit of one step of setup.
    pub setup_step: Duration,
    /// `DeviceConfigured` is queued again when it stayed unanswered so long.
    pub release_retry: Duration,
    /// A pending command is given up after.
    pub command: Duration,
    /// Wake a device with pending commands again after, doubled each time up to a day.
    pub push_retry: Duration,
    /// Pending commands a device.
    pub commands_per_device: usize,
    /// Converted devices may be left by their users for so long (R44).
    pub provisional: Duration,
    /// Devices gone at Apple are kept, as released, for so long (N26).
    pub released_kept: Duration,
    /// Ended commands are kept for so long: a quarter, which people look back on.
    pub commands_kept: Duration,
    /// Ended sync runs are kept for so long.
    pub sync_runs_kept: Duration,
    /// An administrator has to sign in again after.
    pub session: Duration,
    /// The same without a visit: a browser that somebody left open.
    pub session_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let hours = |n: u64| Duration::from_secs(n * 60 * 60);
        Self {
            tokens: 2_000,
            profiles_per_token: 1_000,
            sync_every: hours(12),
            manual_sync_every: minutes(15),
            full_sync_every: 7 * DAY,
            sync_run: minutes(15),
            sync_batch: 80_000,
            sync_page: 1_000,
            apple_answer: minutes(1),
            assign_batch: 1_000,
            assign_retry: minutes(5),
            assign_retry_max: hours(24),
            throttle_wait: hours(24),
            token_warning: 30 * DAY,
            rejections_before_alarm: 3,
            push_certificate_warning: 30 * DAY,
            challenge: minutes(15),
            identity: 365 * DAY,
            identity_renewal: 60 * DAY,
            setup: minutes(30),
            setup_step: minutes(5),
            release_retry: minutes(1),
            command: 7 * DAY,
            push_retry: minutes(1),
            commands_per_device: 200,
            provisional: 30 * DAY,
            released_kept: 30 * DAY,
            commands_kept: 90 * DAY,
            sync_runs_kept: 90 * DAY,
            session: hours(12),
            session_idle: minutes(60),
        }
    }
}
