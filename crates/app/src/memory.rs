//! What this process remembers and may forget: nothing here is true only here.

mod seen;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{ManagedDeviceId, Serial, TenantId, Time};
use pki::x509::CertificateAuthority;

pub(crate) use self::seen::Contact;
use self::seen::Seen;

/// Enrolment profiles that one serial is served within [`PACE_WINDOW`]. A device that fails asks a handful of times.
const PACE_MAX: usize = 10;
/// The window for [`PACE_MAX`]; after it a locked-out serial may try again, as the device's own retry does (N29).
const PACE_WINDOW: Duration = Duration::from_secs(15 * 60);
/// That pushes work is written down again after so long: another node may have met trouble meanwhile.
const WORKS_KEPT: Duration = Duration::from_secs(10 * 60);
/// Serials remembered for the pace: a big roll-out within one window.
const PACED_MAX: usize = 50_000;

/// See the module.
#[derive(Default)]
pub(crate) struct Memory {
    seen: Mutex<Seen>,
    served: Mutex<HashMap<(TenantId, Serial), VecDeque<Time>>>,
    authorities: Mutex<HashMap<TenantId, CertificateAuthority>>,
    seq: AtomicI64,
    push_works: Mutex<HashMap<TenantId, Time>>,
    /// Connections to APNs.
    pub(crate) connections: crate::push::Connections,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// A device was heard from. Written down by the loop for it.
    pub(crate) fn saw(&self, tenant: &TenantId, device: &ManagedDeviceId, now: Time) {
        locked(&self.seen).saw(tenant, device, now);
    }

    /// Whose last contact is to be written now: a device that was written lately has to wait, unless this is the `last`
    /// chance.
    pub(crate) fn take_seen(&self, now: Time, last: bool) -> Vec<Contact> {
        locked(&self.seen).take(now, if last { Duration::ZERO } else { seen::PAUSE })
    }

    /// Puts back what could not be written, unless the device was heard from again.
    pub(crate) fn put_back_seen(&self, contacts: Vec<Contact>) {
        locked(&self.seen).put_back(contacts);
    }

    /// Pushes of a tenant meet trouble.
    pub(crate) fn push_in_trouble(&self, tenant: &TenantId) {
        locked(&self.push_works).remove(tenant);
    }

    /// Pushes of a tenant work. Whether that is to be written down: this process has not done so lately.
    pub(crate) fn push_works(&self, tenant: &TenantId, now: Time) -> bool {
        let mut works = locked(&self.push_works);
        let lately = works.get(tenant).is_some_and(|at| now.since(*at) < WORKS_KEPT);
        if !lately {
            works.insert(tenant.clone(), now);
        }
        !lately
    }

    /// Whether this serial may be served another enrolment profile now; counts it if so.
    ///
    /// # Errors
    /// When it may ask again.
    pub(crate) fn pace(&self, tenant: &TenantId, serial: &Serial, now: Time) -> Result<(), Time> {
        let mut served = locked(&self.served);
        if served.len() >= PACED_MAX {
            served.retain(|_, times| times.back().is_some_and(|last| now.since(*last) < PACE_WINDOW));
        }
        if served.len() >= PACED_MAX {
            // So many serial numbers at once are somebody's invention: forgetting all is better than growing.
            served.clear();
        }
        let times = served.entry((tenant.clone(), serial.clone())).or_default();
        while times.front().is_some_and(|first| now.since(*first) >= PACE_WINDOW) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= PACE_MAX => Err(first.plus(PACE_WINDOW)),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    /// The tenant's certificate authority, if it was used before. It never changes.
    pub(crate) fn authority(&self, tenant: &TenantId) -> Option<CertificateAuthority> {
        locked(&self.authorities).get(tenant).cloned()
    }

    /// Keeps the tenant's certificate authority.
    pub(crate) fn keep_authority(&self, tenant: &TenantId, authority: &CertificateAuthority) {
        locked(&self.authorities).insert(tenant.clone(), authority.clone());
    }

    /// The next place in a queue: grows with time and never repeats in this process.
    pub(crate) fn next_seq(&self, now: Time) -> i64 {
        let next = |last: i64| Some(now.micros().max(last.saturating_add(1)));
        let last =
            self.seq.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_else(|last| last);
        now.micros().max(last.saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
