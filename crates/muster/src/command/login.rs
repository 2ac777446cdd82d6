//! `muster login`.

use std::path::PathBuf;

use clap::Args;

use crate::api::Api;
use crate::cli::Common;
use crate::error::CliError;
use crate::output;
use crate::profile_file::{self, Login as Stored};

/// Arguments of `muster login`.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The file that `muster serve` wrote at its first start.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["client_id", "client_secret"])]
    from: Option<PathBuf>,
    /// Application (client) id.
    #[arg(long, env = "MUSTER_CLIENT_ID")]
    client_id: Option<String>,
    /// Its secret; better given in the environment than on the command line.
    #[arg(long, env = "MUSTER_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// The tenant to sign in to.
    #[arg(long, env = "MUSTER_TENANT", default_value = "default")]
    tenant: String,
}

/// Signs in once to be sure, then remembers.
pub(crate) async fn run(login: Login, common: &Common) -> Result<(), CliError> {
    let mut stored = match login.from {
        Some(path) => profile_file::read(&path)?,
        None => Stored {
            url: common.url.clone().ok_or(CliError::NotLoggedIn)?,
            tenant: login.tenant,
            client_id: login.client_id.ok_or(CliError::NotLoggedIn)?,
            client_secret: login.client_secret.ok_or(CliError::NotLoggedIn)?,
            ca_pem: None,
        },
    };
    overlay(&mut stored, common)?;
    let tenant = Api::new(stored.clone())?.get("muster/tenant").await?;
    let path = profile_file::path();
    let text = serde_json::to_vec_pretty(&stored).map_err(|e| CliError::Words(e.to_string()))?;
    profile_file::write_private(&path, &text)?;
    let kind = if tenant.get("practice").and_then(serde_json::Value::as_bool) == Some(true) {
        "practice"
    } else {
        "real"
    };
    let words =
        format!("Signed in to {} ({kind} tenant {}). Kept in {}.", stored.url, stored.tenant, path.display());
    output::done(common.format(), &words);
    Ok(())
}

/// The server to talk to: the environment first, then what `muster login` kept.
pub(crate) fn resolve(common: &Common) -> Result<Stored, CliError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let mut stored = match (variable("MUSTER_CLIENT_ID"), variable("MUSTER_CLIENT_SECRET")) {
        (Some(client_id), Some(client_secret)) => Stored {
            url: common.url.clone().ok_or(CliError::NotLoggedIn)?,
            tenant: variable("MUSTER_TENANT").unwrap_or_else(|| "default".into()),
            client_id,
            client_secret,
            ca_pem: None,
        },
        _ if profile_file::path().exists() => profile_file::read(&profile_file::path())?,
        _ => return Err(CliError::NotLoggedIn),
    };
    overlay(&mut stored, common)?;
    Ok(stored)
}

fn overlay(stored: &mut Stored, common: &Common) -> Result<(), CliError> {
    if let Some(url) = &common.url {
        stored.url.clone_from(url);
    }
    if let Some(path) = &common.ca {
        stored.ca_pem = Some(std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?);
    }
    Ok(())
}
