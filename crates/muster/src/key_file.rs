//! The file of the seal key: a key a line, in base64. The first one seals, the others still open. There is more than one
//! only while a rotation is under way.

use std::path::Path;

use app::open::Place;
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::owner::Owner;

/// A key in base64.
pub(crate) type Key = Zeroizing<String>;

/// The keys of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<Key>, CliError> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?);
    Ok(lines(&text))
}

fn lines(text: &str) -> Vec<Key> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Zeroizing::new(line.to_owned())).collect()
}

/// The keys as a file has them.
pub(crate) fn written(keys: &[Key]) -> Zeroizing<String> {
    Zeroizing::new(keys.iter().map(|key| format!("{}\n", key.as_str())).collect())
}

/// Puts keys in a file's place, all at once: whoever is killed meanwhile has the old file or the new one.
pub(crate) fn replace(path: &Path, keys: &[Key], owner: Owner) -> Result<(), CliError> {
    let mut next = path.as_os_str().to_owned();
    next.push(".next");
    let next = std::path::PathBuf::from(next);
    // One that was killed may have left it, and nobody may write it, as it is with the file itself.
    match std::fs::remove_file(&next) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(CliError::file("write", &next, error));
        }
        _ => {}
    }
    owner.write(&next, written(keys).as_bytes())?;
    let replaced = std::fs::rename(&next, path).and_then(|()| {
        // The name is on disk only when its folder is: rows sealed with the new key must never outlive it.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
    });
    replaced.map_err(|e| CliError::file("write", path, e))
}

/// A database and the keys that a text has.
pub(crate) fn place(database_url: &str, keys: &str) -> Result<Place, CliError> {
    let mut keys = lines(keys).into_iter();
    let seal_key = keys.next().ok_or_else(|| CliError::Words("there is no key in the key file".into()))?;
    Ok(Place { database_url: database_url.to_owned(), seal_key, older_seal_keys: keys.collect() })
}
