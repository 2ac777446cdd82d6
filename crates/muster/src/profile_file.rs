//! Where `muster login` keeps which server to talk to and as whom.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// A server and a caller.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    /// Base URL of the API.
    pub(crate) url: String,
    /// The tenant to sign in to.
    #[serde(default = "default_tenant")]
    pub(crate) tenant: String,
    /// Application (client) id.
    pub(crate) client_id: String,
    /// Its secret.
    pub(crate) client_secret: String,
    /// PEM of the certificate authority of the API, when it is not a public one.
    #[serde(default)]
    pub(crate) ca_pem: Option<String>,
}

fn default_tenant() -> String {
    "default".into()
}

/// `$MUSTER_LOGIN`, or `muster/login.json` under the user's configuration folder.
pub(crate) fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("MUSTER_LOGIN") {
        return path.into();
    }
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let base = std::env::var_os("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    base.join("muster").join("login.json")
}

/// Reads a login; a file of `muster serve`'s first start has the same shape.
pub(crate) fn read(path: &Path) -> Result<Login, CliError> {
    let text = fs::read(path).map_err(|e| CliError::file("read", path, e))?;
    serde_json::from_slice(&text)
        .map_err(|e| CliError::Words(format!("{} is not a login: {e}", path.display())))
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let fail = |e| CliError::file("write", path, e);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|mut file| file.write_all(content)).map_err(fail)
}
