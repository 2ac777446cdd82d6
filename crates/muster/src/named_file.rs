//! The files that settings name, read as a server reads them at its start: for it, and for who asks whether it could start.

use std::path::Path;

use net::Identity;

use crate::error::CliError;
use crate::practice_file::PracticeFile;
use crate::settings::{Settings, Tls};

/// A listener's certificate and its key.
pub(crate) fn identity(certificate: &Path, key: &Path) -> Result<Identity, CliError> {
    Identity::from_pem_files(certificate, key).map_err(|error| {
        CliError::Failed(format!("use {} with {}: failed to {error}", certificate.display(), key.display()))
    })
}

/// The authorities that devices are told to trust, as base64 of their DER.
pub(crate) fn anchors(path: &Path) -> Result<Vec<String>, CliError> {
    let pem = std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
    app::open::anchors(&pem).map_err(|error| CliError::Failed(format!("use {}: {error}", path.display())))
}

/// What a start would fail with, each under the setting that names the file; and how many settings name one.
pub(crate) fn check(settings: &Settings) -> (Vec<(&'static str, CliError)>, usize) {
    let mut read = Vec::new();
    for (name, side) in [("[api] certificate", &settings.api), ("[devices] certificate", &settings.devices)] {
        if let Tls::Files { certificate, key } = &side.tls {
            read.push((name, identity(certificate, key).map(drop)));
        }
    }
    if let Some(path) = &settings.devices.anchors {
        read.push(("[devices] anchors", anchors(path).map(drop)));
    }
    if let Some(path) = &settings.practice {
        read.push(("practice", PracticeFile::read(path).map(drop)));
    }
    if let Some(provider) = &settings.identity_provider {
        read.push(("[identity_provider]", provider.open().map(drop)));
    }
    let named = read.len();
    (read.into_iter().filter_map(|(name, read)| Some((name, read.err()?))).collect(), named)
}
