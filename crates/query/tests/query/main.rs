//! What the query room promises, asked through its public door only.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail the test"
)]

mod forms;
mod hostile;
mod options;
mod order;
mod page;
mod path;
mod refusals;
mod round_trip;
mod rows;
mod select;
mod sql;
