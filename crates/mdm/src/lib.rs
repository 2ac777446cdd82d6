//! The words of Apple's protocols, as types: the guarded property list, what a device says when it enrols and checks
//! in, the commands it is given and its answers, configuration profiles, the JSON of the Automated Device Enrollment
//! service, and Setup Assistant's skip keys as data.
//!
//! Nothing here decides, waits, reads a clock or does I/O. Every input is bounded and none makes this crate panic.

pub mod ade;
pub mod checkin;
pub mod command;
pub mod discovery;
mod error;
pub mod error_response;
pub mod guard;
pub mod machine_info;
mod os_version;
pub mod profile;
pub mod push;
mod redacted;
pub mod skip_keys;
mod word;

pub use error::Error;
pub use os_version::OsVersion;
pub use redacted::Redacted;
