//! What can go wrong here.

/// Why the store could not do it. Reads on from "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The row has moved on since it was read: read again and decide again.
    #[error("write a row that has changed since it was read")]
    Conflict,
    /// A row with this key exists.
    #[error("add what exists already ({what})")]
    Duplicate {
        /// The table, and the key's columns where the engine names them.
        what: String,
    },
    /// Too much waits for the one writer: try again in a moment (503).
    #[error("queue another write: too many are waiting")]
    Busy,
    /// A stored row is not what this program writes.
    #[error("read a stored row: {what}")]
    Corrupt {
        /// Table and column.
        what: String,
    },
    /// A value that the database cannot hold.
    #[error("store {what}")]
    Unstorable {
        /// What, and why not.
        what: String,
    },
    /// A filter or an order that this table cannot answer.
    #[error("query by {what}")]
    Query {
        /// The property, or what is wrong.
        what: String,
    },
    /// A secret did not open: the wrong key, or a row that was tampered with.
    #[error("open a sealed secret: {0}")]
    Sealed(String),
    /// The address of the database is not one that we know.
    #[error("read the database address: {0}")]
    Address(String),
    /// The certificate authorities that the address names, or the system's, cannot be used.
    #[error("set up TLS to the database: failed to {0}")]
    Tls(String),
    /// The schema is not ours, or not of this program.
    #[error("work with the schema of this database: {0}")]
    Schema(String),
    /// The store was closed.
    #[error("use the store after it was closed")]
    Closed,
    /// The engine's own words.
    #[error("use the database: {0}")]
    Engine(String),
}

/// Errors that tell the store when to run a transaction's work again.
pub trait Retryable {
    /// Whether a version had moved on, so that reading and deciding again may succeed.
    fn is_conflict(&self) -> bool;

    /// Whether too much was waiting, so that a caller had better come back.
    fn is_busy(&self) -> bool {
        false
    }
}

impl Retryable for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, StoreError::Conflict)
    }

    fn is_busy(&self) -> bool {
        matches!(self, StoreError::Busy)
    }
}

/// SQL state of a serialization failure: another transaction was first.
const SERIALIZATION_FAILURE: &str = "40001";
/// SQL state of a deadlock that the engine has resolved by ending this transaction.
const DEADLOCK: &str = "40P01";
/// SQL state of a row lock that was not had in time, see [`crate::postgres`].
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// SQL state of a unique key that exists.
const UNIQUE_VIOLATION: &str = "23505";
/// SQL state of one statement that would write a row twice: the same key twice in one batch.
const CARDINALITY_VIOLATION: &str = "21000";

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            return StoreError::Engine(format!("{error}: {cause}"));
        };
        match db.code().code() {
            SERIALIZATION_FAILURE | DEADLOCK | LOCK_NOT_AVAILABLE | CARDINALITY_VIOLATION => {
                StoreError::Conflict
            }
            UNIQUE_VIOLATION => StoreError::Duplicate {
                what: db.constraint().or(db.table()).unwrap_or("unique key").to_owned(),
            },
            // The message names tables and columns; the detail would name values, so it stays out.
            code => StoreError::Engine(format!("{} ({code})", db.message())),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Timeout(_) => StoreError::Busy,
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            deadpool_postgres::PoolError::Closed => StoreError::Closed,
            other => StoreError::Engine(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        let rusqlite::Error::SqliteFailure(code, words) = &error else {
            return StoreError::Engine(error.to_string());
        };
        let words = words.clone().unwrap_or_else(|| code.to_string());
        match code.extended_code {
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE => StoreError::Duplicate {
                what: words.trim_start_matches("UNIQUE constraint failed: ").to_owned(),
            },
            _ if code.code == rusqlite::ErrorCode::DatabaseBusy => StoreError::Busy,
            _ => StoreError::Engine(words),
        }
    }
}

impl From<pki::Error> for StoreError {
    fn from(error: pki::Error) -> Self {
        StoreError::Sealed(error.to_string())
    }
}

impl From<net::NetError> for StoreError {
    fn from(error: net::NetError) -> Self {
        StoreError::Tls(error.to_string())
    }
}

impl From<query::Error> for StoreError {
    fn from(error: query::Error) -> Self {
        StoreError::Query { what: error.to_string() }
    }
}
