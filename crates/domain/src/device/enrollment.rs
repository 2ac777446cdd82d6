//! What is wanted for a serial, and what became of it as a managed device (R4, R29, R56, R58, R59).

use std::collections::BTreeMap;

use crate::{ManagedDeviceId, Platform, ProfileId, Time};

use super::{Device, EnrollmentState, Presence};

/// What happened to the managed device of a serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrollmentEvent {
    /// It enrolled.
    Enrolled {
        /// As which managed device.
        managed_device: ManagedDeviceId,
        /// With which profile; it keeps it until it is wiped (R4).
        profile: ProfileId,
    },
    /// Its enrolment was refused or broke off.
    Failed,
    /// It left: wiped, checked out or deleted.
    Left,
    /// It was heard from.
    Contact,
}

impl Device {
    /// Whether it is shown and counts: not deleted here, and Apple lists it.
    pub fn is_live(&self) -> bool {
        self.presence == Presence::Present && self.deleted_at.is_none()
    }

    /// Its platform, as far as Apple's `device_family` tells.
    pub fn platform(&self) -> Option<Platform> {
        Platform::from_family(&self.apple.family)
    }

    /// Wants a profile for it, or with none the token's default again (R58). Answers whether anything changed.
    pub fn want(&mut self, profile: Option<ProfileId>, now: Time) -> bool {
        if self.wanted_profile == profile {
            return false;
        }
        self.wanted_at = profile.as_ref().map(|_| now);
        self.wanted_profile = profile;
        // What Apple made of another profile says nothing of this one; a throttle holds for the device.
        if !self.is_throttled(now) {
            self.assignment = super::Assignment::default();
        }
        self.settle_state();
        true
    }

    /// Whether Apple has throttled it until later than `now`.
    pub fn is_throttled(&self, now: Time) -> bool {
        self.assignment.outcome == Some(super::Outcome::Throttled) && self.assignment.retry_at > now
    }

    /// Deletes it here. While Apple still lists it, it stays hidden until a full sync shows it again (R56).
    pub fn delete(&mut self, now: Time) {
        self.deleted_at = Some(now);
    }

    /// Takes over what happened to its managed device.
    pub fn after(&mut self, event: EnrollmentEvent, now: Time) {
        match event {
            EnrollmentEvent::Enrolled { managed_device, profile } => {
                if self.wanted_profile.is_none() {
                    // From now on it keeps this profile, whatever the default becomes (intune.md 7, N20).
                    self.wanted_profile = Some(profile.clone());
                    self.wanted_at = Some(now);
                }
                self.enrollment.managed_device = Some(managed_device);
                self.enrollment.profile = Some(profile);
                self.enrollment.enrolled_at.get_or_insert(now);
                self.enrollment.last_contact = Some(now);
                self.settle_state();
            }
            EnrollmentEvent::Failed if self.enrollment.profile.is_none() => {
                self.enter(EnrollmentState::Failed);
            }
            EnrollmentEvent::Failed => {}
            EnrollmentEvent::Left => {
                self.enrollment.profile = None;
                self.enter(EnrollmentState::NotContacted);
            }
            EnrollmentEvent::Contact => self.enrollment.last_contact = Some(now),
        }
    }

    /// `enrolled` and `pendingReset` differ by whether another profile waits for the next wipe.
    fn settle_state(&mut self) {
        let Some(enrolled) = &self.enrollment.profile else { return };
        let waits = self.wanted_profile.as_ref().is_some_and(|wanted| wanted != enrolled);
        self.enter(if waits { EnrollmentState::PendingReset } else { EnrollmentState::Enrolled });
    }

    /// Only an administrator ends a block; nothing that a device does.
    fn enter(&mut self, state: EnrollmentState) {
        if self.enrollment.state != EnrollmentState::Blocked {
            self.enrollment.state = state;
        }
    }

    /// Until when the user may leave: a converted device, for 30 days (R44).
    pub fn provisional_until(&self, provisional: std::time::Duration) -> Option<Time> {
        self.converted_at.map(|at| at.plus(provisional))
    }
}

/// The profile that is wanted for a serial: the chosen one, else the token's default for its platform as long as it
/// has never enrolled (R59; intune.md 7). The store's statement for gaps says the same in SQL.
pub fn wanted_profile<'p>(
    device: &'p Device,
    defaults: &'p BTreeMap<Platform, ProfileId>,
) -> Option<&'p ProfileId> {
    let default = || {
        let never = device.enrollment.enrolled_at.is_none();
        device.platform().filter(|_| never).and_then(|platform| defaults.get(&platform))
    };
    device.wanted_profile.as_ref().or_else(default)
}
