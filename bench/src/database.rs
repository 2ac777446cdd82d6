//! A database of a measurement's own; what it says of its own durability, and its own counts of rows.

use std::path::{Path, PathBuf};

use crate::Result;

/// Names the PostgreSQL to measure on (`scripts/with-postgres --durable`).
const POSTGRES: &str = "MUSTER_TEST_POSTGRES";

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// A file.
    Sqlite,
    /// A database on the server that `MUSTER_TEST_POSTGRES` names.
    Postgres,
}

impl Engine {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }

    /// Whether it is here.
    pub(crate) fn is_here(self) -> bool {
        self == Engine::Sqlite || std::env::var_os(POSTGRES).is_some()
    }
}

/// One database.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    file: PathBuf,
}

impl Database {
    /// An empty one; a file is put into `folder`.
    pub(crate) async fn fresh(engine: Engine, folder: &Path) -> Result<Self> {
        let file = folder.join("muster.db");
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", file.display()),
            Engine::Postgres => {
                let server = std::env::var(POSTGRES)?;
                let name = format!("bench_{}", hex::encode(pki::random::bytes::<8>()?));
                talk(&server, &format!("create database {name} template template0")).await?;
                let (address, _) = server.rsplit_once('/').ok_or("MUSTER_TEST_POSTGRES names no database")?;
                format!("{address}/{name}")
            }
        };
        Ok(Self { engine, url, file })
    }

    /// Runs statements beside the store: for a million rows that the store has no bulk write for.
    pub(crate) async fn run(&self, sql: &str) -> Result<()> {
        match self.engine {
            Engine::Sqlite => Ok(self.open()?.execute_batch(sql)?),
            Engine::Postgres => talk(&self.url, sql).await,
        }
    }

    /// The number that a statement gives.
    pub(crate) async fn number(&self, sql: &str) -> Result<i64> {
        match self.engine {
            Engine::Sqlite => Ok(self.open()?.query_row(sql, [], |row| row.get(0))?),
            Engine::Postgres => {
                let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await?;
                tokio::spawn(connection);
                Ok(client.query_one(sql, &[]).await?.try_get(0)?)
            }
        }
    }

    /// Writes of rows of `device` so far. Each write of one raises its version, whoever writes; PostgreSQL counts too.
    pub(crate) async fn device_writes(&self) -> Result<i64> {
        let versions = self.number("select cast(sum(version) as bigint) from device").await?;
        if self.engine == Engine::Sqlite {
            return Ok(versions);
        }
        let counted =
            "select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relname = 'device'";
        Ok(versions + self.number(counted).await?)
    }

    /// What the engine is.
    pub(crate) async fn version(&self) -> Result<String> {
        if self.engine == Engine::Sqlite {
            return Ok(format!("SQLite {}", rusqlite::version()));
        }
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        let version: String = client.query_one("show server_version", &[]).await?.try_get(0)?;
        Ok(format!("PostgreSQL {version}"))
    }

    fn open(&self) -> Result<rusqlite::Connection> {
        let connection = rusqlite::Connection::open(&self.file)?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        Ok(connection)
    }
}

async fn talk(url: &str, sql: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client.batch_execute(sql).await?)
}
