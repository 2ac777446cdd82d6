//! `GET /session` and `GET /account`.

use serde::{Deserialize, Serialize};

use crate::Redacted;

/// The answer of `GET /session`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// The token for `X-ADM-Auth-Session`; a secret.
    #[serde(deserialize_with = "redacted")]
    pub auth_session_token: Redacted<String>,
}

fn redacted<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Redacted<String>, D::Error> {
    String::deserialize(from).map(Redacted)
}

/// The answer of `GET /account`: which organisation and which of its servers the token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountDetail {
    /// The name given to this server in Apple Business Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The stable id of this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_uuid: Option<String>,
    /// The Apple Account that made the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_id: Option<String>,
    /// The old name of `admin_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facilitator_id: Option<String>,
    /// The organisation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_name: Option<String>,
    /// The organisation's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_email: Option<String>,
    /// The organisation's telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_phone: Option<String>,
    /// The organisation's postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_address: Option<String>,
    /// The organisation's customer id (protocol 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// A hash of the organisation's id, as the content token shows it too (protocol 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id_hash: Option<String>,
    /// `org`, `edu` or `tvprovider` (protocol 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_type: Option<String>,
    /// `v1`, or `v2` for Apple School Manager (protocol 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_version: Option<String>,
    /// What may be called, and how much at a time (protocol 3).
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::each::readable")]
    pub urls: Vec<Url>,
}

impl AccountDetail {
    /// The Apple Account that made the token, under its new or its old name.
    pub fn apple_account(&self) -> Option<&str> {
        self.admin_id.as_deref().or(self.facilitator_id.as_deref()).filter(|id| !id.is_empty())
    }

    /// The limit for a path, such as `/profile/devices`.
    pub fn limit(&self, path: &str) -> Option<Limit> {
        self.urls.iter().find(|url| url.uri.trim_end_matches('/') == path).and_then(|url| url.limit)
    }
}

/// One call that the service offers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Url {
    /// The path.
    pub uri: String,
    /// The methods.
    pub http_method: Vec<String>,
    /// How many items a call takes or gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// How many items a call takes or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limit {
    /// Unless the caller says otherwise.
    pub default: u32,
    /// At most.
    pub maximum: u32,
}
