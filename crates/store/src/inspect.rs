//! Looking at a database from outside, without changing it: for an operator who asks what is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deadpool_postgres::Pool;
use rusqlite::Connection;

use crate::{StoreError, migrate, postgres, sqlite};

/// A database as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Engine and version, such as `SQLite 3.50.4`.
    pub engine: String,
    /// Number of the last migration applied; none: no program of ours has used it.
    pub schema: Option<i64>,
    /// Its name.
    pub schema_name: String,
    /// The last that this program knows.
    pub known: i64,
    /// Whether this program may work with what a later one made.
    pub fits: bool,
    /// Bytes of the data.
    pub bytes: u64,
    /// What only one engine has.
    pub details: Details,
}

/// What only one engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Details {
    /// A file.
    Sqlite {
        /// Bytes of the write-ahead log.
        log_bytes: u64,
    },
    /// A server.
    Postgres {
        /// `max_connections`.
        connections_max: i64,
        /// Connections that are open now, of everybody.
        connections: i64,
        /// `fsync`.
        fsync: bool,
        /// `synchronous_commit`, of this database and user.
        synchronous_commit: String,
    },
}

/// What came of a look at every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// Every page is as it should be.
    Sound,
    /// The engine's first word about what is not.
    Damaged(String),
    /// There was no time to look at all of it.
    Unfinished,
}

/// Looks at the database at `url`, an address as for [`crate::StoreConfig`]. Nothing is made or migrated.
///
/// # Errors
/// As [`crate::Store::open`], but for keys and schema, which are no trouble here.
pub async fn inspect(url: &str) -> Result<Inspection, StoreError> {
    if let Some(path) = sqlite::path(url) {
        let looked = tokio::task::spawn_blocking(move || of_sqlite(&path)).await;
        return looked.map_err(|e| StoreError::Engine(e.to_string()))?;
    }
    let pool = postgres::pool(url)?;
    let found = of_postgres(&pool).await;
    pool.close();
    found
}

/// Has SQLite look at every page of its file, for so long.
///
/// # Errors
/// The engine's.
pub async fn quick_check(path: PathBuf, patience: Duration) -> Result<Integrity, StoreError> {
    let connection = sqlite::open_reader(&path)?;
    let interrupt = connection.get_interrupt_handle();
    let mut looking = tokio::task::spawn_blocking(move || pages(&connection));
    let looked = match tokio::time::timeout(patience, &mut looking).await {
        Ok(looked) => looked,
        Err(_) => {
            interrupt.interrupt();
            looking.await
        }
    };
    looked.map_err(|e| StoreError::Engine(e.to_string()))?
}

fn pages(connection: &Connection) -> Result<Integrity, StoreError> {
    let first = connection.query_row("pragma quick_check(1)", [], |row| row.get::<_, String>(0));
    match first {
        Ok(words) if words == "ok" => Ok(Integrity::Sound),
        Ok(words) => Ok(Integrity::Damaged(words)),
        Err(rusqlite::Error::SqliteFailure(code, _))
            if code.code == rusqlite::ErrorCode::OperationInterrupted =>
        {
            Ok(Integrity::Unfinished)
        }
        Err(rusqlite::Error::SqliteFailure(code, words))
            if code.code == rusqlite::ErrorCode::DatabaseCorrupt =>
        {
            Ok(Integrity::Damaged(words.unwrap_or_else(|| code.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}

fn of_sqlite(path: &Path) -> Result<Inspection, StoreError> {
    let connection = sqlite::open_reader(path)?;
    let has_ledger: bool = connection.query_row(
        "select count(*) > 0 from sqlite_schema where type = 'table' and name = 'migration'",
        [],
        |row| row.get(0),
    )?;
    let last = if has_ledger {
        let mut rows = connection.prepare(migrate::LAST)?;
        rows.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    } else {
        None
    };
    let (schema, schema_name) = split(last);
    let fits = match schema.is_some_and(|applied| applied > migrate::known()) {
        true => lives_with(connection.query_row(migrate::OLDEST, [], |row| row.get(0)).ok()),
        false => true,
    };
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(Inspection {
        engine: format!("SQLite {}", rusqlite::version()),
        schema,
        schema_name,
        known: migrate::known(),
        fits,
        bytes: size(path),
        details: Details::Sqlite { log_bytes: size(Path::new(&log)) },
    })
}

async fn of_postgres(pool: &Pool) -> Result<Inspection, StoreError> {
    let client = pool.get().await?;
    let facts = client
        .query_one(
            "select current_setting('server_version'), pg_database_size(current_database()),
                current_setting('max_connections')::bigint, (select count(*) from pg_stat_activity),
                current_setting('fsync') = 'on', current_setting('synchronous_commit'),
                to_regclass('migration') is not null",
            &[],
        )
        .await?;
    let has_ledger: bool = facts.try_get(6)?;
    let last = match has_ledger {
        false => None,
        true => {
            let row = client.query_opt(migrate::LAST, &[]).await?;
            row.map(|row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get(1)?))).transpose()?
        }
    };
    let (schema, schema_name) = split(last);
    let fits = match schema.is_some_and(|applied| applied > migrate::known()) {
        true => {
            let row = client.query_opt(migrate::OLDEST, &[]).await.ok().flatten();
            lives_with(row.and_then(|row| row.try_get(0).ok()))
        }
        false => true,
    };
    let version: String = facts.try_get(0)?;
    Ok(Inspection {
        engine: format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()),
        schema,
        schema_name,
        known: migrate::known(),
        fits,
        bytes: u64::try_from(facts.try_get::<_, i64>(1)?).unwrap_or(0),
        details: Details::Postgres {
            connections_max: facts.try_get(2)?,
            connections: facts.try_get(3)?,
            fsync: facts.try_get(4)?,
            synchronous_commit: facts.try_get(5)?,
        },
    })
}

/// Whether this program is as new as the oldest that a later one named; it did not name any: no.
fn lives_with(oldest: Option<i64>) -> bool {
    oldest.is_some_and(|oldest| migrate::known() >= oldest)
}

fn split(last: Option<(i64, String)>) -> (Option<i64>, String) {
    last.map_or((None, String::new()), |(number, name)| (Some(number), name))
}
