//! Who calls, as far as an idle check-in needs to know it.

use super::enrolling::{IDENTITY_GRACE, Refusal};
use super::{ManagedDevice, PinnedCertificate};
use crate::{ManagedDeviceId, TenantId, Time};

/// A device that shows the identity its enrolment is pinned to. No more of its row is read by the most frequent message
/// of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose.
    pub tenant: TenantId,
    /// Which device.
    pub id: ManagedDeviceId,
    /// The UDID it enrolled with.
    pub udid: String,
    /// `notAfter` of the identity.
    pub not_after: Time,
}

impl Caller {
    /// Whether it may call this tenant now, under the UDID that its message says.
    ///
    /// # Errors
    /// As [`ManagedDevice::credential`] and [`ManagedDevice::is_named`].
    pub fn may_call(&self, tenant: &TenantId, udid: &str, now: Time) -> Result<(), Refusal> {
        if self.tenant != *tenant {
            return Err(Refusal::UnknownCertificate);
        }
        accepted(self.not_after, now)?;
        same_device(&self.udid, udid)
    }
}

impl ManagedDevice {
    /// Whether a message names this device.
    ///
    /// # Errors
    /// [`Refusal::OtherDevice`].
    pub fn is_named(&self, udid: &str) -> Result<(), Refusal> {
        same_device(&self.udid, udid)
    }
}

impl ManagedDevice {
    /// Whether this serial has enrolled before, so that something of that enrolment may be left: a queue, a plan of setup,
    /// secrets.
    pub const fn has_been_enrolled(&self) -> bool {
        self.enrolment > 0
    }
}

impl PinnedCertificate {
    /// Whether it is still accepted.
    ///
    /// # Errors
    /// [`Refusal::Expired`] when it ended longer ago than [`IDENTITY_GRACE`].
    pub fn accepted(&self, now: Time) -> Result<(), Refusal> {
        accepted(self.not_after, now)
    }
}

fn accepted(not_after: Time, now: Time) -> Result<(), Refusal> {
    if not_after.plus(IDENTITY_GRACE) < now { Err(Refusal::Expired) } else { Ok(()) }
}

fn same_device(known: &str, said: &str) -> Result<(), Refusal> {
    if known.eq_ignore_ascii_case(said) { Ok(()) } else { Err(Refusal::OtherDevice) }
}
