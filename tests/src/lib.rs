//! The harness of the whole-product tests: a server, practice Apple and virtual devices on one clock that stands until
//! it is advanced, an API client, and programs that others wrote.
//!
//! A harness is test code: it says what it expects by panicking.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

pub mod tool;

mod waiting;

pub use waiting::until;
