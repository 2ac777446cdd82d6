//! Who is calling: applications with a secret or a certificate, people with a password and a code, and what both get for
//! it.
//!
//! ```text
//!  name + password ──Gate::sign_in_person──> halfway ──Gate::second_factor──> NewSession
//!  session         ──Gate::visit───────────> Visit                            (a cookie of 256 random bits)
//!  client id + secret, or assertion ──Gate::sign_in──> AccessToken   (OAuth 2.0 client credentials, RFC 6749 4.4, RFC 7523)
//!  access token                     ──Gate::identify─> Caller        (JWT signed by this server, RFC 7519)
//! ```
//!
//! A token is good for an hour and for one tenant, which is its `tid`. It is signed by RS256 with a key of the server,
//! whose public part [`Gate::jwks`] tells; a token that names any other algorithm is refused before its signature is
//! looked at. It ends within [`STANDING_LIFE`] when the application or the credential that it was given for is deleted:
//! each server looks that up again after that time, so that most requests cost no read of the database.

mod application;
mod assertion;
mod caller;
mod error;
mod gate;
mod jwks;
mod key;
mod provider;
mod role;
mod standing;
mod throttle;
mod token;
mod user;

pub use application::credential::{NewSecret, add_certificate, add_secret, credentials, delete_credential};
pub use application::{NewApplication, bootstrap, bootstrap_keeping, create, create_public, delete, list};
pub use assertion::ASSERTION_TYPE;
pub use caller::{Caller, Who};
pub use error::AuthError;
pub use gate::account::{Enrolled, Enrolment, Invited, SetUp};
pub use gate::device_code::{Authorization, GrantError, Tokens, is_shared};
pub use gate::session::{Browser, NewSession, PersonSignIn, Visit, form_token, is_form_token};
pub use gate::{Gate, Proof, SignIn};
pub use key::rotate_signing_key;
pub use provider::{Begun, Provider, ProviderSettings, Returned};
pub use role::Role;
pub use standing::STANDING_LIFE;
pub use token::{AccessToken, TOKEN_LIFE};
pub use user::{
    Link, NewUser, add_user, delete_user, first_link, reset_user, revoke_sessions, set_user_enabled,
    set_user_roles, users,
};
