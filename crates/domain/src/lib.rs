//! What an organisation owns and what must be true of it.
//!
//! Everything here is pure: rules take state and `now` as arguments and return decisions. No clock, no randomness,
//! no SQL, no HTTP. Words are Apple's and Graph's.

pub mod access;
pub mod alert;
pub mod assignment;
pub mod audit;
pub mod checkup;
pub mod command;
pub mod device;
pub mod device_code;
pub mod group;
pub mod id;
pub mod identity;
pub mod invitation;
pub mod limits;
pub mod managed_device;
pub mod name_template;
pub mod platform;
pub mod profile;
pub mod push;
pub mod refresh_token;
pub mod retention;
pub mod secret;
pub mod session;
pub mod setup;
pub mod sync;
pub mod synonym;
pub mod tenant;
pub mod time;
pub mod token;
pub mod trouble;
pub mod user;

pub use id::{
    AuditEventId, CommandId, DeviceId, GroupId, KeyId, ManagedDeviceId, ProfileId, RoleAssignmentId,
    RoleDefinitionId, RunId, Serial, TenantId, TokenId, UserId,
};
pub use limits::Limits;
pub use platform::Platform;
pub use time::Time;
