//! Organisations, their servers and their purchases: what an administrator does at Apple Business Manager.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::api::percent;
use crate::error::CliError;
use crate::output::say;
use crate::output::{self, Format};
use crate::portal::{Portal, id};

/// The Apple Account that does it, when nobody is named.
const SOMEBODY: &str = "admin@example.com";

/// Organisations.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// List them, with their servers.
    ///
    /// Example: muster practice org list
    List,
    /// Found one.
    ///
    /// Example: muster practice org add "Riverside School" --school
    Add {
        /// Its name.
        name: String,
        /// At Apple School Manager instead of Apple Business Manager.
        #[arg(long)]
        school: bool,
    },
    /// A person changes their password, or leaves: tokens they made die.
    ///
    /// Example: muster practice org loses admin@example.com
    Loses {
        /// The Apple Account.
        account: String,
        /// Only their password changes.
        #[arg(long)]
        password: bool,
    },
}

/// MDM servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Server {
    /// List them.
    ///
    /// Example: muster practice server list
    List,
    /// Add one with the public key of `muster tokens public-key`.
    ///
    /// Example: muster practice server add "Muster" muster.pem
    Add {
        /// Its name.
        name: String,
        /// The public key, PEM.
        public_key: PathBuf,
    },
    /// Replace its public key.
    ///
    /// Example: muster practice server replace-key "Muster" muster.pem
    ReplaceKey {
        /// The server.
        server: String,
        /// The public key, PEM.
        public_key: PathBuf,
    },
    /// Make it the default for new devices of a family.
    ///
    /// Example: muster practice server default "Muster" iPad
    Default {
        /// The server.
        server: String,
        /// The family.
        family: Family,
    },
}

/// Token files.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Download a server's token file; the one in use dies.
    ///
    /// Example: muster practice token download "Muster" --output muster.p7m
    Download(Download),
    /// Revoke a server's token.
    ///
    /// Example: muster practice token revoke "Muster"
    Revoke {
        /// The server.
        server: String,
    },
}

/// Arguments of `practice token download`.
#[derive(Debug, Args)]
pub(crate) struct Download {
    /// The server.
    server: String,
    /// Where to; otherwise Apple's name for it, here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The Apple Account that downloads it.
    #[arg(long, default_value = SOMEBODY, value_name = "APPLE ID")]
    by: String,
}

/// A product family.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Family {
    #[value(name = "iPhone", alias = "iphone")]
    IPhone,
    #[value(name = "iPad", alias = "ipad")]
    IPad,
    #[value(name = "Mac", alias = "mac")]
    Mac,
    #[value(name = "AppleTV", alias = "appletv")]
    AppleTv,
    #[value(name = "Vision", alias = "vision")]
    Vision,
}

impl Family {
    /// Apple's word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::IPhone => "iPhone",
            Self::IPad => "iPad",
            Self::Mac => "Mac",
            Self::AppleTv => "AppleTV",
            Self::Vision => "Vision",
        }
    }
}

/// Arguments of `practice buy`.
#[derive(Debug, Args)]
pub(crate) struct Buy {
    /// The family.
    family: Family,
    /// The model; otherwise the first that `practice products` lists.
    #[arg(long)]
    model: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// Assign them to this MDM server at once.
    #[arg(long)]
    server: Option<String>,
    /// Order number.
    #[arg(long)]
    order: Option<String>,
}

/// Arguments of `practice assign`.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// The MDM server.
    #[arg(long)]
    server: String,
    #[command(flatten)]
    serials: Serials,
}

/// Which devices.
#[derive(Debug, Args)]
pub(crate) struct Serials {
    /// Serial numbers.
    #[arg(required_unless_present = "order")]
    serials: Vec<String>,
    /// All of an order instead.
    #[arg(long)]
    order: Option<String>,
}

/// Arguments of `practice terms`.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// What happens.
    what: TermsEvent,
}

/// What happens to Apple's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TermsEvent {
    /// The administrator accepts them.
    Accepted,
    /// Newer ones come out; until they are accepted Apple answers nothing else.
    Changed,
}

/// Arguments of `practice push-sign`.
#[derive(Debug, Args)]
pub(crate) struct PushSign {
    /// The request of `muster push-certificate request`.
    request: PathBuf,
    /// The Apple Account.
    #[arg(long, default_value = SOMEBODY, value_name = "APPLE ID")]
    apple_id: String,
    /// Renew the certificate of this topic.
    #[arg(long, value_name = "TOPIC")]
    renew: Option<String>,
}

/// `practice org`.
pub(crate) async fn org(
    org: Org,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    match org {
        Org::List => {
            let orgs = portal.get("orgs").await?.as_array().cloned().unwrap_or_default();
            let columns = [
                ("name", "name"),
                ("kind", "kind"),
                ("terms accepted", "termsAccepted"),
                ("devices", "devices"),
                ("id", "id"),
            ];
            output::rows(format, &orgs, &columns, "No organisation yet: `muster practice org add NAME`.");
        }
        Org::Add { name, school } => {
            let kind = if school { "school" } else { "business" };
            let made = portal.post("orgs", &json!({ "kind": kind, "name": name })).await?;
            match format {
                Format::Json => output::json(&made),
                Format::People => say!("Founded {name} ({}).", id(&made)),
            }
        }
        Org::Loses { account, password } => {
            let event = if password { "password" } else { "leave" };
            let org = id(&portal.org(named).await?);
            portal.post(&format!("orgs/{org}/people/{}/{event}", percent(&account)), &json!({})).await?;
            output::done(format, "Tokens made by that account are dead.");
        }
    }
    Ok(())
}

/// `practice server`.
pub(crate) async fn server(
    server: Server,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = portal.org(named).await?;
    let servers = format!("orgs/{}/servers", id(&org));
    match server {
        Server::List => {
            let rows = org.get("servers").and_then(Value::as_array).cloned().unwrap_or_default();
            let columns = [
                ("name", "name"),
                ("devices", "devices"),
                ("default for", "defaultFor"),
                ("token until", "token/expires"),
                ("token revoked", "token/revoked"),
                ("id", "id"),
            ];
            output::rows(
                format,
                &rows,
                &columns,
                "No MDM server yet: `muster practice server add NAME PEM`.",
            );
            Ok(())
        }
        Server::Add { name, public_key } => {
            let made =
                portal.post(&servers, &json!({ "name": name, "publicKey": read(&public_key)? })).await?;
            match format {
                Format::Json => output::json(&made),
                Format::People => say!("Added {name} ({}).", id(&made)),
            }
            Ok(())
        }
        Server::ReplaceKey { server, public_key } => {
            let server = portal.server(&org, &server).await?;
            portal.put(&format!("{servers}/{server}"), &json!({ "publicKey": read(&public_key)? })).await?;
            output::done(format, "Replaced: the next token file is for this key.");
            Ok(())
        }
        Server::Default { server, family } => {
            let server = portal.server(&org, &server).await?;
            let body = json!({ "family": family.word(), "server": server });
            portal.put(&format!("orgs/{}/defaults", id(&org)), &body).await?;
            output::done(format, "New devices of that family go there.");
            Ok(())
        }
    }
}

/// `practice token`.
pub(crate) async fn token(
    token: Token,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = portal.org(named).await?;
    match token {
        Token::Download(download) => {
            let server = portal.server(&org, &download.server).await?;
            let (name, content) = portal.token(&id(&org), &server, &download.by).await?;
            let path = download.output.unwrap_or_else(|| name.into());
            std::fs::write(&path, content).map_err(|e| CliError::file("write", &path, e))?;
            output::done(format, &format!("Wrote {}. Next: muster tokens upload TOKEN {0}", path.display()));
        }
        Token::Revoke { server } => {
            let server = portal.server(&org, &server).await?;
            portal.delete(&format!("orgs/{}/servers/{server}/token", id(&org))).await?;
            output::done(format, "Revoked.");
        }
    }
    Ok(())
}

/// `practice buy`.
pub(crate) async fn buy(
    buy: Buy,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = portal.org(named).await?;
    let order = json!({
        "family": buy.family.word(), "model": buy.model, "count": buy.count, "number": buy.order,
    });
    let bought = portal.post(&format!("orgs/{}/orders", id(&org)), &order).await?;
    if let Some(server) = buy.server {
        let server = portal.server(&org, &server).await?;
        let body = json!({ "serials": bought.get("serials"), "server": server });
        portal.post(&format!("orgs/{}/assign", id(&org)), &body).await?;
    }
    if format == Format::Json {
        output::json(&bought);
        return Ok(());
    }
    let text = |name: &str| bought.get(name).and_then(Value::as_str).unwrap_or_default();
    say!("Order {}:", text("order"));
    for serial in
        bought.get("serials").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        say!("{serial}");
    }
    Ok(())
}

/// `practice assign`.
pub(crate) async fn assign(
    assign: Assign,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = portal.org(named).await?;
    let server = portal.server(&org, &assign.server).await?;
    let body = json!({ "serials": assign.serials.serials, "order": assign.serials.order, "server": server });
    moved(&portal.post(&format!("orgs/{}/assign", id(&org)), &body).await?, format)
}

/// `practice unassign`.
pub(crate) async fn unassign(
    serials: Serials,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = id(&portal.org(named).await?);
    let body = json!({ "serials": serials.serials, "order": serials.order, "server": null });
    moved(&portal.post(&format!("orgs/{org}/assign"), &body).await?, format)
}

/// `practice release`.
pub(crate) async fn release(
    serials: Serials,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = id(&portal.org(named).await?);
    let body = json!({ "serials": serials.serials, "order": serials.order });
    moved(&portal.post(&format!("orgs/{org}/release"), &body).await?, format)
}

/// `practice terms`.
pub(crate) async fn terms(
    terms: Terms,
    portal: &Portal,
    named: Option<&str>,
    format: Format,
) -> Result<(), CliError> {
    let org = id(&portal.org(named).await?);
    let accepted = terms.what == TermsEvent::Accepted;
    portal.put(&format!("orgs/{org}/terms"), &json!({ "accepted": accepted })).await?;
    output::done(
        format,
        if accepted { "Accepted." } else { "Newer terms are out; nobody has accepted them." },
    );
    Ok(())
}

/// `practice push-sign`.
pub(crate) async fn push_sign(sign: PushSign, portal: &Portal) -> Result<(), CliError> {
    let pem = portal.push_certificate(read(&sign.request)?, &sign.apple_id, sign.renew.as_deref()).await?;
    say!("{}", pem.trim_end());
    Ok(())
}

fn moved(outcome: &Value, format: Format) -> Result<(), CliError> {
    let list = |name: &str| outcome.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    match format {
        Format::Json => output::json(outcome),
        Format::People => say!("Done for {}.", list("done").len()),
    }
    let unknown: Vec<_> = list("unknown").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(CliError::Words(format!("not this organisation's: {}", unknown.join(", ")))),
    }
}

fn read(path: &std::path::Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))
}
