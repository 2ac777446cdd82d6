//! The JSON of the Automated Device Enrollment service, as its client sees it
//! (Apple: "Device Assignment", `mdmenrollment.apple.com`).
//!
//! Apple's documents and Apple's service differ in small ways, so reading is lenient: unknown keys are ignored, words
//! that may grow stay open, an empty or unreadable time is no time, and one damaged record of a list leaves the others
//! whole. Writing is strict: an optional key is left out,
//! since the service takes an empty text for an invalid one.

mod account;
mod activation_lock;
mod assignment;
mod device;
mod each;
mod error;
mod profile;
mod time;

pub use account::{AccountDetail, Limit, Session, Url};
pub use activation_lock::{ActivationLockRequest, ActivationLockResponse, ActivationLockStatus};
pub use assignment::{
    AssignResult, AssignmentRequest, AssignmentResponse, DeviceListRequest, DeviceListResponse,
    DeviceStatusResponse, MAX_DEVICES_PER_CALL,
};
pub use device::{
    Device, FetchDeviceRequest, FetchDeviceResponse, OpType, ProfileStatus, ReplacementDetails,
};
pub use each::UnreadableDevice;
pub use error::{AppleError, ErrorToken};
pub use profile::{
    AccountDrivenEnrollmentProfile, DefineProfileResponse, Profile, SeedBuildToken, SeedBuildTokens,
};
pub use time::{Micros, parse_time};

#[cfg(test)]
mod tests;
