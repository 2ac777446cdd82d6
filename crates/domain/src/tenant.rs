//! An organisation, and whose Apple it talks to.

use serde::{Deserialize, Serialize};

use crate::token::Account;
use crate::{TenantId, Time};

#[cfg(test)]
mod tests;

/// The tenant that exists from the first start.
pub const DEFAULT_TENANT: &str = "default";
/// Name of an organisation until Apple or an administrator gives it another; it is shown on devices (R12).
pub const NAME_AT_FIRST: &str = "My organization";

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

/// Longest text about an organisation, in characters.
pub const TEXT_LEN_MAX: usize = 256;
/// Longest address of a service.
const URL_LEN_MAX: usize = 2_000;
/// Certificates that a practice tenant trusts, each kind.
const ANCHORS_MAX: usize = 16;

/// Why a tenant is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantRefusal {
    /// A text that is too long.
    #[error("{0} takes 1 to {TEXT_LEN_MAX} characters without control characters")]
    Text(&'static str),
    /// An address that is none.
    #[error("{0} takes an http or https address")]
    Url(&'static str),
    /// A practice tenant that would talk to Apple.
    #[error("a practice tenant never talks to Apple itself: {0} must be practice Apple's")]
    PracticeAtApple(&'static str),
    /// A real tenant with addresses or trust of its own.
    #[error("only a practice tenant has addresses and trust anchors of its own")]
    RealElsewhere,
    /// A practice tenant without anchors would trust the real Apple's devices.
    #[error("a practice tenant needs the practice device CA's certificate")]
    NoDeviceAnchor,
}

impl Organization {
    /// Whether the texts fit. The name is shown on devices and must not be empty (R12).
    pub fn check(&self) -> Result<(), TenantRefusal> {
        let fits = |text: &str| {
            text.chars().count() <= TEXT_LEN_MAX && !text.chars().any(|c| c.is_control() && c != '\n')
        };
        if self.name.trim().is_empty() || !fits(&self.name) {
            return Err(TenantRefusal::Text("organizationName"));
        }
        for (what, text) in [
            ("organizationAddress", &self.address),
            ("organizationPhone", &self.phone),
            ("organizationEmail", &self.email),
        ] {
            if text.as_deref().is_some_and(|text| !fits(text)) {
                return Err(TenantRefusal::Text(what));
            }
        }
        Ok(())
    }
}

impl Organization {
    /// Takes over what a token's `/account` says of the organisation, as long as nobody has named it here: devices show
    /// it (R12). Answers whether anything changed. What an administrator wrote stays.
    pub fn learn(&mut self, account: &Account) -> bool {
        let Some(name) = account.org_name.as_deref().and_then(tidied) else { return false };
        if self.name != NAME_AT_FIRST || name == NAME_AT_FIRST {
            return false;
        }
        self.name = name;
        for (ours, apples) in [
            (&mut self.address, &account.org_address),
            (&mut self.phone, &account.org_phone),
            (&mut self.email, &account.org_email),
        ] {
            *ours = ours.take().or_else(|| apples.as_deref().and_then(tidied));
        }
        true
    }
}

/// A text of Apple's as [`Organization::check`] takes it; none: there is nothing in it.
fn tidied(text: &str) -> Option<String> {
    let plain = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    let text: String = plain.collect::<String>().trim().chars().take(TEXT_LEN_MAX).collect();
    (!text.is_empty()).then_some(text)
}

impl AppleSide {
    /// Whether real stays real and practice stays practice.
    pub fn check(&self) -> Result<(), TenantRefusal> {
        if !self.practice {
            return if *self == Self::real() { Ok(()) } else { Err(TenantRefusal::RealElsewhere) };
        }
        for (what, url) in [("adeUrl", &self.ade_url), ("apnsUrl", &self.apns_url)] {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let host = host.filter(|_| url.len() <= URL_LEN_MAX).ok_or(TenantRefusal::Url(what))?;
            let host = host.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            if name.is_empty() {
                return Err(TenantRefusal::Url(what));
            }
            if name == "apple.com" || name.ends_with(".apple.com") {
                return Err(TenantRefusal::PracticeAtApple(what));
            }
        }
        if self.device_anchors.is_empty() {
            return Err(TenantRefusal::NoDeviceAnchor);
        }
        if self.device_anchors.len() > ANCHORS_MAX || self.tls_anchors.len() > ANCHORS_MAX {
            return Err(TenantRefusal::Text("anchors"));
        }
        Ok(())
    }
}

impl Tenant {
    /// A new organisation.
    pub fn new(
        id: TenantId,
        organization: Organization,
        apple: AppleSide,
        now: Time,
    ) -> Result<Self, TenantRefusal> {
        organization.check()?;
        apple.check()?;
        Ok(Self { id, organization, apple, created_at: now, version: 1 })
    }
}
