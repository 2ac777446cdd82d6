//! The command line, as plain values; the commands make sense of them.

use clap::{Args, Parser, Subcommand};

use crate::command::{devices, login, managed_devices, offline, profiles, push_certificate, sync, tokens};
use crate::output::Format;

/// Apple Automated Device Enrollment, on a server of your own.
///
/// `muster demo` shows all of it with practice devices; `muster serve` is the real thing.
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such thing, 4 refused by the server, 5 server not reached.
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How to reach the server and how to show what it says.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every command of an administrator takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Answer in JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
    /// Base URL of the API, instead of the one of `muster login`.
    #[arg(long, global = true, env = "MUSTER_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// PEM file of the authority that issued the API's certificate.
    #[arg(long, global = true, env = "MUSTER_CA", value_name = "FILE")]
    pub(crate) ca: Option<std::path::PathBuf>,
}

impl Common {
    /// Table or JSON.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::People }
    }
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Remember a server and how to sign in to it.
    Login(login::Login),
    /// Enrollment program tokens: the connection to Apple Business or School Manager (ADE, formerly DEP).
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// Fetch from Apple which devices are yours.
    #[command(subcommand)]
    Sync(sync::Sync),
    /// Enrollment profiles: what Setup Assistant does.
    #[command(subcommand)]
    Profiles(profiles::Profiles),
    /// Devices that Apple says are yours: assign, and ask why one is not ready.
    #[command(subcommand)]
    Devices(devices::Devices),
    /// Enrolled devices.
    #[command(subcommand)]
    ManagedDevices(managed_devices::ManagedDevices),
    /// The Apple MDM push certificate.
    #[command(subcommand)]
    PushCertificate(push_certificate::PushCertificate),
    /// Devices that Setup Assistant holds.
    #[command(subcommand)]
    Setups(managed_devices::Setups),
    /// What needs an administrator now.
    Alerts,
    /// Organisations on this server (offline: stop the server or run it beside).
    #[command(subcommand)]
    Tenant(offline::Tenant),
    /// Copy the database to a file (offline).
    Backup(offline::Backup),
    /// Put a copy back in place (offline).
    Restore(offline::Restore),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}
