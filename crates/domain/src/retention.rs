//! How long history is kept. Nothing here is needed to go on: it is for people who look back.

use crate::{Limits, Time, device_code, invitation, refresh_token, session};

/// What happened before these times may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Commands that ended.
    pub commands: Time,
    /// Sync runs that ended.
    pub sync_runs: Time,
    /// Devices that went from a token's list at Apple (N26).
    pub gone_devices: Time,
    /// SCEP challenges whose time is over: at once, since nobody looks back at them.
    pub challenges: Time,
    /// What lets people and programs in, when its time is over.
    pub sign_ins: SignIns,
}

/// The same for each kind of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIns {
    /// Assertions that end before.
    pub assertions: Time,
    /// Sessions that began before.
    pub sessions_began: Time,
    /// Sessions without a visit since.
    pub sessions_seen: Time,
    /// Links that were made before.
    pub invitations: Time,
    /// Codes of programs that were made before.
    pub device_codes: Time,
    /// Tokens that were made before.
    pub refresh_tokens: Time,
    /// Tokens whose family began before.
    pub refresh_families: Time,
}

/// The times, now.
#[must_use]
pub fn cutoffs(limits: &Limits, now: Time) -> Cutoffs {
    Cutoffs {
        commands: now.minus(limits.commands_kept),
        sync_runs: now.minus(limits.sync_runs_kept),
        gone_devices: now.minus(limits.released_kept),
        challenges: now,
        sign_ins: SignIns {
            assertions: now,
            sessions_began: now.minus(limits.session),
            sessions_seen: now.minus(limits.session_idle.max(session::HALFWAY_LIFE)),
            invitations: now.minus(invitation::LIFE),
            device_codes: now.minus(device_code::LIFE),
            refresh_tokens: now.minus(refresh_token::LIFE),
            refresh_families: now.minus(refresh_token::FAMILY_LIFE),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_kind_is_kept_for_as_long_as_its_own_limit_says() {
        let day = |n: u64| Duration::from_secs(n * 24 * 60 * 60);
        let limits = Limits {
            commands_kept: day(1),
            sync_runs_kept: day(2),
            released_kept: day(3),
            ..Limits::default()
        };
        let now = Time::from_unix(1_778_293_800);
        let before = cutoffs(&limits, now);
        let ages = [before.commands, before.sync_runs, before.gone_devices].map(|time| now.since(time));
        assert_eq!(ages, [day(1), day(2), day(3)]);
        assert_eq!((before.challenges, before.sign_ins.assertions), (now, now));
        assert_eq!(now.since(before.sign_ins.sessions_began), limits.session);
    }
}
