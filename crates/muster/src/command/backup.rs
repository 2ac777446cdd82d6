//! `muster backup`, `muster backup verify` and `muster restore`: all that a server needs, as a folder.

mod in_place;
mod trial;

use std::path::{Path, PathBuf};

use app::backup::{self, Keys, Manifest, Passphrase, Surroundings};
use clap::{Args, Subcommand};
use net::Clock;

use self::in_place::{remove, with_suffix};
use self::trial::Trial;
use crate::command::serve::Stop;
use crate::error::CliError;
use crate::output::{self, Format};
use crate::owner::Owner;
use crate::settings::{Flags, Place, Settings};
use crate::{key_file, start};

/// Arguments of `muster backup`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    what: Option<BackupCommand>,
    /// The copy: a folder that must not exist yet.
    #[arg(required = true)]
    folder: Option<PathBuf>,
    #[command(flatten)]
    secret: Secret,
    #[command(flatten)]
    place: Place,
}

/// What else to do with copies.
#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Hold a copy to its hashes and numbers of rows; with its keys at hand, try all of it in a database of its own.
    ///
    /// Example: muster backup verify /var/backups/muster-2026-01-31 --passphrase-file /etc/muster/passphrase
    Verify {
        /// The copy.
        folder: PathBuf,
        #[command(flatten)]
        secret: Secret,
    },
}

/// What protects the keys in a copy.
#[derive(Debug, Args)]
struct Secret {
    /// File with a passphrase: the copy then holds the keys too, sealed with it, and is all that a new machine needs.
    #[arg(long, env = "MUSTER_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Secret {
    fn read(&self) -> Result<Option<Passphrase>, CliError> {
        let Some(path) = &self.passphrase_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
        Passphrase::new(&text).map(Some).map_err(CliError::failed)
    }
}

/// Arguments of `muster restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A copy that `muster backup` made.
    folder: PathBuf,
    /// Put it in place of the SQLite database that is there; that one is kept beside it.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    secret: Secret,
    #[command(flatten)]
    place: Place,
}

/// `muster backup`.
pub(crate) async fn backup(command: Backup, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(command.place, Flags::default())?;
    if let Some(BackupCommand::Verify { folder, secret }) = command.what {
        return verify(&settings, &folder, &secret, format).await;
    }
    let Some(folder) = command.folder else {
        return Err(CliError::Words("name the folder of the copy".into()));
    };
    let passphrase = command.secret.read()?;
    let keys = passphrase.as_ref().map(|_| keys_of(&settings)).transpose()?;
    let store = app::open::existing(&start::existing(&settings)?).await.map_err(CliError::failed)?;
    let around = Surroundings { api_url: settings.api.url.clone(), device_url: settings.devices.url.clone() };
    let made =
        backup::make(&store, &folder, around, keys.as_ref().zip(passphrase.as_ref()), &Clock::system()).await;
    store.close().await;
    let made = made.map_err(CliError::failed)?;
    let mut words = format!("Copied {} to {}.", counted(&made), folder.display());
    match keys {
        Some(_) => words.push_str(
            "\nThe keys are in it, sealed with the passphrase. Keep that apart from the copy: without it nothing of it opens.",
        ),
        None => words.push_str(&keep_apart(&settings)),
    }
    output::done(format, &words);
    Ok(())
}

fn counted(manifest: &Manifest) -> String {
    format!("{} rows of {} tables ({})", manifest.rows(), manifest.tables.len(), manifest.engine)
}

/// What a copy without keys does not hold.
fn keep_apart(settings: &Settings) -> String {
    let mut words = format!(
        "\nNo key is in it: keep {} too, apart from the copy. Without that key nothing of it opens.",
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
    words
}

/// The keys of the server as they are.
fn keys_of(settings: &Settings) -> Result<Keys, CliError> {
    let mut lines = key_file::read(&settings.seal_key_file)?;
    for older in &settings.older_seal_key_files {
        lines.extend(key_file::read(older)?);
    }
    let authority = start::authority_path(&settings.data);
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e));
    let pair = match authority.exists() {
        true => (Some(read(&authority)?), Some(read(&authority.with_extension("key"))?)),
        false => (None, None),
    };
    Ok(Keys { seal: key_file::written(&lines).to_string(), authority: pair.0, authority_key: pair.1 })
}

/// `muster backup verify`.
async fn verify(settings: &Settings, folder: &Path, secret: &Secret, format: Format) -> Result<(), CliError> {
    let manifest = backup::verify(folder).map_err(CliError::failed)?;
    let whole =
        format!("{} is whole: {}, made at {}.", folder.display(), counted(&manifest), manifest.made_at);
    let seal = match secret.read()? {
        Some(passphrase) => Some(backup::keys(folder, &passphrase).map_err(CliError::failed)?.seal.clone()),
        None if settings.seal_key_file.exists() => Some(keys_of(settings)?.seal.clone()),
        None => None,
    };
    let Some(seal) = seal else {
        let words = format!(
            "{whole}\nIts secrets were not tried: say --passphrase-file, or --data as for `muster serve`."
        );
        output::done(format, &words);
        return Ok(());
    };
    // All of it, in a database of its own.
    let mut stop = Stop::listen()?;
    let trial = Trial::begin()?;
    let database = trial.folder().join("muster.db");
    let place = key_file::place(&format!("sqlite:{}", database.display()), &seal)?;
    let tried = unless_told(&mut stop, backup::restore(folder, &manifest, &place)).await;
    trial.end()?;
    let secrets = tried?;
    output::done(format, &format!("{whole}\nIt was restored on trial, and its {secrets} secrets open."));
    Ok(())
}

/// Goes on until it is done or the program is told to stop, so that what is half done can be taken away.
async fn unless_told<T>(stop: &mut Stop, work: impl Future<Output = app::Result<T>>) -> Result<T, CliError> {
    tokio::select! {
        done = work => done.map_err(CliError::failed),
        () = stop.told() => Err(CliError::Words("told to stop: nothing is left of what was begun".into())),
    }
}

/// `muster restore`: tries the copy with the keys before it touches what is there.
pub(crate) async fn restore(command: Restore, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(command.place.clone(), Flags::default())?;
    std::fs::create_dir_all(&settings.data).map_err(|e| CliError::file("write", &settings.data, e))?;
    let _lock = start::lock(&settings)?;
    let manifest = backup::verify(&command.folder).map_err(CliError::failed)?;
    let keys = match command.secret.read()? {
        Some(passphrase) => Some(backup::keys(&command.folder, &passphrase).map_err(CliError::failed)?),
        None => None,
    };
    let others = keys.as_ref().map(|keys| Files::of(&settings, keys)).transpose()?;
    let seal = match &keys {
        Some(keys) => keys.seal.clone(),
        None => keys_of(&settings)?.seal.clone(),
    };
    let (secrets, kept) = match settings.sqlite_path() {
        Some(path) => tried_and_put(&command, &manifest, &path, &seal, &settings.data).await?,
        None => {
            let place = key_file::place(&settings.database_url, &seal)?;
            let restored = backup::restore(&command.folder, &manifest, &place).await;
            (restored.map_err(CliError::failed)?, None)
        }
    };
    if let Some(files) = others {
        files.write(&settings.data)?;
    }
    output::done(format, &restored(&settings, &manifest, secrets, kept.as_deref()));
    Ok(())
}

/// What was done, and what to do next.
fn restored(settings: &Settings, manifest: &Manifest, secrets: u64, kept: Option<&Path>) -> String {
    let mut words =
        format!("Restored {}, as of {}; {secrets} secrets open.", counted(manifest), manifest.made_at);
    if let Some(kept) = kept {
        words.push_str(&format!("\nThe database that was there is {}.", kept.display()));
    }
    if let Some(url) = &manifest.device_url
        && settings.devices.url.as_ref() != Some(url)
    {
        words.push_str(&format!(
            "\nEnrolled devices call {url}: this server must be reached there, and have it as [devices] url."
        ));
    }
    words.push_str(
        "\nNext: make sure that the server the copy was made of is stopped, and never starts again: both would talk to Apple \
         and to devices.\n      Start this one with `muster serve`, then look at `muster alerts` and start a full sync.\n      \
         Devices that enrolled after the copy was made must be wiped.",
    );
    words
}

/// Key files that come with a copy.
struct Files(Vec<(PathBuf, String)>);

impl Files {
    /// Those that are not there yet. Another one in its place is not overwritten: it may be the only one.
    fn of(settings: &Settings, keys: &Keys) -> Result<Self, CliError> {
        let authority = start::authority_path(&settings.data);
        let files = [
            (settings.seal_key_file.clone(), Some(&keys.seal)),
            (authority.clone(), keys.authority.as_ref()),
            (authority.with_extension("key"), keys.authority_key.as_ref()),
        ];
        let mut missing = Vec::new();
        for (path, content) in files {
            let Some(content) = content else { continue };
            match std::fs::read_to_string(&path) {
                Ok(there) if there.trim() == content.trim() => {}
                Ok(_) => {
                    return Err(CliError::Words(format!(
                        "{} is there and is another one than in the copy: move it away",
                        path.display()
                    )));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    missing.push((path, content.clone()))
                }
                Err(error) => return Err(CliError::file("read", &path, error)),
            }
        }
        Ok(Self(missing))
    }

    fn write(self, data: &Path) -> Result<(), CliError> {
        for (path, content) in self.0 {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|e| CliError::file("write", folder, e))?;
            }
            Owner::of(&path, data)?.write(&path, content.as_bytes())?;
        }
        Ok(())
    }
}

/// Restores into a file beside the database, and puts it in place once everything in it opened. Answers how many secrets
/// that were, and where the database is that was there before.
async fn tried_and_put(
    command: &Restore,
    manifest: &Manifest,
    path: &Path,
    seal: &str,
    data: &Path,
) -> Result<(u64, Option<PathBuf>), CliError> {
    if path.exists() && !command.replace {
        let words =
            format!("{} exists: stop the server, and say --replace (the old one is kept)", path.display());
        return Err(CliError::Words(words));
    }
    let trial = with_suffix(path, ".restoring");
    let mut stop = Stop::listen()?;
    remove(&trial)?;
    let place = key_file::place(&format!("sqlite:{}", trial.display()), seal)?;
    let tried = unless_told(&mut stop, backup::restore(&command.folder, manifest, &place)).await;
    let secrets = match tried {
        Ok(secrets) => secrets,
        Err(error) => {
            remove(&trial)?;
            return Err(error);
        }
    };
    Owner::of(path, data)?.give(&trial)?;
    Ok((secrets, in_place::put(&trial, path)?))
}

fn private_folder(path: &Path) -> Result<(), CliError> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| CliError::file("write", path, e))
}
