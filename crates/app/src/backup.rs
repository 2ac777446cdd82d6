//! Copies of all that a server needs, and bringing them back: the operator's, at the machine itself.
//!
//! A copy is a folder: `manifest.json`, a file for each table, and `keys.json` if a passphrase protects it. It is the
//! same whichever engine it was made of, so that it also leads from one to the other.

mod keys;

use std::path::{Path, PathBuf};

use domain::Time;
use net::Clock;
use serde::{Deserialize, Serialize};
use store::archive::{self, TableCopy};
use store::{Migrations, Store, StoreError};

use crate::open::{Place, config, internal};
use crate::{AppError, Result};

pub use keys::{Keys, Passphrase};

/// The form of the folder. A program that meets another one says so.
const FORM: u32 = 1;
/// What the copy says of itself.
const MANIFEST: &str = "manifest.json";
/// Where the keys are, sealed with a passphrase.
const KEYS: &str = "keys.json";

/// Sealed rows that are opened at a time.
const OPENED: u32 = 1_000;

/// What a copy says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Form of the folder.
    pub form: u32,
    /// Version of the program that made it.
    pub program: String,
    /// When it was made.
    pub made_at: String,
    /// `SQLite` or `PostgreSQL`.
    pub engine: String,
    /// Number of the database's newest migration.
    pub schema: i64,
    /// Public base URL of the API, if it was set.
    pub api_url: Option<String>,
    /// Public base URL for devices, if it was set: it must stay the same.
    pub device_url: Option<String>,
    /// SHA-256 of `keys.json`, if there is one.
    pub keys_sha256: Option<String>,
    /// Every table.
    pub tables: Vec<TableCopy>,
}

impl Manifest {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// What is known of the server beside its database.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Public base URL of the API, if it is set.
    pub api_url: Option<String>,
    /// Public base URL for devices, if it is set.
    pub device_url: Option<String>,
}

/// Copies a database, also while it is in use, into a folder that does not exist yet. With keys and a passphrase the
/// copy is all that another machine needs; without them it holds no key at all.
///
/// # Errors
/// A file that cannot be written, or the store's. What was begun stays beside as `….partial`, and is no copy.
pub async fn make(
    store: &Store,
    to: &Path,
    around: Surroundings,
    keys: Option<(&Keys, &Passphrase)>,
    clock: &Clock,
) -> Result<Manifest> {
    if to.exists() {
        return Err(AppError::conflict(format!("{} exists: a copy never overwrites another", to.display())));
    }
    let partial = partial(to);
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(|e| file("remove", &partial, &e))?;
    }
    private_folder(&partial)?;
    let (schema, tables) = archive::write(store, &partial).await?;
    let keys_sha256 = match keys {
        None => None,
        Some((keys, passphrase)) => {
            let sealed = keys.sealed(passphrase)?;
            write_file(&partial.join(KEYS), &sealed)?;
            Some(pki::digest::sha256_hex(&sealed))
        }
    };
    let manifest = Manifest {
        form: FORM,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Time::from_micros(clock.now_micros()).rfc3339(),
        engine: if store.is_postgres() { "PostgreSQL" } else { "SQLite" }.to_owned(),
        schema: schema.applied,
        api_url: around.api_url,
        device_url: around.device_url,
        keys_sha256,
        tables,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(internal)?;
    write_file(&partial.join(MANIFEST), &text)?;
    std::fs::rename(&partial, to).map_err(|e| file("write", to, &e))?;
    Ok(manifest)
}

/// Reads a copy and holds every file to its hash and number of rows.
///
/// # Errors
/// [`AppError::Invalid`] for a folder that is no copy, or one of a later program; the store's for a damaged one.
pub fn verify(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read(&path).map_err(|e| file("read", &path, &e))?;
    let damaged = |words: &str| AppError::invalid("copy", format!("{} {words}", folder.display()));
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|_| damaged("is no copy that `muster backup` made: its manifest cannot be read"))?;
    if manifest.form != FORM || manifest.schema > Migrations::own().newest() {
        let words = format!("was made by a later program ({}): restore it with that one", manifest.program);
        return Err(damaged(&words));
    }
    if let Some(hash) = &manifest.keys_sha256 {
        let path = folder.join(KEYS);
        let sealed = std::fs::read(&path).map_err(|e| file("read", &path, &e))?;
        if pki::digest::sha256_hex(&sealed) != *hash {
            return Err(damaged("is damaged: its keys are not as they were written"));
        }
    }
    archive::verify(folder, &manifest.tables)?;
    Ok(manifest)
}

/// The keys of a copy that has them.
///
/// # Errors
/// [`AppError::NotFound`] when it has none, [`AppError::Invalid`] for another passphrase.
pub fn keys(folder: &Path, passphrase: &Passphrase) -> Result<Keys> {
    let path = folder.join(KEYS);
    if !path.exists() {
        return Err(AppError::not_found(format!(
            "keys in {}: it was made without a passphrase",
            folder.display()
        )));
    }
    Keys::open(&std::fs::read(&path).map_err(|e| file("read", &path, &e))?, passphrase)
}

/// Brings a verified copy back into an empty database: all of it, or nothing. Every secret in it is opened with the keys
/// of `place` before that counts; then the database is brought to this program's schema. Answers how many secrets opened.
///
/// # Errors
/// The store's: the database is in use, does not take it, or a secret does not open.
pub async fn restore(folder: &Path, manifest: &Manifest, place: &Place) -> Result<u64> {
    // As the program that made the copy: what later migrations do to rows is done to these, too.
    let then = archive::target(config(place)?, &Migrations::own().up_to(manifest.schema)).await?;
    let at = then.schema().await?;
    if at.applied != manifest.schema {
        then.close().await;
        return Err(AppError::conflict(format!(
            "the database is at schema {} already and the copy is of {}: make a new, empty one",
            at.applied, manifest.schema
        )));
    }
    let filled = archive::fill(&then, folder, &manifest.tables).await;
    then.close().await;
    let opened = filled?;
    Store::open(config(place)?).await?.close().await;
    Ok(opened)
}

/// Has a SQLite database that nobody has open in one file, without a log beside it. Whether it is: what is no database any
/// more stays as it is.
///
/// # Errors
/// The store's: somebody has it open.
pub fn settle(path: &Path) -> Result<bool> {
    store::one_file::make(path).map_err(|error| match error {
        StoreError::Busy => {
            AppError::conflict(format!("a program has {} open: end it first", path.display()))
        }
        other => other.into(),
    })
}

/// How many sealed rows there are, all of which open.
///
/// # Errors
/// [`store::StoreError::Sealed`] if one does not.
pub async fn opens(store: &Store) -> Result<u64> {
    let opened = store
        .read(|tx| Box::pin(async move { Ok::<_, AppError>(store::secret::open_all(tx, OPENED).await?) }));
    opened.await
}

fn partial(to: &Path) -> PathBuf {
    // Without a slash at its end, which would put this inside.
    let mut name = to.components().collect::<PathBuf>().into_os_string();
    name.push(".partial");
    name.into()
}

fn private_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| file("write", path, &e))
}

/// A file for its owner alone, on disk.
fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(|e| file("write", path, &e))
}

fn file(action: &str, path: &Path, error: &std::io::Error) -> AppError {
    AppError::internal(format!("{action} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
