//! `[identity_provider]`: where the organisation's own people sign in (OpenID Connect).

use std::path::{Path, PathBuf};

use app::application::ProviderSettings;
use net::TrustAnchors;
use serde::Deserialize;

use crate::error::CliError;

/// What people call a provider that has no name.
const NAME: &str = "your organisation";
const CLAIM: &str = "email";
const TENANT: &str = "default";
/// Longest secret, in bytes.
const SECRET_LEN_MAX: usize = 4_096;

/// The table, as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    name: Option<String>,
    tenant: Option<String>,
    claim: Option<String>,
    allowed_domains: Vec<String>,
    private_addresses: bool,
    anchors: Option<PathBuf>,
}

/// A provider; its files are read at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityProvider {
    issuer: String,
    client_id: String,
    client_secret_file: PathBuf,
    name: String,
    tenant: String,
    claim: String,
    allowed_domains: Vec<String>,
    private_addresses: bool,
    anchors: Option<PathBuf>,
}

fn wrong(words: impl std::fmt::Display) -> CliError {
    CliError::Words(format!("[identity_provider]: {words}"))
}

/// The provider that the table describes; none: it is empty.
pub(super) fn read(table: Table) -> Result<Option<IdentityProvider>, CliError> {
    let (issuer, client_id, client_secret_file) =
        match (table.issuer, table.client_id, table.client_secret_file) {
            (None, None, None) => return Ok(None),
            (Some(issuer), Some(client_id), Some(file)) => (issuer, client_id, file),
            _ => return Err(wrong("issuer, client_id and client_secret_file go together")),
        };
    Ok(Some(IdentityProvider {
        issuer,
        client_id,
        client_secret_file,
        name: table.name.unwrap_or_else(|| NAME.into()),
        tenant: table.tenant.unwrap_or_else(|| TENANT.into()),
        claim: table.claim.unwrap_or_else(|| CLAIM.into()),
        allowed_domains: table.allowed_domains,
        private_addresses: table.private_addresses,
        anchors: table.anchors,
    }))
}

impl IdentityProvider {
    /// With what its files hold.
    pub(crate) fn open(&self) -> Result<ProviderSettings, CliError> {
        let anchors = match &self.anchors {
            Some(path) => TrustAnchors::from_pem_file(path),
            None => TrustAnchors::system(),
        };
        Ok(ProviderSettings {
            name: self.name.clone(),
            tenant: self.tenant.parse().map_err(|error| wrong(format!("tenant: failed to {error}")))?,
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: secret(&self.client_secret_file)?.into(),
            claim: self.claim.clone(),
            allowed_domains: self.allowed_domains.clone(),
            private_addresses: self.private_addresses,
            anchors: anchors.map_err(|error| wrong(format!("failed to {error}")))?,
        })
    }
}

fn secret(path: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
    let text = text.trim();
    match (1..=SECRET_LEN_MAX).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err(wrong(format!("{} has to hold the secret, and nothing else", path.display()))),
    }
}
