//! The one place where practice Apple's knowledge lives while it runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use net::Clock;

use super::faults::{Faults, PlannedAnswer};
use super::model::{Model, Rules};
use super::moment::Moment;

/// The model, the planned faults and the clock, shared by every service.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    model: Mutex<Model>,
    faults: Mutex<Faults>,
    calls: Mutex<HashMap<String, u64>>,
}

/// The most endpoints counted apart. Paths come from outside; the rest is counted together.
const ENDPOINTS_MAX: usize = 200;

impl World {
    /// An empty world.
    pub fn new(clock: Clock, rules: Rules) -> Self {
        Self {
            clock,
            model: Mutex::new(Model::new(rules)),
            faults: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        Moment(self.clock.now_micros())
    }

    /// The clock.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The model, to read and to change. Hold it for a moment only.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.model)
    }

    /// The planned faults, to read and to change.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Counts a call, and says what was planned for it instead of an honest answer.
    pub fn called(&self, method: &str, path: &str) -> Option<PlannedAnswer> {
        let mut calls = lock(&self.calls);
        let endpoint = format!("{method} {path}");
        let known = calls.contains_key(&endpoint) || calls.len() < ENDPOINTS_MAX;
        let endpoint = if known { endpoint } else { "other".to_owned() };
        *calls.entry(endpoint).or_default() += 1;
        drop(calls);
        self.faults().take(method, path)
    }

    /// How often an endpoint, such as `POST /devices/sync`, was called.
    pub fn calls(&self, endpoint: &str) -> u64 {
        lock(&self.calls).get(endpoint).copied().unwrap_or(0)
    }
}

/// Locks, also after another thread panicked in a test.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
