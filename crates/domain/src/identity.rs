//! Device identities: one-time SCEP challenges bound to one device, and the certificates issued for them.

use crate::{ManagedDeviceId, TenantId, Time};

#[cfg(test)]
mod tests;

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

/// Why a challenge is not taken. Reads on from "failed to issue an identity: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeRefusal {
    /// Its time is over.
    #[error("the challenge has expired")]
    Expired,
    /// Another transaction or another key has used it.
    #[error("the challenge has been used")]
    Used,
}

/// What a challenge allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// Issue a certificate, and note the use in the same transaction.
    Issue,
    /// The device asks again because an answer was lost: give it the same certificate.
    Again(Vec<u8>),
}

impl Challenge {
    /// Whether `transaction` may use the challenge. `certified_key` tells whether the certificate issued before is for
    /// the key of this request: the same transaction with another key is somebody else (lessons, class R).
    ///
    /// # Errors
    /// Expired, or used by another transaction or for another key.
    pub fn redeem(
        &self,
        transaction: &str,
        certified_key: impl FnOnce(&[u8]) -> bool,
        now: Time,
    ) -> Result<Redemption, ChallengeRefusal> {
        if now >= self.expires_at {
            return Err(ChallengeRefusal::Expired);
        }
        match (&self.used, &self.certificate) {
            (None, _) => Ok(Redemption::Issue),
            (Some((_, by)), Some(certificate)) if by == transaction && certified_key(certificate) => {
                Ok(Redemption::Again(certificate.clone()))
            }
            _ => Err(ChallengeRefusal::Used),
        }
    }
}
