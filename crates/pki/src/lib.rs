//! Keys, certificates, signed and encrypted messages: everything cryptographic that Muster says or hears.
//!
//! Pure: bytes in, bytes out. No I/O, no async, no clock (callers give the time as seconds since 1970). Other rooms
//! see byte slices and the small types of this crate; none of them names a cryptographic library.
//!
//! | module | what it is for |
//! |---|---|
//! | [`cms`] | signed data (MachineInfo, `Mdm-Signature`, profiles) and enveloped data (server tokens, SCEP) |
//! | [`x509`] | certificates, requests, issuing, and the chain check for pinned anchors |
//! | [`smime`] | the server token file from Apple Business Manager |
//! | [`oauth1`] | what opens a session with Apple's ADE service |
//! | [`scep`] | certificate enrolment messages, both ends |
//! | [`key`] | RSA and P-256 private keys, public keys of any peer |
//! | [`seal`] | secrets at rest |
//! | [`ber`] | the guard in front of every parser here: bounded BER in, DER out |
//! | [`digest`], [`random`], [`escrow`] | hashes, randomness, activation lock codes |
//!
//! Everything read from outside is bounded in size, depth and count by named constants, and no input panics.

mod asn1;
pub mod ber;
pub mod cms;
pub mod digest;
mod error;
pub mod escrow;
pub mod key;
pub mod oauth1;
pub mod pem;
#[cfg(any(test, feature = "practice"))]
pub mod practice;
pub mod random;
pub mod scep;
pub mod seal;
pub mod smime;
pub mod x509;

pub use error::{Error, Result};
