//! `muster rotate`: another key for what is sealed in the database, or for signing tokens.

use std::path::{Path, PathBuf};

use app::rotation::Rotation;
use clap::{Args, Subcommand};
use net::Clock;

use crate::error::CliError;
use crate::output::{self, Format};
use crate::owner::Owner;
use crate::settings::{Flags, Place, Settings};
use crate::{key_file, start};

/// Arguments of `muster rotate`.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(subcommand)]
    what: RotateCommand,
    #[command(flatten)]
    place: Place,
}

/// What to change.
#[derive(Debug, Subcommand)]
enum RotateCommand {
    /// Make another key, and seal everything with it that older ones sealed.
    ///
    /// Every server of the database must be stopped. Run it again if it was interrupted: that makes another key, too.
    ///
    /// Example: muster rotate seal-key --config /etc/muster/muster.toml
    SealKey,
    /// Make another key that signs access tokens, while servers run.
    ///
    /// Every server takes it up within a minute. What the old one signed stays good until its own end, an hour at most.
    ///
    /// Example: muster rotate signing-key --config /etc/muster/muster.toml
    SigningKey,
}

/// `muster rotate`.
pub(crate) async fn rotate(rotate: Rotate, format: Format) -> Result<(), CliError> {
    let settings = Settings::load(rotate.place, Flags::default())?;
    match rotate.what {
        RotateCommand::SealKey => seal_key(&settings, format).await,
        RotateCommand::SigningKey => signing_key(&settings, format).await,
    }
}

async fn signing_key(settings: &Settings, format: Format) -> Result<(), CliError> {
    let store = app::open::existing(&start::existing(settings)?).await.map_err(CliError::failed)?;
    let key = app::operator::rotate_signing_key(&store, &Clock::system()).await.map_err(CliError::failed)?;
    store.close().await;
    let words = format!(
        "Key {key} signs from now on, on every server within a minute. Tokens of the one before are good to their end, an \
         hour at most."
    );
    output::done(format, &words);
    Ok(())
}

async fn seal_key(settings: &Settings, format: Format) -> Result<(), CliError> {
    let path = &settings.seal_key_file;
    start::must_exist(settings)?;
    let _lock = start::lock(settings)?;
    let mut keys = key_file::read(path)?;
    // Also when there are two, of a rotation that was interrupted or a copy of that moment: whoever wants another key is
    // not helped by one that lay about.
    let broken_off = keys.len() > 1;
    keys.insert(0, app::open::seal_key().map_err(CliError::failed)?);
    let rotation = Rotation::begin(&start::place_with(settings, &keys)?, &Clock::system()).await;
    let rotation = rotation.map_err(CliError::failed)?;
    let changed = change(settings, &rotation, keys).await;
    let ended = rotation.end().await.map_err(CliError::failed);
    let (sealed, old) = changed?;
    ended?;
    let broken_off = match broken_off {
        true => " A rotation that was interrupted is over with it: the key that it made is old, too.",
        false => "",
    };
    let mut words = format!(
        "Sealed {sealed} rows anew; {} holds the new key alone.{broken_off}\nWhat it held before is {}: only copies made \
         before need it. Destroy it with the last of them.",
        path.display(),
        old.display(),
    );
    if !settings.older_seal_key_files.is_empty() {
        words.push_str("\nNothing needs older_seal_key_files any more: take it out of the settings.");
    }
    if settings.sqlite_path().is_none() {
        words.push_str(&format!(
            "\nCopy {} to every other server of this database before it starts.",
            path.display()
        ));
    }
    output::done(format, &words);
    Ok(())
}

/// Seals everything with the first key, which is on disk before it seals anything. How many rows, and where the old keys
/// are then.
async fn change(
    settings: &Settings,
    rotation: &Rotation,
    keys: Vec<key_file::Key>,
) -> Result<(u64, PathBuf), CliError> {
    key_file::replace(&settings.seal_key_file, &keys, owner(settings)?)?;
    let sealed = rotation.reseal().await.map_err(CliError::failed)?;
    Ok((sealed, retire(settings, keys).await?))
}

/// Whose the key file is, and all that is made of it.
fn owner(settings: &Settings) -> Result<Owner, CliError> {
    Owner::of(&settings.seal_key_file, &settings.data)
}

/// Takes the old keys out of the file, once everything opens without them; where they are kept.
async fn retire(settings: &Settings, mut keys: Vec<key_file::Key>) -> Result<PathBuf, CliError> {
    let path = &settings.seal_key_file;
    let old = keys.split_off(1);
    let alone = key_file::place(&settings.database_url, &key_file::written(&keys))?;
    let store = app::open::existing(&alone).await.map_err(CliError::failed)?;
    let opened = app::backup::opens(&store).await;
    store.close().await;
    opened.map_err(CliError::failed)?;
    let retired = free_name(path);
    let owner = owner(settings)?;
    key_file::replace(&retired, &old, owner)?;
    key_file::replace(path, &keys, owner)?;
    Ok(retired)
}

/// `seal.key.old`, or with a number if that is there.
fn free_name(path: &Path) -> PathBuf {
    let named = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(if n == 1 { ".old".to_owned() } else { format!(".old-{n}") });
        PathBuf::from(name)
    };
    (1..).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(u32::MAX))
}
