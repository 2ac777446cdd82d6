//! Whether a certificate leads to a pinned anchor.
//!
//! Deliberately not the web's path validation. The signer of MachineInfo chains to an anchor of RSA-1024 and SHA-1 that
//! expired in 2014, with certificates that web validators refuse to read. What is kept strict: every signature, every
//! intermediate must be a CA, path lengths, a bounded number of steps, and no other anchor than the one given.

use super::Certificate;
use crate::{Error, Result};

/// Most certificates considered beside the leaf. Apple's devices send up to four.
pub const MAX_EMBEDDED: usize = 16;
/// Most intermediates between leaf and anchor.
const MAX_INTERMEDIATES: usize = 4;

/// Checks that `anchor`'s key vouches for `leaf`, directly or through CA certificates among `embedded`.
///
/// Dates are ignored, SHA-1 and RSA-1024 are accepted: this is for the signer of MachineInfo and nothing else. An
/// anchor that is itself the leaf is refused, for devices do not hold CA keys.
///
/// # Errors
/// [`Error::Chain`] if there is no such chain; [`Error::TooLarge`] beyond [`MAX_EMBEDDED`].
pub fn verify_issued_by(leaf: &Certificate, embedded: &[Certificate], anchor: &Certificate) -> Result<()> {
    search(leaf, embedded, anchor, &Rules { at: None })
}

/// As [`verify_issued_by`], for identities that our own CA issued: every certificate must be valid at `now` (seconds
/// since 1970), and neither SHA-1 nor RSA below 2048 bits is accepted.
///
/// # Errors
/// As [`verify_issued_by`].
pub fn verify_current_issued_by(
    leaf: &Certificate,
    embedded: &[Certificate],
    anchor: &Certificate,
    now: i64,
) -> Result<()> {
    search(leaf, embedded, anchor, &Rules { at: Some(now) })
}

struct Rules {
    /// The time at which all must be valid and strong, or `None` to accept what is old.
    at: Option<i64>,
}

impl Rules {
    fn accept(&self, certificate: &Certificate) -> Result<()> {
        let Some(now) = self.at else { return Ok(()) };
        if !certificate.is_valid_at(now) {
            return Err(Error::Chain("it is not valid at this time"));
        }
        let key = certificate.public_key();
        if key.kind() == crate::key::KeyKind::Rsa && key.bits() < 2048 {
            return Err(Error::Chain("its key is too short"));
        }
        Ok(())
    }

    fn signed(&self, by: &Certificate, certificate: &Certificate) -> bool {
        certificate.issuer() == by.subject()
            && !(self.at.is_some() && certificate.is_signed_with_sha1())
            && certificate.verify_signature(by.public_key()).is_ok()
    }
}

/// Breadth first from the leaf. Each embedded certificate is entered once, so cycles end by themselves.
fn search(leaf: &Certificate, embedded: &[Certificate], anchor: &Certificate, rules: &Rules) -> Result<()> {
    if embedded.len() > MAX_EMBEDDED {
        return Err(Error::TooLarge("more certificates than any chain needs"));
    }
    if leaf.der() == anchor.der() {
        return Err(Error::Chain("it is the anchor itself"));
    }
    rules.accept(leaf)?;
    rules.accept(anchor)?;
    let mut unused: Vec<&Certificate> = embedded.iter().filter(|candidate| *candidate != leaf).collect();
    let mut level = vec![leaf];
    for intermediates in 0..=MAX_INTERMEDIATES {
        let enough_room = anchor.path_length().is_none_or(|limit| intermediates <= usize::from(limit));
        if enough_room && level.iter().any(|certificate| rules.signed(anchor, certificate)) {
            return Ok(());
        }
        let (next, rest): (Vec<_>, Vec<_>) = unused.into_iter().partition(|candidate| {
            candidate.is_ca()
                && candidate.path_length().is_none_or(|limit| intermediates <= usize::from(limit))
                && rules.accept(candidate).is_ok()
                && level.iter().any(|certificate| rules.signed(candidate, certificate))
        });
        (level, unused) = (next, rest);
    }
    Err(Error::Chain("it does not lead to the expected authority"))
}
