//! The database.

use super::{Finding, size};

/// A write-ahead log is copied back at 16 MB; one of this size is held open by somebody who reads for ever.
const LOG_LARGE: u64 = 256 << 20;
/// Connections that one server opens.
const CONNECTIONS_WANTED: i64 = 16;

/// Which schema was found.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    /// The last migration applied; none: no server has used the database yet.
    pub applied: Option<i64>,
    /// Its name.
    pub name: &'a str,
    /// The last that this program knows.
    pub known: i64,
    /// Whether this program may work with what a later one made.
    pub fits: bool,
}

/// Whether this program can use what it finds.
pub fn schema(schema: Schema<'_>) -> Finding {
    const CHECK: &str = "database.schema";
    let Schema { applied, name, known, fits } = schema;
    match applied {
        None => Finding::warning(
            CHECK,
            "no server has used this database yet",
            "start the server once; if it has run before, this is another database than it used",
        ),
        Some(applied) if applied > known && fits => Finding::warning(
            CHECK,
            format!(
                "schema {applied} ({name}) was made by a later program; this one knows {known} and works with it"
            ),
            "upgrade this program too, when the other servers have been",
        ),
        Some(applied) if applied > known => Finding::problem(
            CHECK,
            format!("schema {applied} ({name}) was made by a later program; this one knows {known}"),
            "start the later program again, or restore the copy from before the upgrade: there is no other way back",
        ),
        Some(applied) if applied < known => Finding::warning(
            CHECK,
            format!("schema {applied} ({name}) is an earlier program's; this one brings it to {known}"),
            "copy the database, then restart the server with this program",
        ),
        Some(applied) => Finding::ok(CHECK, format!("schema {applied} ({name}), this program's")),
    }
}

/// The size of SQLite's write-ahead log.
pub fn log_size(database: u64, log: u64) -> Finding {
    const CHECK: &str = "database.size";
    let found = format!("{}, and {} of write-ahead log", size(database), size(log));
    if log < LOG_LARGE {
        return Finding::ok(CHECK, found);
    }
    let advice = "some program holds the database open for reading and keeps the log from being copied back: end it (lsof shows which), then restart the server";
    Finding::warning(CHECK, found, advice)
}

/// Whether PostgreSQL has room for this server's connections.
pub fn connections(open: i64, most: i64) -> Finding {
    const CHECK: &str = "database.connections";
    let found = format!("{open} of {most} connections are open, by everybody");
    let advice =
        "raise max_connections, or give the database fewer other users: each server here opens up to 16";
    match most.saturating_sub(open) {
        left if left <= 3 => Finding::problem(CHECK, found, advice),
        left if left < CONNECTIONS_WANTED => Finding::warning(CHECK, found, advice),
        _ => Finding::ok(CHECK, found),
    }
}

/// What PostgreSQL promises when it says that something is stored.
#[derive(Debug, Clone, Copy)]
pub struct Durability<'a> {
    /// `fsync`.
    pub fsync: bool,
    /// `synchronous_commit`.
    pub synchronous_commit: &'a str,
}

/// Whether what is committed is on disk.
pub fn durability(found: Durability<'_>) -> Finding {
    const CHECK: &str = "database.durability";
    let advice = "set fsync and synchronous_commit to on: a device is told that its answer is kept, and after a power cut it would not be";
    match found {
        Durability { fsync: false, .. } => Finding::problem(CHECK, "fsync is off", advice),
        Durability { synchronous_commit: "off", .. } => {
            Finding::problem(CHECK, "synchronous_commit is off", advice)
        }
        Durability { synchronous_commit, .. } => {
            Finding::ok(CHECK, format!("fsync is on, synchronous_commit is {synchronous_commit}"))
        }
    }
}
