//! For how long a fault stands: so many times, some of the time, from when to when.

use super::Standing;
use crate::apple::moment::Moment;

/// For how long. Without any bound: until it is cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// How often it hits.
    pub times: Option<u32>,
    /// How many of a hundred calls it hits; all of them without.
    pub percent: Option<u8>,
    /// What the dice for that begin with.
    pub seed: u64,
    /// From when.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Option<Moment>,
}

impl Span {
    /// So many times.
    pub fn times(times: u32) -> Self {
        Self { times: Some(times), ..Self::default() }
    }

    /// For that many seconds from `now` on.
    pub fn seconds(seconds: i64, now: Moment) -> Self {
        Self { from: Some(now), until: Some(now.plus_seconds(seconds)), ..Self::default() }
    }

    /// Where it stands at `now` after so many hits.
    pub(super) fn standing(&self, hits: u64, now: Moment) -> Standing {
        let spent = self.times.is_some_and(|times| hits >= u64::from(times));
        if spent || self.until.is_some_and(|until| until <= now) {
            Standing::Over
        } else if self.from.is_some_and(|from| now < from) {
            Standing::Waiting
        } else {
            Standing::Standing
        }
    }

    /// Whether call number `call` of the fault with that id is hit. The same each time it is asked.
    pub(super) fn dice(&self, id: u64, call: u64) -> bool {
        let Some(percent) = self.percent else { return true };
        mixed(self.seed ^ mixed(id) ^ mixed(call.wrapping_mul(STEP))) % 100 < u64::from(percent)
    }
}

/// The odd number nearest to 2^64 divided by the golden ratio, by which splitmix64 walks.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixing of splitmix64 (Steele, Lea and Flood, 2014): each bit of the outcome hangs on each bit of `value`.
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(STEP);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
