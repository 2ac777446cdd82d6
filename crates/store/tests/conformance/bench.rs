//! A database of its own for each test, on either engine.

use std::path::PathBuf;

use pki::seal::{SealKey, SealKeys};
use store::{Store, StoreConfig, StoreError};

/// Runs each `async fn(Bench)` of a module as a test on SQLite and as a test on PostgreSQL.
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $( $(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::bench::Bench::sqlite().await).await; } )+
        }
        mod postgres {
            $( $(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(bench) = crate::bench::Bench::postgres().await {
                    super::$name(bench).await;
                }
            } )+
        }
    };
}
pub(crate) use on_both_engines;

/// Runs statements of the store inside a transaction or a read: `tx!(store, [row], |tx| tenant::insert(tx, &row).await)`
/// clones what the brackets name for each run.
macro_rules! tx {
    ($store:expr, [$($moved:ident),* $(,)?], |$tx:ident| $body:expr) => { crate::bench::tx!(@transact, $store, [$($moved),*], |$tx| $body) };
    (@$how:ident, $store:expr, [$($moved:ident),*], |$tx:ident| $body:expr) => {{
        $( let $moved = $moved.clone(); )*
        $store.$how(move |$tx| {
            $( let $moved = $moved.clone(); )*
            Box::pin(async move { $body })
        }).await
    }};
}
pub(crate) use tx;

/// As [`tx`], in a read.
macro_rules! read {
    ($store:expr, [$($moved:ident),* $(,)?], |$tx:ident| $body:expr) => { crate::bench::tx!(@read, $store, [$($moved),*], |$tx| $body) };
}
pub(crate) use read;

/// A store and what is around it.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) url: String,
    /// The folder of a SQLite database.
    pub(crate) folder: Option<tempfile::TempDir>,
}

/// The key of every test's database.
pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) fn keys(current: [u8; 32], older: &[[u8; 32]]) -> SealKeys {
    let older = older.iter().map(|key| SealKey::from_bytes(key).unwrap()).collect();
    SealKeys::new(SealKey::from_bytes(&current).unwrap(), older)
}

pub(crate) async fn open(url: &str, seal: SealKeys) -> Result<Store, StoreError> {
    Store::open(StoreConfig { url: url.to_owned(), seal }).await
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("muster.db").display());
        let store = open(&url, keys(KEY, &[])).await.unwrap();
        Self { store, url, folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("MUSTER_TEST_POSTGRES") else {
            println!("skipped: no MUSTER_TEST_POSTGRES");
            return None;
        };
        let name = format!("muster_{}", uuid::Uuid::new_v4().simple());
        raw_postgres(&server)
            .await
            .batch_execute(&format!("create database {name} template template0"))
            .await
            .unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        let store = open(&url, keys(KEY, &[])).await.unwrap();
        Some(Self { store, url, folder: None })
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.path().join("muster.db"))
    }

    /// The same database, closed and opened again.
    pub(crate) async fn reopened(self) -> Self {
        self.store.close().await;
        let store = open(&self.url, keys(KEY, &[])).await.unwrap();
        Self { store, ..self }
    }

    /// Runs statements beside the store, as somebody would who has the database.
    pub(crate) async fn raw(&self, sql: &str) {
        match self.file() {
            Some(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            None => raw_postgres(&self.url).await.batch_execute(sql).await.unwrap(),
        }
    }

    /// Everything that the database holds, as bytes: the files, or each row of each table as text.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        let Some(folder) = &self.folder else { return dump_postgres(&self.url).await };
        let files = std::fs::read_dir(folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub(crate) async fn raw_postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn dump_postgres(url: &str) -> Vec<u8> {
    let client = raw_postgres(url).await;
    let tables = "select table_name from information_schema.tables where table_schema = 'public'";
    let mut dump = Vec::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        for row in client.query(&format!("select t::text from {table} t"), &[]).await.unwrap() {
            dump.extend(row.get::<_, String>(0).into_bytes());
            dump.push(b'\n');
        }
    }
    dump
}
