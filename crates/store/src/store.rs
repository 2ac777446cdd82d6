//! The handle.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use pki::seal::SealKeys;

use crate::postgres::Postgres;
use crate::sqlite::{Readers, Writer};
use crate::stats::{Load, Stats};
use crate::{Retryable, StoreError, Tx, migrate, postgres, secret, sqlite};

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
}

enum Engine {
    Sqlite { path: PathBuf, writer: Writer, readers: Readers },
    Postgres(Postgres),
}

impl Store {
    /// Opens the database, brings its schema up to this program's, and checks that the keys open its secrets.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Tls`], [`StoreError::Schema`] when a later program or another one made it,
    /// [`StoreError::Sealed`] for wrong keys, [`StoreError::Engine`] when it cannot be reached.
    pub async fn open(config: StoreConfig) -> Result<Store, StoreError> {
        let StoreConfig { url, seal } = config;
        let seal = Arc::new(seal);
        let engine = if let Some(path) = sqlite::path(&url) {
            open_sqlite(path, &seal)?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = postgres::pool(&url)?;
            migrate::postgres(&pool).await?;
            Engine::Postgres(Postgres::start(pool, &seal))
        } else {
            return Err(StoreError::Address("it begins with neither sqlite: nor postgres://".into()));
        };
        let store = Store { inner: Arc::new(Inner { engine, seal, stats: Stats::default() }) };
        store.transact(|tx| Box::pin(secret::check_keys(tx))).await?;
        Ok(store)
    }

    /// Opens a database of this program's schema for looking only, with keys that may be wrong: nothing is made, migrated
    /// or written through this handle.
    ///
    /// # Errors
    /// As [`Store::open`], but for schema and keys, see [`Store::check_keys`].
    pub async fn open_to_look(config: StoreConfig) -> Result<Store, StoreError> {
        let StoreConfig { url, seal } = config;
        let seal = Arc::new(seal);
        let engine = match sqlite::path(&url) {
            None => Engine::Postgres(Postgres::start(postgres::pool(&url)?, &seal)),
            Some(path) => {
                // A writer that cannot write.
                let writer = Writer::start(sqlite::open_reader(&path)?, Arc::clone(&seal))?;
                Engine::Sqlite { readers: Readers::new(path.clone()), path, writer }
            }
        };
        Ok(Store { inner: Arc::new(Inner { engine, seal, stats: Stats::default() }) })
    }

    /// Whether the keys open the database's secrets.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] for wrong keys.
    pub async fn check_keys(&self) -> Result<(), StoreError> {
        self.read(|tx| Box::pin(secret::check_keys(tx))).await
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

    /// Writes a copy of a SQLite database while it is in use. The copy holds the secrets, sealed; it opens only with
    /// their keys, which are not in it.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when `path` exists or cannot be written, and on PostgreSQL, where `pg_dump` does this.
    pub async fn backup(&self, path: &Path) -> Result<(), StoreError> {
        let Engine::Sqlite { path: from, .. } = &self.inner.engine else {
            return Err(StoreError::Engine("a PostgreSQL database is backed up by pg_dump".into()));
        };
        let (from, to) = (from.clone(), path.to_owned());
        let copied = tokio::task::spawn_blocking(move || sqlite::backup(&from, &to)).await;
        copied.map_err(|e| StoreError::Engine(e.to_string()))?
    }
}

fn open_sqlite(path: PathBuf, seal: &Arc<SealKeys>) -> Result<Engine, StoreError> {
    if path.as_os_str().is_empty() || path.starts_with(":memory:") {
        return Err(StoreError::Address("sqlite: is followed by the path of a file".into()));
    }
    let mut connection = sqlite::open_writer(&path)?;
    migrate::sqlite(&mut connection)?;
    let writer = Writer::start(connection, Arc::clone(seal))?;
    Ok(Engine::Sqlite { readers: Readers::new(path.clone()), path, writer })
}
