//! Activation: a device asks Apple what it is, and is told which profile it must enrol with.

use super::device::{ProfileState, ProfileStatus};
use super::model::Model;
use super::moment::Moment;
use super::org::OrgCard;
use super::profile::Profile;

/// What activation answers.
#[derive(Debug, PartialEq)]
pub enum Activation {
    /// Apple has never sold such a device.
    UnknownDevice,
    /// A device without a profile: it sets itself up as anybody's.
    Unmanaged,
    /// A device that must enrol.
    Managed(Box<CloudConfiguration>),
}

/// What a device learns about its organisation and its profile.
#[derive(Debug, PartialEq)]
pub struct CloudConfiguration {
    /// The profile.
    pub profile: Profile,
    /// The organisation that defined it.
    pub card: OrgCardText,
    /// By when a migration must be done.
    pub migration_deadline: Option<Moment>,
}

/// The organisation's texts a device shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgCardText {
    /// `OrganizationName`
    pub name: String,
    /// `OrganizationEmail`
    pub email: String,
    /// `OrganizationPhone`
    pub phone: String,
    /// `OrganizationAddress`
    pub address: String,
}

impl From<&OrgCard> for OrgCardText {
    fn from(card: &OrgCard) -> Self {
        Self {
            name: card.name.clone(),
            email: card.email.clone(),
            phone: card.phone.clone(),
            address: card.address.clone(),
        }
    }
}

impl Model {
    /// A device activates. The first time, it takes the profile assigned to it: `profile_status` becomes `pushed`,
    /// and its server sees `modified`. Until it is erased it is told the same again, whatever was assigned since.
    pub fn activate(&mut self, serial: &str, now: Moment) -> Activation {
        let Some(device) = self.devices.find_mut(serial) else { return Activation::UnknownDevice };
        let id = device.id;
        let first = device.activated_with.is_none();
        let carried = *device.activated_with.get_or_insert(device.profile.profile);
        if first && let Some(after) = after_activation(device.profile, now) {
            device.profile = after;
            self.record_modified(id, now);
        }
        let Some(stored) = carried.and_then(|profile| self.profiles.get(profile)) else {
            return Activation::Unmanaged;
        };
        let org = self.server(stored.server).and_then(|server| self.org(server.org));
        Activation::Managed(Box::new(CloudConfiguration {
            profile: stored.body.clone(),
            card: org.map(|org| OrgCardText::from(&org.card)).unwrap_or_default(),
            migration_deadline: self.device(serial).and_then(|device| device.migration_deadline),
        }))
    }

    /// A device was erased: its next activation takes the profile assigned by then. `false` when there is none such.
    pub fn erase(&mut self, serial: &str) -> bool {
        let found = self.devices.find_mut(serial);
        found.map(|device| device.activated_with = None).is_some()
    }

    /// A device that already runs takes the profile now assigned to it without being erased: an OS 26 migration.
    /// `false` when it has no deadline for one.
    pub fn migrate(&mut self, serial: &str, now: Moment) -> bool {
        let Some(device) = self.devices.find_mut(serial) else { return false };
        if device.migration_deadline.take().is_none() {
            return false;
        }
        device.activated_with = None;
        !matches!(self.activate(serial, now), Activation::UnknownDevice)
    }
}

/// What Apple has for a device after an activation, when that changes anything.
fn after_activation(before: ProfileState, now: Moment) -> Option<ProfileState> {
    match before.status {
        ProfileStatus::Assigned | ProfileStatus::Pushed => {
            Some(ProfileState { status: ProfileStatus::Pushed, pushed: Some(now), ..before })
        }
        ProfileStatus::Removed => Some(ProfileState::default()),
        ProfileStatus::Empty => None,
    }
}
