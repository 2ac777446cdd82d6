//! The keys of a server, sealed with a passphrase, so that a copy can hold all that another machine needs and is yet
//! worth nothing to who finds it.

use std::num::NonZeroU32;

use pki::seal::{SealKey, SealKeys};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::open::internal;
use crate::{AppError, Result};

/// Rounds of PBKDF2 with HMAC-SHA-512: what OWASP asks for (210,000), doubled. A copy lives for years.
const ROUNDS: NonZeroU32 = NonZeroU32::new(420_000).unwrap();
/// Most rounds that a copy may ask for: more would only hold up who opens it.
const ROUNDS_MAX: u32 = 10_000_000;
/// Shortest passphrase, in characters.
const PASSPHRASE_LEN_MIN: usize = 12;
/// What the sealed bytes are bound to.
const PLACE: &[u8] = b"muster/backup/keys";

/// What protects the keys of a copy.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase; white space around it is not a part of it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if it is too short.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.chars().count() < PASSPHRASE_LEN_MIN {
            let words = format!("it has fewer than {PASSPHRASE_LEN_MIN} characters");
            return Err(AppError::invalid("passphrase", words));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    fn key(&self, salt: &[u8], rounds: NonZeroU32) -> Result<SealKeys> {
        let mut raw = Zeroizing::new([0; 32]);
        pki::digest::pbkdf2_hmac_sha512(self.0.as_bytes(), salt, rounds, raw.as_mut_slice());
        Ok(SealKeys::new(SealKey::from_bytes(&raw).map_err(internal)?, Vec::new()))
    }
}

/// The files beside a database without which it is worth nothing.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    /// The seal key, and older ones that still open, a line each, as in `seal.key`.
    pub seal: String,
    /// The certificate of the server's own authority, PEM, if it has one.
    pub authority: Option<String>,
    /// Its key, PEM.
    pub authority_key: Option<String>,
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.seal.zeroize();
        self.authority_key.zeroize();
    }
}

/// How they are written.
#[derive(Serialize, Deserialize)]
struct Sealed {
    method: String,
    rounds: u32,
    salt: String,
    sealed: String,
}

const METHOD: &str = "PBKDF2-HMAC-SHA-512, AES-256-GCM";

impl Keys {
    /// The content of `keys.json`.
    pub(super) fn sealed(&self, passphrase: &Passphrase) -> Result<Vec<u8>> {
        let salt = pki::random::bytes::<16>().map_err(internal)?;
        let plain = Zeroizing::new(serde_json::to_vec(self).map_err(internal)?);
        let sealed = passphrase.key(&salt, ROUNDS)?.seal(PLACE, &plain).map_err(internal)?;
        let form = Sealed {
            method: METHOD.to_owned(),
            rounds: ROUNDS.get(),
            salt: base64(&salt),
            sealed: base64(&sealed),
        };
        serde_json::to_vec_pretty(&form).map_err(internal)
    }

    /// From the content of `keys.json`.
    pub(super) fn open(text: &[u8], passphrase: &Passphrase) -> Result<Self> {
        let unreadable = || AppError::invalid("copy", "its keys cannot be read");
        let form: Sealed = serde_json::from_slice(text).map_err(|_| unreadable())?;
        let rounds = NonZeroU32::new(form.rounds).filter(|rounds| rounds.get() <= ROUNDS_MAX);
        let (Some(rounds), METHOD) = (rounds, form.method.as_str()) else { return Err(unreadable()) };
        let bytes = |text: &str| pki::pem::base64_lenient(text.as_bytes()).map_err(|_| unreadable());
        let key = passphrase.key(&bytes(&form.salt)?, rounds)?;
        let plain = key
            .open(PLACE, &bytes(&form.sealed)?)
            .map_err(|_| AppError::invalid("passphrase", "it does not open the keys of this copy"))?;
        serde_json::from_slice(&plain).map_err(|_| unreadable())
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
