//! The harness of the whole-product tests: a server, practice Apple and devices on one clock that stands until it is
//! advanced, an API client, and programs that others wrote.
//!
//! A harness is test code: it says what it expects by panicking.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

pub mod api;
pub mod handmade;
pub mod kills;
pub mod program;
pub mod tool;

mod database;
mod stack;
mod waiting;

pub use database::{Engine, migrate_on, on_postgres, reseal_on};
pub use program::{Program, reasons};
pub use stack::{Node, Setting, Stack};
pub use waiting::until;
