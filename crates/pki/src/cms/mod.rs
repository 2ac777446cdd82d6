//! Cryptographic Message Syntax (RFC 5652): signed and enveloped data.

mod cipher;
mod enveloped;
mod sign;
mod signed;

pub use cipher::Cipher;
pub(crate) use enveloped::{Legacy, decrypt};
pub use enveloped::{decrypt_enveloped, encrypt_enveloped, encrypt_streamed};
pub use sign::{Signer, certificates_only};
pub use signed::{MAX_CERTIFICATES, Signed, certificates_in, verify_signed};

#[cfg(test)]
mod tests;
