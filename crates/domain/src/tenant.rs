//! An organisation, and whose Apple it talks to.

use serde::{Deserialize, Serialize};

use crate::{TenantId, Time};

/// The tenant that exists from the first start.
pub const DEFAULT_TENANT: &str = "default";

/// An organisation on this server. Real or practice for life: its addresses and trust belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name in URLs and in a bearer token's `tid`.
    pub id: TenantId,
    /// Shown on devices ("managed by ...") and in the About screen (R12).
    pub organization: Organization,
    /// Real or practice.
    pub apple: AppleSide,
    /// When it was made.
    pub created_at: Time,
    /// Changes with every write.
    pub version: i64,
}

/// What `OrganizationInfo` and profiles say about the organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization {
    /// `OrganizationName`.
    pub name: String,
    /// `OrganizationAddress`.
    pub address: Option<String>,
    /// `OrganizationPhone`.
    pub phone: Option<String>,
    /// `OrganizationEmail`.
    pub email: Option<String>,
}

/// Where this tenant's Apple is, and what proves it. Addresses and anchors only: nothing else tells practice from real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppleSide {
    /// Practice tenants accept the practice device CA and never talk to the real Apple.
    pub practice: bool,
    /// Base URL of the ADE service.
    pub ade_url: String,
    /// Base URL of APNs.
    pub apns_url: String,
    /// DER certificates trusted for those two hosts, instead of the system's roots, as base64; empty: the system's.
    pub tls_anchors: Vec<String>,
    /// DER certificates that may issue MachineInfo signers, as base64. Empty: Apple iPhone Device CA.
    pub device_anchors: Vec<String>,
}

impl AppleSide {
    /// The real Apple (apple.md, table of hosts).
    pub fn real() -> Self {
        Self {
            practice: false,
            ade_url: "https://mdmenrollment.apple.com".into(),
            apns_url: "https://api.push.apple.com".into(),
            tls_anchors: Vec::new(),
            device_anchors: Vec::new(),
        }
    }
}
