//! Tokens, syncs, profiles and assignments against practice Apple, over real connections.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what it expects by failing")]

mod access;
mod assign;
mod bench;
mod device;
mod engine;
mod leases;
mod loops;
mod sight;
mod sync;
mod token;
