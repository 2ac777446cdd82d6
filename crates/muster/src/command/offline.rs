//! What the operator does at the machine itself: `muster tenant`, `muster backup`, `muster restore`.

use std::path::{Path, PathBuf};

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

/// Arguments of `muster backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The copy; it must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Arguments of `muster restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A copy that `muster backup` made.
    file: PathBuf,
    /// Put it in place of the database that is there; that one is kept beside it.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    place: Place,
}

/// `muster tenant`.
pub(crate) async fn tenant(tenant: Tenant, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(tenant.place, Flags::default())?;
    let store = app::open::store(&existing(&settings)?).await.map_err(CliError::failed)?;
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
            show_credentials(&settings, made.tenant.as_str(), &made.client_id, &made.client_secret);
        }
        TenantCommand::Credentials { tenant } => {
            let made = app::operator::credentials(&store, &tenant, &clock).await.map_err(CliError::failed)?;
            show_credentials(&settings, made.tenant.as_str(), &made.client_id, &made.client_secret);
        }
    }
    store.close().await;
    Ok(())
}

/// JSON in either format: it is what `muster login --from` reads.
fn show_credentials(settings: &Settings, tenant: &str, client_id: &str, client_secret: &str) {
    let port = settings.api.listen.port();
    let url = settings.api.url.clone().unwrap_or_else(|| format!("https://localhost:{port}"));
    output::json(&json!({
        "url": url,
        "tenant": tenant,
        "client_id": client_id,
        "client_secret": client_secret,
        "ca_pem": std::fs::read_to_string(start::authority_path(&settings.data)).ok(),
    }));
    eprintln!("The secret is shown once. Keep this as a file for `muster login --from FILE`.");
}

/// `muster backup`.
pub(crate) async fn backup(backup: Backup, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(backup.place, Flags::default())?;
    if backup.file.exists() {
        return Err(CliError::Words(format!(
            "{} exists: a copy never overwrites another",
            backup.file.display()
        )));
    }
    let store = app::open::store(&existing(&settings)?).await.map_err(CliError::failed)?;
    app::operator::backup(&store, &backup.file).await.map_err(CliError::failed)?;
    store.close().await;
    let mut words = format!(
        "Copied to {}.\nIts secrets are sealed: keep {} too, apart from the copy. Without that key nothing of it opens.",
        backup.file.display(),
        settings.seal_key_file.display()
    );
    let authority = start::authority_path(&settings.data);
    if authority.exists() {
        words.push_str(&format!(
            "\nKeep {} and {} too: devices that enrolled trust a server of that authority alone.",
            authority.display(),
            authority.with_extension("key").display()
        ));
    }
    output::done(format, &words);
    Ok(())
}

/// `muster restore`: tries the copy with the keys before it touches what is there.
pub(crate) async fn restore(restore: Restore, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(restore.place, Flags::default())?;
    let Some(path) = settings.sqlite_path() else {
        return Err(CliError::Words("a PostgreSQL database is restored by pg_restore".into()));
    };
    let _lock = start::lock(&settings)?;
    if path.exists() && !restore.replace {
        let words =
            format!("{} exists: stop the server, and say --replace (the old one is kept)", path.display());
        return Err(CliError::Words(words));
    }
    let trial = beside(&path, "restoring");
    remove(&trial)?;
    std::fs::copy(&restore.file, &trial).map_err(|e| CliError::file("read", &restore.file, e))?;
    let tried = try_out(&settings, &trial).await;
    if let Err(error) = tried {
        remove(&trial)?;
        return Err(error);
    }
    let old = beside(&path, "before-restore");
    let replaced = path.exists();
    if replaced {
        remove(&old)?;
        for suffix in ["", "-wal", "-shm"] {
            rename(&with_suffix(&path, suffix), &with_suffix(&old, suffix))?;
        }
    }
    for suffix in ["", "-wal", "-shm"] {
        rename(&with_suffix(&trial, suffix), &with_suffix(&path, suffix))?;
    }
    let kept = if replaced { format!("The one before it is {}. ", old.display()) } else { String::new() };
    output::done(format, &format!("Restored {}. {kept}Start the server.", path.display()));
    Ok(())
}

/// Opens the copy with this server's keys: a wrong key or a strange file shows here.
async fn try_out(settings: &Settings, trial: &Path) -> Result<(), CliError> {
    let mut place = start::place(settings)?;
    place.database_url = format!("sqlite:{}", trial.display());
    let store = app::open::store(&place).await.map_err(CliError::failed)?;
    let tenants = app::operator::tenants(&store).await.map_err(CliError::failed)?;
    store.close().await;
    match tenants.is_empty() {
        true => {
            Err(CliError::Words("the copy holds no tenant: it is not one of a server that ever ran".into()))
        }
        false => Ok(()),
    }
}

/// The place of a server that has run: an operator's command makes neither keys nor an empty database.
fn existing(settings: &Settings) -> Result<app::open::Place, CliError> {
    if let Some(path) = settings.sqlite_path()
        && !path.exists()
    {
        let words = format!(
            "there is no database at {}: say --data or --config as for `muster serve`",
            path.display()
        );
        return Err(CliError::Words(words));
    }
    start::place(settings)
}

fn beside(path: &Path, word: &str) -> PathBuf {
    with_suffix(path, &format!(".{word}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn rename(from: &Path, to: &Path) -> Result<(), CliError> {
    match from.exists() {
        true => std::fs::rename(from, to).map_err(|e| CliError::file("write", to, e)),
        false => Ok(()),
    }
}

fn remove(path: &Path) -> Result<(), CliError> {
    for suffix in ["", "-wal", "-shm"] {
        let path = with_suffix(path, suffix);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|e| CliError::file("write", &path, e))?;
        }
    }
    Ok(())
}
