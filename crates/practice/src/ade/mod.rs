//! The ADE web service, `mdmenrollment.apple.com` in practice (apple.md 1.2 to 1.9).
//!
//! Every request passes one middleware ([`gate`]) in this order: a planned fault; the `User-Agent`; for `GET /session`
//! the OAuth signature, for anything else the session; the organisation's terms; then the endpoint. Its answer may
//! carry a fresh `X-ADM-Auth-Session`.

mod account;
mod answer;
mod devices;
mod gate;
mod mangle;
mod nonces;
mod oauth;
mod profiles;
mod session;
mod shape;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::apple::world::World;
use nonces::Nonces;
pub use session::SessionRules;
use session::Sessions;

/// The longest body taken: a thousand serial numbers are 15 kB, a profile with many certificates some 100 kB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What the service keeps for itself.
pub struct Ade {
    world: Arc<World>,
    scheme: &'static str,
    sessions: Mutex<Sessions>,
    nonces: Mutex<Nonces>,
}

impl Ade {
    /// The service over a world. `scheme` is `https`, or `http` where a rehearsal listens plainly: clients sign it.
    pub fn new(world: Arc<World>, scheme: &'static str, rules: SessionRules) -> Arc<Self> {
        let sessions = Mutex::new(Sessions::new(rules));
        Arc::new(Self { world, scheme, sessions, nonces: Mutex::default() })
    }

    /// Its routes.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/session", get(oauth::open))
            .route("/account", get(account::detail))
            .route("/server/devices", post(devices::fetch))
            .route("/devices/sync", post(devices::sync))
            .route("/devices", post(devices::details))
            .route("/devices/disown", post(devices::disown))
            .route("/device/activationlock", post(devices::activation_lock))
            .route("/device/replacementDetails", get(devices::replacement))
            .route("/profile", post(profiles::define).get(profiles::read))
            .route("/profile/devices", post(profiles::assign).put(profiles::assign).delete(profiles::remove))
            .route(
                "/account-driven-enrollment/profile",
                get(account::discovery).post(account::set_discovery).delete(account::clear_discovery),
            )
            .route("/os-beta-enrollment/tokens", get(account::beta_tokens))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(self), gate::pass))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(Arc::clone(self))
    }
}
