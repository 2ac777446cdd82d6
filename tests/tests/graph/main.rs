//! The API as clients meet it: every route as its document says it, the sequences of real automation, a fuzzer and an
//! SDK that others wrote.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod automation;
mod every_route;
mod house;
mod schema;
mod strangers;
