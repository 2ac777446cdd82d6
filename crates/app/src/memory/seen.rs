//! When devices were last heard from, until it is written down.

use std::collections::HashMap;
use std::time::Duration;

use domain::{ManagedDeviceId, TenantId, Time};

/// Between two writings of one device. The first contact after a silence is written within a second; a device that
/// talks all the time would otherwise be written as often, and its row is a hundred times larger than what is new in it.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

/// A contact that was noted: of whom, and when.
pub(crate) type Contact = (TenantId, ManagedDeviceId, Time);

/// See the module.
#[derive(Default)]
pub(super) struct Seen(HashMap<TenantId, HashMap<ManagedDeviceId, Noted>>);

#[derive(Default)]
struct Noted {
    /// Heard from then, and not written yet.
    heard: Option<Time>,
    /// Handed out to be written then.
    taken: Option<Time>,
}

impl Seen {
    pub(super) fn saw(&mut self, tenant: &TenantId, device: &ManagedDeviceId, now: Time) {
        if let Some(noted) = self.0.get_mut(tenant).and_then(|devices| devices.get_mut(device)) {
            noted.heard = Some(now);
            return;
        }
        let noted = Noted { heard: Some(now), taken: None };
        self.0.entry(tenant.clone()).or_default().insert(device.clone(), noted);
    }

    /// Whom we heard from and did not hand out within `pause`. Who was silent for so long is forgotten.
    pub(super) fn take(&mut self, now: Time, pause: Duration) -> Vec<Contact> {
        let mut due = Vec::new();
        for (tenant, devices) in &mut self.0 {
            devices.retain(|device, noted| {
                if noted.taken.is_some_and(|taken| now.since(taken) < pause) {
                    return true;
                }
                let Some(heard) = noted.heard.take() else { return false };
                due.push((tenant.clone(), device.clone(), heard));
                noted.taken = Some(now);
                true
            });
        }
        self.0.retain(|_, devices| !devices.is_empty());
        due
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes back what could not be written: it is due again.
    pub(super) fn put_back(&mut self, contacts: Vec<Contact>) {
        for (tenant, device, at) in contacts {
            let noted = self.0.entry(tenant).or_default().entry(device).or_default();
            noted.heard = noted.heard.max(Some(at));
            noted.taken = None;
        }
    }
}
