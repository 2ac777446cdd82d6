//! SQLite: one writer thread that shares its commits, and readers beside it.

mod reader;
mod writer;

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OpenFlags};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::StoreError;
use crate::row::Row;
use crate::value::Value;

pub(crate) use reader::Readers;
pub(crate) use writer::Writer;

/// Page cache of the connection that writes, in KiB: what a batch of writes goes through.
const WRITER_CACHE_KIB: i64 = 8 * 1024;

/// Page cache of a connection that reads, in KiB. There are several; the upper pages of the indexes fit, and the
/// operating system has the rest.
const READER_CACHE_KIB: i64 = 2 * 1024;

/// Statements kept prepared on one connection; the program has some two hundred.
const STATEMENTS: usize = 256;

/// Pages of the write-ahead log after which it is copied back: 16 MB.
const CHECKPOINT_PAGES: i64 = 4_000;

/// How long the engine waits for a lock of another process (a backup tool, a second copy of the program).
const LOCK_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// The file of a `sqlite:` address; none: an address of another engine, or of no file.
pub(crate) fn path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    // `sqlite://` is how other programs write it.
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// The connection that writes. Every commit is on disk before it is reported.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        create_private(path)?;
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    prepare(&connection, WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// How a connection keeps what it commits, as it says itself.
pub(crate) fn durability(connection: &Connection) -> Result<String, StoreError> {
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let level: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    let word = match level {
        0 => "off",
        1 => "normal",
        2 => "full",
        _ => "extra",
    };
    Ok(format!("journal_mode = {journal}, synchronous = {word}"))
}

/// A connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.pragma_update(None, "query_only", true)?;
    prepare(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

fn prepare(connection: &Connection, cache_kib: i64) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // The engine is built to look at samples of values (STAT4) and so would plan a prepared statement anew whenever a
    // value compared with an index is another: each look-up by key would cost some 50 microseconds instead of 3. We
    // keep no samples.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

/// `$1` as `?1`: SQLite numbers `$n` by first appearance, PostgreSQL by n.
pub(crate) fn rewritten(sql: &str) -> String {
    sql.replace('$', "?")
}

pub(crate) fn rows(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(&rewritten(sql))?;
    let mut rows = Vec::new();
    collect(&mut statement, params, &mut rows)?;
    Ok(rows)
}

fn value(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Text(v) => Value::Text(
            String::from_utf8(v.to_vec())
                .map_err(|_| StoreError::Corrupt { what: "a text that is not UTF-8".into() })?,
        ),
        ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Corrupt { what: "a number with a fraction".into() }),
    })
}

pub(crate) fn execute(connection: &Connection, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(&rewritten(sql))?;
    let written = statement.execute(rusqlite::params_from_iter(params))?;
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

/// The same statement for each row; the number of rows written in all.
pub(crate) fn execute_each(
    connection: &Connection,
    sql: &str,
    rows: &[Vec<Value>],
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(&rewritten(sql))?;
    let mut written = 0;
    for row in rows {
        written += statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

/// What the same statement finds for each row of parameters, in their order.
pub(crate) fn rows_of_each(
    connection: &Connection,
    sql: &str,
    each: &[Vec<Value>],
) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(&rewritten(sql))?;
    let mut rows = Vec::new();
    for params in each {
        collect(&mut statement, params, &mut rows)?;
    }
    Ok(rows)
}

fn collect(
    statement: &mut CachedStatement<'_>,
    params: &[Value],
    rows: &mut Vec<Row>,
) -> Result<(), StoreError> {
    let columns = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(params))?;
    while let Some(row) = found.next()? {
        let values = (0..columns).map(|n| value(row.get_ref(n)?)).collect::<Result<Vec<_>, StoreError>>()?;
        rows.push(Row::new(values));
    }
    Ok(())
}

/// Runs something that may take milliseconds, having told a runtime of many threads that this one is taken.
pub(crate) fn beside_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// The answer of `work`, which waits for nothing but this store and so is ready at once.
///
/// A transaction that waited for the network would hold up every other writer: it is refused instead.
pub(crate) fn at_once<T, E: From<StoreError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    futures_util::FutureExt::now_or_never(work).unwrap_or_else(|| {
        Err(StoreError::Engine("work inside a transaction waited for something other than the store".into())
            .into())
    })
}

/// Makes a file that must not exist, for its owner alone: it names every device of an organisation. The log beside a
/// database takes over its permissions.
pub(crate) fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|e| StoreError::Engine(format!("{}: {e}", path.display())))
}
