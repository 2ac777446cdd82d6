//! A database of a test's own.

use crate::tool::Folder;

/// The two engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    #[default]
    Sqlite,
    /// A database on the server that `MUSTER_TEST_POSTGRES` names (`scripts/with-postgres`).
    Postgres,
}

impl Engine {
    /// The engines there are to test on; says so where PostgreSQL is not.
    #[must_use]
    pub fn here() -> Vec<Engine> {
        if std::env::var_os("MUSTER_TEST_POSTGRES").is_some() {
            return vec![Engine::Sqlite, Engine::Postgres];
        }
        println!("skipped on PostgreSQL: no MUSTER_TEST_POSTGRES");
        vec![Engine::Sqlite]
    }
}

/// The address of a fresh database; a file is put into `folder`.
pub(crate) async fn fresh(engine: Engine, folder: &Folder) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite:{}", folder.name("muster.db")),
        Engine::Postgres => on_postgres().await,
    }
}

/// Does to a database what a later program would, which has a migration more for each of `steps`: so many newer than
/// ours must a program be that lives with it.
///
/// # Panics
/// When that fails.
pub async fn migrate_on(url: &str, seal_key: &str, steps: &[i64]) {
    let mut known = store::Migrations::own();
    let own = known.newest();
    for (number, newer) in (own + 1..).zip(steps) {
        known = known.and(store::Migration {
            name: format!("{number}_later").into(),
            sql: format!("create table later_{number} (\n    id bigint not null primary key\n);").into(),
            oldest: own + newer,
        });
    }
    let config = store::StoreConfig { url: url.to_owned(), seal: keys(seal_key, &[]) };
    store::Store::open_as(config, &known).await.unwrap().close().await;
}

/// Seals everything in a database with another key, as somebody does who takes no heed of the server that works with it.
///
/// # Panics
/// When that fails.
pub async fn reseal_on(url: &str, seal_key: &str, new: &str) {
    let config = store::StoreConfig { url: url.to_owned(), seal: keys(new, &[seal_key]) };
    let store = store::Store::open(config).await.unwrap();
    let sealing = store.transact(|tx| Box::pin(store::secret::reseal_all(tx, 1_000)));
    assert!(sealing.await.unwrap() > 0);
    store.close().await;
}

fn keys(current: &str, older: &[&str]) -> pki::seal::SealKeys {
    let key = |text: &str| pki::seal::SealKey::from_base64(text).unwrap();
    pki::seal::SealKeys::new(key(current), older.iter().map(|text| key(text)).collect())
}

/// The address of a fresh database on the PostgreSQL server there is.
///
/// # Panics
/// When there is none.
pub async fn on_postgres() -> String {
    let server = std::env::var("MUSTER_TEST_POSTGRES").unwrap();
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let name =
        format!("whole_{}", pki::digest::sha256_hex(&pki::random::bytes::<16>().unwrap()).split_at(20).0);
    client.batch_execute(&format!("create database {name} template template0")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

/// Everything that a database holds, as whoever steals it reads it: the bytes of its files, or every row as text.
pub(crate) async fn dump(url: &str, folder: &Folder) -> Vec<u8> {
    if url.starts_with("sqlite:") {
        let files = std::fs::read_dir(folder.root()).unwrap().map(|entry| entry.unwrap().path());
        return files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let tables = "select table_name::text from information_schema.tables where table_schema = 'public'";
    let mut whole = String::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let rows = format!("select to_jsonb(t)::text from {} t", table.get::<_, String>(0));
        for row in client.query(&rows, &[]).await.unwrap() {
            whole.push_str(&row.get::<_, String>(0));
        }
    }
    drop(client);
    connection.await.unwrap().unwrap();
    whole.into_bytes()
}
