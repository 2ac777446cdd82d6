//! The whole product: a server on a database, practice Apple, and devices, on one clock.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod enrolling;
mod hostile;
mod identity;
mod leaving;
mod nodes;
mod once_set_up;
mod renewal;
mod schedule;
mod setup;
mod tenants;
mod throttling;
mod token;
mod virtual_devices;
