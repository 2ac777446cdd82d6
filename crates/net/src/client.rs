//! HTTP clients: [`build`] makes a pooled one by reqwest; [`Http2Client`] holds a single HTTP/2 connection. For other
//! protocols [`TlsClient`] does the handshake alone. [`probe`] looks at a server once and says how far it came.

mod alert;
mod http2;
pub mod probe;
mod public;
#[cfg(test)]
mod tests;
mod tls;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;

pub use http2::{Http2Client, Http2Options};
pub use public::is_public;
pub use tls::{Secured, TlsClient, TlsStream};

use crate::error::chain;
use crate::{Identity, NetError, TrustAnchors};

/// Addresses that are never reached by way of a proxy.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// Whether requests go by way of a forward proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// Straight to the host.
    #[default]
    Direct,
    /// By way of the proxy at this URL, but for loopback addresses and what `except` lists (commas between host
    /// names, addresses and networks, as in `NO_PROXY`).
    Via {
        /// Such as `http://proxy.example:3128`.
        url: String,
        /// Such as `example.org,10.0.0.0/8`.
        except: String,
    },
}

/// Settings of a client.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Whom to believe.
    pub trust: TrustAnchors,
    /// Who we are, if asked.
    pub identity: Option<Identity>,
    /// Sent with each request. Apple answers 400 `USER_AGENT_INVALID` to a bad one.
    pub user_agent: String,
    /// For name look-up, TCP and TLS.
    pub connect_timeout: Duration,
    /// For a whole request, until the last byte of the answer.
    pub timeout: Duration,
    /// By way of which proxy.
    pub proxy: Proxy,
    /// Whether host names that lead to addresses outside the public Internet are not found. An address in place of a name
    /// is for whoever makes the request to look at, by [`is_public`].
    pub public_only: bool,
}

impl ClientOptions {
    /// Usual time-outs (10 s to connect, 60 s for a request), no proxy, no identity.
    #[must_use]
    pub fn new(trust: TrustAnchors, user_agent: impl Into<String>) -> ClientOptions {
        ClientOptions {
            trust,
            identity: None,
            user_agent: user_agent.into(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            proxy: Proxy::Direct,
            public_only: false,
        }
    }
}

/// Builds a pooled HTTP/1.1 and HTTP/2 client. It follows no redirect: a request here carries somebody's credentials,
/// and they are for one host.
///
/// # Errors
/// A setting is refused: the user agent is not a header value, the proxy's URL is none.
pub fn build(options: &ClientOptions) -> Result<reqwest::Client, NetError> {
    let refused = |e: reqwest::Error| NetError::Client(chain(&e));
    let tls = options.trust.client_config(options.identity.as_ref(), &[b"h2", b"http/1.1"])?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(&options.user_agent)
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .redirect(Policy::none())
        .no_proxy();
    if options.public_only {
        builder = builder.dns_resolver(std::sync::Arc::new(public::PublicOnly));
    }
    if let Proxy::Via { url, except } = &options.proxy {
        let direct = reqwest::NoProxy::from_string(&format!("{LOOPBACK},{except}"));
        let proxy = reqwest::Proxy::all(url).map_err(refused)?.no_proxy(direct);
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(refused)
}

/// Reads an answer's body of at most `limit` bytes.
///
/// # Errors
/// The body is longer, does not come in time, or ends early.
pub async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, NetError> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > limit) {
        return Err(NetError::BodyTooLarge(limit));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| from_reqwest(&e))? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(NetError::BodyTooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What reqwest's error means to us, with its causes and without the URL (which may carry a secret).
#[must_use]
pub fn from_reqwest(error: &reqwest::Error) -> NetError {
    let words = causes(error);
    let host = error.url().and_then(|url| url.host_str()).unwrap_or("");
    if error.is_connect() {
        NetError::Connect { host: host.to_owned(), words }
    } else if error.is_timeout() {
        NetError::Interrupted("the time for it is over".to_owned())
    } else if error.is_builder() {
        NetError::Url("it is malformed")
    } else {
        NetError::Interrupted(words)
    }
}

/// The causes of reqwest's error; its own text names the URL.
fn causes(error: &reqwest::Error) -> String {
    std::error::Error::source(error).map_or_else(|| "no cause given".to_owned(), chain)
}
