//! The push service, `api.push.apple.com` in practice (apple.md 5.2, 5.3).
//!
//! [`Registry`] knows the device tokens; [`rules`] is Apple's list of reasons to refuse; the HTTP/2 side is
//! [`service`]. Devices in this process hold a [`PushLine`]; others ask by long poll (`GET /push/{token}` on the
//! services' address).

mod line;
mod poll;
mod registry;
mod rules;
mod service;

pub use line::PushLine;
pub(crate) use poll::router as poll_router;
pub use registry::{Delivery, DeviceToken, Push, PushRules, Registry};
pub(crate) use service::{Apns, router};
