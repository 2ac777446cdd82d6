//! `GET /MDMServiceConfig`: how tools such as Apple Configurator find a server by its host name.

use serde::Serialize;

/// The path, under the host's root.
pub const PATH: &str = "/MDMServiceConfig";
/// The content type that Apple documents.
pub const CONTENT_TYPE: &str = "application/json; charset=UTF8";

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceConfig {
    /// Where devices ask for their enrolment profile.
    pub dep_enrollment_url: String,
    /// Where the certificates that vouch for this server are: a JSON array of base64 of DER, which may be empty.
    pub dep_anchor_certs_url: String,
    /// Where the trust profile is, if devices need one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_profile_url: Option<String>,
}
