//! What the portal, activation, push certificates and the long poll share: one address, one state.

use std::sync::Arc;

use axum::Router;

use crate::apns::Registry;
use crate::apple::authority::Authorities;
use crate::apple::world::World;
use crate::pushcert::PushCertPortal;
use crate::{activation, apns, portal, pushcert};

/// The state.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) world: Arc<World>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) push_certificates: Arc<PushCertPortal>,
}

/// All routes of the services' address.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .merge(portal::router())
        .merge(activation::router())
        .merge(pushcert::router())
        .merge(apns::poll_router())
        .with_state(services)
}
