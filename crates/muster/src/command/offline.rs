//! What the operator does with tenants at the machine itself: `muster tenant`.

use std::path::PathBuf;

use app::application::NewApplication;
use clap::{Args, Subcommand};
use net::Clock;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{self, Format};
use crate::practice_file::PracticeFile;
use crate::settings::{Flags, Place, Settings};
use crate::start;

/// Arguments of `muster tenant`.
#[derive(Debug, Args)]
pub(crate) struct Tenant {
    #[command(subcommand)]
    what: TenantCommand,
    #[command(flatten)]
    place: Place,
}

/// What to do with tenants.
#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// List them.
    ///
    /// Example: muster tenant list --data data
    List,
    /// Add one, and show the credentials of its first application.
    ///
    /// Example: muster tenant add school --data data --organization "Riverside School"
    Add(Add),
    /// Show credentials of a further application: for an operator who has lost the first ones.
    ///
    /// Example: muster tenant credentials default --data data > login.json
    Credentials {
        /// The tenant.
        tenant: String,
    },
}

/// Arguments of `muster tenant add`.
#[derive(Debug, Args)]
struct Add {
    /// Its name in URLs: letters, digits and hyphens.
    tenant: String,
    /// The organisation's name, shown on devices.
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// practice.json of `muster practice serve`: the tenant is a practice tenant for life.
    #[arg(long, value_name = "FILE")]
    practice: Option<PathBuf>,
}

/// `muster tenant`.
pub(crate) async fn tenant(tenant: Tenant, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(tenant.place, Flags::default())?;
    let store = app::open::existing(&start::existing(&settings)?).await.map_err(CliError::failed)?;
    let clock = Clock::system();
    match tenant.what {
        TenantCommand::List => {
            let tenants = app::operator::tenants(&store).await.map_err(CliError::failed)?;
            let row = |id: &str, name: &str, practice: bool| json!({ "id": id, "organizationName": name, "kind": if practice { "practice" } else { "real" } });
            let rows: Vec<Value> =
                tenants.iter().map(|t| row(t.id.as_str(), &t.organization.name, t.apple.practice)).collect();
            let columns = [("tenant", "id"), ("organization", "organizationName"), ("kind", "kind")];
            output::rows(format, &rows, &columns, "No tenant yet: the first `muster serve` makes one.");
        }
        TenantCommand::Add(add) => {
            let practice = add.practice.as_deref().map(PracticeFile::read).transpose()?;
            let practice = practice.as_ref().map(PracticeFile::for_tenant);
            let made =
                app::operator::add_tenant(&store, &add.tenant, &add.organization, practice.as_ref(), &clock)
                    .await;
            let made = made.map_err(CliError::failed)?;
            show_credentials(&settings, &made);
        }
        TenantCommand::Credentials { tenant } => {
            let made = app::operator::credentials(&store, &tenant, &clock).await.map_err(CliError::failed)?;
            show_credentials(&settings, &made);
        }
    }
    store.close().await;
    Ok(())
}

/// JSON in either format: it is what `muster login --from` reads.
pub(super) fn show_credentials(settings: &Settings, made: &NewApplication) {
    output::json(&json!({
        "url": start::public_url(&settings.api),
        "tenant": made.tenant.as_str(),
        "client_id": made.client_id,
        "client_secret": made.client_secret.as_str(),
        "ca_pem": std::fs::read_to_string(start::authority_path(&settings.data)).ok(),
    }));
    eprintln!("The secret is shown once. Keep this as a file for `muster login --from FILE`.");
}
