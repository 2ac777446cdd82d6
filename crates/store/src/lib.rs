//! Persistence: one SQL text on two engines, SQLite inside the program or PostgreSQL beside it.
//!
//! [`Store::transact`] loads, decides and commits; [`Store::read`] looks. Inside them every resource module has free
//! functions that take a [`Tx`] first. No rule lives here: what may be written is decided by `domain` and `app`.
//!
//! - **Versions.** `update(x)` writes where the stored version is `x.version`, and stores `x.version + 1`; otherwise
//!   [`StoreError::Conflict`]. `insert(x)` stores `x.version` as it is.
//! - **Tenants.** Every key begins with the tenant. Functions without a tenant argument are those of loops (due times)
//!   and of look-ups by a secret's hash; what they return names its tenant.
//! - **Secrets.** One sealed table, [`secret`]; command bodies are sealed too, since a command may carry one.
//! - **Text.** A text with a zero byte is refused on both engines, because PostgreSQL cannot hold it.

pub mod application;
pub mod archive;
pub mod audit_event;
mod bulk;
pub mod command;
pub mod device;
pub mod device_code;
mod error;
pub mod group;
pub mod identity;
pub mod inspect;
pub mod invitation;
pub mod lease;
pub mod managed_device;
mod migrate;
pub mod one_file;
mod page;
mod postgres;
pub mod profile;
pub mod push;
pub mod refresh_token;
pub mod role_assignment;
pub mod role_definition;
mod row;
pub mod scope_tag;
pub mod secret;
pub mod session;
pub mod setup;
pub mod signing_key;
mod sqlite;
mod stats;
mod store;
pub mod sync;
mod table;
pub mod tenant;
pub mod token;
pub mod trouble;
mod tx;
pub mod user;
mod value;
mod work;

pub use error::{Retryable, StoreError};
pub use migrate::{Migration, Migrations, Schema};
pub use page::{Column, Direction, Keyset, Page, PageQuery, SortValue};
pub use stats::Load;
pub use store::{Store, StoreConfig};
pub use tx::Tx;
