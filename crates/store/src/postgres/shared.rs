//! Connections for point reads, shared by all who read at a time.
//!
//! Each statement stands for itself, so that many may be under way on one connection: they leave in one packet and come
//! back in one, where a connection for each would cost the server a process to wake.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use deadpool_postgres::{Client, Pool};

use crate::StoreError;

/// Such connections. The server works on as many statements at a time.
const CONNECTIONS: usize = 2;

/// See the module.
#[derive(Default)]
pub(crate) struct Shared {
    held: [RwLock<Option<Arc<Client>>>; CONNECTIONS],
    turn: AtomicUsize,
}

impl Shared {
    /// The next connection in turn; a new one when the old one was lost.
    pub(super) async fn client(&self, pool: &Pool) -> Result<Arc<Client>, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let Some(place) = self.held.get(turn) else { return Err(StoreError::Closed) };
        let held = place.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = held.filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        let client = Arc::new(pool.get().await?);
        *place.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Lets them go.
    pub(super) fn close(&self) {
        for place in &self.held {
            place.write().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}
