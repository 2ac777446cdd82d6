//! The devices that somebody has in hand, and what they share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use net::Clock;
use tokio::sync::watch;

use super::fault::DeviceFault;
use super::hardware::Hardware;
use super::os::{Os, Version};
use super::screen::Screen;
use super::unit::{Unit, VirtualDevice};
use super::wire::Clients;
use crate::apple::moment::Moment;
use crate::apple::world::lock;
use crate::services::Services;

/// How devices and the people before them behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// How long each stage of setting up stays on the screen at least. Zero for tests.
    pub pace: Duration,
    /// How often a person presses "Try Again" when the management server is busy or away.
    pub patience: u32,
    /// How long that person waits, when the server does not say.
    pub retry: Duration,
}

impl Default for FleetConfig {
    /// As fast as the computer allows, with some patience.
    fn default() -> Self {
        Self { pace: Duration::ZERO, patience: 5, retry: Duration::from_secs(3) }
    }
}

/// The devices in hand. Clones are handles to the same fleet.
#[derive(Clone, Debug)]
pub struct Fleet(pub(super) Arc<Shared>);

/// What all devices share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) services: Arc<Services>,
    pub(super) clients: Clients,
    config: Mutex<FleetConfig>,
    units: Mutex<HashMap<Arc<str>, Arc<Unit>>>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn now(&self) -> Moment {
        self.services.world.now()
    }

    pub(super) fn clock(&self) -> &Clock {
        self.services.world.clock()
    }

    pub(super) fn config(&self) -> FleetConfig {
        *lock(&self.config)
    }

    /// Something changed on some screen.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Fleet {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self(Arc::new(Shared {
            services,
            clients: Clients::default(),
            config: Mutex::default(),
            units: Mutex::default(),
            changes: watch::Sender::new(0),
        }))
    }

    /// Changes how devices behave from now on.
    pub fn configure(&self, config: FleetConfig) {
        *lock(&self.0.config) = config;
    }

    /// Takes a device in hand, with the newest system; the same one again if it is in hand already.
    ///
    /// # Errors
    /// [`DeviceFault::NoSuchDevice`] for a serial number that nobody sold.
    pub fn device(&self, serial: &str) -> Result<VirtualDevice, DeviceFault> {
        self.take(serial, None)
    }

    /// As [`Self::device`], with an older or newer system.
    ///
    /// # Errors
    /// As there.
    pub fn device_with(&self, serial: &str, version: Version) -> Result<VirtualDevice, DeviceFault> {
        let device = self.take(serial, Some(version))?;
        device.set_version(version);
        Ok(device)
    }

    fn take(&self, serial: &str, version: Option<Version>) -> Result<VirtualDevice, DeviceFault> {
        let missing = || DeviceFault::NoSuchDevice(serial.to_owned());
        let serial = crate::apple::serial::normalised(serial).ok_or_else(missing)?;
        if let Some(unit) = lock(&self.0.units).get(serial.as_str()) {
            return Ok(VirtualDevice::new(Arc::clone(&self.0), Arc::clone(unit)));
        }
        let product = self.0.services.world.model().device(&serial).map(|device| device.product);
        let product = product.ok_or_else(missing)?;
        let mut os = Os::newest(product.family);
        os.version = version.unwrap_or(os.version);
        let name = Hardware { serial: &serial, product }.fresh_name();
        let mut units = lock(&self.0.units);
        let unit = units
            .entry(serial.as_str().into())
            .or_insert_with(|| Arc::new(Unit::new(Screen::boxed(&serial, product, os, name), product, os)));
        let device = VirtualDevice::new(Arc::clone(&self.0), Arc::clone(unit));
        drop(units);
        self.0.changed();
        Ok(device)
    }

    /// The device with that serial number, if it is in hand.
    pub fn find(&self, serial: &str) -> Option<VirtualDevice> {
        let unit = lock(&self.0.units).get(serial).map(Arc::clone)?;
        Some(VirtualDevice::new(Arc::clone(&self.0), unit))
    }

    /// Every screen, by serial number: a live table reads it when [`Self::changes`] says so.
    pub fn screens(&self) -> Vec<Screen> {
        let units: Vec<_> = lock(&self.0.units).values().map(Arc::clone).collect();
        let device = |unit| VirtualDevice::new(Arc::clone(&self.0), unit);
        let mut screens: Vec<_> = units.into_iter().map(|unit| device(unit).screen()).collect();
        screens.sort_by(|a, b| a.serial.cmp(&b.serial));
        screens
    }

    /// How many devices are in hand.
    pub fn len(&self) -> usize {
        lock(&self.0.units).len()
    }

    /// Whether none is in hand.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A count that rises with every change of any screen.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Takes the power from every device, at once.
    pub fn power_off(&self) {
        let units: Vec<_> = lock(&self.0.units).values().map(Arc::clone).collect();
        for unit in units {
            unit.abort();
        }
        self.0.changed();
    }
}
