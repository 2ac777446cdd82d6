//! Who is calling: applications with a secret, and the bearer tokens they get for it.
//!
//! ```text
//!  client id + secret ──Gate::sign_in──> AccessToken      (OAuth 2.0 client credentials, RFC 6749 section 4.4)
//!  bearer token       ──Gate::identify─> Caller           (JWT signed by this server, RFC 7519)
//! ```
//!
//! A token is good for an hour and for one tenant, which is its `tid`. It is signed with HMAC-SHA-256 under a key that
//! only this server has, since nobody else needs to check it; a token that names any other algorithm is refused before
//! its signature is looked at.

mod application;
mod error;
mod gate;
mod role;
mod throttle;
mod token;

pub use application::{NewApplication, bootstrap, bootstrap_keeping, create, delete, list};
pub use error::AuthError;
pub use gate::{Gate, SignIn};
pub use role::Role;
pub use token::{AccessToken, Caller, TOKEN_LIFE};
