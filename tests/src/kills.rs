//! Ends the server with SIGKILL under load, starts it again, and holds it to what must be true then.
//!
//! The server is a process of its own, `mortal`: `muster serve` with a clock that the harness turns and with points
//! ([`app::points::Point`]) at which it can be stopped. Practice Apple and 200 virtual devices live in the harness and
//! survive it, as Apple and devices do. A [`World`] is all of that on one database; a [`Campaign`] kills its server
//! again and again, and counts.
//!
//! After each kill the harness lets time run until three sides agree (see [`truth`]): what Apple holds, what the
//! devices did, and what the server says. Time runs fifty times faster than life, so that leases, waits and
//! deadlines of minutes come and go within a second.
//!
//! **Harmful** is a repetition that its receiver can tell from a single one:
//! - the same command (`CommandUUID`) carried out twice by a device, or a command of an ended enrolment (an erasure
//!   above all) carried out by the next;
//! - an assignment sent so often that Apple throttles the device.
//!
//! Harmless, and so allowed: a command handed out again that never arrived; an answer taken twice and counted once; a
//! profile defined twice at Apple, of which one is used; an assignment of the same profile made twice; a push too many.

mod admin;
mod campaign;
pub mod planted;
mod server;
mod tally;
mod time;
mod traffic;
pub mod truth;
mod world;

pub use campaign::{Campaign, Kill};
pub use planted::Bug;
pub use tally::Tally;
pub use world::World;

/// Chance that can be had again: the same seed, the same numbers.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Numbers of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Chance {
        Chance(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }

    /// So many of those, or all.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut rest = of.to_vec();
        let take = count.min(rest.len());
        (0..take).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }
}
