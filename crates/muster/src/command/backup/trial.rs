//! A folder to try a copy in. It is taken away afterwards; what a killed program left of one, the next one takes away.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// What the names of such folders begin with.
const PREFIX: &str = "muster-verify-";
/// Held in each while it is in use.
const LOCK: &str = "lock";

/// See the module.
pub(super) struct Trial {
    folder: PathBuf,
    _lock: File,
}

impl Trial {
    /// Makes one.
    pub(super) fn begin() -> Result<Self, CliError> {
        Self::begin_in(&std::env::temp_dir())
    }

    fn begin_in(place: &Path) -> Result<Self, CliError> {
        sweep(place);
        let folder = place.join(format!("{PREFIX}{}", std::process::id()));
        super::private_folder(&folder)?;
        let path = folder.join(LOCK);
        let locked = File::create(&path).and_then(|file| file.lock().map(|()| file));
        Ok(Self { _lock: locked.map_err(|e| CliError::file("write", &path, e))?, folder })
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes it away.
    pub(super) fn end(self) -> Result<(), CliError> {
        std::fs::remove_dir_all(&self.folder).map_err(|e| CliError::file("remove", &self.folder, e))
    }
}

/// Takes away what nobody holds any more. What cannot be taken away is another user's.
fn sweep(place: &Path) {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for folder in ours.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let lock = File::options().write(true).open(folder.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) && std::fs::remove_dir_all(folder.path()).is_ok() {
            tracing::debug!(folder = %folder.path().display(), "took away what was left of a killed trial");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir, write};

    use super::{LOCK, Trial};

    #[test]
    fn what_a_killed_trial_left_is_taken_away_and_one_in_use_is_not() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for name in ["muster-verify-dead", "muster-verify-alive", "muster-verify-no-lock", "other"] {
            create_dir(at(name)).unwrap();
            write(at(name).join("muster.db"), "rows").unwrap();
        }
        let [_dead, alive, _other] = ["muster-verify-dead", "muster-verify-alive", "other"]
            .map(|name| File::create(at(name).join(LOCK)).unwrap());
        alive.lock().unwrap();
        let trial = Trial::begin_in(place.path()).unwrap();
        assert!(trial.folder().is_dir());
        assert!(!at("muster-verify-dead").exists());
        for kept in ["muster-verify-alive", "muster-verify-no-lock", "other"] {
            assert!(at(kept).join("muster.db").exists(), "{kept}");
        }
        let folder = trial.folder().to_owned();
        trial.end().unwrap();
        assert!(!folder.exists());
    }
}
