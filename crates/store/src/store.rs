//! The handle.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use pki::seal::SealKeys;
use rusqlite::Connection;

use crate::migrate::{self, Migrations, Schema};
use crate::postgres::Postgres;
use crate::sqlite::{Readers, Writer};
use crate::stats::{Load, Stats};
use crate::{Retryable, StoreError, Tx, postgres, secret, sqlite};

/// Where the data are, and the keys that open its secrets.
#[derive(Debug)]
pub struct StoreConfig {
    /// `sqlite:/path/muster.db` or `postgres://user:password@host/database`.
    ///
    /// To PostgreSQL on another machine the connection is encrypted, and the server's certificate and name are
    /// verified; unverified TLS is not offered. Parameters after `?` change that:
    ///
    /// - `sslmode=require` does so on this machine too, where the connection is otherwise plain;
    /// - `sslmode=prefer` goes on without TLS where another machine's server has none: whoever sits in between can have
    ///   it so;
    /// - `sslmode=disable` never encrypts;
    /// - `sslrootcert=/path/ca.pem` names the authorities to believe in place of the system's, and by itself means
    ///   `sslmode=require`. The file is read once, when the database is opened.
    pub url: String,
    /// Keys for the secrets.
    pub seal: SealKeys,
}

/// A cheap handle to the database.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.inner.engine {
            Engine::Sqlite { .. } => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

struct Inner {
    engine: Engine,
    seal: Arc<SealKeys>,
    stats: Stats,
    /// Number of this program's newest migration.
    known: i64,
}

enum Engine {
    Sqlite { path: PathBuf, writer: Writer, readers: Readers },
    Postgres(Postgres),
}

impl Store {
    /// Opens the database, brings its schema up to this program's, and checks that the keys open its secrets. A schema
    /// that a later program made is taken as it is, if that program's migrations say that this one can live with it.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Tls`], [`StoreError::Schema`] when a later program that this one cannot
    /// live with or another one made it, [`StoreError::Sealed`] for wrong keys, [`StoreError::Engine`] when it cannot be
    /// reached.
    pub async fn open(config: StoreConfig) -> Result<Store, StoreError> {
        Store::open_as(config, &Migrations::own()).await
    }

    /// As [`Store::open`], as a program that knows these migrations: a later one, or the one that made a copy.
    ///
    /// # Errors
    /// As there.
    pub async fn open_as(config: StoreConfig, known: &Migrations) -> Result<Store, StoreError> {
        Store::migrated(&config.url, Arc::new(config.seal), known).await
    }

    pub(crate) async fn migrated(
        url: &str,
        seal: Arc<SealKeys>,
        known: &Migrations,
    ) -> Result<Store, StoreError> {
        let engine = if let Some(path) = sqlite::path(url) {
            open_sqlite(path, &seal, known)?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = postgres::pool(url)?;
            migrate::postgres(&pool, known).await?;
            Engine::Postgres(Postgres::start(pool, &seal))
        } else {
            return Err(StoreError::Address("it begins with neither sqlite: nor postgres://".into()));
        };
        let inner = Inner { engine, seal, stats: Stats::default(), known: known.newest() };
        let store = Store { inner: Arc::new(inner) };
        store.transact(|tx| Box::pin(secret::check_keys(tx))).await?;
        Ok(store)
    }

    /// Opens a database beside the servers that work with it: nothing is made or migrated, since they may be of an earlier
    /// program. A later one's schema is taken as by [`Store::open`].
    ///
    /// # Errors
    /// As there; [`StoreError::Schema`] also for an earlier program's schema, and when no server has used it yet.
    pub async fn open_existing(config: StoreConfig, known: &Migrations) -> Result<Store, StoreError> {
        let StoreConfig { url, seal } = config;
        let seal = Arc::new(seal);
        let looking = Store::looking(&url, &seal)?;
        let migrations = known.clone();
        let checked = looking.read(move |tx| {
            let known = migrations.clone();
            Box::pin(async move { migrate::check(tx, &known).await })
        });
        let checked = checked.await;
        looking.close().await;
        checked?;
        let engine = match sqlite::path(&url) {
            None => Engine::Postgres(Postgres::start(postgres::pool(&url)?, &seal)),
            Some(path) => with_files(path.clone(), sqlite::open_writer(&path)?, &seal)?,
        };
        let inner = Inner { engine, seal, stats: Stats::default(), known: known.newest() };
        let store = Store { inner: Arc::new(inner) };
        store.check_keys().await?;
        Ok(store)
    }

    /// Opens a database of this program's schema for looking only, with keys that may be wrong: nothing is made, migrated
    /// or written through this handle.
    ///
    /// # Errors
    /// As [`Store::open`], but for schema and keys, see [`Store::check_keys`].
    pub async fn open_to_look(config: StoreConfig) -> Result<Store, StoreError> {
        Store::looking(&config.url, &Arc::new(config.seal))
    }

    /// As [`Store::open_to_look`].
    pub(crate) fn looking(url: &str, seal: &Arc<SealKeys>) -> Result<Store, StoreError> {
        let engine = match sqlite::path(url) {
            None => Engine::Postgres(Postgres::start(postgres::pool(url)?, seal)),
            // A writer that cannot write.
            Some(path) => with_files(path.clone(), sqlite::open_reader(&path)?, seal)?,
        };
        let (seal, known) = (Arc::clone(seal), migrate::known());
        Ok(Store { inner: Arc::new(Inner { engine, seal, stats: Stats::default(), known }) })
    }

    /// Whether the keys open the database's secrets.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] for wrong keys.
    pub async fn check_keys(&self) -> Result<(), StoreError> {
        self.read(|tx| Box::pin(secret::check_keys(tx))).await
    }

    /// The keys for the secrets.
    pub fn seal_keys(&self) -> &SealKeys {
        &self.inner.seal
    }

    /// Load, decide, commit: runs `work` in one transaction, and answers once it is on disk.
    ///
    /// `work` may run again, eight times in all, when it ends with a conflict or when PostgreSQL reports that another
    /// transaction was first. It awaits nothing but the functions of this crate. When it fails, nothing it wrote stays.
    ///
    /// # Errors
    /// What `work` ends with; [`StoreError::Busy`] when too many wait, [`StoreError::Closed`].
    pub async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        let counted = self.inner.stats.begin();
        let ended = match &self.inner.engine {
            // One writer: nothing can have changed between its reads and its writes, so running again would not help.
            Engine::Sqlite { writer, .. } => writer.transact(work).await,
            Engine::Postgres(postgres) => postgres.transact(work).await,
        };
        if ended.as_ref().is_err_and(Retryable::is_busy) {
            counted.refused();
        }
        ended
    }

    /// Looks without writing. On SQLite all of `work` sees one snapshot; on PostgreSQL each statement sees the last
    /// commit. It awaits nothing but the functions of this crate.
    ///
    /// # Errors
    /// What `work` ends with; [`StoreError::Closed`].
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        match &self.inner.engine {
            Engine::Sqlite { readers, .. } => readers.read(&self.inner.seal, &work).await,
            Engine::Postgres(postgres) => postgres.read(&work).await,
        }
    }

    /// As [`Self::read`], for a few rows by key: what a device asks thousands of times a second. A list would hold up
    /// others here.
    ///
    /// # Errors
    /// What `work` ends with; [`StoreError::Closed`].
    pub async fn glance<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        match &self.inner.engine {
            Engine::Sqlite { readers, .. } => readers.read(&self.inner.seal, &work).await,
            Engine::Postgres(postgres) => postgres.glance(&work).await,
        }
    }

    /// How busy it is.
    pub fn load(&self) -> Load {
        self.inner.stats.load()
    }

    /// Bytes that the data take.
    ///
    /// # Errors
    /// The engine's.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite { path, .. } => Ok(std::fs::metadata(path).map_or(0, |found| found.len())),
            Engine::Postgres(_) => {
                let sql = "select pg_database_size(current_database())";
                self.read(move |tx| Box::pin(tx.number(sql, Vec::new()))).await
            }
        }
    }

    /// Takes no more work, finishes what is queued, and closes the database.
    pub async fn close(&self) {
        match &self.inner.engine {
            Engine::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }

    /// How the database keeps what is committed, in its own words, read back from a connection that writes.
    ///
    /// # Errors
    /// The engine's.
    pub async fn durability(&self) -> Result<String, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite { writer, .. } => Ok(writer.durability().to_owned()),
            Engine::Postgres(postgres) => postgres.durability().await,
        }
    }

    /// How the schema of the database stands to this program, now: a later program may have changed it meanwhile.
    ///
    /// # Errors
    /// The engine's.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let known = self.inner.known;
        self.read(move |tx| Box::pin(migrate::schema(tx, known))).await
    }

    /// Number of this program's newest migration.
    pub(crate) fn known(&self) -> i64 {
        self.inner.known
    }

    /// Whether the database is PostgreSQL's. For who words what an operator reads.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.engine, Engine::Postgres(_))
    }
}

fn open_sqlite(path: PathBuf, seal: &Arc<SealKeys>, known: &Migrations) -> Result<Engine, StoreError> {
    if path.as_os_str().is_empty() || path.starts_with(":memory:") {
        return Err(StoreError::Address("sqlite: is followed by the path of a file".into()));
    }
    let mut connection = sqlite::open_writer(&path)?;
    migrate::sqlite(&mut connection, known)?;
    with_files(path, connection, seal)
}

fn with_files(path: PathBuf, connection: Connection, seal: &Arc<SealKeys>) -> Result<Engine, StoreError> {
    let writer = Writer::start(connection, Arc::clone(seal))?;
    Ok(Engine::Sqlite { readers: Readers::new(path.clone()), path, writer })
}
