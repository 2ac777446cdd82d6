//! Virtual devices against a management server made for the test, which holds every message to Apple's documents.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod commands;
mod control;
mod enrolling;
mod hostile;
mod life;
mod many;
mod misbehaving;
mod rehearsal;
mod scepserver;
mod schema;
mod stub;
