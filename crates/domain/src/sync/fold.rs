//! What a page says about each serial (apple.md 1.5; lessons 3 to 6, 12).

use std::collections::{BTreeMap, BTreeSet};

use mdm::ade;

use crate::device::{AppleRecord, Assignment, Device, DiscoverySource, Presence, ProfileStatus};
use crate::{DeviceId, Serial, TenantId, Time, TokenId};

use super::{Counts, Phase};

/// Longest text that we keep of Apple's record, in characters.
const TEXT_LEN_MAX: usize = 512;

/// A page, folded: one sighting a serial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// By serial.
    pub sightings: BTreeMap<Serial, Sighting>,
    /// Serials whose record could not be read: Apple lists them, and that is all we know.
    pub damaged: BTreeSet<Serial>,
    /// Records that could not be read, nameless ones too.
    pub unreadable: u32,
    /// Records whose serial number could not be read, or cannot be one.
    pub nameless: u32,
}

impl Page {
    /// Takes in what Apple sent beside the readable records.
    pub fn with_unreadable(mut self, records: &[ade::UnreadableDevice]) -> Self {
        for record in records {
            self.unreadable = self.unreadable.saturating_add(1);
            match record.serial_number.as_deref().map(str::parse::<Serial>) {
                Some(Ok(serial)) => drop(self.damaged.insert(serial)),
                _ => self.nameless = self.nameless.saturating_add(1),
            }
        }
        self
    }
}

/// The newest that a page says about one serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What.
    pub observed: Observed,
    /// When, by Apple's clock; none: it is the current truth.
    pub op_date: Option<Time>,
}

/// What Apple says about a serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// It is on this server, and this is its record.
    Listed(Box<AppleRecord>),
    /// It no longer is.
    Deleted,
}

/// What a sighting does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// A serial that we did not know, or did no longer show.
    New,
    /// Its record changed.
    Changed,
    /// It is no longer ours.
    Gone,
    /// Nothing that anybody sees: the date of the newest event.
    Seen,
}

/// What a sighting is judged with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldContext {
    /// Whose.
    pub tenant: TenantId,
    /// Under which token.
    pub token: TokenId,
    /// Complete list or what changed.
    pub phase: Phase,
    /// Number of the full pass.
    pub pass: i64,
    /// Now.
    pub now: Time,
}

/// Folds a page: of several records of one serial the one with the newest `op_date` counts, the later one of two
/// equals. Only `deleted` is read from `op_type`, in any case: everything else is a record that holds.
pub fn fold_page(devices: Vec<ade::Device>) -> Page {
    let mut page = Page::default();
    for device in devices {
        let Ok(serial) = device.serial_number.parse::<Serial>() else {
            page.unreadable = page.unreadable.saturating_add(1);
            page.nameless = page.nameless.saturating_add(1);
            continue;
        };
        let sighting = sighting(device);
        let newer = page.sightings.get(&serial).is_none_or(|known| is_news(known.op_date, sighting.op_date));
        if newer {
            page.sightings.insert(serial, sighting);
        }
    }
    page
}

/// A record without a date is current truth; of two with one the newer counts.
fn is_news(known: Option<Time>, found: Option<Time>) -> bool {
    match (known, found) {
        (Some(known), Some(found)) => found >= known,
        (_, None) | (None, Some(_)) => true,
    }
}

fn sighting(device: ade::Device) -> Sighting {
    let op_date = time(device.op_date);
    let observed = match device.op_type {
        Some(ade::OpType::Deleted) => Observed::Deleted,
        _ => Observed::Listed(Box::new(record(device))),
    };
    Sighting { observed, op_date }
}

/// Our form of Apple's record.
pub fn record(device: ade::Device) -> AppleRecord {
    let profile_uuid = device.assigned_profile().is_some().then(|| text(device.profile_uuid));
    let status = device.profile_status.map_or(ProfileStatus::Empty, |status| match status {
        ade::ProfileStatus::Empty => ProfileStatus::Empty,
        ade::ProfileStatus::Assigned => ProfileStatus::Assigned,
        ade::ProfileStatus::Pushed => ProfileStatus::Pushed,
        ade::ProfileStatus::Removed => ProfileStatus::Removed,
        ade::ProfileStatus::Other(word) => ProfileStatus::Other(word),
    });
    AppleRecord {
        model: text(device.model),
        description: text(device.description),
        color: text(device.color),
        asset_tag: text(device.asset_tag),
        family: text(device.device_family),
        os: text(device.os),
        profile_status: status,
        profile_uuid,
        profile_assigned_at: time(device.profile_assign_time),
        profile_pushed_at: time(device.profile_push_time),
        device_assigned_at: time(device.device_assigned_date),
        device_assigned_by: text(device.device_assigned_by),
        op_date: time(device.op_date),
        migration_deadline: time(device.mdm_migration_deadline),
    }
}

fn text(mut value: Option<String>) -> String {
    let is_fit = |text: &String| text.len() <= TEXT_LEN_MAX && !text.contains('\0');
    if let Some(text) = value.take_if(|text| is_fit(text)) {
        return text;
    }
    // A zero byte would be refused by the database, and with it the whole page.
    value.as_deref().unwrap_or_default().chars().filter(|c| *c != '\0').take(TEXT_LEN_MAX).collect()
}

fn time(micros: ade::Micros) -> Option<Time> {
    micros.0.map(Time::from_micros)
}

/// Applies a sighting to the row of its serial, if there is one. None: nothing to write.
///
/// `new_id` is used for a serial without a row.
pub fn observe(
    known: Option<&Device>,
    serial: &Serial,
    sighting: &Sighting,
    at: &FoldContext,
    new_id: impl FnOnce() -> DeviceId,
) -> Option<(Device, Change)> {
    match (&sighting.observed, known) {
        (Observed::Deleted, None) => None,
        (Observed::Deleted, Some(device)) => taken_away(device, sighting.op_date, at),
        (Observed::Listed(record), None) => Some((imported(serial, record, at, new_id()), Change::New)),
        (Observed::Listed(record), Some(device)) => listed(device, record, sighting.op_date, at),
    }
}

fn is_stale(device: &Device, op_date: Option<Time>) -> bool {
    !is_news(device.apple.op_date, op_date)
}

fn taken_away(device: &Device, op_date: Option<Time>, at: &FoldContext) -> Option<(Device, Change)> {
    if is_stale(device, op_date) {
        return None;
    }
    let known = device;
    let mut device = device.clone();
    // The date is kept even of a device that is gone already, so that no older event brings it back.
    device.apple.op_date = op_date.or(device.apple.op_date);
    if known.presence != Presence::Present {
        return (device != *known).then_some((device, Change::Seen));
    }
    device.presence = Presence::Gone { at: op_date.unwrap_or(at.now) };
    device.apple.profile_uuid = None;
    device.apple.profile_status = ProfileStatus::Empty;
    device.assignment = Assignment::default();
    Some((device, Change::Gone))
}

fn imported(serial: &Serial, record: &AppleRecord, at: &FoldContext, id: DeviceId) -> Device {
    Device {
        tenant: at.tenant.clone(),
        token: at.token.clone(),
        id,
        version: 1,
        serial: serial.clone(),
        apple: record.clone(),
        presence: Presence::Present,
        deleted_at: None,
        seen_pass: at.pass,
        source: DiscoverySource::DeviceEnrollmentProgram,
        description: None,
        wanted_profile: None,
        wanted_at: None,
        assignment: Assignment::default(),
        enrollment: crate::device::Enrollment::default(),
        converted_at: None,
        created_at: at.now,
    }
}

fn listed(
    known: &Device,
    record: &AppleRecord,
    op_date: Option<Time>,
    at: &FoldContext,
) -> Option<(Device, Change)> {
    if is_stale(known, op_date) {
        return None;
    }
    let returns = known.presence != Presence::Present;
    let mut device = known.clone();
    device.apple = record.clone();
    device.presence = Presence::Present;
    device.source = DiscoverySource::DeviceEnrollmentProgram;
    if returns {
        device.assignment = Assignment::default();
    }
    // R56: hidden until the complete list shows it again, or until Apple has taken it away and given it anew.
    if at.phase == Phase::Fetch || returns {
        device.deleted_at = None;
    }
    let shown_again = known.deleted_at.is_some() && device.deleted_at.is_none();
    let hidden = device.deleted_at.is_some();
    let change = if shown_again || returns {
        Change::New
    } else if hidden || same_but_for_op_date(known, &device) {
        Change::Seen
    } else {
        Change::Changed
    };
    if device == *known {
        // That a complete list held it is noted by the page: a fleet in which nothing changes is not written anew.
        return None;
    }
    if at.phase == Phase::Fetch || returns {
        device.seen_pass = at.pass;
    }
    Some((device, change))
}

fn same_but_for_op_date(known: &Device, device: &Device) -> bool {
    let of = |device: &Device| AppleRecord { op_date: None, ..device.apple.clone() };
    of(known) == of(device)
}

impl Counts {
    /// Counts one change.
    pub fn count(&mut self, change: Change) {
        let counter = match change {
            Change::New => &mut self.new,
            Change::Changed => &mut self.changed,
            Change::Gone => &mut self.gone,
            Change::Seen => return,
        };
        *counter = counter.saturating_add(1);
    }
}
