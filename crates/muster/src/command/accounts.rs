//! What the operator does with people's accounts at the machine itself: `muster accounts`.

use app::user;
use clap::{Args, Subcommand};
use net::Clock;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{self, Format};
use crate::settings::{Flags, Place, Settings};
use crate::start;

/// Arguments of `muster accounts`.
#[derive(Debug, Args)]
pub(crate) struct Accounts {
    #[command(subcommand)]
    what: AccountsCommand,
    /// The tenant.
    #[arg(long, global = true, env = "MUSTER_TENANT", default_value = "default")]
    tenant: String,
    #[command(flatten)]
    place: Place,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
enum AccountsCommand {
    /// List them.
    ///
    /// Example: muster accounts list --config muster.toml
    List,
    /// Add one, and print the link by which its owner chooses a password.
    ///
    /// Example: muster accounts add ada@example.com --display-name "Ada Lovelace"
    Add {
        /// What they sign in with: name@domain.
        name: String,
        /// Their name, for people.
        #[arg(long, value_name = "NAME")]
        display_name: String,
    },
    /// Print a new link for somebody who is locked out: password, second factor and sessions are taken away.
    ///
    /// Without a name: the link for the first administrator, while there is none.
    ///
    /// Example: muster accounts reset ada@example.com
    Reset {
        /// Whose; nobody's: the first administrator's.
        name: Option<String>,
    },
    /// Keep somebody from signing in, and end every session and token of theirs.
    ///
    /// Example: muster accounts disable ada@example.com
    Disable {
        /// Whose account.
        name: String,
    },
    /// Let somebody sign in again.
    ///
    /// Example: muster accounts enable ada@example.com
    Enable {
        /// Whose account.
        name: String,
    },
    /// End every session and token of somebody, who may sign in again.
    ///
    /// Example: muster accounts sign-out ada@example.com
    SignOut {
        /// Whose.
        name: String,
    },
    /// Delete an account.
    ///
    /// Example: muster accounts remove ada@example.com
    Remove {
        /// Whose.
        name: String,
    },
}

/// `muster accounts`.
pub(crate) async fn run(accounts: Accounts, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(accounts.place, Flags::default())?;
    let store = app::open::existing(&start::existing(&settings)?).await.map_err(CliError::failed)?;
    let (tenant, clock) = (accounts.tenant.as_str(), Clock::system());
    let done = |words: String| output::done(format, &words);
    match accounts.what {
        AccountsCommand::List => {
            let all = user::list(&store, tenant).await.map_err(CliError::failed)?;
            let row = |one: &user::User| {
                json!({
                    "userPrincipalName": one.user_principal_name,
                    "displayName": one.display_name,
                    "accountEnabled": one.account_enabled,
                    "id": one.id.as_str(),
                    "createdDateTime": one.created_at.rfc3339(),
                })
            };
            let rows: Vec<Value> = all.iter().map(row).collect();
            let columns = [
                ("user name", "userPrincipalName"),
                ("name", "displayName"),
                ("enabled", "accountEnabled"),
                ("since", "createdDateTime"),
            ];
            output::rows(
                format,
                &rows,
                &columns,
                "No account yet: the link of `muster accounts reset` makes the first.",
            );
        }
        AccountsCommand::Add { name, display_name } => {
            let link =
                user::add(&store, tenant, &name, &display_name, &clock).await.map_err(CliError::failed)?;
            show(&settings, format, &link);
        }
        AccountsCommand::Reset { name } => {
            let link =
                user::new_link(&store, tenant, name.as_deref(), &clock).await.map_err(CliError::failed)?;
            show(&settings, format, &link);
        }
        AccountsCommand::Disable { name } => {
            user::set_enabled(&store, tenant, &name, false, &clock).await.map_err(CliError::failed)?;
            done(format!(
                "{name} may sign in no more; sessions have ended, and tokens end within 10 seconds."
            ));
        }
        AccountsCommand::Enable { name } => {
            user::set_enabled(&store, tenant, &name, true, &clock).await.map_err(CliError::failed)?;
            done(format!("{name} may sign in again."));
        }
        AccountsCommand::SignOut { name } => {
            user::sign_out(&store, tenant, &name, &clock).await.map_err(CliError::failed)?;
            done(format!("Every session of {name} has ended; tokens end within 10 seconds."));
        }
        AccountsCommand::Remove { name } => {
            user::delete(&store, tenant, &name).await.map_err(CliError::failed)?;
            done(format!("Deleted {name}."));
        }
    }
    store.close().await;
    Ok(())
}

/// The link on standard output alone, so that it can be piped; what to know of it beside.
fn show(settings: &Settings, format: Format, link: &user::Link) {
    let url = link.url(&start::public_url(&settings.api));
    match format {
        Format::Json => {
            output::json(&json!({ "link": url.as_str(), "expiresDateTime": link.expires_at.rfc3339() }))
        }
        Format::People => output::say!("{}", url.as_str()),
    }
    eprintln!(
        "The link is good once and until {}. Hand it over as you would a password.",
        link.expires_at.rfc3339()
    );
}
