//! Every fault of Apple's side and of devices, alone and in mixtures: it ends with wanted and observed equal and nobody's
//! hand, at a rate that Apple would accept, with words about it while it lasts and afterwards.
//!
//! What each did is written to `docs/recovery.md`. With `MUSTER_BLESS=1` the page is written anew (`make docs`).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod ade;
mod apns;
mod course;
mod devices;
mod mixtures;
mod page;
