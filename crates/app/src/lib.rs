//! Use cases and work loops: load, decide, commit.
//!
//! A use case is a method-free function in the file of its resource; its first arguments are the [`App`] and the
//! [`Actor`]. It loads what it needs inside one transaction, lets `domain` decide, and commits; when somebody else was
//! first, the store runs it again. A loop ([`loops`]) closes the gap between what is wanted and what Apple or a device
//! last told us; use cases only wake it.

mod actor;
mod ade;
pub mod alert;
mod app;
pub mod application;
pub mod backup;
pub mod ca;
pub mod command;
pub mod device;
pub mod doctor;
pub mod enrollment;
mod error;
pub mod group;

pub mod loops;
pub mod managed_device;
pub mod mdm;
mod memory;
pub mod numbers;
pub mod open;
pub mod operator;
pub mod points;
pub mod profile;
mod push;
pub mod push_certificate;
pub mod role_assignment;
pub mod role_definition;
pub mod rotation;
pub mod scep;
mod scope;
pub mod scope_tag;
pub mod server_certificate;
pub mod setup;
pub mod sync;
pub mod tenant;
pub mod token;
pub mod trouble;
pub mod user;

pub use actor::{Actor, ActorKind};
pub use app::{App, Settings};
pub use error::AppError;
pub use loops::Work;
pub use store::{Keyset, Page, PageQuery};

/// What use cases answer.
pub type Result<T, E = AppError> = std::result::Result<T, E>;
