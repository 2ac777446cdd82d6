//! What happened to the devices of one MDM server, in order: the source of `POST /devices/sync`.

use std::collections::VecDeque;

use super::device::{DeviceId, ProfileState};
use super::moment::{DAY_S, Moment};

/// How long events are kept. Twice a cursor's life: a cursor that is still good may point that far back.
const EVENT_LIFE_S: i64 = 14 * DAY_S;

/// What happened, in the words of `op_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The device came to this MDM server.
    Added,
    /// Its profile or its facts changed.
    Modified,
    /// It is no longer assigned to this MDM server.
    Deleted,
}

impl Operation {
    /// The value of `op_type`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
        }
    }
}

/// One event, with the profile state as it was then: the device may be another server's by now.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The device.
    pub device: DeviceId,
    /// What happened.
    pub operation: Operation,
    /// When.
    pub at: Moment,
    /// The profile state after it.
    pub profile: ProfileState,
    /// Whether the device left because Apple replaced it.
    pub released_by_replacement: bool,
}

/// The event log of one MDM server. Positions count up from zero and are never used twice.
#[derive(Debug, Default)]
pub struct EventLog {
    first: u64,
    events: VecDeque<Event>,
}

impl EventLog {
    /// The position of the next event to come.
    pub fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// Adds an event, and lets go of those that no cursor can reach.
    pub fn push(&mut self, event: Event) {
        let oldest = event.at.plus_seconds(-EVENT_LIFE_S);
        while self.events.front().is_some_and(|event| event.at < oldest) {
            self.events.pop_front();
            self.first += 1;
        }
        self.events.push_back(event);
    }

    /// The events from `position` on, each with the position after it. `None` when they are no longer kept.
    pub fn since(&self, position: u64) -> Option<impl Iterator<Item = (u64, &Event)>> {
        let skip = usize::try_from(position.checked_sub(self.first)?).ok()?;
        Some(self.events.iter().skip(skip).zip(position + 1..).map(|(event, next)| (next, event)))
    }
}
