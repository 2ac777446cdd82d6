//! How much of something one address may have at a time: no single client can keep all others out.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::forwarded::Network;

/// Bits of an IPv6 network that one client has: 2^64 addresses are its own to choose from.
const OF_CLIENT: u8 = 64;
/// Bits of one that a site has, with 65,536 networks in it; anybody gets one for nothing.
const OF_SITE: u8 = 48;
/// Shares of a client that a whole site may have.
const SITE_SHARES: usize = 2;

/// Who has how many: connections of a listener, requests of a server.
///
/// This computer's own addresses have no limit: a proxy on it that nobody named speaks for the whole world.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    held: Mutex<HashMap<Holder, usize>>,
    most: usize,
    uncounted: Vec<Network>,
}

/// An address without what is behind its first bits, and how many they are.
type Holder = (IpAddr, u8);

/// One of what an address has, until it is dropped.
#[derive(Debug)]
pub struct Share(Option<(Shares, IpAddr)>);

impl Shares {
    /// Nothing is held yet. One address may have so many percent of `all`, and at least one; addresses that stand for many
    /// clients are not counted.
    #[must_use]
    pub fn percent(percent: usize, all: usize, uncounted: Vec<Network>) -> Shares {
        let most = all.saturating_mul(percent).div_ceil(100).max(1);
        Shares(Arc::new(Counts { held: Mutex::new(HashMap::new()), most, uncounted }))
    }

    /// One for this address; `None` if it has its share.
    #[must_use]
    pub fn take(&self, address: IpAddr) -> Option<Share> {
        let address = address.to_canonical();
        if address.is_loopback() || self.0.uncounted.iter().any(|network| network.contains(address)) {
            return Some(Share(None));
        }
        let mut held = self.held();
        for (holder, shares) in holders(address) {
            if held.get(&holder).copied().unwrap_or_default() >= self.0.most.saturating_mul(shares) {
                return None;
            }
        }
        for (holder, _) in holders(address) {
            *held.entry(holder).or_default() += 1;
        }
        Some(Share(Some((self.clone(), address))))
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
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
        let Some((shares, address)) = self.0.take() else { return };
        let mut held = shares.held();
        for (holder, _) in holders(address) {
            match held.get(&holder).copied() {
                Some(count) if count > 1 => drop(held.insert(holder, count - 1)),
                _ => drop(held.remove(&holder)),
            }
        }
    }
}

/// Whom an address stands for, and how many shares each of them has.
fn holders(address: IpAddr) -> impl Iterator<Item = (Holder, usize)> {
    let (client, site) = match address {
        IpAddr::V4(_) => ((address, 32), None),
        IpAddr::V6(v6) => (network(v6, OF_CLIENT), Some(network(v6, OF_SITE))),
    };
    std::iter::once((client, 1)).chain(site.map(|site| (site, SITE_SHARES)))
}

fn network(address: Ipv6Addr, bits: u8) -> Holder {
    let rest = u32::from(128 - bits);
    (Ipv6Addr::from_bits(address.to_bits() >> rest << rest).into(), bits)
}
