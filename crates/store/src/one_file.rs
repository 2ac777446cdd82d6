//! A SQLite database that nobody has open, as one file.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;

/// Has the log of a closed database copied into it and removed, so that the file is all of it and can be moved. Whether
/// that was done: what is no database any more keeps the files that it has.
///
/// # Errors
/// [`StoreError::Busy`] while somebody has it open; the engine's.
pub fn make(path: &Path) -> Result<bool, StoreError> {
    match settle(path) {
        Ok(mode) if mode == "delete" => Ok(true),
        Ok(_) => Err(StoreError::Busy),
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(failure.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) =>
        {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// The journal mode that it has then. A program that opens it sets its own again.
fn settle(path: &Path) -> rusqlite::Result<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    // What is no database any more keeps its log as it is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))
}
