//! The one API: Microsoft Graph's resources for Apple's automated device enrollment, and `/beta/muster/` for what Graph
//! has no resource for (intune.md 4).
//!
//! ```text
//!  request ─ serve ─ who? ─ route ─ allowed? ─ options, body ─ handler ─ one use case of `app` ─ answer
//!                                                  |                                   |
//!                                                entity: the one table of types and properties
//! ```
//!
//! A handler extracts, calls, answers. Names, types and flags of every property are in [`entity`] alone.

mod answer;
mod batch;
mod body;
mod call;
mod device;
mod device_management;
mod entity;
mod error;
mod json;
mod list;
mod managed_device;
mod muster;
pub(crate) mod openapi;
mod profile;
mod push_certificate;
mod route;
mod serve;
mod token;

use axum::Router;

pub(crate) use error::{ApiError, seconds_until};
pub(crate) use serve::Api;

/// Answers every path that nobody else has.
pub(crate) fn router(api: Api) -> Router {
    Router::new().fallback(serve::serve).with_state(api)
}

#[cfg(test)]
mod tests;
