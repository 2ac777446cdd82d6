//! How much of something one address may have at a time: no single client can keep all others out.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has how many: connections of a listener, requests of a server.
///
/// This computer's own addresses have no limit: a proxy on it that nobody named speaks for the whole world.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    held: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
}

/// One of what an address has, until it is dropped.
#[derive(Debug)]
pub struct Share(Option<(Shares, IpAddr)>);

impl Shares {
    /// Nothing is held yet; at most `most` for one address.
    #[must_use]
    pub fn new(most: usize) -> Shares {
        Shares(Arc::new(Counts { held: Mutex::new(HashMap::new()), most }))
    }

    /// One for this address; `None` if it has its share.
    #[must_use]
    pub fn take(&self, address: IpAddr) -> Option<Share> {
        let client = client(address);
        if client.is_loopback() {
            return Some(Share(None));
        }
        let mut held = self.held();
        let count = held.get(&client).copied().unwrap_or_default();
        if count >= self.0.most {
            return None;
        }
        held.insert(client, count + 1);
        Some(Share(Some((self.clone(), client))))
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// One that counts for nobody.
    #[must_use]
    pub fn free() -> Share {
        Share(None)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((shares, client)) = self.0.take() else { return };
        let mut held = shares.held();
        match held.get(&client).copied() {
            Some(count) if count > 1 => drop(held.insert(client, count - 1)),
            _ => drop(held.remove(&client)),
        }
    }
}

/// Whom an address stands for: a client of IPv6 has a network of 2^64 of them.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        other => other,
    }
}
