//! `muster practice`: Apple's side of a rehearsal. All but `serve` are clients of practice Apple's portal.

mod apple;
mod device;
mod faults;
mod serve;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::error::CliError;
use crate::output::{self, Format};
use crate::portal::Portal;

/// Arguments of `muster practice`.
#[derive(Debug, Args)]
pub(crate) struct Practice {
    #[command(subcommand)]
    what: What,
    /// practice.json of `muster practice serve`.
    #[arg(
        long,
        global = true,
        env = "MUSTER_PRACTICE",
        default_value = "practice/practice.json",
        value_name = "FILE"
    )]
    practice: PathBuf,
    /// The organisation, by name or id; not needed while there is only one.
    #[arg(long, global = true, value_name = "ORGANISATION")]
    org: Option<String>,
}

/// What to do on Apple's side.
#[derive(Debug, Subcommand)]
enum What {
    /// Run practice Apple on its own.
    ///
    /// Example: muster practice serve --dir practice
    Serve(serve::Serve),
    /// Organisations: Apple Business Manager and Apple School Manager.
    #[command(subcommand)]
    Org(apple::Org),
    /// MDM servers of an organisation.
    #[command(subcommand)]
    Server(apple::Server),
    /// Token files (.p7m).
    #[command(subcommand)]
    Token(apple::Token),
    /// List what can be bought.
    ///
    /// Example: muster practice products
    Products,
    /// Buy devices.
    ///
    /// Example: muster practice buy iPad --count 20 --server "Muster"
    Buy(apple::Buy),
    /// Assign devices to an MDM server.
    ///
    /// Example: muster practice assign --server "Muster" C8TJ500QF1MN
    Assign(apple::Assign),
    /// Take devices from their MDM server.
    ///
    /// Example: muster practice unassign C8TJ500QF1MN
    Unassign(apple::Serials),
    /// Release devices from the organisation, for good.
    ///
    /// Example: muster practice release C8TJ500QF1MN
    Release(apple::Serials),
    /// Apple's terms: accept the newest, or have newer ones come out.
    ///
    /// Example: muster practice terms changed
    Terms(apple::Terms),
    /// Sign a push certificate request, as Apple's portal does; prints PEM.
    ///
    /// Example: muster practice push-sign muster.csr --apple-id admin@example.com > push.pem
    PushSign(apple::PushSign),
    /// Virtual devices.
    #[command(subcommand)]
    Device(device::Device),
    /// What Apple's service gets wrong, for rehearsing it.
    #[command(subcommand)]
    Faults(faults::Faults),
}

/// Does it.
pub(crate) async fn run(practice: Practice, format: Format) -> Result<(), CliError> {
    let what = match practice.what {
        What::Serve(serve) => return serve::run(serve).await,
        other => other,
    };
    let portal = Portal::open(&practice.practice)?;
    let org = practice.org.as_deref();
    match what {
        What::Serve(_) => Ok(()),
        What::Org(command) => apple::org(command, &portal, org, format).await,
        What::Server(command) => apple::server(command, &portal, org, format).await,
        What::Token(command) => apple::token(command, &portal, org, format).await,
        What::Products => products(&portal, format).await,
        What::Buy(buy) => apple::buy(buy, &portal, org, format).await,
        What::Assign(assign) => apple::assign(assign, &portal, org, format).await,
        What::Unassign(serials) => apple::unassign(serials, &portal, org, format).await,
        What::Release(serials) => apple::release(serials, &portal, org, format).await,
        What::Terms(terms) => apple::terms(terms, &portal, org, format).await,
        What::PushSign(sign) => apple::push_sign(sign, &portal).await,
        What::Device(command) => device::run(command, &portal, org, format).await,
        What::Faults(command) => faults::run(command, &portal, format).await,
    }
}

async fn products(portal: &Portal, format: Format) -> Result<(), CliError> {
    let products = portal.get("products").await?;
    let rows = products.as_array().cloned().unwrap_or_default();
    let columns =
        [("family", "family"), ("model", "model"), ("colour", "color"), ("hardware", "product_type")];
    output::rows(format, &rows, &columns, "Nothing is for sale.");
    Ok(())
}
