//! Whose a file is that a command writes at the machine itself: not of whoever ran the command, who may be root, but of
//! whoever runs the server and has to read it.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use crate::error::CliError;

/// An owner, and what he and others may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl From<Metadata> for Owner {
    fn from(found: Metadata) -> Self {
        Self { uid: found.uid(), gid: found.gid(), mode: found.mode() & 0o777 }
    }
}

impl Owner {
    /// Of a file in the data folder that holds a secret: as the one that it replaces, or else the folder's owner's alone.
    /// Nobody beside owner and group ever reads it.
    pub(crate) const fn due(replaced: Option<Self>, data: Self) -> Self {
        match replaced {
            Some(replaced) => Self { mode: replaced.mode & 0o770, ..replaced },
            None => Self { mode: 0o600, ..data },
        }
    }

    /// The same, of a file at `path`.
    pub(crate) fn of(path: &Path, data: &Path) -> Result<Self, CliError> {
        let replaced = match std::fs::metadata(path) {
            Ok(found) => Some(found.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(CliError::file("read", path, error)),
        };
        Ok(Self::due(replaced, Self::folder(data)?))
    }

    /// The same, of a file that is new whatever was there.
    pub(crate) fn of_new(data: &Path) -> Result<Self, CliError> {
        Ok(Self::due(None, Self::folder(data)?))
    }

    fn folder(data: &Path) -> Result<Self, CliError> {
        std::fs::metadata(data).map(Self::from).map_err(|e| CliError::file("read", data, e))
    }

    /// Gives him an open file, as far as who runs this may: only root may give files away, and somebody else is the server's
    /// user himself, or knows what he does.
    pub(crate) fn take(self, file: &File) -> io::Result<()> {
        let as_allowed = |given: io::Result<()>| match given {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            given => given,
        };
        let found = Self::from(file.metadata()?);
        if (found.uid, found.gid) != (self.uid, self.gid) {
            as_allowed(fchown(file, Some(self.uid), Some(self.gid)))?;
        }
        if found.mode != self.mode {
            as_allowed(file.set_permissions(Permissions::from_mode(self.mode)))?;
        }
        Ok(())
    }

    /// Gives him a file that is there.
    pub(crate) fn give(self, path: &Path) -> Result<(), CliError> {
        let given = File::open(path).and_then(|file| self.take(&file));
        given.map_err(|e| CliError::file("write", path, e))
    }

    /// Writes a file of his, and has it on disk.
    pub(crate) fn write(self, path: &Path, content: &[u8]) -> Result<(), CliError> {
        let mut options = File::options();
        // Nobody else's for no moment.
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(path).and_then(|mut file| {
            self.take(&file)?;
            file.write_all(content)?;
            file.sync_all()
        });
        written.map_err(|e| CliError::file("write", path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: Owner = Owner { uid: 4_711, gid: 4_712, mode: 0o750 };

    #[test]
    fn a_new_file_is_the_folders_owners_alone() {
        assert_eq!(Owner::due(None, DATA), Owner { mode: 0o600, ..DATA });
    }

    #[test]
    fn a_file_in_anothers_place_is_whose_that_was_but_nobody_elses() {
        let group = Owner { uid: 1, gid: 2, mode: 0o640 };
        assert_eq!(Owner::due(Some(group), DATA), group);
        assert_eq!(Owner::due(Some(Owner { mode: 0o644, ..group }), DATA), group);
        assert_eq!(Owner::due(Some(Owner { mode: 0o400, ..group }), DATA).mode, 0o400);
    }

    #[test]
    fn a_file_is_written_with_the_mode_of_the_one_before_and_by_root_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Owner::of(&path, folder.path()).unwrap().write(&path, b"one").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
        let next = folder.path().join("seal.key.next");
        Owner::of(&path, folder.path()).unwrap().write(&next, b"two").unwrap();
        assert_eq!((mode(&next), std::fs::read(&next).unwrap().as_slice()), (0o440, &b"two"[..]));
        if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
            std::os::unix::fs::chown(&path, Some(4_711), Some(4_712)).unwrap();
            Owner::of(&path, folder.path()).unwrap().give(&next).unwrap();
            let given = std::fs::metadata(&next).unwrap();
            assert_eq!((given.uid(), given.gid()), (4_711, 4_712));
        }
    }
}
