//! The client of the Automated Device Enrollment service (Apple: "Device Assignment").
//!
//! A [`Service`] is a base URL and how to reach it; a [`Client`] is one server token there, with its session. Clients
//! are cheap to clone and clones share the session.

mod call;
mod error;
mod methods;
mod pace;
mod session;
mod sign;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use net::client::{ClientOptions, Proxy};
use net::{Clock, TrustAnchors};

pub use error::{AdeError, CursorProblem};
pub use pace::FRUITLESS_CALLS_PER_MINUTE;
pub use sign::Credentials;

/// Apple's service.
pub const APPLE: &str = "https://mdmenrollment.apple.com";
/// The protocol we speak: 10 tells for how long a device is throttled.
pub const PROTOCOL_VERSION: u8 = 10;

/// How to reach a service.
#[derive(Clone, Debug)]
pub struct AdeConfig {
    /// `https://host[:port]`, without a path; [`APPLE`], or practice Apple's.
    pub base_url: String,
    /// Whom to believe.
    pub trust: TrustAnchors,
    /// Sent with each call.
    pub user_agent: String,
    /// `X-Server-Protocol-Version`.
    pub protocol_version: u8,
    /// For one call, until the last byte of the answer. A page of 1,000 devices takes Apple several seconds.
    pub timeout: Duration,
    /// By way of which proxy.
    pub proxy: Proxy,
    /// For the time in a signature, and to read dates in answers.
    pub clock: Clock,
}

impl AdeConfig {
    /// Our name, protocol 10, a minute for each call, no proxy.
    #[must_use]
    pub fn new(base_url: impl Into<String>, trust: TrustAnchors, clock: Clock) -> AdeConfig {
        AdeConfig {
            base_url: base_url.into(),
            trust,
            user_agent: crate::USER_AGENT.to_owned(),
            protocol_version: PROTOCOL_VERSION,
            timeout: Duration::from_secs(60),
            proxy: Proxy::Direct,
            clock,
        }
    }
}

/// A service that can be reached: what all tokens of one base URL share.
#[derive(Clone)]
pub struct Service(Arc<Reach>);

struct Reach {
    http: reqwest::Client,
    base: reqwest::Url,
    protocol_version: u8,
    clock: Clock,
}

impl Service {
    /// Makes ready to call; nothing is sent yet.
    ///
    /// # Errors
    /// [`AdeError::Setup`] if the base URL, the user agent or the trust cannot be used.
    pub fn new(config: &AdeConfig) -> Result<Service, AdeError> {
        let base = reqwest::Url::parse(&config.base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            .filter(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
            .ok_or(AdeError::Setup(net::NetError::Url("it is not https://host[:port]")))?;
        let http = net::client::build(&ClientOptions {
            timeout: config.timeout,
            proxy: config.proxy.clone(),
            ..ClientOptions::new(config.trust.clone(), config.user_agent.clone())
        })
        .map_err(AdeError::Setup)?;
        let (protocol_version, clock) = (config.protocol_version, config.clock.clone());
        Ok(Service(Arc::new(Reach { http, base, protocol_version, clock })))
    }

    /// A client for one server token. It signs in with its first call.
    #[must_use]
    pub fn client(&self, credentials: Credentials) -> Client {
        Client(Arc::new(Token {
            service: self.clone(),
            credentials,
            session: session::Session::default(),
            pace: pace::Pace::default(),
            assign_by_post: AtomicBool::new(false),
        }))
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("base", &self.0.base.as_str()).finish_non_exhaustive()
    }
}

/// One server token and its session. All clones share both.
#[derive(Clone)]
pub struct Client(Arc<Token>);

struct Token {
    service: Service,
    credentials: Credentials,
    session: session::Session,
    pace: pace::Pace,
    /// This service answered PUT with 405.
    assign_by_post: AtomicBool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("service", &self.0.service).finish_non_exhaustive()
    }
}
