//! Which commands a device has carried out lately, to tell when one comes a second time.

use std::collections::VecDeque;

/// Commands remembered. A server that repeats one does so at once, or after a wake or two.
const LATEST_MAX: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct CarriedOut {
    latest: VecDeque<String>,
    repeats: u32,
}

impl CarriedOut {
    /// A command was carried out.
    pub(super) fn note(&mut self, uuid: &str) {
        if self.latest.iter().any(|known| known == uuid) {
            self.repeats = self.repeats.saturating_add(1);
            return;
        }
        if self.latest.len() >= LATEST_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(uuid.to_owned());
    }

    /// How often a command came again.
    pub(super) const fn repeats(&self) -> u32 {
        self.repeats
    }
}
