//! Everything practice Apple knows about organisations, MDM servers, devices and profiles.
//!
//! Pure: time comes in as an argument, and nothing here reads or writes the network. Each concern adds its methods in
//! a file of its own: [`super::shop`], [`super::token`], [`super::sync`], [`super::assign`], [`super::activation`].

use std::collections::HashMap;
use std::sync::Arc;

use super::device::{Device, DeviceId, DeviceTable};
use super::event::{Event, EventLog, Operation};
use super::moment::{DAY_S, Moment};
use super::org::{MdmServer, Org, OrgCard, OrgId, OrgKind, ServerId};
use super::profile::ProfileTable;
use super::serial;

/// The rules that rehearsals may want tighter than Apple's.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How often the same device may be given the same profile within an hour, before it is throttled.
    pub repeats_per_hour: u32,
    /// How long a throttled device stays so, in seconds. A day, by what others saw (fleetdm/fleet#14957).
    pub throttle_s: i64,
    /// How long the user of a device added by Configurator may leave management, in seconds: 30 days.
    pub provisional_s: i64,
    /// Whether a server is told that a device left it. Apple does not always (fleetdm/fleet PR 45590): without, only
    /// a full fetch shows that the device is gone.
    pub tells_deleted: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { repeats_per_hour: 5, throttle_s: DAY_S, provisional_s: 30 * DAY_S, tells_deleted: true }
    }
}

/// What an admin does wrong in the portal. Texts read on from "failed to".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalFault {
    /// No such organisation.
    #[error("find the organisation")]
    NoSuchOrg,
    /// No such MDM server in the organisation.
    #[error("find the MDM server")]
    NoSuchServer,
    /// No such device in the organisation.
    #[error("find the device {0}")]
    NoSuchDevice(String),
    /// Token files are encrypted to RSA keys only.
    #[error("use the public key: token files need an RSA key")]
    NotRsa,
    /// No such product.
    #[error("find such a product")]
    NoSuchProduct,
    /// The serial number is taken, or is none.
    #[error("use the serial number {0}: it is taken or is none")]
    SerialRefused(String),
    /// The thirty days are over, or never were.
    #[error("leave management: the device {0} is not in its provisional period")]
    NotProvisional(String),
    /// Migration is not for devices in their provisional period.
    #[error("set a deadline: the device {0} is in its provisional period")]
    Provisional(String),
    /// No such fault is planned.
    #[error("find the fault {0}")]
    NoSuchFault(u64),
    /// A fault that cannot be planned.
    #[error("plan that: {0}")]
    NoSuchPlan(String),
    /// Too much at once.
    #[error("take more than {0} at once")]
    TooMany(usize),
    /// No room left.
    #[error("keep more")]
    Full,
}

/// One line of a device's assignment history.
#[derive(Clone, Debug)]
pub struct HistoryEntry {
    /// The device.
    pub device: DeviceId,
    /// When.
    pub at: Moment,
    /// What was done.
    pub action: HistoryAction,
    /// The MDM server, when one is meant.
    pub server: Option<ServerId>,
    /// Who did it (e-mail).
    pub by: Arc<str>,
}

/// What the portal's history tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum HistoryAction {
    /// Came to the organisation from an order.
    Bought,
    /// Came by Apple Configurator.
    AddedByConfigurator,
    /// Put on an MDM server.
    Assigned,
    /// Taken off an MDM server.
    Unassigned,
    /// Left the organisation.
    Released,
    /// Replaced by another device under warranty.
    Replaced,
}

/// An Activation Lock set through the ADE service.
#[derive(Clone)]
pub struct ActivationLock {
    /// The escrow key, when the client sent one. Without, the device is locked to the server's creator.
    pub escrow_key: Option<String>,
    /// The text on the locked screen.
    pub lost_message: Option<String>,
}

impl std::fmt::Debug for ActivationLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActivationLock")
            .field("has_escrow_key", &self.escrow_key.is_some())
            .field("lost_message", &self.lost_message)
            .finish()
    }
}

/// How often a device was given one profile of late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeats {
    pub(crate) profile: super::profile::ProfileId,
    pub(crate) since: Moment,
    pub(crate) count: u32,
}

/// The model. See the module's documentation.
#[derive(Debug, Default)]
pub struct Model {
    /// The rules in force.
    pub rules: Rules,
    pub(crate) orgs: Vec<Org>,
    pub(crate) servers: Vec<MdmServer>,
    pub(crate) devices: DeviceTable,
    pub(crate) profiles: ProfileTable,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) locks: HashMap<DeviceId, ActivationLock>,
    pub(crate) repeats: HashMap<DeviceId, Repeats>,
}

impl Model {
    /// An empty world with those rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Founds an organisation.
    ///
    /// # Errors
    /// [`PortalFault::Full`] after four thousand million of them.
    pub fn add_org(&mut self, kind: OrgKind, card: OrgCard) -> Result<OrgId, PortalFault> {
        let id = OrgId(u32::try_from(self.orgs.len()).map_err(|_| PortalFault::Full)?);
        let number = serial::mix(u64::from(id.0) ^ 0x0046);
        self.orgs.push(Org {
            uuid: uuid::Uuid::new_v4().to_string(),
            kind,
            card,
            org_id: (number % 1_000_000_000).to_string(),
            org_id_hash: (0..4).map(|part| format!("{:016x}", serial::mix(number ^ part))).collect(),
            terms_pending: false,
            apple_seed: true,
            activation_lock: true,
            account_driven: true,
            discovery_url: None,
            default_servers: HashMap::new(),
        });
        Ok(id)
    }

    /// Makes an MDM server from an uploaded certificate (DER). It has no token yet.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchOrg`].
    pub fn add_server(
        &mut self,
        org: OrgId,
        name: &str,
        certificate: Vec<u8>,
    ) -> Result<ServerId, PortalFault> {
        self.org(org).ok_or(PortalFault::NoSuchOrg)?;
        let id = ServerId(u32::try_from(self.servers.len()).map_err(|_| PortalFault::Full)?);
        self.servers.push(MdmServer {
            uuid: uuid::Uuid::new_v4().simple().to_string().to_uppercase(),
            org,
            name: name.to_owned(),
            certificate,
            consumer_key: format!("CK_{}", uuid::Uuid::new_v4().simple()),
            consumer_secret: format!("CS_{}", uuid::Uuid::new_v4().simple()),
            access: None,
            cursor_salt: uuid::Uuid::new_v4().as_u64_pair().0,
            next_number: 0,
            members: std::collections::BTreeMap::new(),
            log: EventLog::default(),
        });
        Ok(id)
    }

    /// The organisation at that place.
    pub fn org(&self, id: OrgId) -> Option<&Org> {
        self.orgs.get(id.0 as usize)
    }

    /// The organisation at that place, to change.
    pub fn org_mut(&mut self, id: OrgId) -> Option<&mut Org> {
        self.orgs.get_mut(id.0 as usize)
    }

    /// The organisation with that portal id.
    pub fn find_org(&self, uuid: &str) -> Option<OrgId> {
        let place = self.orgs.iter().position(|org| org.uuid == uuid)?;
        u32::try_from(place).ok().map(OrgId)
    }

    /// The MDM server at that place.
    pub fn server(&self, id: ServerId) -> Option<&MdmServer> {
        self.servers.get(id.0 as usize)
    }

    /// The MDM server at that place, to change.
    pub fn server_mut(&mut self, id: ServerId) -> Option<&mut MdmServer> {
        self.servers.get_mut(id.0 as usize)
    }

    /// The MDM server with that UUID.
    pub fn find_server(&self, uuid: &str) -> Option<ServerId> {
        let place = self.servers.iter().position(|server| server.uuid == uuid)?;
        u32::try_from(place).ok().map(ServerId)
    }

    /// All organisations, oldest first.
    pub fn orgs(&self) -> impl Iterator<Item = (OrgId, &Org)> {
        (0..).map(OrgId).zip(&self.orgs)
    }

    /// All MDM servers, oldest first.
    pub fn servers(&self) -> impl Iterator<Item = (ServerId, &MdmServer)> {
        (0..).map(ServerId).zip(&self.servers)
    }

    /// The device with that serial number.
    pub fn device(&self, serial: &str) -> Option<&Device> {
        self.devices.find(serial)
    }

    /// All devices, oldest first.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter()
    }

    /// A device's assignment history, oldest first.
    pub fn history_of(&self, serial: &str) -> impl Iterator<Item = &HistoryEntry> {
        let wanted = self.devices.find(serial).map(|device| device.id);
        self.history.iter().filter(move |entry| Some(entry.device) == wanted)
    }

    /// The Activation Lock of a device.
    pub fn activation_lock_of(&self, serial: &str) -> Option<&ActivationLock> {
        self.locks.get(&self.devices.find(serial)?.id)
    }

    /// The profile UUID a state stands for.
    pub fn profile_uuid(&self, id: super::profile::ProfileId) -> Option<&str> {
        self.profiles.get(id).map(|stored| stored.uuid.as_str())
    }

    /// Writes an event of a device into its server's log, as things stand now.
    pub(crate) fn record(&mut self, server: ServerId, device: DeviceId, operation: Operation, now: Moment) {
        let profile = self.devices.get(device).map(|device| device.profile).unwrap_or_default();
        if let Some(server) = self.server_mut(server) {
            server.log.push(Event { device, operation, at: now, profile, released_by_replacement: false });
        }
    }

    /// Writes `modified` into the log of the server the device is on.
    pub(crate) fn record_modified(&mut self, device: DeviceId, now: Moment) {
        let place = self.devices.get(device).and_then(|device| device.membership.as_ref());
        if let Some(server) = place.map(|place| place.server) {
            self.record(server, device, Operation::Modified, now);
        }
    }

    pub(crate) fn remember(
        &mut self,
        device: DeviceId,
        action: HistoryAction,
        server: Option<ServerId>,
        by: &Arc<str>,
        now: Moment,
    ) {
        self.history.push(HistoryEntry { device, at: now, action, server, by: Arc::clone(by) });
    }
}
