//! `muster organization`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::error::CliError;
use crate::output::{self, Format};

const PATH: &str = "muster/tenant";

/// The organisation, as devices show it.
#[derive(Debug, Subcommand)]
pub(crate) enum Organization {
    /// Show it.
    ///
    /// Example: muster organization show
    Show,
    /// Change it; devices are told with their next profile.
    ///
    /// Example: muster organization update --name "Linden Works" --phone "+44 20 7946 0000"
    Update(Update),
}

/// Arguments of `organization update`.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Update {
    /// Name; "managed by ..." on devices.
    #[arg(long)]
    name: Option<String>,
    /// Postal address.
    #[arg(long)]
    address: Option<String>,
    /// Telephone number.
    #[arg(long)]
    phone: Option<String>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
}

/// Does it.
pub(crate) async fn run(organization: Organization, api: &Api, format: Format) -> Result<(), CliError> {
    if let Organization::Update(update) = organization {
        let given = [
            ("organizationName", update.name),
            ("organizationAddress", update.address),
            ("organizationPhone", update.phone),
            ("organizationEmail", update.email),
        ];
        let body: Map<String, Value> =
            given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect();
        api.patch(PATH, &Value::Object(body)).await?;
    }
    let rows = [
        ("Name", "organizationName"),
        ("Address", "organizationAddress"),
        ("Phone", "organizationPhone"),
        ("E-mail", "organizationEmail"),
        ("Tenant", "id"),
        ("Practice", "practice"),
        ("API", "apiUrl"),
        ("Devices", "deviceUrl"),
    ];
    output::card(format, &api.get(PATH).await?, &rows);
    Ok(())
}
