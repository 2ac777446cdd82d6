//! What the operator does with applications at the machine itself: `muster applications`.

use std::path::PathBuf;
use std::time::Duration;

use app::application::Role;
use app::operator;
use app::operator::Time;
use clap::{Args, Subcommand};
use net::Clock;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{self, Format};
use crate::settings::{Flags, Place, Settings};
use crate::start;

/// Arguments of `muster applications`.
#[derive(Debug, Args)]
pub(crate) struct Applications {
    #[command(subcommand)]
    what: ApplicationsCommand,
    /// The tenant.
    #[arg(long, global = true, env = "MUSTER_TENANT", default_value = "default")]
    tenant: String,
    #[command(flatten)]
    place: Place,
}

/// What to do with applications.
#[derive(Debug, Subcommand)]
enum ApplicationsCommand {
    /// List them with their secrets and certificates.
    ///
    /// Example: muster applications list --config muster.toml
    List,
    /// Add one, and print its client id and its first secret.
    ///
    /// Example: muster applications add "night job" --role DeviceManagementManagedDevices.Read.All
    Add(Add),
    /// Delete one; its tokens end within ten seconds.
    ///
    /// Example: muster applications remove CLIENT_ID
    Remove {
        /// Its client id.
        client_id: String,
    },
    /// Add a secret, so that it can take over from an older one.
    ///
    /// Example: muster applications add-secret CLIENT_ID --name "from 2027 on" --days 365
    AddSecret {
        /// Client id of the application.
        client_id: String,
        /// What tells it from others.
        #[arg(long)]
        name: String,
        /// It is good for so long.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=3_650))]
        days: u64,
    },
    /// Add a certificate, by whose key the application signs assertions in place of sending a secret.
    ///
    /// Example: muster applications add-certificate CLIENT_ID --name laptop laptop.pem
    AddCertificate {
        /// Client id of the application.
        client_id: String,
        /// What tells it from others.
        #[arg(long)]
        name: String,
        /// PEM file of the certificate, without its key.
        file: PathBuf,
    },
    /// Delete a secret or a certificate; tokens that were given for it end within ten seconds.
    ///
    /// Example: muster applications remove-credential CLIENT_ID KEY_ID
    RemoveCredential {
        /// Client id of the application.
        client_id: String,
        /// Its id, as `list` shows it.
        credential: String,
    },
}

/// Arguments of `muster applications add`.
#[derive(Debug, Args)]
struct Add {
    /// Its name, for people.
    name: String,
    /// What it may do, as in Graph; may be given several times [default: everything].
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// It runs on people's own computers, keeps no secret, and acts for those who let it in.
    #[arg(long, conflicts_with = "roles")]
    public: bool,
}

fn role(word: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::as_str).join(", ");
    Role::from_graph(word).ok_or_else(|| format!("there are {}", known()))
}

/// `muster applications`.
pub(crate) async fn run(applications: Applications, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(applications.place, Flags::default())?;
    let store = app::open::existing(&start::existing(&settings)?).await.map_err(CliError::failed)?;
    let (tenant, clock) = (applications.tenant.as_str(), Clock::system());
    match applications.what {
        ApplicationsCommand::List => {
            let all = operator::applications(&store, tenant).await.map_err(CliError::failed)?;
            list(format, &all);
        }
        ApplicationsCommand::Add(add) if add.public => {
            let made = operator::add_public_application(&store, tenant, &add.name, &clock).await;
            output::json(&json!({ "tenant": tenant, "client_id": made.map_err(CliError::failed)? }));
        }
        ApplicationsCommand::Add(add) => {
            let roles = if add.roles.is_empty() { Role::ALL.to_vec() } else { add.roles };
            let made = operator::add_application(&store, tenant, &add.name, &roles, &clock).await;
            let made = made.map_err(CliError::failed)?;
            super::offline::show_credentials(&settings, &made);
        }
        ApplicationsCommand::Remove { client_id } => {
            operator::delete_application(&store, tenant, &client_id).await.map_err(CliError::failed)?;
            output::done(format, "Deleted it; its tokens end within ten seconds.");
        }
        ApplicationsCommand::AddSecret { client_id, name, days } => {
            let ends = operator::now(&clock).plus(Duration::from_secs(days * 24 * 60 * 60));
            let made = operator::add_secret(&store, tenant, &client_id, &name, Some(ends), &clock).await;
            shown_secret(&made.map_err(CliError::failed)?, ends);
        }
        ApplicationsCommand::AddCertificate { client_id, name, file } => {
            let pem = std::fs::read_to_string(&file).map_err(|e| CliError::file("read", &file, e))?;
            let made = operator::add_certificate(&store, tenant, &client_id, &name, &pem, &clock).await;
            output::json(&json!({ "keyId": made.map_err(CliError::failed)? }));
        }
        ApplicationsCommand::RemoveCredential { client_id, credential } => {
            let gone = operator::delete_credential(&store, tenant, &client_id, &credential).await;
            gone.map_err(CliError::failed)?;
            output::done(format, "Deleted it; tokens that were given for it end within ten seconds.");
        }
    }
    store.close().await;
    Ok(())
}

fn shown_secret(made: &operator::NewSecret, ends: Time) {
    output::json(&json!({
        "keyId": made.id,
        "client_secret": made.secret.as_str(),
        "endDateTime": ends.rfc3339(),
    }));
    eprintln!("The secret is shown once.");
}

/// A line for each credential, and one for an application without any.
fn list(format: Format, all: &[operator::WithCredentials]) {
    let mut rows = Vec::<Value>::new();
    for (application, credentials) in all {
        let row = |kind: &str, id: &str, name: &str, ends: Option<String>| {
            json!({
                "displayName": application.name,
                "appId": application.id,
                "kind": kind,
                "keyId": id,
                "credential": name,
                "endDateTime": ends,
            })
        };
        if credentials.is_empty() {
            rows.push(row(if application.is_public { "public" } else { "none" }, "", "", None));
        }
        for one in credentials {
            let ends = one.ends_at.map(Time::rfc3339);
            rows.push(row(operator::kind_of(one), &one.id, &one.display_name, ends));
        }
    }
    let columns = [
        ("application", "displayName"),
        ("client id", "appId"),
        ("kind", "kind"),
        ("credential", "credential"),
        ("id", "keyId"),
        ("good until", "endDateTime"),
    ];
    output::rows(format, &rows, &columns, "No application.");
}
