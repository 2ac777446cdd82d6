//! Migrations: numbered texts in PostgreSQL's words, applied once, in order, and never changed afterwards.

use std::borrow::Cow;

use deadpool_postgres::Pool;
use rusqlite::Connection;

use crate::tx::Engine;
use crate::value::params;
use crate::{StoreError, Tx};

/// One migration. A text that was released is never edited: its checksum is kept beside its number, which is its place
/// in the list.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Its name, such as `0004_names`.
    pub name: Cow<'static, str>,
    /// What it does, in PostgreSQL's words.
    pub sql: Cow<'static, str>,
    /// The oldest program, by the number of its newest migration, that goes on working beside this one. The number
    /// before its own if it only adds what older programs may ignore; its own if they cannot live with it.
    pub oldest: i64,
}

/// Every migration, in order, and the oldest program that lives with each.
const MIGRATIONS: &[(&str, &str, i64)] = &[
    ("0001_organisation", include_str!("migrations/0001_organisation.sql"), 1),
    ("0002_devices", include_str!("migrations/0002_devices.sql"), 2),
    ("0003_management", include_str!("migrations/0003_management.sql"), 3),
    // An older program would not write down what its full pass has seen, and the devices would seem to be gone.
    ("0004_seen", include_str!("migrations/0004_seen.sql"), 4),
    ("0005_trouble", include_str!("migrations/0005_trouble.sql"), 4),
    ("0006_fewer_indexes", include_str!("migrations/0006_fewer_indexes.sql"), 4),
    // An older program would not find the secrets of applications, nor accept tokens that this one signs.
    ("0007_sign_in", include_str!("migrations/0007_sign_in.sql"), 7),
    ("0008_access", include_str!("migrations/0008_access.sql"), 7),
];

/// The migrations that a program knows.
#[derive(Debug, Clone)]
pub struct Migrations(Vec<Migration>);

impl Migrations {
    /// Those of this program.
    #[must_use]
    pub fn own() -> Self {
        let own = |(name, sql, oldest): &(&'static str, &'static str, i64)| Migration {
            name: Cow::Borrowed(name),
            sql: Cow::Borrowed(sql),
            oldest: *oldest,
        };
        Self(MIGRATIONS.iter().map(own).collect())
    }

    /// Those of a later program: how upgrades are tried before there is one.
    #[must_use]
    pub fn and(mut self, next: Migration) -> Self {
        self.0.push(next);
        self
    }

    /// Those up to a number: the schema that a copy was made of.
    #[must_use]
    pub fn up_to(mut self, number: i64) -> Self {
        self.0.truncate(usize::try_from(number).unwrap_or(0));
        self
    }

    /// The number of the newest.
    #[must_use]
    pub fn newest(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }
}

/// How the schema of a database stands to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Number of the newest migration that was applied.
    pub applied: i64,
    /// The oldest program, by the number of its newest migration, that lives with it.
    pub oldest: i64,
    /// Number of this program's newest migration.
    pub known: i64,
}

impl Schema {
    /// Whether a later program has changed it.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        self.applied > self.known
    }

    /// Whether this program may work with it.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.known >= self.oldest
    }
}

impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { applied, oldest, known } = self;
        if self.fits() && self.is_newer() {
            return write!(
                f,
                "a later program has brought the database to schema {applied}; this program knows {known} and goes on \
                 working with it, until it is upgraded too"
            );
        }
        if self.fits() {
            return write!(f, "the database is at schema {applied}, as this program wants it");
        }
        write!(
            f,
            "a later program has brought the database to schema {applied}, which programs before schema {oldest} cannot \
             work with; this program knows {known}. Start that later program, or restore a copy from before the upgrade"
        )
    }
}

/// Told to SQLite's planner at each start; PostgreSQL gathers its own statistics.
const SQLITE_PLANS: &str = include_str!("migrations/sqlite_plans.sql");

/// What was applied; and in a table of its own, since the first programs did not know it, who can live with that.
const LEDGER: &str = "create table if not exists migration (
    number bigint not null primary key,
    name text collate \"C\" not null,
    checksum text collate \"C\" not null
);
create table if not exists migration_oldest (
    number bigint not null primary key,
    oldest bigint not null
);";

/// No program of ours has worked with it.
const NOBODYS: &str = "no server has used this database yet; the first start of one makes its tables";

/// Number and name of the last one.
pub(crate) const LAST: &str = "select number, name from migration order by number desc limit 1";
/// The oldest program that lives with all of them: one that is not named lives with its own alone.
pub(crate) const OLDEST: &str = "select max(coalesce(o.oldest, m.number)) from migration m \
    left join migration_oldest o on o.number = m.number";
const APPLIED: &str = "select m.number, m.name, m.checksum, coalesce(o.oldest, m.number) from migration m \
    left join migration_oldest o on o.number = m.number order by m.number";
const RECORD: &str = "insert into migration (number, name, checksum) values ($1, $2, $3)";
const RECORD_OLDEST: &str = "insert into migration_oldest (number, oldest) values ($1, $2)";

/// Held while migrations run, so that nodes that start together take turns: "muster" in ASCII.
const POSTGRES_LOCK: &str = "select pg_advisory_xact_lock(120282526246258)";

/// The number of the last migration that this program knows.
pub(crate) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
/// What the ledger has of one migration: number, name, checksum, and the oldest program that lives with it.
type Applied = (i64, String, String, i64);

/// A step that is still to be applied.
struct Step<'a> {
    number: i64,
    migration: &'a Migration,
    checksum: String,
}

/// The steps that are left after `applied`.
fn pending<'a>(known: &'a Migrations, applied: &[Applied]) -> Result<Vec<Step<'a>>, StoreError> {
    let mut steps = Vec::new();
    for (number, migration) in (1..).zip(&known.0) {
        let checksum = pki::digest::sha256_hex(migration.sql.as_bytes());
        match applied.iter().find(|(applied, ..)| *applied == number) {
            None => steps.push(Step { number, migration, checksum }),
            Some((_, _, recorded, _)) if *recorded == checksum => {}
            Some(_) => {
                return Err(StoreError::Schema(format!("{} was applied with another text", migration.name)));
            }
        }
    }
    let schema = Schema {
        applied: applied.iter().map(|(number, ..)| *number).max().unwrap_or(0),
        oldest: applied.iter().map(|(.., oldest)| *oldest).max().unwrap_or(0),
        known: known.newest(),
    };
    if schema.is_newer() && !schema.fits() {
        return Err(StoreError::Schema(schema.to_string()));
    }
    Ok(steps)
}

/// How the database stands to a program that knows so many migrations.
pub(crate) async fn schema(tx: &mut Tx<'_>, known: i64) -> Result<Schema, StoreError> {
    let sql = "select coalesce(max(m.number), 0), coalesce(max(coalesce(o.oldest, m.number)), 0) from migration m \
        left join migration_oldest o on o.number = m.number";
    let row = tx.query_opt(sql, params![]).await?;
    let mut row = row.ok_or_else(|| StoreError::Corrupt { what: "a count without a row".into() })?;
    Ok(Schema { applied: row.int()?, oldest: row.int()?, known })
}

/// Whether a program that knows these migrations may work with the database as it is: for one that does not migrate.
pub(crate) async fn check(tx: &mut Tx<'_>, known: &Migrations) -> Result<(), StoreError> {
    if !has_table(tx, "migration").await? {
        return Err(StoreError::Schema(NOBODYS.into()));
    }
    if !has_table(tx, "migration_oldest").await? {
        return Err(outdated(tx, known).await?);
    }
    let rows = tx.query(APPLIED, params![]).await?;
    let applied = |mut row: crate::row::Row| Ok((row.int()?, row.text()?, row.text()?, row.int()?));
    let applied = rows.into_iter().map(applied).collect::<Result<Vec<Applied>, StoreError>>()?;
    match pending(known, &applied)?.is_empty() {
        true => Ok(()),
        false => Err(outdated(tx, known).await?),
    }
}

/// The error of a database that an earlier program's servers work with.
async fn outdated(tx: &mut Tx<'_>, known: &Migrations) -> Result<StoreError, StoreError> {
    let applied = tx.number("select coalesce(max(number), 0) from migration", params![]).await?;
    Ok(StoreError::Schema(format!(
        "it is schema {applied}, an earlier program's, and this program is of schema {}. Nothing but the start of a server \
         brings it up to date: use the program that the servers run, or upgrade them first",
        known.newest()
    )))
}

/// Whether anybody has put anything into the database.
pub(crate) async fn is_in_use(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(has_table(tx, "tenant").await? && tx.number("select count(*) from tenant", params![]).await? > 0)
}

async fn has_table(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    let sql = match tx.engine {
        Engine::SqliteRead(_) | Engine::SqliteWrite(_) => {
            "select count(*) from sqlite_schema where type = 'table' and name = $1"
        }
        Engine::PostgresRead(_) | Engine::PostgresWrite(_) => {
            "select count(*) from information_schema.tables where table_schema = current_schema() \
             and cast(table_name as text) = cast($1 as text)"
        }
    };
    Ok(tx.number(sql, params![name]).await? > 0)
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

pub(crate) fn sqlite(connection: &mut Connection, known: &Migrations) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(&sqlite_words(LEDGER))?;
    let applied = transaction
        .prepare(APPLIED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for Step { number, migration, checksum } in pending(known, &applied)? {
        transaction.execute_batch(&sqlite_words(&migration.sql))?;
        transaction.execute(&crate::sqlite::rewritten(RECORD), (number, &migration.name, checksum))?;
        transaction.execute(&crate::sqlite::rewritten(RECORD_OLDEST), (number, migration.oldest))?;
    }
    transaction.execute_batch(SQLITE_PLANS)?;
    transaction.commit()?;
    Ok(())
}

pub(crate) async fn postgres(pool: &Pool, known: &Migrations) -> Result<(), StoreError> {
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
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    for Step { number, migration, checksum } in pending(known, &applied)? {
        transaction.batch_execute(&migration.sql).await?;
        transaction.execute(RECORD, &[&number, &migration.name.as_ref(), &checksum]).await?;
        transaction.execute(RECORD_OLDEST, &[&number, &migration.oldest]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
