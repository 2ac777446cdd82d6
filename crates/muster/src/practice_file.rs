//! `practice.json`: where practice Apple is and what proves it. Made at each start, so no practice key is in a binary.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use practice::Practice;
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Characters of a line of PEM (RFC 7468 section 2).
const PEM_LINE: usize = 64;

/// Addresses and certificates of a running practice Apple.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PracticeFile {
    /// The ADE service.
    pub(crate) ade_url: String,
    /// The push service.
    pub(crate) apns_url: String,
    /// The portal: Apple Business and School Manager, and the fleet.
    pub(crate) portal_url: String,
    /// Where devices activate.
    pub(crate) activation_url: String,
    /// The push certificate portal.
    pub(crate) pushcert_url: String,
    /// Where devices outside the process wait for pushes.
    pub(crate) push_url: String,
    /// The authority of these servers.
    pub(crate) ca_pem: String,
    /// The authority of the devices' own certificates.
    pub(crate) device_ca_pem: String,
}

impl PracticeFile {
    /// Of a running practice Apple.
    pub(crate) fn of(practice: &Practice) -> Self {
        Self {
            ade_url: practice.ade_url.clone(),
            apns_url: practice.apns_url.clone(),
            portal_url: practice.portal_url.clone(),
            activation_url: practice.activation_url.clone(),
            pushcert_url: practice.pushcert_url.clone(),
            push_url: practice.push_url.clone(),
            ca_pem: pem(&practice.ca_cert_der),
            device_ca_pem: pem(&practice.device_ca_der),
        }
    }

    /// Reads one.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = std::fs::read(path).map_err(|e| CliError::file("read", path, e))?;
        serde_json::from_slice(&bytes).map_err(|e| {
            CliError::Words(format!("{} is not written by `muster practice serve`: {e}", path.display()))
        })
    }

    /// Writes it.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CliError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| CliError::file("write", folder, e))?;
        }
        let text = serde_json::to_vec_pretty(self).map_err(|e| CliError::Failed(e.to_string()))?;
        std::fs::write(path, text).map_err(|e| CliError::file("write", path, e))
    }

    /// As a tenant knows it.
    pub(crate) fn for_tenant(&self) -> app::open::PracticeApple {
        app::open::PracticeApple {
            ade_url: self.ade_url.clone(),
            apns_url: self.apns_url.clone(),
            ca_pem: self.ca_pem.clone(),
            device_ca_pem: self.device_ca_pem.clone(),
        }
    }
}

fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, character) in body.chars().enumerate() {
        if at > 0 && at % PEM_LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
