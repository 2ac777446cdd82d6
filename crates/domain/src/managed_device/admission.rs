//! Whether a serial may enrol at all (apple.md 3.1 step 3; lessons, section 4).

use crate::device::{Device, EnrollmentState, Presence, ProfileStatus};

/// Why a serial may not enrol. Reads on from "failed to enrol: the device ...". The device itself is told less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// Apple does not list it under the token of the profile.
    #[error(
        "is not in the token's device list; sync the token, or assign the device to this server at Apple"
    )]
    Unknown,
    /// Apple no longer lists it.
    #[error("is no longer in the token's device list at Apple")]
    Gone,
    /// An administrator deleted it.
    #[error("was deleted here; a full sync brings it back if Apple still lists it (R56)")]
    Deleted,
    /// An administrator blocked it.
    #[error("is blocked")]
    Blocked,
    /// Apple has no profile of this token for it.
    #[error("has no profile of this token at Apple")]
    NotAssigned,
}

/// Decides on the serial's row under the token of the profile whose URL was asked. `ours` tells whether a profile
/// identifier is one that this token defined. An older profile that the device still holds is as good as the newest.
///
/// # Errors
/// The first rule that the serial breaks.
pub fn admit(row: Option<&Device>, ours: impl Fn(&str) -> bool) -> Result<&Device, AdmissionRefusal> {
    let row = row.ok_or(AdmissionRefusal::Unknown)?;
    if row.deleted_at.is_some() {
        return Err(AdmissionRefusal::Deleted);
    }
    if row.presence != Presence::Present {
        return Err(AdmissionRefusal::Gone);
    }
    if row.enrollment.state == EnrollmentState::Blocked {
        return Err(AdmissionRefusal::Blocked);
    }
    let holds = matches!(row.apple.profile_status, ProfileStatus::Assigned | ProfileStatus::Pushed)
        && row.apple.profile_uuid.as_deref().is_some_and(&ours);
    // Apple's list lags behind our own assignment.
    let assigned = row.assignment.outcome == Some(crate::device::Outcome::Success)
        && row.assignment.profile_uuid.as_deref().is_some_and(&ours)
        && row.apple.profile_status != ProfileStatus::Removed;
    if holds || assigned { Ok(row) } else { Err(AdmissionRefusal::NotAssigned) }
}
