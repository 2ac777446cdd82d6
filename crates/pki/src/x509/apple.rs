//! Apple's public anchors that no trust store has.

use super::Certificate;
use crate::{Error, Result};

/// **Apple iPhone Device CA**, which signs the identity that every Apple device uses for MachineInfo.
///
/// RSA-1024, SHA-1, expired in 2014, and still what devices chain to: hence pinned, with dates ignored.
/// From Apple's "Over-the-Air Profile Delivery" guide. SHA-256
/// `76f27d00e1333bc88de0e2916c38c9a7f2b75774c25a794c092a80e3c4c66cce`.
pub const IPHONE_DEVICE_CA_PEM: &str = include_str!("apple_iphone_device_ca.pem");

/// **Apple Enterprise Attestation Root CA**, the anchor of managed device attestation. SHA-256
/// `ccf59ef8fcb3017d97f8b5fa6fa90e7a3f9283f76b55ac6cf6eda8b8b949f05b`.
pub const ENTERPRISE_ATTESTATION_ROOT_CA_PEM: &str = include_str!("apple_enterprise_attestation_root_ca.pem");

/// [`IPHONE_DEVICE_CA_PEM`], parsed.
///
/// # Errors
/// None in practice; a test reads it.
pub fn iphone_device_ca() -> Result<Certificate> {
    Certificate::from_pem(IPHONE_DEVICE_CA_PEM).map_err(|_| Error::Pem("the built-in anchor is damaged"))
}
