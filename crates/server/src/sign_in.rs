//! Signing in: the token service by which programs get bearer tokens, at the paths of Microsoft Entra, with the documents
//! by which its client libraries find it; and the pages on which people sign in, which need no script.
//!
//! ```text
//!  programs   /{tenant}/oauth2/v2.0/token, .../devicecode, /{tenant}/v2.0/.well-known/openid-configuration
//!  people     /{tenant}/sign-in, .../code; /{tenant}/set-up; /{tenant}/account; /{tenant}/device
//! ```

mod account;
pub(crate) mod cookie;
mod device;
mod discovery;
mod form;
pub(crate) mod origin;
mod page;
mod people;
mod provider;
mod set_up;
mod token;
mod visit;

use std::sync::Arc;

use ::app::App;
use ::app::application::{Gate, Provider};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use net::PeerAddr;

/// Bytes of a form. Ours have some 300; an assertion with its certificates has some 8,000.
const FORM_MAX: usize = 32 << 10;

/// What signing in works with.
#[derive(Clone)]
pub(crate) struct Door {
    app: App,
    gate: Gate,
    provider: Option<Arc<Provider>>,
}

impl Door {
    /// The organisation's own identity provider, if the people of this tenant sign in there.
    fn provider(&self, visitor: &visit::Visitor) -> Option<&Provider> {
        self.provider.as_deref().filter(|provider| *provider.tenant() == visitor.tenant)
    }

    /// What it is called.
    fn provider_name(&self, visitor: &visit::Visitor) -> Option<String> {
        self.provider(visitor).map(|provider| provider.name().to_owned())
    }
}

/// The routes of sign-in.
pub(crate) fn router(app: App, gate: Gate, provider: Option<Arc<Provider>>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/oauth2/token", post(token::token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/discovery/keys", get(discovery::keys))
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::authorize))
        .route("/{tenant}/oauth2/devicecode", post(device::authorize))
        .route("/{tenant}/oauth2/v2.0/authorize", get(discovery::authorize))
        .route("/{tenant}/oauth2/authorize", get(discovery::authorize))
        .merge(pages())
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .with_state(Door { app, gate, provider })
}

/// What people see.
fn pages() -> Router<Door> {
    Router::new()
        .route("/sign-in/style.css", get(page::style))
        .route("/{tenant}/sign-in", get(people::sign_in_page).post(people::sign_in))
        .route("/{tenant}/sign-in/code", get(people::code_page).post(people::code))
        .route("/{tenant}/sign-in/provider", get(provider::begin))
        .route("/{tenant}/sign-in/provider/callback", get(provider::callback))
        .route("/{tenant}/sign-out", post(people::sign_out))
        .route("/{tenant}/set-up", get(set_up::set_up_page).post(set_up::set_up))
        .route("/{tenant}/account", get(account::account_page))
        .route("/{tenant}/account/password", post(account::password))
        .route("/{tenant}/account/methods", post(account::methods))
        .route("/{tenant}/account/sessions", post(account::end_others))
        .route("/{tenant}/account/second-factor", get(account::enrol_page).post(account::enrolled))
        .route("/{tenant}/device", get(device::device_page).post(device::typed))
        .route("/{tenant}/device/answer", post(device::answer))
}

/// Whom wrong secrets are counted by: an address, or of IPv6 the network that one customer has.
fn source(peer: Option<PeerAddr>) -> String {
    match peer.map(|peer| peer.0.ip().to_canonical()) {
        None => "unknown".to_owned(),
        Some(std::net::IpAddr::V4(address)) => address.to_string(),
        Some(std::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests;
