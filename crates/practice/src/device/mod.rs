//! Virtual devices: iPhones, iPads, Macs, Apple TVs and Vision Pros that do what real ones do when they are unboxed.
//!
//! ```text
//!   Boxed -> Activating -> RemoteManagement -> Enrolling -> AwaitingConfiguration -> Home
//!              |  Apple      |  profile URL       |  SCEP, check-in    |  commands, release
//!              |  (activation, in this process)   |  over HTTPS, as a real device would
//! ```
//!
//! A [`Fleet`] holds the devices that were taken from practice Apple's shelf; a [`VirtualDevice`] is a handle to one,
//! with what a person can do to it; its [`Screen`] is what that person sees. A device that is awake is one task; one
//! that is off, in its box or unmanaged is an entry in a table. Everything between a device and a management server
//! goes over the network in the shapes of Apple's documents.
//!
//! ```no_run
//! # async fn demo(practice: &muster_practice::Practice) -> Result<(), muster_practice::device::DeviceFault> {
//! let ipad = practice.fleet().device("C8TJ500QF1MN")?;
//! ipad.unbox()?;
//! println!("{:?}", ipad.settled().await.stage);
//! # Ok(())
//! # }
//! ```

mod act;
mod carried_out;
mod cloud;
mod command;
mod enrolment;
mod fault;
mod fleet;
mod hardware;
mod keys;
mod life;
mod machine_info;
mod os;
mod panes;
mod profile;
mod router;
mod scep;
mod screen;
mod script;
mod session;
mod setup;
mod unit;
mod wire;

pub use carried_out::Performance;
pub use fault::DeviceFault;
pub use fleet::{Fleet, FleetConfig};
pub use keys::POOL_KEYS;
pub use os::{NoVersion, Os, Version};
pub use panes::shown as panes_shown;
pub use router::router;
pub use screen::{Pairing, Screen, Stage};
pub use script::{Quirk, Rule};
pub use unit::VirtualDevice;

/// The result of what a device does.
pub type Result<T> = std::result::Result<T, DeviceFault>;
