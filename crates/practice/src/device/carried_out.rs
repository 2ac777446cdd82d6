//! Which commands a device has carried out lately, to tell when one comes a second time.

use std::collections::VecDeque;

/// Commands remembered. A server that repeats one does so at once, or after a wake or two.
const LATEST_MAX: usize = 1_000;

/// A command that a device carried out, or refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performance {
    /// Its `CommandUUID`.
    pub command_uuid: String,
    /// Its `RequestType`.
    pub request_type: String,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct CarriedOut {
    latest: VecDeque<Performance>,
    repeats: u32,
}

impl CarriedOut {
    /// A command was carried out.
    pub(super) fn note(&mut self, uuid: &str, request_type: &str) {
        if self.latest.iter().any(|known| known.command_uuid == uuid) {
            self.repeats = self.repeats.saturating_add(1);
            return;
        }
        if self.latest.len() >= LATEST_MAX {
            self.latest.pop_front();
        }
        let (command_uuid, request_type) = (uuid.to_owned(), request_type.to_owned());
        self.latest.push_back(Performance { command_uuid, request_type });
    }

    /// The latest, oldest first.
    pub(super) fn latest(&self) -> Vec<Performance> {
        self.latest.iter().cloned().collect()
    }

    /// How often a command came again.
    pub(super) const fn repeats(&self) -> u32 {
        self.repeats
    }
}
