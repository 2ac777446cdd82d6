//! The commands, as administrators and operators run them: the program as it is, practice Apple and a server beside
//! it, everything between them over the network.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod admin;
mod balancer;
mod doctor;
mod interrupted;
mod moving;
mod nodes;
mod operator;
mod owners;
mod stopping;
mod support;
mod trouble;
