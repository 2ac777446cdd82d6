//! Which database a test works with. What matters most is tried on both; PostgreSQL's half runs when
//! `MUSTER_TEST_POSTGRES` names a server (`scripts/with-postgres`), each test in a database of its own.

use tempfile::TempDir;

/// Runs each `async fn(Engine)` of a module as a test on SQLite and as a test on PostgreSQL.
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $( $(#[$doc])* #[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(crate::engine::Engine::Sqlite).await; } )+
        }
        mod postgres {
            $( $(#[$doc])* #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(engine) = crate::engine::Engine::postgres() {
                    super::$name(engine).await;
                }
            } )+
        }
    };
}
pub(crate) use on_both_engines;

/// A kind of database.
pub(crate) enum Engine {
    /// A file of its own.
    Sqlite,
    /// A database of its own on this server.
    Postgres {
        /// Any database of the server.
        server: String,
    },
}

impl Engine {
    pub(crate) fn postgres() -> Option<Self> {
        let server = std::env::var("MUSTER_TEST_POSTGRES").ok();
        if server.is_none() {
            println!("skipped: no MUSTER_TEST_POSTGRES");
        }
        Some(Self::Postgres { server: server? })
    }

    /// The address of a fresh database.
    pub(crate) async fn database_url(&self, folder: &TempDir) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", folder.path().join("muster.db").display()),
            Self::Postgres { server } => {
                let (client, connection) =
                    tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                let name = format!("muster_{}", uuid::Uuid::new_v4().simple());
                client.batch_execute(&format!("create database {name} template template0")).await.unwrap();
                format!("{}/{name}", server.rsplit_once('/').unwrap().0)
            }
        }
    }
}
