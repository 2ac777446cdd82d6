//! The one place where practice Apple's knowledge lives while it runs.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use net::Clock;
use tokio::sync::{Notify, watch};

use super::faults::{Faults, What};
use super::model::{Model, Rules};
use super::moment::Moment;

/// The model, the planned faults and the clock, shared by every service.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    model: Mutex<Model>,
    faults: Mutex<Faults>,
    calls: Mutex<HashMap<String, u64>>,
    replanned: watch::Sender<()>,
    go_away: Notify,
}

/// The plans, to read and to change. Whoever waits for changes hears of it afterwards.
#[derive(Debug)]
pub struct Plans<'a> {
    faults: MutexGuard<'a, Faults>,
    replanned: &'a watch::Sender<()>,
}

impl Deref for Plans<'_> {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.faults
    }
}

impl DerefMut for Plans<'_> {
    fn deref_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }
}

impl Drop for Plans<'_> {
    fn drop(&mut self) {
        self.replanned.send_replace(());
    }
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
            replanned: watch::Sender::new(()),
            go_away: Notify::new(),
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
    pub fn faults(&self) -> Plans<'_> {
        Plans { faults: lock(&self.faults), replanned: &self.replanned }
    }

    /// Looks at the plans as they are now.
    pub(crate) fn faults_now<T>(&self, look: impl FnOnce(&Faults, Moment) -> T) -> T {
        look(&lock(&self.faults), self.now())
    }

    /// Hears of changes of the plans.
    pub(crate) fn replanned(&self) -> watch::Receiver<()> {
        self.replanned.subscribe()
    }

    /// Rings when a connection of the push service is to be told to go away.
    pub(crate) const fn go_away(&self) -> &Notify {
        &self.go_away
    }

    /// The time by which the ADE service judges signatures: wrong, if that is planned.
    pub fn judged_now(&self) -> Moment {
        let now = self.now();
        match self.happens("GET", "/session", |what| matches!(what, What::Clock { .. })) {
            Some(What::Clock { seconds }) => now.plus_seconds(seconds),
            _ => now,
        }
    }

    /// Counts a call, and says what was planned to happen to it.
    pub(crate) fn called(&self, method: &str, path: &str) -> Option<What> {
        let mut calls = lock(&self.calls);
        let endpoint = format!("{method} {path}");
        let known = calls.contains_key(&endpoint) || calls.len() < ENDPOINTS_MAX;
        let endpoint = if known { endpoint } else { "other".to_owned() };
        *calls.entry(endpoint).or_default() += 1;
        drop(calls);
        self.happens(method, path, What::is_of_calls)
    }

    /// What was planned to happen to a call, of those things that `can`.
    pub(crate) fn happens(&self, method: &str, path: &str, can: impl Fn(&What) -> bool) -> Option<What> {
        lock(&self.faults).take(method, path, self.now(), can)
    }

    /// Waits until so many seconds after `from`: when a call came, so that a clock which moves meanwhile counts.
    pub(crate) async fn wait(&self, from: Moment, seconds: u32) {
        self.clock.sleep_until(from.plus_seconds(i64::from(seconds)).0).await;
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
