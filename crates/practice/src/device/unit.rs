//! One device: what it remembers, and what a person can do to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::carried_out::{CarriedOut, Performance};
use super::cloud::CloudConfig;
use super::command::Applied;
use super::enrolment::Enrolment;
use super::fault::DeviceFault;
use super::fleet::Shared;
use super::hardware::Hardware;
use super::os::{Os, Version};
use super::profile::Profile;
use super::screen::{Screen, Stage};
use super::script::{Rule, Script};
use crate::apple::catalogue::Product;
use crate::apple::device_identity::SigningStyle;
use crate::apple::moment::Moment;
use crate::apple::world::lock;

/// What a device remembers. Locked for a moment only.
pub(super) struct Memory {
    pub(super) os: Os,
    pub(super) name: String,
    /// What activation told it: nothing yet, no organisation, or the cloud configuration.
    pub(super) activated: Option<Option<Arc<CloudConfig>>>,
    pub(super) enrolment: Option<Arc<Enrolment>>,
    pub(super) profiles: BTreeMap<String, Arc<Profile>>,
    pub(super) applied: Applied,
    pub(super) carried_out: CarriedOut,
    pub(super) bypass_code: Option<String>,
    pub(super) script: Script,
    /// A result the server has not taken yet.
    pub(super) unsent: Option<Bytes>,
    pub(super) credentials: Option<(String, String)>,
    pub(super) signing: Option<SigningStyle>,
    /// The profile to use instead of fetching one, after a Return to Service.
    pub(super) carried_profile: Option<Vec<u8>>,
    pub(super) declines: bool,
    /// How far its clock is ahead, in seconds.
    pub(super) clock_s: i64,
}

impl std::fmt::Debug for Memory {
    /// Without the passwords and codes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("os", &self.os).field("name", &self.name).finish_non_exhaustive()
    }
}

/// One device in hand.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) serial: Arc<str>,
    pub(super) product: &'static Product,
    pub(super) bell: Notify,
    memory: Mutex<Memory>,
    screen: watch::Sender<Screen>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Unit {
    pub(super) fn new(screen: Screen, product: &'static Product, os: Os) -> Self {
        let memory = Memory {
            os,
            name: screen.name.to_string(),
            activated: None,
            enrolment: None,
            profiles: BTreeMap::new(),
            applied: Applied::default(),
            carried_out: CarriedOut::default(),
            bypass_code: None,
            script: Script::default(),
            unsent: None,
            credentials: None,
            signing: None,
            carried_profile: None,
            declines: false,
            clock_s: 0,
        };
        Self {
            serial: Arc::clone(&screen.serial),
            product,
            bell: Notify::new(),
            memory: Mutex::new(memory),
            screen: watch::Sender::new(screen),
            task: Mutex::default(),
        }
    }

    pub(super) fn screen(&self) -> Screen {
        self.screen.borrow().clone()
    }

    /// Ends the device's task, wherever it is.
    pub(super) fn abort(&self) -> Option<JoinHandle<()>> {
        let task = lock(&self.task).take();
        if let Some(task) = &task {
            task.abort();
        }
        self.screen.send_modify(|screen| screen.powered = false);
        task
    }
}

/// A handle to one virtual device. Clones are handles to the same.
#[derive(Clone, Debug)]
pub struct VirtualDevice {
    pub(super) shared: Arc<Shared>,
    pub(super) unit: Arc<Unit>,
}

impl VirtualDevice {
    pub(super) fn new(shared: Arc<Shared>, unit: Arc<Unit>) -> Self {
        Self { shared, unit }
    }

    pub(super) fn memory<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut lock(&self.unit.memory))
    }

    pub(super) fn hardware(&self) -> Hardware<'_> {
        Hardware { serial: &self.unit.serial, product: self.unit.product }
    }

    /// The serial number.
    pub fn serial(&self) -> &str {
        &self.unit.serial
    }

    /// The UDID: the same however often the device is erased.
    pub fn udid(&self) -> String {
        self.hardware().udid()
    }

    /// What it runs.
    pub fn os(&self) -> Os {
        self.memory(|memory| memory.os)
    }

    /// The latest commands that it carried out, in that order, through all its enrolments. Not those it put off.
    pub fn performed(&self) -> Vec<Performance> {
        self.memory(|memory| memory.carried_out.latest())
    }

    /// What a person sees now.
    pub fn screen(&self) -> Screen {
        let mut screen = self.unit.screen().at(self.shared.now());
        screen.removable = screen.enrolled && (screen.removable || self.is_provisional());
        screen
    }

    /// Waits until a person sees what is described.
    pub async fn wait_for(&self, seen: impl FnMut(&Screen) -> bool) -> Screen {
        let mut screen = self.unit.screen.subscribe();
        let found = screen.wait_for(seen).await.map(|screen| screen.clone());
        // The sender lives in the unit, which we hold: there is always a screen.
        found.unwrap_or_else(|_| self.screen())
    }

    /// Waits until the device goes no further by itself: at home, or failed.
    pub async fn settled(&self) -> Screen {
        self.wait_for(|screen| screen.stage.is_settled()).await
    }

    /// How often it carried out a command that it had carried out before: never, unless the server has lost its answer.
    pub fn repeats(&self) -> u32 {
        self.memory(|memory| memory.carried_out.repeats())
    }

    /// Changes the screen, and tells whoever looks.
    pub(super) fn show(&self, change: impl FnOnce(&mut Screen)) {
        let now = self.shared.now();
        self.unit.screen.send_modify(|screen| {
            change(screen);
            screen.count(now);
        });
        self.shared.changed();
    }

    /// Goes on to a stage.
    pub(super) fn show_stage(&self, stage: Stage) {
        self.show(|screen| screen.stage = stage);
    }

    /// Tells that something went wrong which does not stop the device.
    pub(super) fn show_trouble(&self, fault: &DeviceFault) {
        tracing::debug!(serial = self.serial(), "a practice device failed to {fault}");
        let words: Arc<str> = fault.words().into();
        self.show(|screen| screen.trouble = Some(words));
    }

    /// What went wrong is over.
    pub(super) fn clear_trouble(&self) {
        if self.unit.screen.borrow().trouble.is_some() {
            self.show(|screen| screen.trouble = None);
        }
    }

    /// Runs the device's task, unless it runs already.
    pub(super) fn wake(&self) {
        let mut task = lock(&self.unit.task);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let device = self.clone();
        *task = Some(tokio::spawn(async move { device.live().await }));
    }

    /// Ends the device's task, and waits until it has.
    pub(super) async fn halt(&self) {
        if let Some(task) = self.unit.abort() {
            // Cancelled, as was asked.
            let _ = task.await;
        }
        self.shared.changed();
    }

    /// Adds a rule about how the device misbehaves.
    pub fn script(&self, rule: Rule) {
        self.memory(|memory| memory.script.add(rule));
    }

    /// The rules that are left.
    pub fn rules(&self) -> Vec<Rule> {
        self.memory(|memory| memory.script.rules())
    }

    /// The device behaves again.
    pub fn behave(&self) {
        self.memory(|memory| {
            memory.script = Script::default();
            memory.clock_s = 0;
        });
    }

    /// Its clock is wrong by so many seconds: ahead, or behind if less than 0. It is in what the device signs.
    pub fn set_clock(&self, seconds: i64) {
        self.memory(|memory| memory.clock_s = seconds);
    }

    /// What its own clock shows.
    pub(super) fn own_now(&self) -> Moment {
        self.shared.now().plus_seconds(self.memory(|memory| memory.clock_s))
    }

    /// What its user types when asked for a user name and a password.
    pub fn sign_in_as(&self, user: &str, password: &str) {
        self.memory(|memory| memory.credentials = Some((user.to_owned(), password.to_owned())));
    }

    /// Signs MachineInfo in that style rather than its system's.
    pub fn sign_with(&self, style: SigningStyle) {
        self.memory(|memory| memory.signing = Some(style));
    }

    /// Its user leaves out management when that is allowed, or takes it (as everyone does unless told otherwise).
    pub fn decline_management(&self, declines: bool) {
        self.memory(|memory| memory.declines = declines);
    }

    /// Installs another version of its system.
    pub fn set_version(&self, version: Version) {
        let os = self.memory(|memory| {
            memory.os.version = version;
            memory.os
        });
        self.show(|screen| screen.os = os.to_string().into());
    }
}
