//! Putting a restored SQLite database in place of the one that is there, so that whoever is killed meanwhile leaves the old
//! one whole or the new one.
//!
//! A database that ran is up to three files, and only one can be moved at a time. So both are brought into one file first.
//! Then the old one is given a second name, and the new one takes the first in one step. Of what is no database any more,
//! as it is after damage, every file is kept, and together.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// A SQLite database is up to three files: itself, its log, and what programs share while they have it open.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A file has another name too.
    Keep(PathBuf, PathBuf),
    /// A file goes.
    Remove(PathBuf),
    /// A file takes another's place.
    Rename(PathBuf, PathBuf),
    /// The names of a folder are on disk.
    Sync(PathBuf),
}

/// Puts `new` in place of `path`; where that is kept which was there. Nobody has either open.
pub(super) fn put(new: &Path, path: &Path) -> Result<Option<PathBuf>, CliError> {
    if !settled(new)? {
        return Err(CliError::Failed(format!("read {} back", new.display())));
    }
    if path.exists() {
        settled(path)?;
    }
    let kept = has_parts(path).then(|| free_name(path));
    steps(new, path, kept.as_deref()).iter().try_for_each(take)?;
    Ok(kept)
}

fn settled(path: &Path) -> Result<bool, CliError> {
    app::backup::settle(path).map_err(CliError::failed)
}

/// What is to be done, in this order.
fn steps(new: &Path, path: &Path, kept: Option<&Path>) -> Vec<Step> {
    let folder = folder(path);
    let mut steps = Vec::new();
    if let Some(kept) = kept {
        // The log first: a database without it is older than it was.
        for part in ["-wal", ""] {
            let from = with_suffix(path, part);
            if from.exists() {
                steps.push(Step::Keep(from, with_suffix(kept, part)));
            }
        }
        steps.push(Step::Sync(folder.clone()));
        // They would pass for the new one's. What is whole has none: this is for what is no database any more.
        let stray = ["-wal", "-shm"].map(|part| with_suffix(path, part));
        steps.extend(stray.into_iter().filter(|path| path.exists()).map(Step::Remove));
    }
    steps.push(Step::Rename(new.to_owned(), path.to_owned()));
    steps.push(Step::Sync(folder));
    steps
}

fn take(step: &Step) -> Result<(), CliError> {
    let (taken, path) = match step {
        Step::Keep(from, to) => (keep(from, to), to),
        Step::Remove(path) => (std::fs::remove_file(path), path),
        Step::Rename(from, to) => (std::fs::rename(from, to), to),
        Step::Sync(folder) => (File::open(folder).and_then(|folder| folder.sync_all()), folder),
    };
    taken.map_err(|e| CliError::file("write", path, e))
}

/// A second name, or where there can be none a second file.
fn keep(from: &Path, to: &Path) -> io::Result<()> {
    if is_same(from, to) || std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let partial = with_suffix(to, ".partial");
    std::fs::copy(from, &partial)?;
    File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, to)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    id(one).is_some_and(|one| id(other) == Some(one))
}

fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

pub(super) fn has_parts(path: &Path) -> bool {
    PARTS.iter().any(|part| with_suffix(path, part).exists())
}

/// Where what is replaced is kept: never in place of what an earlier restore has kept. One that was killed may have given
/// the database its second name already.
fn free_name(path: &Path) -> PathBuf {
    let named = |n: u32| {
        with_suffix(path, &if n == 1 { ".before-restore".into() } else { format!(".before-restore-{n}") })
    };
    (1..).map(named).find(|name| !has_parts(name) || is_same(path, name)).unwrap_or_else(|| named(0))
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Takes a database away.
pub(super) fn remove(path: &Path) -> Result<(), CliError> {
    for part in PARTS {
        let path = with_suffix(path, part);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|e| CliError::file("write", &path, e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
