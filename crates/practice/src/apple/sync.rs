//! Fetching and syncing the devices of one MDM server, page by page.

use super::cursor::Cursor;
use super::device::{Device, ProfileState};
use super::event::{Event, Operation};
use super::fault::AdeFault;
use super::model::Model;
use super::moment::Moment;
use super::org::ServerId;

/// Devices on a page when the client does not say.
pub const PAGE_DEVICES: usize = 100;

/// The most devices on a page.
pub const PAGE_DEVICES_MAX: usize = 1_000;

/// A page of devices.
#[derive(Debug)]
pub struct Page<'a> {
    /// The devices.
    pub rows: Vec<DeviceRow<'a>>,
    /// Where to go on.
    pub cursor: String,
    /// Whether to go on at once.
    pub more_to_follow: bool,
    /// How far in time the page reaches.
    pub fetched_until: Moment,
}

/// A device on a page.
#[derive(Clone, Copy, Debug)]
pub struct DeviceRow<'a> {
    /// The device.
    pub device: &'a Device,
    /// Its profile: now for a fetch, then for an event.
    pub profile: ProfileState,
    /// What happened to it; only when syncing.
    pub event: Option<&'a Event>,
}

/// How many devices a page holds for a wished limit: 100 without one, at least one and at most a thousand.
pub fn page_limit(wished: Option<i64>) -> usize {
    let wished = wished.map(|limit| usize::try_from(limit).unwrap_or(1));
    wished.unwrap_or(PAGE_DEVICES).clamp(1, PAGE_DEVICES_MAX)
}

impl Model {
    /// One page of all devices of a server, in the order they came.
    ///
    /// Syncing with the last cursor goes on from where the log stood when the fetch began, so that nothing that
    /// happened meanwhile is missed; some of it is then told twice.
    ///
    /// # Errors
    /// The cursor's faults, and `EXHAUSTED_CURSOR` once every device has been given.
    pub fn fetch(
        &self,
        id: ServerId,
        cursor: Option<&str>,
        limit: usize,
        now: Moment,
    ) -> Result<Page<'_>, AdeFault> {
        let server = self.server(id).ok_or(AdeFault::Unauthorized)?;
        let start = match cursor {
            None => Cursor { issued: now, position: server.log.end(), walk: Some(0) },
            Some(text) => Cursor::decode(text, server.cursor_salt, now)?,
        };
        let from = start.walk.ok_or(AdeFault::ExhaustedCursor)?;
        let mut ahead = server.members.range(from..);
        let found = ahead.by_ref().take(limit).filter_map(|(_, id)| self.devices.get(*id));
        let rows: Vec<_> =
            found.map(|device| DeviceRow { device, profile: device.profile, event: None }).collect();
        let walk = ahead.next().map(|(number, _)| *number);
        let cursor = Cursor { issued: now, walk, ..start }.encode(server.cursor_salt);
        Ok(Page { rows, cursor, more_to_follow: walk.is_some(), fetched_until: now })
    }

    /// One page of what happened since a cursor, in order.
    ///
    /// Devices that are throttled are left out, and for good: only a fetch tells of them (fleetdm/fleet PR 45590).
    ///
    /// # Errors
    /// The cursor's faults; `EXPIRED_CURSOR` too when the events are no longer kept.
    pub fn sync(&self, id: ServerId, cursor: &str, limit: usize, now: Moment) -> Result<Page<'_>, AdeFault> {
        let server = self.server(id).ok_or(AdeFault::Unauthorized)?;
        let start = Cursor::decode(cursor, server.cursor_salt, now)?;
        let mut ahead = server.log.since(start.position).ok_or(AdeFault::ExpiredCursor)?;
        let mut rows = Vec::new();
        let mut position = start.position;
        for (next, event) in ahead.by_ref() {
            position = next;
            rows.extend(self.event_row(event, now));
            if rows.len() >= limit {
                break;
            }
        }
        let more_to_follow = ahead.next().is_some();
        let cursor = Cursor { issued: now, position, walk: None }.encode(server.cursor_salt);
        Ok(Page { rows, cursor, more_to_follow, fetched_until: now })
    }

    fn event_row<'a>(&'a self, event: &'a Event, now: Moment) -> Option<DeviceRow<'a>> {
        let device = self.devices.get(event.device)?;
        let hidden = device.is_throttled(now) && event.operation != Operation::Deleted;
        (!hidden).then_some(DeviceRow { device, profile: event.profile, event: Some(event) })
    }

    /// The device with that serial number, if it is on that server.
    pub fn device_on(&self, id: ServerId, serial: &str) -> Option<&Device> {
        self.device(serial).filter(|device| device.is_on(id))
    }
}
