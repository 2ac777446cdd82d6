//! Pages of `docs/` that are made from marks on tests: which test shows a requirement, which one refuses an attack.
//!
//! `MUSTER_BLESS=1` writes the pages anew (`make docs`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod requirements;
mod security;
