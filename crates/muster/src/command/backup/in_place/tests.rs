use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{free_name, has_parts, put, settled, steps, take, with_suffix};

/// What is in the way of a restored database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Old {
    /// A database of which a part is in its log, as after a kill.
    WithLog,
    /// A database that was closed.
    Closed,
    /// Files that were one.
    Damaged,
    /// A log alone.
    LogAlone,
    Nothing,
}

const EVERY: [Old; 5] = [Old::WithLog, Old::Closed, Old::Damaged, Old::LogAlone, Old::Nothing];

struct Place {
    folder: tempfile::TempDir,
    old: Old,
}

/// What the databases of these tests hold, each a number of its own, and none when its log is missing.
const OLD: i64 = 1;
const NEW: i64 = 2;
const NEWER: i64 = 3;

fn database(path: &Path, holds: i64) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    connection.pragma_update(None, "user_version", holds).unwrap();
    connection
}

impl Place {
    fn new(old: Old) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), old };
        let (path, made) = (place.path(), place.folder.path().join("made"));
        drop(database(&place.new_one(), NEW));
        match old {
            Old::WithLog => {
                let open = database(&made, OLD);
                for part in ["", "-wal", "-shm"] {
                    std::fs::copy(with_suffix(&made, part), with_suffix(&path, part)).unwrap();
                }
                drop(open);
            }
            Old::Closed => drop(database(&path, OLD)),
            Old::Damaged => {
                std::fs::write(
                    &path,
                    "was a database, and has as many bytes as the head of one has, or more of them",
                )
                .unwrap();
                std::fs::write(with_suffix(&path, "-wal"), "log of it").unwrap();
            }
            Old::LogAlone => std::fs::write(with_suffix(&path, "-wal"), "log of another").unwrap(),
            Old::Nothing => {}
        }
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("muster.db")
    }

    fn new_one(&self) -> PathBuf {
        with_suffix(&self.path(), ".restoring")
    }

    /// The files of a database that is damaged are as they were, and together.
    fn has_both(path: &Path) -> bool {
        let read = |part| std::fs::read_to_string(with_suffix(path, part)).unwrap_or_default();
        read("").starts_with("was a database") && read("-wal") == "log of it"
    }

    /// The old one is whole under its own name or one that it is kept by, and what is in place is one of the two.
    fn is_whole(&self, at: &str) {
        let path = self.path();
        let mut kept =
            [".before-restore", ".before-restore-2"].map(|name| with_suffix(&path, name)).into_iter();
        match self.old {
            Old::WithLog | Old::Closed => {
                let there = holds(&path);
                let is_kept = kept.any(|kept| kept.exists() && holds(&kept) == Some(OLD));
                assert!(there == Some(OLD) || there == Some(NEW) && is_kept, "{at}: {there:?}");
            }
            Old::Damaged => assert!(Self::has_both(&path) || kept.any(|kept| Self::has_both(&kept)), "{at}"),
            Old::LogAlone | Old::Nothing => {}
        }
    }
}

/// What a program that opens it finds, its log included.
fn holds(path: &Path) -> Option<i64> {
    let connection = Connection::open(path).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).ok()
}

#[test]
fn whoever_is_killed_while_a_database_takes_anothers_place_leaves_one_of_them_whole() {
    for old in EVERY {
        let mut after = 0;
        loop {
            let place = Place::new(old);
            let (path, new) = (place.path(), place.new_one());
            let mut left = after;
            let mut killed = || {
                left -= 1;
                left < 0
            };
            // Each of these is either done or not begun: a kill in the middle is SQLite's own to mend, or the system's.
            let ended = 'dead: {
                for database in [&new, &path] {
                    if killed() {
                        break 'dead false;
                    }
                    if database.exists() {
                        settled(database).unwrap();
                    }
                }
                let kept = has_parts(&path).then(|| free_name(&path));
                for step in steps(&new, &path, kept.as_deref()) {
                    if killed() {
                        break 'dead false;
                    }
                    take(&step).unwrap();
                }
                true
            };
            place.is_whole(&format!("{old:?}, killed after {after} steps"));
            if ended {
                assert_eq!(holds(&path), Some(NEW), "{old:?}");
                break;
            }
            // It is run again, with the copy tried anew.
            let _ = super::remove(&new);
            drop(database(&new, NEW));
            put(&new, &path).unwrap();
            assert_eq!(holds(&path), Some(NEW), "{old:?}, run again after {after} steps");
            place.is_whole(&format!("{old:?}, run again after {after} steps"));
            after += 1;
        }
        assert!(after > 3, "{old:?}: {after} places to be killed at");
    }
}

#[test]
fn what_was_kept_once_is_never_written_over() {
    let place = Place::new(Old::Closed);
    let (path, new) = (place.path(), place.new_one());
    assert_eq!(put(&new, &path).unwrap().unwrap(), with_suffix(&path, ".before-restore"));
    drop(database(&new, NEWER));
    assert_eq!(put(&new, &path).unwrap().unwrap(), with_suffix(&path, ".before-restore-2"));
    assert_eq!(holds(&path), Some(NEWER));
    assert_eq!(holds(&with_suffix(&path, ".before-restore-2")), Some(NEW));
    assert_eq!(holds(&with_suffix(&path, ".before-restore")), Some(OLD));
}

#[test]
fn a_database_that_somebody_has_open_is_left_alone() {
    let place = Place::new(Old::Closed);
    let open = Connection::open(place.path()).unwrap();
    open.pragma_query_value(None, "user_version", |_| Ok(())).unwrap();
    assert!(put(&place.new_one(), &place.path()).is_err());
    assert_eq!(holds(&place.path()), Some(OLD));
    drop(open);
    assert!(put(&place.new_one(), &place.path()).is_ok());
}
