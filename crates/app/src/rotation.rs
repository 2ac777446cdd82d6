//! Another key for what is sealed, while no server works on the database.
//!
//! A server and a rotation each say by a lease that they are there, and look for the other only then. So whichever comes
//! second sees the first, also when both come in the same moment; a server whose lease had run out while it stood still
//! sees the rotation, or the new key, at its next turn ([`crate::loops::node`]).

use std::time::Duration;

use domain::Time;
use net::Clock;
use store::{Store, Tx};

use crate::loops::node;
use crate::open::{Place, existing};
use crate::{AppError, Result};

/// Whose turn it is. Its holder is the public name of the new key: who seals with that one may work meanwhile.
const NAME: &str = "rotation";
/// For one batch; a rotation that was killed keeps others away for so long.
const LEASE: Duration = node::LEASE;
/// Rows sealed anew in one transaction: some milliseconds.
const BATCH: u32 = 500;

/// A rotation that is under way.
pub struct Rotation {
    store: Store,
    clock: Clock,
}

impl Rotation {
    /// Begins one, to the key that seals at `place`; the older keys there still open.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while a server works on the database, or another rotation does; as [`existing`].
    pub async fn begin(place: &Place, clock: &Clock) -> Result<Self> {
        let rotation = Self { store: existing(place).await?, clock: clock.clone() };
        match rotation.alone().await {
            Ok(()) => Ok(rotation),
            Err(error) => {
                rotation.end().await?;
                Err(error)
            }
        }
    }

    /// Says that it is there, and looks whether anybody else is.
    async fn alone(&self) -> Result<()> {
        if !self.hold().await? {
            return Err(AppError::conflict(format!(
                "the seal key of this database is being changed already, or that was broken off less than {} s ago",
                LEASE.as_secs()
            )));
        }
        match node::count(&self.store, self.now()).await? {
            0 => Ok(()),
            _ => Err(AppError::conflict(format!(
                "a server works on this database, or one was killed less than {} s ago: stop every one first",
                node::LEASE.as_secs()
            ))),
        }
    }

    /// Seals with the new key whatever an older one sealed; how many rows. One that is killed goes on where it was.
    ///
    /// # Errors
    /// The store's: a row does not open with any key.
    pub async fn reseal(&self) -> Result<u64> {
        let mut sealed = 0;
        loop {
            if !self.hold().await? {
                return Err(AppError::conflict("another rotation of the seal key has begun meanwhile"));
            }
            let some = self.store.transact(|tx| {
                Box::pin(async move { Ok::<_, AppError>(store::secret::reseal_all(tx, BATCH).await?) })
            });
            match some.await? {
                0 => return Ok(sealed),
                some => sealed += some,
            }
        }
    }

    /// Lets servers start again.
    ///
    /// # Errors
    /// The store's.
    pub async fn end(self) -> Result<()> {
        let me = self.store.seal_keys().current_id();
        let work = self.store.transact(move |tx| {
            let me = me.clone();
            Box::pin(async move { Ok(store::lease::release(tx, NAME, &me).await?) })
        });
        let ended = work.await;
        self.store.close().await;
        ended
    }

    fn now(&self) -> Time {
        Time::from_micros(self.clock.now_micros())
    }

    /// Takes or prolongs the lease; also that of a rotation which was broken off and left its key among ours.
    async fn hold(&self) -> Result<bool> {
        let (store, now) = (self.store.clone(), self.now());
        let work = self.store.transact(move |tx| {
            let store = store.clone();
            Box::pin(async move {
                let me = store.seal_keys().current_id();
                if let Some(holder) = holder(tx, now).await?
                    && holder != me
                    && store.seal_keys().knows(&holder)
                {
                    store::lease::release(tx, NAME, &holder).await?;
                }
                Ok(store::lease::try_acquire(tx, NAME, &me, now, LEASE).await?)
            })
        });
        work.await
    }
}

/// Whether the seal key is being changed now, and to another one than `store` seals with.
pub(crate) async fn is_under_way(store: &Store, now: Time) -> Result<bool> {
    let found = store.read(move |tx| Box::pin(holder(tx, now))).await?;
    Ok(found.is_some_and(|holder| holder != store.seal_keys().current_id()))
}

async fn holder(tx: &mut Tx<'_>, now: Time) -> Result<Option<String>> {
    let found = store::lease::with_prefix(tx, NAME).await?;
    let found = found.into_iter().find(|lease| lease.name == NAME && lease.expires_at > now);
    Ok(found.map(|lease| lease.holder))
}

#[cfg(test)]
mod tests;
