//! Practice Apple: Apple's side of the protocols, for rehearsals and tests, in one process and without internet.
//!
//! An honest stranger. It writes its own message shapes from Apple's documents and uses no type of the rooms it is
//! tried on, so that a misspelt key cannot cancel out. Nothing is on disk; every certificate is made at start.
//!
//! ```text
//!   an MDM server under test                 an admin, by script            devices
//!     | ADE service    | push service          | portal, push certificates    | activation, long poll
//!   [ade]            [apns]                  [portal] [pushcert]            [activation]
//!     +----------------+-----------+-----------+------------------------------+
//!                              [apple]  what Apple knows: a pure model, a clock, planned faults
//! ```
//!
//! [`Practice::start`] gives a handle with the URLs and certificates, and with the model for tests in the same
//! process; [`Practice::fleet`] has the virtual devices. Three addresses are listened on: the ADE service (its paths are Apple's and begin at the root), the push
//! service (it asks for certificates), and everything else.

pub mod activation;
pub mod ade;
pub mod apns;
pub mod apple;
pub mod device;
mod door;
mod error;
pub mod portal;
pub mod pushcert;
mod services;
mod start;

pub use error::{Error, Result};
pub use start::{Practice, PracticeConfig};
