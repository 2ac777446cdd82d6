//! The data folder: its files, and the room around them.

use super::{Finding, size};

/// Files that may still be made, below which a busy folder soon makes none.
const FILES_FREE: u64 = 1_000;

/// A disk as the data folder finds it.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// Bytes that the server may still write.
    pub free: u64,
    /// Files that may still be made; none: this file system does not count them.
    pub files: Option<u64>,
    /// Bytes that are wanted free.
    pub wanted: u64,
}

/// Whether there is room. A full disk ends every enrolment and every answer that must be kept.
pub fn disk(folder: &str, disk: Disk) -> Finding {
    const CHECK: &str = "data.disk";
    let advice = "make room, or move the data folder to a larger disk: on a full one nothing can be stored, so no device enrols and no command is answered";
    let Disk { free, files, wanted } = disk;
    if let Some(files) = files.filter(|files| *files < FILES_FREE) {
        let found = format!("the disk of {folder} takes only {files} more files");
        return Finding::problem(
            CHECK,
            found,
            "remove files that nobody needs: SQLite makes some at each start",
        );
    }
    let found = format!("the disk of {folder} has {} left", size(free));
    match free {
        free if free < wanted / 4 => Finding::problem(CHECK, found, advice),
        free if free < wanted => {
            Finding::warning(CHECK, format!("{found}, less than {}", size(wanted)), advice)
        }
        _ => Finding::ok(CHECK, found),
    }
}

/// Whether a file that holds a secret is its owner's alone; `mode` is that of the file system.
pub fn secret_file(check: &'static str, path: &str, mode: u32) -> Option<Finding> {
    let mode = mode & 0o777;
    let who = match mode {
        mode if mode & 0o007 != 0 => "everybody on this machine",
        mode if mode & 0o070 != 0 => "its group",
        _ => return None,
    };
    let found = format!("{path} may be read or changed by {who} (mode {mode:03o})");
    let advice = format!("chmod 600 {path}; if somebody may have read it, take it for known and replace it");
    Some(match mode & 0o007 {
        0 => Finding::warning(check, found, advice),
        _ => Finding::problem(check, found, advice),
    })
}
