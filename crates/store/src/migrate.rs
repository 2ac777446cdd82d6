//! Migrations: numbered texts in PostgreSQL's words, applied once, in order, and never changed afterwards.

use deadpool_postgres::Pool;
use rusqlite::Connection;

use crate::StoreError;

/// Every migration, in order. A text that was released is never edited: its checksum is kept beside its number.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_organisation", include_str!("migrations/0001_organisation.sql")),
    ("0002_devices", include_str!("migrations/0002_devices.sql")),
    ("0003_management", include_str!("migrations/0003_management.sql")),
    ("0004_seen", include_str!("migrations/0004_seen.sql")),
    ("0005_trouble", include_str!("migrations/0005_trouble.sql")),
];

/// Told to SQLite's planner at each start; PostgreSQL gathers its own statistics.
const SQLITE_PLANS: &str = include_str!("migrations/sqlite_plans.sql");

const LEDGER: &str = "create table if not exists migration (
    number bigint not null primary key,
    name text collate \"C\" not null,
    checksum text collate \"C\" not null
)";

const APPLIED: &str = "select number, name, checksum from migration order by number";
/// Number and name of the last one.
pub(crate) const LAST: &str = "select number, name from migration order by number desc limit 1";
const RECORD: &str = "insert into migration (number, name, checksum) values ($1, $2, $3)";

/// Held while migrations run, so that nodes that start together take turns: "muster" in ASCII.
const POSTGRES_LOCK: &str = "select pg_advisory_xact_lock(120282526246258)";

/// The number of the last migration that this program knows.
pub(crate) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// A step that is still to be applied.
struct Step {
    number: i64,
    name: &'static str,
    sql: &'static str,
    checksum: String,
}

/// The steps that are left after `applied`, given as number, name and checksum.
fn pending(applied: &[(i64, String, String)]) -> Result<Vec<Step>, StoreError> {
    let mut steps = Vec::new();
    for (number, (name, sql)) in (1..).zip(MIGRATIONS) {
        let checksum = pki::digest::sha256_hex(sql.as_bytes());
        match applied.iter().find(|(applied, ..)| *applied == number) {
            None => steps.push(Step { number, name, sql, checksum }),
            Some((.., recorded)) if *recorded == checksum => {}
            Some(_) => return Err(StoreError::Schema(format!("{name} was applied with another text"))),
        }
    }
    match applied.iter().find(|(number, ..)| usize::try_from(*number).is_ok_and(|n| n > MIGRATIONS.len())) {
        None => Ok(steps),
        Some((_, name, _)) => Err(StoreError::Schema(format!("a later program has applied {name}"))),
    }
}

/// The text in SQLite's words.
fn sqlite_words(sql: &str) -> String {
    let mut text = sql.replace(" collate \"C\"", "").replace(" with (fillfactor = 70)", "");
    for (ours, theirs) in [
        (" bigint primary key generated always as identity", " integer primary key"),
        (" bigint", " integer"),
        (" boolean", " integer"),
        (" bytea", " blob"),
        ("\n);", "\n) strict;"),
    ] {
        text = text.replace(ours, theirs);
    }
    text
}

pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(&sqlite_words(LEDGER))?;
    let applied = transaction
        .prepare(APPLIED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for step in pending(&applied)? {
        transaction.execute_batch(&sqlite_words(step.sql))?;
        transaction.execute(&crate::sqlite::rewritten(RECORD), (step.number, step.name, step.checksum))?;
    }
    transaction.execute_batch(SQLITE_PLANS)?;
    transaction.commit()?;
    Ok(())
}

pub(crate) async fn postgres(pool: &Pool) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let encoding: String = transaction.query_one("show server_encoding", &[]).await?.try_get(0)?;
    if encoding != "UTF8" {
        return Err(StoreError::Schema(format!("it is encoded in {encoding}, and names need UTF8")));
    }
    transaction.batch_execute(POSTGRES_LOCK).await?;
    transaction.batch_execute(LEDGER).await?;
    let rows = transaction.query(APPLIED, &[]).await?;
    let applied = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    for step in pending(&applied)? {
        transaction.batch_execute(step.sql).await?;
        transaction.execute(RECORD, &[&step.number, &step.name, &step.checksum]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
