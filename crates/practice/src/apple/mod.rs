//! What Apple knows: the pure model behind every service; and, around it, the clock, planned faults and authorities.

pub mod activation;
pub mod assign;
pub mod authority;
pub mod catalogue;
pub mod cursor;
pub mod device;
pub mod device_identity;
pub mod event;
pub mod fault;
pub mod faults;
pub mod model;
pub mod moment;
pub mod org;
pub mod profile;
pub mod serial;
pub mod shop;
pub mod sync;
pub mod token;
pub mod world;

pub use fault::{AdeFault, OAuthProblem};
pub use faults::{Fault, Faults, Place, PlannedAnswer, Span, What};
pub use model::{Model, PortalFault, Rules};
pub use moment::Moment;

#[cfg(test)]
mod tests;
