//! Configuration profiles (Apple: `mdm/profiles/*.yaml`): any profile of any payloads, and the payloads that enrolment
//! needs. The same input gives the same bytes, so that a profile can be compared and cached.

mod payload;

use std::fmt;

pub use payload::{AccessRights, AppLock, Mdm, Scep};

use crate::Error;
use crate::command::Keys;
use crate::guard::{Dictionary, Value, write_xml};

/// The content type of a profile.
pub const CONTENT_TYPE: &str = "application/x-apple-aspen-config";

/// What a profile and every payload is called by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// `PayloadIdentifier`, reverse DNS. A profile with the same one replaces the installed profile.
    pub identifier: String,
    /// `PayloadUUID`.
    pub uuid: String,
    /// `PayloadDisplayName`.
    pub display_name: Option<String>,
    /// `PayloadDescription`.
    pub description: Option<String>,
    /// `PayloadOrganization`.
    pub organization: Option<String>,
}

impl Head {
    fn keys(&self, payload_type: &str) -> Keys {
        Keys::default()
            .with("PayloadType", payload_type)
            .with("PayloadVersion", 1)
            .with("PayloadIdentifier", self.identifier.as_str())
            .with("PayloadUUID", self.uuid.as_str())
            .maybe("PayloadDisplayName", self.display_name.clone())
            .maybe("PayloadDescription", self.description.clone())
            .maybe("PayloadOrganization", self.organization.clone())
    }
}

/// One payload of a profile.
#[derive(Clone, PartialEq)]
pub struct Payload {
    head: Head,
    payload_type: String,
    keys: Dictionary,
}

/// Names the keys but not their values: challenges and passwords are among them.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("payload_type", &self.payload_type)
            .field("head", &self.head)
            .field("keys", &self.keys.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl Payload {
    /// A payload of any type. Keys that the head has too are the head's.
    pub fn new(payload_type: impl Into<String>, head: Head, keys: Dictionary) -> Self {
        Self { head, payload_type: payload_type.into(), keys }
    }

    /// `PayloadType`.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    fn dictionary(&self) -> Dictionary {
        let mut dictionary = self.head.keys(&self.payload_type).done();
        for (key, value) in &self.keys {
            if !dictionary.contains_key(key) {
                dictionary.insert(key.clone(), value.clone());
            }
        }
        dictionary
    }
}

/// Whom a profile is for, on a Mac.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole Mac; what enrolment needs.
    System,
    /// A user.
    User,
}

/// A configuration profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationProfile {
    /// What it is called by.
    pub head: Head,
    /// `PayloadScope` (macOS).
    pub scope: Option<Scope>,
    /// `PayloadRemovalDisallowed`. Enrolment by Automated Device Enrollment is locked by Apple's profile, not by this.
    pub removal_disallowed: bool,
    /// `PayloadContent`: certificates before what relies on them.
    pub payloads: Vec<Payload>,
}

impl ConfigurationProfile {
    /// The profile as an XML property list, the bytes of a `.mobileconfig`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if a text has a character that XML has no place for.
    pub fn to_xml(&self) -> Result<Vec<u8>, Error> {
        let payloads: Vec<Value> = self.payloads.iter().map(|p| p.dictionary().into()).collect();
        let scope = self.scope.map(|scope| match scope {
            Scope::System => "System",
            Scope::User => "User",
        });
        let keys = self
            .head
            .keys("Configuration")
            .maybe("PayloadScope", scope)
            .switch("PayloadRemovalDisallowed", self.removal_disallowed)
            .with("PayloadContent", payloads);
        write_xml(&Value::Dictionary(keys.done()))
    }
}

#[cfg(test)]
mod tests;
