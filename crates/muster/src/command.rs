//! One file a command.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod login;
pub(crate) mod managed_devices;
pub(crate) mod offline;
pub(crate) mod organization;
pub(crate) mod practice;
pub(crate) mod profiles;
pub(crate) mod push_certificate;
pub(crate) mod rotate;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod tokens;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::Handles;
use crate::api::Api;
use crate::cli::{Arguments, Command, Common};
use crate::error::CliError;
use crate::output;

/// Does what the command line says.
pub(crate) async fn run(arguments: Arguments, handles: Handles) -> Result<ExitCode, CliError> {
    let common = arguments.common;
    match arguments.command {
        Command::Demo(demo) => return demo::run(demo).await,
        Command::Doctor(doctor) => return doctor::run(*doctor, &handles.clock, common.format()).await,
        Command::Serve(serve) => serve::run(*serve, handles).await,
        Command::Practice(practice) => practice::run(practice, common.format()).await,
        Command::Login(login) => login::run(login, &common).await,
        Command::Tokens(tokens) => tokens::run(tokens, &api(&common)?, common.format()).await,
        Command::Sync(sync) => sync::run(sync, &api(&common)?, common.format()).await,
        Command::Profiles(profiles) => profiles::run(profiles, &api(&common)?, common.format()).await,
        Command::Devices(devices) => devices::run(devices, &api(&common)?, common.format()).await,
        Command::ManagedDevices(devices) => {
            managed_devices::run(devices, &api(&common)?, common.format()).await
        }
        Command::PushCertificate(push) => push_certificate::run(push, &api(&common)?, common.format()).await,
        Command::Organization(command) => organization::run(command, &api(&common)?, common.format()).await,
        Command::Setups(setups) => managed_devices::setups(setups, &api(&common)?, common.format()).await,
        Command::Alerts => alerts(&api(&common)?, &common).await,
        Command::Troubles => troubles(&api(&common)?, &common).await,
        Command::Tenant(tenant) => offline::tenant(tenant, common.format()).await,
        Command::Accounts(accounts) => accounts::run(accounts, common.format()).await,
        Command::Applications(command) => applications::run(command, common.format()).await,
        Command::Backup(backup) => backup::backup(backup, common.format()).await,
        Command::Restore(restore) => backup::restore(restore, common.format()).await,
        Command::Rotate(rotate) => rotate::rotate(rotate, common.format()).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "muster", &mut script);
            output::say!("{}", String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

/// A caller of the server that the environment or `muster login` names.
fn api(common: &Common) -> Result<Api, CliError> {
    Api::new(login::resolve(common)?)
}

async fn alerts(api: &Api, common: &Common) -> Result<(), CliError> {
    let alerts = api.all("muster/alerts").await?;
    let columns = [("severity", "severity"), ("since", "since"), ("what", "title"), ("what to do", "action")];
    output::rows(common.format(), &alerts, &columns, "Nothing needs you now.");
    Ok(())
}

async fn troubles(api: &Api, common: &Common) -> Result<(), CliError> {
    let troubles = api.all("muster/troubles").await?;
    let columns = [
        ("work", "kind"),
        ("since", "since"),
        ("times", "times"),
        ("over", "over"),
        ("ended", "endedDateTime"),
        ("what", "words"),
    ];
    output::rows(common.format(), &troubles, &columns, "Nothing ever went wrong at Apple.");
    Ok(())
}
