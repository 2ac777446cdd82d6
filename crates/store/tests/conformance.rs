//! One suite for both engines: every sentence of the store's contract, on SQLite and on PostgreSQL.
//!
//! The PostgreSQL half runs when `MUSTER_TEST_POSTGRES` names a server (`scripts/with-postgres`), each test in a
//! database of its own; otherwise it says that it was skipped.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

// The other rooms know this crate by its short name; so do its tests.
extern crate muster_store as store;

#[path = "conformance/bench.rs"]
mod bench;
#[path = "conformance/copies.rs"]
mod copies;
#[path = "conformance/sample.rs"]
mod sample;

#[path = "conformance/access.rs"]
mod access;
#[path = "conformance/assignment.rs"]
mod assignment;
#[path = "conformance/audit_event.rs"]
mod audit_event;
#[path = "conformance/closing.rs"]
mod closing;
#[path = "conformance/command.rs"]
mod command;
#[path = "conformance/engine.rs"]
mod engine;
#[path = "conformance/hostile.rs"]
mod hostile;
#[path = "conformance/identity.rs"]
mod identity;
#[path = "conformance/isolation.rs"]
mod isolation;
#[path = "conformance/managed_device.rs"]
mod managed_device;
#[path = "conformance/pages.rs"]
mod pages;
#[path = "conformance/push.rs"]
mod push;
#[path = "conformance/secrets.rs"]
mod secrets;
#[path = "conformance/setup.rs"]
mod setup;
#[path = "conformance/sign_in.rs"]
mod sign_in;
#[path = "conformance/sync.rs"]
mod sync;
#[path = "conformance/transport.rs"]
mod transport;
#[path = "conformance/upgrades.rs"]
mod upgrades;
#[path = "conformance/versions.rs"]
mod versions;
