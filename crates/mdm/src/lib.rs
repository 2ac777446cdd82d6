//! The words of Apple's protocols, as types: the guarded property list, what a device says when it enrols and checks
//! in, the commands it is given and its answers, configuration profiles, the JSON of the Automated Device Enrollment
//! service, and Setup Assistant's skip keys as data.
//!
//! Nothing here decides, waits, reads a clock or does I/O. Every input is bounded and none makes this crate panic.

pub mod ade;
pub mod checkin;
pub mod command;
mod error;
pub mod guard;
mod redacted;
mod word;

pub use error::Error;
pub use redacted::Redacted;
