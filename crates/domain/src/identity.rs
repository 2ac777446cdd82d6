//! Device identities: one-time SCEP challenges bound to one device, and the certificates issued for them.

use crate::{ManagedDeviceId, TenantId, Time};

/// A one-time challenge, held as the hash of its secret (lessons class R).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// SHA-256 of the secret, hex.
    pub hash: String,
    /// Whose.
    pub tenant: TenantId,
    /// The device that was served the profile with it.
    pub device: ManagedDeviceId,
    /// The enrolment it belongs to.
    pub enrolment: i64,
    /// Minutes to live.
    pub expires_at: Time,
    /// When it was used, and by which SCEP transaction: the same transaction may ask again, no other.
    pub used: Option<(Time, String)>,
    /// The certificate issued for it, DER.
    pub certificate: Option<Vec<u8>>,
}
