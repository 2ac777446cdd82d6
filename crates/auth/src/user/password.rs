//! Hashing of passwords by argon2id, away from the threads that answer requests, and a few at a time: each hash takes
//! memory, and strangers decide how many are asked for.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::AuthError;

/// Memory of a hash, in KiB, and passes over it: the OWASP Password Storage Cheat Sheet's first choice.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at a time: 76 MB of memory.
const AT_A_TIME: usize = 4;
/// Sign-ins that wait for one, some 50 ms each; more are told to come back.
const WAITING_MAX: usize = 64;
/// Longest password hashed, in bytes: 128 characters of four.
const LEN_MAX: usize = 512;

/// Hashes passwords.
pub(crate) struct Hasher {
    places: Semaphore,
    queue: Arc<Semaphore>,
}

/// A hash and how it was made, as it is sealed.
#[derive(Clone, Serialize, Deserialize)]
struct Hash {
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    hash: String,
}

impl Default for Hasher {
    fn default() -> Self {
        let queue = Arc::new(Semaphore::new(AT_A_TIME + WAITING_MAX));
        Self { places: Semaphore::new(AT_A_TIME), queue }
    }
}

impl Hasher {
    /// What is kept of a password.
    pub(crate) async fn hash(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, AuthError> {
        let salt = pki::random::bytes::<16>()?;
        let made = Hash {
            memory: MEMORY,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD_NO_PAD.encode(salt),
            hash: String::new(),
        };
        let hash = self.run(password, made.clone()).await?;
        let made = Hash { hash: STANDARD_NO_PAD.encode(hash), ..made };
        serde_json::to_vec(&made).map(Zeroizing::new).map_err(|e| AuthError::Crypto(e.to_string()))
    }

    /// Whether this is the password that `kept` was made of. For none it takes as long, and the answer is no.
    pub(crate) async fn is_right(&self, password: &str, kept: Option<&[u8]>) -> Result<bool, AuthError> {
        let kept: Option<Hash> = kept.and_then(|kept| serde_json::from_slice(kept).ok());
        let known = kept.clone().unwrap_or_else(|| Hash {
            memory: MEMORY,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD_NO_PAD.encode([0; 16]),
            hash: String::new(),
        });
        let fits = password.len() <= LEN_MAX;
        let given = self.run(if fits { password } else { "" }, known.clone()).await?;
        let same =
            pki::digest::constant_time_eq(STANDARD_NO_PAD.encode(given).as_bytes(), known.hash.as_bytes());
        Ok(same && fits && kept.is_some())
    }

    async fn run(&self, password: &str, how: Hash) -> Result<[u8; 32], AuthError> {
        let _waits = self.queue.clone().try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let _place = self.places.acquire().await.map_err(|e| AuthError::Crypto(e.to_string()))?;
        let password = Zeroizing::new(password.to_owned());
        let hashed = tokio::task::spawn_blocking(move || derived(&password, &how));
        hashed.await.map_err(|e| AuthError::Crypto(e.to_string()))?
    }
}

fn derived(password: &str, how: &Hash) -> Result<[u8; 32], AuthError> {
    let failed = |e: argon2::Error| AuthError::Crypto(e.to_string());
    let salt = STANDARD_NO_PAD.decode(&how.salt).map_err(|e| AuthError::Crypto(e.to_string()))?;
    let params = Params::new(how.memory, how.passes, how.lanes, Some(32)).map_err(failed)?;
    let mut out = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), &salt, &mut out).map_err(failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other_and_is_never_the_same_twice() {
        let hasher = Hasher::default();
        let kept = hasher.hash("seven lilac otters").await.unwrap();
        assert!(hasher.is_right("seven lilac otters", Some(&kept)).await.unwrap());
        for wrong in ["", "seven lilac otter", "Seven lilac otters", &"x".repeat(10_000)] {
            assert!(!hasher.is_right(wrong, Some(&kept)).await.unwrap());
        }
        for nothing in [None, Some(b"".as_slice()), Some(b"{}")] {
            assert!(!hasher.is_right("", nothing).await.unwrap());
        }
        assert_ne!(kept, hasher.hash("seven lilac otters").await.unwrap());
        assert!(!String::from_utf8_lossy(&kept).contains("otters"));
    }

    /// The example of RFC 9106 section 5.3 has a secret and data besides; this one was made with the reference program.
    #[test]
    fn it_is_the_argon2id_of_everybody_else() {
        let how = Hash {
            memory: 65_536,
            passes: 2,
            lanes: 1,
            salt: STANDARD_NO_PAD.encode("somesalt"),
            hash: String::new(),
        };
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        assert_eq!(hex::encode(derived("password", &how).unwrap()), expected);
    }

    #[tokio::test]
    async fn more_than_can_wait_are_told_to_come_back() {
        let hasher = Hasher::default();
        let all = u32::try_from(AT_A_TIME + WAITING_MAX).unwrap();
        let _taken = hasher.queue.clone().try_acquire_many_owned(all).unwrap();
        assert_eq!(hasher.is_right("x", None).await, Err(AuthError::Busy));
    }
}
