//! What an admin does with devices in the portal: buy, add, assign to MDM servers, release, replace.

use std::sync::Arc;

use super::catalogue::{Family, Product};
use super::device::{DeviceId, Membership, ProfileState};
use super::event::{Event, Operation};
use super::model::{HistoryAction, Model, PortalFault};
use super::moment::Moment;
use super::org::{OrgId, ServerId};
use super::serial;

/// The most devices one order holds: a whole district's, and no more memory than practice should take.
pub const ORDER_DEVICES_MAX: usize = 100_000;

/// An order of one product.
#[derive(Clone, Debug)]
pub struct Order {
    /// What.
    pub product: &'static Product,
    /// How many; with `serials`, ignored.
    pub count: usize,
    /// Under which number.
    pub number: String,
    /// With these serial numbers, rather than fresh ones.
    pub serials: Vec<String>,
}

/// Which devices an admin means.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Those with these serial numbers.
    Serials(Vec<String>),
    /// Those of that order.
    Order(String),
}

/// What assigning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Serial numbers that are now where they should be.
    pub done: Vec<String>,
    /// Serial numbers that are not the organisation's.
    pub unknown: Vec<String>,
}

impl Model {
    /// Buys devices. They belong to the organisation at once, and go to the family's default server if there is one.
    ///
    /// Returns the serial numbers.
    ///
    /// # Errors
    /// [`PortalFault::TooMany`], [`PortalFault::SerialRefused`] (then nothing was bought) or
    /// [`PortalFault::NoSuchOrg`].
    pub fn buy(
        &mut self,
        org: OrgId,
        order: &Order,
        by: &str,
        now: Moment,
    ) -> Result<Vec<String>, PortalFault> {
        self.org(org).ok_or(PortalFault::NoSuchOrg)?;
        let count = if order.serials.is_empty() { order.count } else { order.serials.len() };
        if count > ORDER_DEVICES_MAX {
            return Err(PortalFault::TooMany(ORDER_DEVICES_MAX));
        }
        let mut wanted = Vec::with_capacity(order.serials.len());
        for text in &order.serials {
            let serial = serial::normalised(text).filter(|serial| self.device(serial).is_none());
            wanted.push(serial.ok_or_else(|| PortalFault::SerialRefused(text.clone()))?);
        }
        let number: Arc<str> = order.number.as_str().into();
        let by: Arc<str> = by.into();
        let mut bought = Vec::with_capacity(count);
        for place in 0..count {
            let serial = wanted.get(place).cloned().unwrap_or_else(|| self.devices.fresh_serial());
            let added = self.devices.add(&serial, order.product, Arc::clone(&number));
            let id = added.ok_or_else(|| PortalFault::SerialRefused(serial.clone()))?;
            self.welcome(org, id, HistoryAction::Bought, &by, now);
            bought.push(serial);
        }
        Ok(bought)
    }

    /// Adds one device by Apple Configurator: its user may leave management for thirty days.
    ///
    /// A device that was released comes back so, too.
    ///
    /// # Errors
    /// [`PortalFault::SerialRefused`] when it belongs to an organisation or the serial number is none.
    pub fn add_by_configurator(
        &mut self,
        org: OrgId,
        product: &'static Product,
        serial: Option<&str>,
        by: &str,
        now: Moment,
    ) -> Result<String, PortalFault> {
        self.org(org).ok_or(PortalFault::NoSuchOrg)?;
        let serial = match serial {
            Some(text) => {
                serial::normalised(text).ok_or_else(|| PortalFault::SerialRefused(text.to_owned()))?
            }
            None => self.devices.fresh_serial(),
        };
        let refused = || PortalFault::SerialRefused(serial.clone());
        let id = match self.devices.find(&serial) {
            Some(device) if device.org.is_none() => device.id,
            Some(_) => return Err(refused()),
            None => self.devices.add(&serial, product, "".into()).ok_or_else(refused)?,
        };
        let until = now.plus_seconds(self.rules.provisional_s);
        if let Some(device) = self.devices.get_mut(id) {
            device.provisional_until = Some(until);
        }
        self.welcome(org, id, HistoryAction::AddedByConfigurator, &by.into(), now);
        Ok(serial)
    }

    /// The user of a provisional device leaves management: it is released.
    ///
    /// # Errors
    /// [`PortalFault::NotProvisional`] once the thirty days are over.
    pub fn leave(&mut self, serial: &str, now: Moment) -> Result<(), PortalFault> {
        let device = self.device(serial).ok_or_else(|| PortalFault::NoSuchDevice(serial.to_owned()))?;
        if !device.is_provisional(now) || device.org.is_none() {
            return Err(PortalFault::NotProvisional(serial.to_owned()));
        }
        let id = device.id;
        self.part_with(id, HistoryAction::Released, &"user".into(), now);
        Ok(())
    }

    fn welcome(&mut self, org: OrgId, id: DeviceId, action: HistoryAction, by: &Arc<str>, now: Moment) {
        let Some(device) = self.devices.get_mut(id) else { return };
        device.org = Some(org);
        let family = device.product.family;
        self.remember(id, action, None, by, now);
        let default = self.org(org).and_then(|org| org.default_servers.get(&family).copied());
        if default.is_some() {
            self.place(id, default, by, now);
        }
    }

    /// Puts devices on an MDM server, or (`None`) on none.
    ///
    /// A device that comes from another server is `deleted` there and `added` here. Putting a device on the server it
    /// is on already takes its profile off (fleetdm/fleet#39871) and shows as `modified`.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchServer`] when the server is another organisation's.
    pub fn assign_devices(
        &mut self,
        org: OrgId,
        selection: &Selection,
        server: Option<ServerId>,
        by: &str,
        now: Moment,
    ) -> Result<Moved, PortalFault> {
        if let Some(id) = server {
            self.server(id).filter(|server| server.org == org).ok_or(PortalFault::NoSuchServer)?;
        }
        let by: Arc<str> = by.into();
        let (ids, unknown) = self.select(org, selection);
        let mut moved = Moved { done: Vec::with_capacity(ids.len()), unknown };
        for id in ids {
            self.place(id, server, &by, now);
            moved.done.extend(self.devices.get(id).map(|device| device.serial.to_string()));
        }
        Ok(moved)
    }

    /// Releases devices from the organisation. Only a new order or Configurator brings them back.
    pub fn release(&mut self, org: OrgId, selection: &Selection, by: &str, now: Moment) -> Moved {
        let by: Arc<str> = by.into();
        let (ids, unknown) = self.select(org, selection);
        let mut moved = Moved { done: Vec::with_capacity(ids.len()), unknown };
        for id in ids {
            self.part_with(id, HistoryAction::Released, &by, now);
            moved.done.extend(self.devices.get(id).map(|device| device.serial.to_string()));
        }
        moved
    }

    fn select(&self, org: OrgId, selection: &Selection) -> (Vec<DeviceId>, Vec<String>) {
        match selection {
            Selection::Order(number) => {
                let of_order = self.devices.iter().filter(|device| *device.order == **number);
                (
                    of_order.filter(|device| device.org == Some(org)).map(|device| device.id).collect(),
                    Vec::new(),
                )
            }
            Selection::Serials(serials) => {
                let mut ids = Vec::with_capacity(serials.len());
                let mut unknown = Vec::new();
                for serial in serials {
                    let found = serial::normalised(serial).and_then(|serial| self.devices.find(&serial));
                    match found.filter(|device| device.org == Some(org)) {
                        Some(device) => ids.push(device.id),
                        None => unknown.push(serial.clone()),
                    }
                }
                (ids, unknown)
            }
        }
    }

    fn place(&mut self, id: DeviceId, server: Option<ServerId>, by: &Arc<str>, now: Moment) {
        let current =
            self.devices.get(id).and_then(|device| device.membership.as_ref()).map(|place| place.server);
        match server {
            Some(server) if current == Some(server) => self.place_again(id, by, now),
            Some(server) => {
                self.unplace(id, by, now, false);
                self.place_anew(id, server, by, now);
            }
            None => self.unplace(id, by, now, false),
        }
    }

    fn place_again(&mut self, id: DeviceId, by: &Arc<str>, now: Moment) {
        let Some(device) = self.devices.get_mut(id) else { return };
        device.profile = device.profile.without_profile();
        let server = device.membership.as_ref().map(|place| place.server);
        self.remember(id, HistoryAction::Assigned, server, by, now);
        self.record_modified(id, now);
    }

    fn place_anew(&mut self, id: DeviceId, server_id: ServerId, by: &Arc<str>, now: Moment) {
        let Some(server) = self.server_mut(server_id) else { return };
        let number = server.next_number;
        server.next_number += 1;
        server.members.insert(number, id);
        if let Some(device) = self.devices.get_mut(id) {
            device.membership =
                Some(Membership { server: server_id, number, since: now, by: Arc::clone(by) });
            device.profile = ProfileState::default();
        }
        self.remember(id, HistoryAction::Assigned, Some(server_id), by, now);
        self.record(server_id, id, Operation::Added, now);
    }

    fn unplace(&mut self, id: DeviceId, by: &Arc<str>, now: Moment, released_by_replacement: bool) {
        let Some(device) = self.devices.get_mut(id) else { return };
        let Some(place) = device.membership.take() else { return };
        device.profile = ProfileState::default();
        let tells = self.rules.tells_deleted;
        if let Some(server) = self.server_mut(place.server) {
            server.members.remove(&place.number);
            let profile = ProfileState::default();
            let operation = Operation::Deleted;
            if tells {
                server.log.push(Event { device: id, operation, at: now, profile, released_by_replacement });
            }
        }
        self.remember(id, HistoryAction::Unassigned, Some(place.server), by, now);
    }

    pub(crate) fn part_with(&mut self, id: DeviceId, action: HistoryAction, by: &Arc<str>, now: Moment) {
        self.unplace(id, by, now, action == HistoryAction::Replaced);
        if let Some(device) = self.devices.get_mut(id) {
            device.org = None;
            device.provisional_until = None;
            device.migration_deadline = None;
        }
        self.remember(id, action, None, by, now);
    }

    /// Replaces a device under warranty: a new one of the same product comes to the same server, the old one leaves
    /// it as `deleted` with `released_by_replacement`.
    ///
    /// Returns the new serial number.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchDevice`] when the device is not the organisation's.
    pub fn replace(
        &mut self,
        org: OrgId,
        serial: &str,
        by: &str,
        now: Moment,
    ) -> Result<String, PortalFault> {
        let missing = || PortalFault::NoSuchDevice(serial.to_owned());
        let old = self.device(serial).filter(|device| device.org == Some(org)).ok_or_else(missing)?;
        let (old_id, product, order) = (old.id, old.product, Arc::clone(&old.order));
        let server = old.membership.as_ref().map(|place| place.server);
        let by: Arc<str> = by.into();
        let fresh = self.devices.fresh_serial();
        let id = self.devices.add(&fresh, product, order).ok_or(PortalFault::Full)?;
        self.part_with(old_id, HistoryAction::Replaced, &by, now);
        if let Some(device) = self.devices.get_mut(id) {
            device.org = Some(org);
            device.replaces = Some((old_id, now));
        }
        self.remember(id, HistoryAction::Bought, None, &by, now);
        if server.is_some() {
            self.place(id, server, &by, now);
        }
        Ok(fresh)
    }

    /// Sets (or with `None` takes back) the server that new devices of a family go to.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchOrg`] or [`PortalFault::NoSuchServer`].
    pub fn set_default_server(
        &mut self,
        org: OrgId,
        family: Family,
        server: Option<ServerId>,
    ) -> Result<(), PortalFault> {
        if let Some(id) = server {
            self.server(id).filter(|server| server.org == org).ok_or(PortalFault::NoSuchServer)?;
        }
        let org = self.org_mut(org).ok_or(PortalFault::NoSuchOrg)?;
        match server {
            Some(server) => org.default_servers.insert(family, server),
            None => org.default_servers.remove(&family),
        };
        Ok(())
    }

    /// Sets by when a device must have moved to the MDM server it is now assigned to. Shows as `modified`.
    ///
    /// # Errors
    /// [`PortalFault::Provisional`] for a device added by Configurator less than thirty days ago (apple.md 1.11).
    pub fn set_migration_deadline(
        &mut self,
        org: OrgId,
        serial: &str,
        deadline: Option<Moment>,
        now: Moment,
    ) -> Result<(), PortalFault> {
        let missing = || PortalFault::NoSuchDevice(serial.to_owned());
        let device =
            self.devices.find_mut(serial).filter(|device| device.org == Some(org)).ok_or_else(missing)?;
        if device.is_provisional(now) {
            return Err(PortalFault::Provisional(serial.to_owned()));
        }
        device.migration_deadline = deadline;
        let id = device.id;
        self.record_modified(id, now);
        Ok(())
    }
}
