//! Profiles and who gets them: define, assign, take off, disown, lock.

use std::collections::HashSet;

use super::device::{DeviceId, ProfileState, ProfileStatus};
use super::fault::AdeFault;
use super::model::{ActivationLock, HistoryAction, Model, Repeats};
use super::moment::{HOUR_S, Moment};
use super::org::ServerId;
use super::profile::{Profile, ProfileId};

/// The most serial numbers in one call.
pub const SERIALS_PER_CALL_MAX: usize = 1_000;

/// Length of an escrow key: 32 bytes in hexadecimal.
const ESCROW_KEY_CHARS: usize = 64;

/// Apple's answer for one serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialResult {
    /// Done.
    Success,
    /// Unknown, or not on this server.
    NotAccessible,
    /// Not done, for a reason Apple keeps to itself.
    Failed,
    /// Not done: assigned too often.
    Throttled,
}

impl SerialResult {
    /// Apple's word. `THROTTLED` exists from protocol version 9 on; before, such devices are `FAILED`.
    pub const fn word(self, protocol_version: u32) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::NotAccessible => "NOT_ACCESSIBLE",
            Self::Failed => "FAILED",
            Self::Throttled if protocol_version >= 9 => "THROTTLED",
            Self::Throttled => "FAILED",
        }
    }
}

/// Serial numbers that are refused whatever the rules say, for a rehearsal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// These are throttled when they are assigned next.
    pub throttled: HashSet<String>,
    /// These fail, for a reason Apple keeps to itself.
    pub failed: HashSet<String>,
    /// These are said not to be there.
    pub not_accessible: HashSet<String>,
}

/// Answers by serial number.
pub type SerialResults = Vec<(String, SerialResult)>;

/// The answer to an assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// One answer for each serial number.
    pub results: SerialResults,
    /// Seconds until the last throttled device may be tried again.
    pub retry_after_seconds: Option<i64>,
}

/// The answer to an Activation Lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockResult {
    /// Locked.
    Success,
    /// Unknown, or not on this server.
    NotAccessible,
    /// The organisation has no such service.
    OrgNotSupported,
    /// The device has no such lock.
    DeviceNotSupported,
    /// Somebody was quicker.
    DeviceAlreadyLocked,
}

impl LockResult {
    /// Apple's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::NotAccessible => "NOT_ACCESSIBLE",
            Self::OrgNotSupported => "ORG_NOT_SUPPORTED",
            Self::DeviceNotSupported => "DEVICE_NOT_SUPPORTED",
            Self::DeviceAlreadyLocked => "DEVICE_ALREADY_LOCKED",
        }
    }
}

/// Refuses a list of serial numbers that is empty or too long.
///
/// # Errors
/// `DEVICE_ID_REQUIRED` or, for more than a thousand, `MALFORMED_REQUEST_BODY`: Apple documents the limit, not the word.
pub fn check_serials(serials: &[String]) -> Result<(), AdeFault> {
    match serials.len() {
        0 => Err(AdeFault::DeviceIdRequired),
        1..=SERIALS_PER_CALL_MAX => Ok(()),
        _ => Err(AdeFault::MalformedRequestBody),
    }
}

impl Model {
    /// Defines a profile, and assigns it to the devices it names.
    ///
    /// Returns its UUID and the answers for its devices.
    ///
    /// # Errors
    /// Apple's word for the first rule the profile breaks.
    pub fn define_profile(
        &mut self,
        server: ServerId,
        mut profile: Profile,
        refused: &Refused,
        now: Moment,
    ) -> Result<(String, Assigned), AdeFault> {
        profile.validate()?;
        let serials = std::mem::take(&mut profile.devices);
        if !serials.is_empty() {
            check_serials(&serials)?;
        }
        let (id, uuid) = self.profiles.add(server, profile).ok_or(AdeFault::MalformedRequestBody)?;
        let assigned = self.assign_id(server, id, &serials, refused, now);
        Ok((uuid, assigned))
    }

    /// Reads a profile back.
    ///
    /// # Errors
    /// `NOT_FOUND` when this server never defined it.
    pub fn read_profile(&self, server: ServerId, uuid: &str) -> Result<Profile, AdeFault> {
        let (_, stored) = self.profiles.find(server, uuid).ok_or(AdeFault::ProfileNotFound)?;
        Ok(Profile { profile_uuid: Some(stored.uuid.clone()), ..stored.body.clone() })
    }

    /// Assigns a profile to devices. `refused` names those that are refused whatever the rules say.
    ///
    /// # Errors
    /// `DEVICE_ID_REQUIRED`, or 404 for a profile this server never defined.
    pub fn assign(
        &mut self,
        server: ServerId,
        uuid: &str,
        serials: &[String],
        refused: &Refused,
        now: Moment,
    ) -> Result<Assigned, AdeFault> {
        check_serials(serials)?;
        let (id, _) = self.profiles.find(server, uuid).ok_or(AdeFault::AssignedProfileNotFound)?;
        Ok(self.assign_id(server, id, serials, refused, now))
    }

    fn assign_id(
        &mut self,
        server: ServerId,
        profile: ProfileId,
        serials: &[String],
        refused: &Refused,
        now: Moment,
    ) -> Assigned {
        let mut assigned = Assigned::default();
        for serial in serials {
            let device = self.device_on(server, serial).map(|device| device.id);
            let result = match device {
                None => SerialResult::NotAccessible,
                Some(_) if refused.not_accessible.contains(serial) => SerialResult::NotAccessible,
                Some(_) if refused.failed.contains(serial) => SerialResult::Failed,
                Some(id) if self.throttles(id, profile, refused.throttled.contains(serial), now) => {
                    let until = self.devices.get(id).and_then(|device| device.throttled_until).unwrap_or(now);
                    let wait = until.seconds() - now.seconds();
                    assigned.retry_after_seconds = assigned.retry_after_seconds.max(Some(wait));
                    SerialResult::Throttled
                }
                Some(id) => {
                    self.set_profile(id, ProfileState::assigned(profile, now), now);
                    SerialResult::Success
                }
            };
            assigned.results.push((serial.clone(), result));
        }
        assigned
    }

    fn set_profile(&mut self, id: DeviceId, profile: ProfileState, now: Moment) {
        if let Some(device) = self.devices.get_mut(id) {
            device.profile = profile;
        }
        self.record_modified(id, now);
    }

    /// Counts an assignment, and says whether Apple refuses it for coming too often.
    fn throttles(&mut self, id: DeviceId, profile: ProfileId, forced: bool, now: Moment) -> bool {
        let rules = self.rules;
        let Some(device) = self.devices.get_mut(id) else { return false };
        if device.is_throttled(now) {
            return true;
        }
        let fresh = Repeats { profile, since: now, count: 0 };
        let repeats = self.repeats.entry(id).or_insert(fresh);
        if repeats.profile != profile || repeats.since.plus_seconds(HOUR_S) <= now {
            *repeats = fresh;
        }
        repeats.count += 1;
        if forced || repeats.count > rules.repeats_per_hour {
            self.repeats.remove(&id);
            device.throttled_until = Some(now.plus_seconds(rules.throttle_s));
            return true;
        }
        false
    }

    /// Throttles a device from now on, as Apple does without telling why. `false` when there is no such device.
    pub fn throttle(&mut self, serial: &str, seconds: i64, now: Moment) -> bool {
        let found = self.devices.find_mut(serial);
        found.map(|device| device.throttled_until = Some(now.plus_seconds(seconds))).is_some()
    }

    /// Takes profiles off devices; with `uuid`, only off those that have that very profile.
    ///
    /// # Errors
    /// `DEVICE_ID_REQUIRED`.
    pub fn remove_profile(
        &mut self,
        server: ServerId,
        uuid: Option<&str>,
        serials: &[String],
        now: Moment,
    ) -> Result<SerialResults, AdeFault> {
        check_serials(serials)?;
        let wanted = uuid.map(|uuid| self.profiles.find(server, uuid).map(|(id, _)| id));
        let mut results = SerialResults::with_capacity(serials.len());
        for serial in serials {
            let found = self.device_on(server, serial).map(|device| (device.id, device.profile));
            let result = match found {
                None => SerialResult::NotAccessible,
                Some((_, profile))
                    if wanted.is_some_and(|wanted| wanted.is_none() || wanted != profile.profile) =>
                {
                    SerialResult::Failed
                }
                Some((id, profile)) => {
                    if !matches!(profile.status, ProfileStatus::Empty | ProfileStatus::Removed) {
                        self.set_profile(id, profile.without_profile(), now);
                    }
                    SerialResult::Success
                }
            };
            results.push((serial.clone(), result));
        }
        Ok(results)
    }

    /// Gives devices up for good.
    ///
    /// # Errors
    /// `DEVICE_ID_REQUIRED`.
    pub fn disown(
        &mut self,
        server: ServerId,
        serials: &[String],
        now: Moment,
    ) -> Result<SerialResults, AdeFault> {
        check_serials(serials)?;
        let by = self.server(server).map(|server| server.name.as_str()).unwrap_or_default().into();
        let mut results = SerialResults::with_capacity(serials.len());
        for serial in serials {
            let result = match self.device_on(server, serial).map(|device| device.id) {
                None => SerialResult::NotAccessible,
                Some(id) => {
                    self.part_with(id, HistoryAction::Released, &by, now);
                    SerialResult::Success
                }
            };
            results.push((serial.clone(), result));
        }
        Ok(results)
    }

    /// Locks a device to the organisation.
    ///
    /// # Errors
    /// `MALFORMED_REQUEST_BODY` for an escrow key that is not 64 hexadecimal characters.
    pub fn lock(
        &mut self,
        server: ServerId,
        serial: &str,
        lock: ActivationLock,
    ) -> Result<LockResult, AdeFault> {
        let key = lock.escrow_key.as_deref();
        let plausible =
            |key: &str| key.len() == ESCROW_KEY_CHARS && key.bytes().all(|b| b.is_ascii_hexdigit());
        if !key.is_none_or(plausible) {
            return Err(AdeFault::MalformedRequestBody);
        }
        let Some(device) = self.device_on(server, serial) else { return Ok(LockResult::NotAccessible) };
        let (id, family) = (device.id, device.product.family);
        let org = device.org.and_then(|org| self.org(org));
        if !org.is_some_and(|org| org.activation_lock) {
            return Ok(LockResult::OrgNotSupported);
        }
        if !family.has_activation_lock() {
            return Ok(LockResult::DeviceNotSupported);
        }
        if self.locks.contains_key(&id) {
            return Ok(LockResult::DeviceAlreadyLocked);
        }
        self.locks.insert(id, lock);
        Ok(LockResult::Success)
    }
}
