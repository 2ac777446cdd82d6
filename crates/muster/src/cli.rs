//! The command line, as plain values; the commands make sense of them.

use clap::{Args, Parser, Subcommand};

use crate::command::{
    accounts, applications, backup, demo, devices, doctor, login, managed_devices, offline, organization,
    practice, profiles, push_certificate, rotate, serve, sync, tokens,
};
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
    /// Run the server.
    ///
    /// It ends at SIGTERM or Ctrl-C, and reads its certificate files anew at SIGHUP.
    ///
    /// Example: muster serve --config muster.toml
    Serve(Box<serve::Serve>),
    /// See all of it in a minute: practice Apple, a server and a fleet of virtual devices.
    ///
    /// Example: muster demo --devices 50
    Demo(demo::Demo),
    /// Practice Apple: organisations, purchases and virtual devices that are Apple's side of a rehearsal.
    Practice(practice::Practice),
    /// Remember a server and how to sign in to it.
    ///
    /// Example: muster login --from data/bootstrap.json
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
    /// The organisation, as devices show it.
    #[command(subcommand)]
    Organization(organization::Organization),
    /// What needs an administrator now.
    ///
    /// Example: muster alerts
    Alerts,
    /// What went wrong at Apple by itself, since when, and when it was over.
    ///
    /// Example: muster troubles
    Troubles,
    /// Say what is wrong with this server, and what to do about it (at the machine itself, beside a running server or
    /// without one).
    ///
    /// It changes nothing. Its exit codes are its own: 0 all is well, 1 there are warnings, 2 there are problems.
    ///
    /// Example: muster doctor --config muster.toml
    Doctor(Box<doctor::Doctor>),
    /// Organisations on this server (at the machine itself, beside a running server or without one).
    Tenant(offline::Tenant),
    /// People's accounts: who may sign in, and links for who is new or locked out (at the machine itself).
    ///
    /// Example: muster accounts reset ada@example.com --config muster.toml
    Accounts(accounts::Accounts),
    /// Applications: programs that call the API, their secrets and certificates (at the machine itself).
    ///
    /// Example: muster applications list --config muster.toml
    Applications(applications::Applications),
    /// Copy all that a server needs into a folder, also while it runs (at the machine itself).
    ///
    /// Example: muster backup --config muster.toml --passphrase-file /etc/muster/pass /var/backups/monday
    Backup(backup::Backup),
    /// Bring such a copy back, into SQLite or PostgreSQL, while the server is stopped (at the machine itself).
    ///
    /// Example: muster restore --config muster.toml --passphrase-file /etc/muster/pass /var/backups/monday
    Restore(backup::Restore),
    /// Change the server's keys (at the machine itself).
    Rotate(rotate::Rotate),
    /// Print a completion script for a shell.
    ///
    /// Example: muster completions bash > /etc/bash_completion.d/muster
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests;
