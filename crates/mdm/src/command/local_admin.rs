//! The administrator's account that a server makes on a Mac (Apple: `AccountConfiguration.AutoSetupAdminAccounts`).

use super::Keys;
use crate::guard::{Dictionary, Value};
use crate::{Error, Redacted};

/// An administrator's account on a Mac.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAdmin {
    /// The account name.
    pub short_name: String,
    /// The person's or role's name.
    pub full_name: Option<String>,
    /// A binary property list with a `SALTED-SHA512-PBKDF2` entry, see [`PasswordHash::to_binary`].
    pub password_hash: Redacted<Vec<u8>>,
    /// Keep it out of the login window.
    pub hidden: bool,
}

impl LocalAdmin {
    pub(super) fn dictionary(&self) -> Dictionary {
        Keys::default()
            .with("shortName", self.short_name.as_str())
            .maybe("fullName", self.full_name.clone())
            .with("passwordHash", Value::Data(self.password_hash.to_vec()))
            .switch("hidden", self.hidden)
            .done()
    }
}

/// A password as macOS keeps it: PBKDF2 with HMAC-SHA-512.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// What was derived, 128 bytes.
    pub entropy: Redacted<Vec<u8>>,
    /// The salt, 32 bytes.
    pub salt: Vec<u8>,
    /// How often the function was applied.
    pub iterations: u32,
}

impl PasswordHash {
    /// `passwordHash`: a binary property list `{SALTED-SHA512-PBKDF2: {entropy, salt, iterations}}`.
    ///
    /// # Errors
    /// None in practice: the writer takes every value that is in it.
    pub fn to_binary(&self) -> Result<Redacted<Vec<u8>>, Error> {
        let hash = Keys::default()
            .with("entropy", Value::Data(self.entropy.to_vec()))
            .with("salt", Value::Data(self.salt.clone()))
            .with("iterations", self.iterations);
        let root = Keys::default().with("SALTED-SHA512-PBKDF2", hash.done()).done();
        let mut out = Vec::new();
        Value::Dictionary(root).to_writer_binary(&mut out).map_err(|_| Error::Unwritable)?;
        Ok(Redacted(out))
    }
}
