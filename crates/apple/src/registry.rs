//! One client a token, one connection a topic.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Clients by a key of the caller's, so that all loops share one session with Apple per token, and one connection per
/// push topic: Apple ends a session when another is opened, and two loops with a client each would do so in turns.
///
/// `C` is a cheap handle such as [`crate::ade::Client`]. The registry is as large as the number of tokens.
#[derive(Debug)]
pub struct Registry<K, C> {
    clients: Mutex<HashMap<K, C>>,
}

impl<K, C> Default for Registry<K, C> {
    fn default() -> Self {
        Registry { clients: Mutex::default() }
    }
}

impl<K: Eq + Hash, C: Clone> Registry<K, C> {
    /// The client of `key`, if there is one.
    pub fn get(&self, key: &K) -> Option<C> {
        self.clients().get(key).cloned()
    }

    /// The client of `key`, made now if there is none. `make` runs under a lock: it must not wait.
    ///
    /// # Errors
    /// Whatever `make` says.
    pub fn get_or_make<E>(&self, key: K, make: impl FnOnce() -> Result<C, E>) -> Result<C, E> {
        let mut clients = self.clients();
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = make()?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// Takes the client of `key` away: its token was renewed or deleted. Calls under way still finish.
    pub fn forget(&self, key: &K) {
        self.clients().remove(key);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<K, C>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
