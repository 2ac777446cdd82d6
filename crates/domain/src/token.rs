//! Enrollment program tokens (`depOnboardingSetting`): R5, R6, R16, R18 to R27.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{KeyId, Platform, ProfileId, TenantId, Time, TokenId};

mod checklist;
mod health;
mod lifecycle;
#[cfg(test)]
mod tests;

pub use checklist::{ChecklistItem, Prerequisite, PrerequisiteFacts, checklist, first_unmet};
pub use health::{Heard, TokenHealth};
pub use lifecycle::{
    APPLE_ID_LEN_MAX, Accepted, Contents, DEFAULT_SCOPE_TAG, NAME_LEN_MAX, SCOPE_TAGS_MAX, ServerChange,
    TokenRefusal, Upload,
};

/// A connection to one virtual MDM server at Apple. Secrets (private keys, OAuth credentials) are not in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose.
    pub tenant: TenantId,
    /// Graph id; a UUID, without an underscore.
    pub id: TokenId,
    /// Changes with every write.
    pub version: i64,
    /// `tokenName`.
    pub name: String,
    /// `appleIdentifier`: who made the token at Apple (R21).
    pub apple_id: Option<String>,
    /// When an administrator agreed to send data to Apple, and who (R6).
    pub consent: Option<Consent>,
    /// `roleScopeTagIds`, inherited by profiles and devices (R22, L14). Never empty: `0` is Default (L13).
    pub scope_tags: Vec<String>,
    /// `shareTokenWithSchoolDataSyncService`.
    pub share_with_school_data_sync: bool,
    /// The key pair whose public half is at Apple; its private half is kept for the token's life (R24).
    pub key: Option<KeyPair>,
    /// A newer key pair that waits for its token (R19). It never displaces `key` before that token has arrived.
    pub pending_key: Option<KeyPair>,
    /// Known once a `.p7m` has been accepted; a token without is a draft.
    pub server: Option<ServerToken>,
    /// What Apple last said about this token.
    pub standing: Standing,
    /// Default profile for each platform (R59).
    pub default_profiles: BTreeMap<Platform, ProfileId>,
    /// When it was started.
    pub created_at: Time,
    /// `lastModifiedDateTime`.
    pub modified_at: Time,
    /// Deleted for good; the row stays as a tombstone so that nothing brings it back (R26).
    pub deleted_at: Option<Time>,
}

/// Who agreed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When.
    pub at: Time,
    /// The actor's name.
    pub by: String,
}

/// The public half of a token key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Names the private half among the secrets.
    pub id: KeyId,
    /// Self-signed certificate, PEM, as the administrator uploads it at Apple.
    pub certificate_pem: String,
    /// SHA-256 of the certificate, hex, so that an administrator can tell two files apart.
    pub fingerprint: String,
    /// When it was made.
    pub created_at: Time,
}

/// What the `.p7m` and `/account` told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerToken {
    /// `consumer_key`: names the virtual server's token.
    pub consumer_key: String,
    /// `access_token_expiry`.
    pub expires_at: Time,
    /// When the file was accepted.
    pub uploaded_at: Time,
    /// Which key pair opened it.
    pub key: KeyId,
    /// `/account`, once it answered.
    pub account: Option<Account>,
}

/// AccountDetail (apple.md 1.4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// `server_name`.
    pub server_name: String,
    /// `server_uuid`: stable id of the virtual server.
    pub server_uuid: String,
    /// `admin_id`.
    pub admin_id: Option<String>,
    /// `org_name`.
    pub org_name: Option<String>,
    /// `org_email`.
    pub org_email: Option<String>,
    /// `org_phone`.
    pub org_phone: Option<String>,
    /// `org_address`.
    pub org_address: Option<String>,
    /// `org_id`.
    pub org_id: Option<String>,
    /// `org_type`: `edu` makes `tokenType` `appleSchoolManager`.
    pub org_type: Option<String>,
}

/// What Apple last said, with the evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Not asked yet, or the last answer was good.
    #[default]
    Good,
    /// 401 at `/session`; alarmed only after several in a row (apple.md 7, trap 14).
    Rejected {
        /// First of this row.
        since: Time,
        /// How many in a row.
        times: u32,
        /// Apple's words.
        words: String,
    },
    /// `T_C_NOT_SIGNED`.
    TermsNotAccepted {
        /// First of this row.
        since: Time,
    },
    /// `ACCESS_DENIED` or another standing refusal.
    Refused {
        /// First of this row.
        since: Time,
        /// Apple's words.
        words: String,
    },
}

/// Health of a token, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Started, no `.p7m` yet.
    Draft,
    /// Apple rejects it.
    Rejected,
    /// Past its date.
    Expired,
    /// Apple waits for somebody to accept its terms.
    TermsNotAccepted,
    /// Runs out soon.
    Expiring,
    /// All is well.
    Valid,
}
