//! ADE profiles: the shape of apple.md 1.8, and the rules Apple holds them to.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::fault::AdeFault;
use super::org::ServerId;

const NAME_CHARS_MAX: usize = 125;
const URL_CHARS_MAX: usize = 2_000;
const DEPARTMENT_CHARS_MAX: usize = 125;
const PHONE_CHARS_MAX: usize = 50;
const EMAIL_CHARS_MAX: usize = 250;
const MAGIC_CHARS_MAX: usize = 256;

/// A profile's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProfileId(pub(crate) u32);

/// A profile as a client defines it and reads it back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Only in the answer to reading one.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub profile_uuid: Option<String>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_name: Option<String>,
    /// Where the device POSTs its MachineInfo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the device opens in a web view instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_web_url: Option<String>,
    /// Base64 of DER certificates that the MDM host is trusted by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anchor_certs: Vec<String>,
    /// Base64 of DER certificates of computers that may pair.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supervising_host_certs: Vec<String>,
    /// Whether computers may pair (default true).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_pairing: Option<bool>,
    /// Whether the device is supervised (default false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_supervised: Option<bool>,
    /// Whether the user must take it (default false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mandatory: Option<bool>,
    /// Whether the user may remove management (default true).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mdm_removable: Option<bool>,
    /// Whether Setup Assistant waits for `DeviceConfigured` (protocol version 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub await_device_configured: Option<bool>,
    /// Whether Setup Assistant goes on by itself (protocol version 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_advance_setup: Option<bool>,
    /// Whether it is a Shared iPad (protocol version 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_user: Option<bool>,
    /// Return to Service with apps kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_return_to_service: Option<bool>,
    /// Whether a restored backup's profile is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_not_use_profile_from_backup: Option<bool>,
    /// The panes to skip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_setup_items: Vec<String>,
    /// ISO 639 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Department or place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Telephone number for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_phone_number: Option<String>,
    /// E-mail address for help (protocol version 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_email_address: Option<String>,
    /// The client's own mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_magic: Option<String>,
    /// Devices to assign it to at once.
    #[serde(skip_serializing)]
    pub devices: Vec<String>,
}

impl Profile {
    /// Drops what a client of that protocol version cannot have meant.
    pub fn gate(&mut self, protocol_version: u32) {
        if protocol_version < 2 {
            self.auto_advance_setup = None;
            self.await_device_configured = None;
            self.is_multi_user = None;
            self.support_email_address = None;
        }
    }

    /// Holds the profile to Apple's rules.
    ///
    /// # Errors
    /// Apple's word for the first rule it breaks.
    pub fn validate(&self) -> Result<(), AdeFault> {
        self.validate_required()?;
        self.validate_flags()?;
        self.validate_locale()?;
        self.validate_texts()?;
        let certificates = self.anchor_certs.iter().chain(&self.supervising_host_certs);
        for text in certificates {
            if !is_certificate(text) {
                return Err(AdeFault::MalformedRequestBody);
            }
        }
        Ok(())
    }

    fn validate_required(&self) -> Result<(), AdeFault> {
        let name = self.profile_name.as_deref().ok_or(AdeFault::ConfigNameRequired)?;
        within(name, NAME_CHARS_MAX).ok_or(AdeFault::ConfigNameInvalid)?;
        let url = self.url.as_deref().ok_or(AdeFault::ConfigUrlRequired)?;
        for url in [Some(url), self.configuration_web_url.as_deref()].into_iter().flatten() {
            if !is_https_url(url) {
                return Err(AdeFault::ConfigUrlInvalid);
            }
        }
        Ok(())
    }

    fn validate_flags(&self) -> Result<(), AdeFault> {
        let locked = self.is_mdm_removable == Some(false);
        if locked && self.is_supervised != Some(true) {
            return Err(AdeFault::FlagsInvalid);
        }
        Ok(())
    }

    fn validate_locale(&self) -> Result<(), AdeFault> {
        let language = self.language.as_deref().is_none_or(|code| {
            (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let region = self
            .region
            .as_deref()
            .is_none_or(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
        if language && region { Ok(()) } else { Err(AdeFault::LocaleInvalid) }
    }

    fn validate_texts(&self) -> Result<(), AdeFault> {
        let rules = [
            (&self.department, DEPARTMENT_CHARS_MAX, AdeFault::DepartmentInvalid),
            (&self.support_phone_number, PHONE_CHARS_MAX, AdeFault::SupportPhoneInvalid),
            (&self.support_email_address, EMAIL_CHARS_MAX, AdeFault::SupportEmailInvalid),
            (&self.org_magic, MAGIC_CHARS_MAX, AdeFault::MagicInvalid),
        ];
        for (text, chars_max, fault) in rules {
            if let Some(text) = text {
                within(text, chars_max).ok_or(fault)?;
            }
        }
        Ok(())
    }
}

/// The text, when it is not empty and not longer than `chars_max` characters.
fn within(text: &str, chars_max: usize) -> Option<&str> {
    let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
    fits.then_some(text)
}

/// Whether the text is an absolute https URL with a host, not longer than Apple takes.
pub(crate) fn is_https_url(text: &str) -> bool {
    if text.len() > URL_CHARS_MAX || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    text.parse::<http::Uri>()
        .is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty()))
}

/// Whether the text is base64 of something that starts as a DER certificate does: a long-form SEQUENCE.
fn is_certificate(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|der| der.starts_with(&[0x30, 0x82]))
}

/// A profile as Apple keeps it: for ever, and unchanged.
#[derive(Debug)]
pub struct StoredProfile {
    /// `profile_uuid`: 32 hexadecimal capitals.
    pub uuid: String,
    /// The server that defined it.
    pub server: ServerId,
    /// What was defined.
    pub body: Profile,
}

/// Every profile ever defined. There is no way to change, list or delete one.
#[derive(Debug, Default)]
pub struct ProfileTable {
    rows: Vec<StoredProfile>,
    by_uuid: HashMap<String, ProfileId>,
}

impl ProfileTable {
    /// The profile at that place.
    pub fn get(&self, id: ProfileId) -> Option<&StoredProfile> {
        self.rows.get(id.0 as usize)
    }

    /// The profile with that UUID, if that server defined it.
    pub fn find(&self, server: ServerId, uuid: &str) -> Option<(ProfileId, &StoredProfile)> {
        let id = *self.by_uuid.get(uuid)?;
        let stored = self.get(id).filter(|stored| stored.server == server)?;
        Some((id, stored))
    }

    /// Keeps a profile. `None` when the table is full.
    pub fn add(&mut self, server: ServerId, body: Profile) -> Option<(ProfileId, String)> {
        let id = ProfileId(u32::try_from(self.rows.len()).ok()?);
        let uuid = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        self.by_uuid.insert(uuid.clone(), id);
        self.rows.push(StoredProfile { uuid: uuid.clone(), server, body });
        Some((id, uuid))
    }
}
