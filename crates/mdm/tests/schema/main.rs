//! Our words against Apple's own schemas: the device-management YAML and the device-assignment JSON that Apple and its
//! users publish. The tests are skipped by name where the schemas are not there.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod ade;
mod channel;
mod commands;
mod profiles;
mod skip_keys;
mod support;
