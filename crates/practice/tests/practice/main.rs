//! Practice Apple over the wire: each of Apple's rules, as a client meets it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod activation;
mod apns;
mod client;
mod devices;
mod faults;
mod oracle;
mod portal;
mod profiles;
mod schema;
mod session;
