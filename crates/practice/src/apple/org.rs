//! Organisations in Apple Business or Apple School, and the MDM servers they make there.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::catalogue::Family;
use super::device::DeviceId;
use super::event::EventLog;
use super::moment::{DAY_S, Moment};

/// How long a server token lives, in seconds: one year.
pub const TOKEN_LIFE_S: i64 = 365 * DAY_S;

/// An organisation's place in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrgId(pub(crate) u32);

/// An MDM server's place in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(crate) u32);

/// Which of Apple's portals the organisation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrgKind {
    /// Apple Business.
    Business,
    /// Apple School.
    School,
}

impl OrgKind {
    /// The value of `org_type`.
    pub const fn org_type(self) -> &'static str {
        match self {
            Self::Business => "org",
            Self::School => "edu",
        }
    }

    /// The value of `org_version`: `v2` is Apple School's.
    pub const fn org_version(self) -> &'static str {
        match self {
            Self::Business => "v1",
            Self::School => "v2",
        }
    }
}

/// Who an organisation says it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OrgCard {
    /// The name.
    pub name: String,
    /// The e-mail address.
    #[serde(default)]
    pub email: String,
    /// The telephone number.
    #[serde(default)]
    pub phone: String,
    /// The postal address.
    #[serde(default)]
    pub address: String,
}

/// An organisation.
#[derive(Debug)]
pub struct Org {
    /// Its id in the portal (a UUID).
    pub uuid: String,
    /// Business or School.
    pub kind: OrgKind,
    /// Name and addresses.
    pub card: OrgCard,
    /// The value of `org_id`.
    pub org_id: String,
    /// The value of `org_id_hash`.
    pub org_id_hash: String,
    /// Whether Apple has newer terms than the organisation accepted.
    pub terms_pending: bool,
    /// Whether AppleSeed for IT is on, which beta tokens need.
    pub apple_seed: bool,
    /// Whether the organisation has the Activation Lock service.
    pub activation_lock: bool,
    /// Whether the organisation has account-driven enrolment.
    pub account_driven: bool,
    /// Where account-driven enrolment finds its server, and when that was last set.
    pub discovery_url: Option<(String, Moment)>,
    /// The server that new devices of a family go to.
    pub default_servers: HashMap<Family, ServerId>,
}

/// Why a token no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Revocation {
    /// A newer token was downloaded.
    Renewed,
    /// The person who made it changed the password of their Apple Account.
    PasswordChanged,
    /// The person who made it left the organisation.
    CreatorLeft,
    /// An admin revoked it.
    Revoked,
}

/// The access half of a server token. The consumer half belongs to the server for life.
pub struct AccessToken {
    /// `access_token`
    pub token: String,
    /// `access_secret`
    pub secret: String,
    /// `access_token_expiry`
    pub expires: Moment,
    /// Who downloaded it: `admin_id`.
    pub made_by: String,
    /// Why it no longer works.
    pub revoked: Option<Revocation>,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires", &self.expires)
            .field("made_by", &self.made_by)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

/// An MDM server as an organisation made it in the portal.
pub struct MdmServer {
    /// `server_uuid`
    pub uuid: String,
    /// The organisation.
    pub org: OrgId,
    /// `server_name`
    pub name: String,
    /// The uploaded certificate (DER) whose key the token file is encrypted to.
    pub certificate: Vec<u8>,
    /// `consumer_key`: names this server for life.
    pub consumer_key: String,
    /// `consumer_secret`
    pub consumer_secret: String,
    /// The token in use. `None` before the first download.
    pub access: Option<AccessToken>,
    /// Ties cursors to this server.
    pub cursor_salt: u64,
    /// The next membership number.
    pub next_number: u64,
    /// The devices, in the order they came.
    pub members: BTreeMap<u64, DeviceId>,
    /// What happened to them.
    pub log: EventLog,
}

impl std::fmt::Debug for MdmServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MdmServer")
            .field("uuid", &self.uuid)
            .field("name", &self.name)
            .field("access", &self.access)
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}
