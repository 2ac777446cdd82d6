//! The devices Apple knows, and what it knows about each.

use std::collections::HashMap;
use std::sync::Arc;

use super::catalogue::Product;
use super::moment::Moment;
use super::org::{OrgId, ServerId};
use super::profile::ProfileId;
use super::serial;

/// A device's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(pub(crate) u32);

/// The value of `profile_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProfileStatus {
    /// No profile.
    #[default]
    Empty,
    /// A profile is set, the device has not fetched it.
    Assigned,
    /// The device fetched it at activation.
    Pushed,
    /// The profile was taken off after the device had fetched it.
    Removed,
}

impl ProfileStatus {
    /// Apple's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Assigned => "assigned",
            Self::Pushed => "pushed",
            Self::Removed => "removed",
        }
    }
}

/// What Apple has for the device's next activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileState {
    /// Where it stands.
    pub status: ProfileStatus,
    /// The profile, when one is set.
    pub profile: Option<ProfileId>,
    /// When it was set.
    pub assigned: Option<Moment>,
    /// When the device fetched it.
    pub pushed: Option<Moment>,
}

impl ProfileState {
    /// A profile set at `now`.
    pub const fn assigned(profile: ProfileId, now: Moment) -> Self {
        Self { status: ProfileStatus::Assigned, profile: Some(profile), assigned: Some(now), pushed: None }
    }

    /// The state after the profile was taken off: a device that fetched it still carries it.
    #[must_use]
    pub fn without_profile(self) -> Self {
        match self.status {
            ProfileStatus::Pushed | ProfileStatus::Removed => {
                Self { status: ProfileStatus::Removed, ..Self::default() }
            }
            ProfileStatus::Empty | ProfileStatus::Assigned => Self::default(),
        }
    }
}

/// A device's place on an MDM server.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The server.
    pub server: ServerId,
    /// Its number among all that ever came to the server: the order of a fetch.
    pub number: u64,
    /// When it came.
    pub since: Moment,
    /// Who put it there (e-mail).
    pub by: Arc<str>,
}

/// One device.
#[derive(Debug)]
pub struct Device {
    /// Its place in the table.
    pub id: DeviceId,
    /// The serial number.
    pub serial: Box<str>,
    /// What it is.
    pub product: &'static Product,
    /// The order it was bought with; empty for one added by Configurator.
    pub order: Arc<str>,
    /// The organisation that owns it. `None` once released.
    pub org: Option<OrgId>,
    /// The MDM server it is assigned to.
    pub membership: Option<Membership>,
    /// What Apple has for its next activation.
    pub profile: ProfileState,
    /// The profile it activated with, and keeps until it is erased. The inner value is `None` for a device that
    /// activated without one.
    pub activated_with: Option<Option<ProfileId>>,
    /// Until when its user may still leave management, for a device added by Configurator.
    pub provisional_until: Option<Moment>,
    /// By when it must have moved to its new MDM server.
    pub migration_deadline: Option<Moment>,
    /// The device it replaces, and when it did.
    pub replaces: Option<(DeviceId, Moment)>,
    /// Until when Apple refuses to assign it.
    pub throttled_until: Option<Moment>,
}

impl Device {
    /// Whether Apple refuses to assign it at that time.
    pub fn is_throttled(&self, now: Moment) -> bool {
        self.throttled_until.is_some_and(|until| now < until)
    }

    /// Whether its user may still leave management.
    pub fn is_provisional(&self, now: Moment) -> bool {
        self.provisional_until.is_some_and(|until| now < until)
    }

    /// Whether it is assigned to that server.
    pub fn is_on(&self, server: ServerId) -> bool {
        self.membership.as_ref().is_some_and(|place| place.server == server)
    }
}

/// Every device ever sold.
#[derive(Debug, Default)]
pub struct DeviceTable {
    rows: Vec<Device>,
    by_serial: HashMap<Box<str>, DeviceId>,
}

impl DeviceTable {
    /// The device with that serial number.
    pub fn find(&self, serial: &str) -> Option<&Device> {
        self.get(*self.by_serial.get(serial)?)
    }

    /// The device with that serial number, to change.
    pub fn find_mut(&mut self, serial: &str) -> Option<&mut Device> {
        let id = *self.by_serial.get(serial)?;
        self.get_mut(id)
    }

    /// The device at that place.
    pub fn get(&self, id: DeviceId) -> Option<&Device> {
        self.rows.get(id.0 as usize)
    }

    /// The device at that place, to change.
    pub fn get_mut(&mut self, id: DeviceId) -> Option<&mut Device> {
        self.rows.get_mut(id.0 as usize)
    }

    /// All devices, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Device> {
        self.rows.iter()
    }

    /// A serial number that no device has yet.
    pub fn fresh_serial(&self) -> String {
        (self.rows.len() as u64..)
            .map(serial::serial_number)
            .find(|serial| !self.by_serial.contains_key(serial.as_str()))
            .unwrap_or_default()
    }

    /// Adds a device. `None` when the serial number is taken or the table is full.
    pub fn add(&mut self, serial: &str, product: &'static Product, order: Arc<str>) -> Option<DeviceId> {
        if self.by_serial.contains_key(serial) {
            return None;
        }
        let id = DeviceId(u32::try_from(self.rows.len()).ok()?);
        self.by_serial.insert(serial.into(), id);
        self.rows.push(Device {
            id,
            serial: serial.into(),
            product,
            order,
            org: None,
            membership: None,
            profile: ProfileState::default(),
            activated_with: None,
            provisional_until: None,
            migration_deadline: None,
            replaces: None,
            throttled_until: None,
        });
        Some(id)
    }
}
