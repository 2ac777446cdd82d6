//! The organisation's own identity provider: people sign in there (OpenID Connect Core 1.0, authorization code flow with
//! PKCE, RFC 7636), and an account of ours is found for them.
//!
//! ```text
//!  begin ──> the browser goes to the provider, with state, nonce and challenge ──> back with a code
//!  finish: state is this browser's? code -> id_token by a direct call; signature, iss, aud, azp, exp, nonce? -> Identity
//! ```
//!
//! State, nonce and verifier are made of one random value that the browser keeps in a cookie of its own, so that nothing
//! is stored here, and what comes back to another browser is good for nothing.

mod id_token;
mod metadata;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{TenantId, Time};
use net::client::{ClientOptions, build, from_reqwest, read_body};
use net::{Clock, TrustAnchors};
use serde::Deserialize;
use zeroize::Zeroizing;

use self::metadata::Known;
use crate::AuthError;

/// Bytes of an answer of the provider. Keys and tokens have some kilobytes.
const ANSWER_MAX: usize = 256 << 10;
const USER_AGENT: &str = concat!("Muster/", env!("CARGO_PKG_VERSION"));
/// For one answer of the provider: a person waits.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);

/// How the provider is reached, and whose word is taken for what.
#[derive(Clone)]
pub struct ProviderSettings {
    /// What people call it.
    pub name: String,
    /// The tenant whose people sign in there.
    pub tenant: TenantId,
    /// Its `issuer`, exactly.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What we prove ourselves with.
    pub client_secret: Zeroizing<String>,
    /// The claim that is the `userPrincipalName` of an account. `email` counts only if it is verified.
    pub claim: String,
    /// Domains that the claim may be of; empty: any.
    pub allowed_domains: Vec<String>,
    /// Whether it may have addresses that are not public, and be spoken to without TLS on this machine itself.
    pub private_addresses: bool,
    /// Whom to believe that it is the provider.
    pub anchors: TrustAnchors,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A provider.
pub struct Provider {
    settings: ProviderSettings,
    http: reqwest::Client,
    clock: Clock,
    redirect_uri: String,
    metadata: tokio::sync::Mutex<Known>,
}

/// A sign-in that begins.
pub struct Begun {
    /// What the browser keeps until it comes back.
    pub keep: Zeroizing<String>,
    /// Where the browser goes.
    pub location: String,
}

/// What the browser brings back.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    /// What it kept.
    pub kept: &'a str,
    /// `state`
    pub state: &'a str,
    /// `code`
    pub code: &'a str,
    /// `iss` (RFC 9207), if it is there.
    pub issuer: Option<&'a str>,
}

/// Who somebody is at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `iss`
    pub(crate) issuer: String,
    /// `sub`
    pub(crate) subject: String,
    /// What the claim says: the name of an account.
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

pub(crate) fn trouble(words: impl Into<String>) -> AuthError {
    AuthError::Provider(words.into())
}

impl Provider {
    /// A provider for the server at `api_url`. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`AuthError::Provider`] for an issuer that cannot be.
    pub fn new(settings: ProviderSettings, clock: Clock, api_url: &str) -> Result<Self, AuthError> {
        let options = ClientOptions {
            timeout: TIMEOUT,
            public_only: !settings.private_addresses,
            ..ClientOptions::new(settings.anchors.clone(), USER_AGENT)
        };
        let http = build(&options).map_err(|error| trouble(error.to_string()))?;
        let redirect_uri = format!("{api_url}/{}/sign-in/provider/callback", settings.tenant);
        let provider = Self { settings, http, clock, redirect_uri, metadata: tokio::sync::Mutex::default() };
        provider.may_reach(&provider.settings.issuer)?;
        Ok(provider)
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The tenant whose people sign in there.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.settings.tenant
    }

    fn now(&self) -> Time {
        Time::from_micros(self.clock.now_micros())
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`AuthError::Provider`] when the provider cannot be asked where people sign in.
    pub async fn begin(&self) -> Result<Begun, AuthError> {
        let keep = pki::random::secret()?;
        let mut location = self.metadata(|metadata| metadata.authorization_endpoint.clone()).await?;
        let challenge = URL_SAFE_NO_PAD.encode(pki::digest::sha256(made(&keep, "verifier").as_bytes()));
        location
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &made(&keep, "state"))
            .append_pair("nonce", &made(&keep, "nonce"))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Begun { location: location.to_string(), keep })
    }

    /// Ends a sign-in: who somebody is there.
    ///
    /// # Errors
    /// [`AuthError::Provider`]: it was begun in another browser, or what the provider says does not hold.
    pub(crate) async fn finish(&self, returned: Returned<'_>) -> Result<Identity, AuthError> {
        let expected = made(returned.kept, "state");
        if !pki::digest::constant_time_eq(expected.as_bytes(), returned.state.as_bytes()) {
            return Err(trouble("the sign-in was not begun in this browser; begin again"));
        }
        let names_itself = self.metadata(|metadata| metadata.names_itself).await?;
        let other = returned.issuer.is_some_and(|issuer| issuer != self.settings.issuer);
        if other || (names_itself && returned.issuer.is_none()) {
            return Err(trouble("the answer is of another provider"));
        }
        let token = self.exchange(returned).await?;
        let nonce = made(returned.kept, "nonce");
        let claims = self.verified(&token, &nonce).await?;
        let name = claims.name(&self.settings).map_err(trouble)?;
        Ok(Identity { issuer: self.settings.issuer.clone(), subject: claims.sub, name })
    }

    /// The id token for a code, from the provider itself.
    async fn exchange(&self, returned: Returned<'_>) -> Result<Zeroizing<String>, AuthError> {
        let (endpoint, basic) =
            self.metadata(|metadata| (metadata.token_endpoint.clone(), metadata.takes_basic)).await?;
        let verifier = made(returned.kept, "verifier");
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let ProviderSettings { client_id, client_secret, .. } = &self.settings;
        let mut request = self.http.post(endpoint);
        if basic {
            let pair = Zeroizing::new(format!("{}:{}", encoded(client_id), encoded(client_secret)));
            let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            request = request.header("authorization", header.as_str());
        } else {
            form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.as_str())]);
        }
        let body = form.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = self.answered(request).await?;
        let answer: TokenAnswer =
            serde_json::from_slice(&answer).map_err(|_| trouble("its answer has no id_token"))?;
        Ok(Zeroizing::new(answer.id_token))
    }

    /// The body of a good answer.
    async fn answered(&self, request: reqwest::RequestBuilder) -> Result<bytes::Bytes, AuthError> {
        let response = request.send().await.map_err(|error| trouble(from_reqwest(&error).to_string()))?;
        let status = response.status();
        let body = read_body(response, ANSWER_MAX).await.map_err(|error| trouble(error.to_string()))?;
        if status == reqwest::StatusCode::OK {
            return Ok(body);
        }
        // An error of OAuth is a word; what else stands there is nobody's business.
        let error = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let code = error.as_ref().and_then(|body| body.get("error")?.as_str()).unwrap_or("no reason given");
        let plain: String = code.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        Err(trouble(format!("it answered {}: {plain}", status.as_u16())))
    }

    async fn get(&self, url: &reqwest::Url) -> Result<bytes::Bytes, AuthError> {
        self.answered(self.http.get(url.clone()).header("accept", "application/json")).await
    }

    /// Whether a URL that settings or the provider have written may be asked.
    fn may_reach(&self, text: &str) -> Result<reqwest::Url, AuthError> {
        let url = reqwest::Url::parse(text).map_err(|_| trouble(format!("{text:.200} is no URL")))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let address = host.parse::<std::net::IpAddr>().ok();
        let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let allowed = self.settings.private_addresses;
        let fits = match url.scheme() {
            "https" => allowed || address.is_none_or(net::client::is_public),
            "http" => allowed && here,
            _ => false,
        };
        match fits && !host.is_empty() && url.username().is_empty() {
            true => Ok(url),
            false => Err(trouble(format!(
                "{text:.200} is not a public https address, which private_addresses in the settings would allow"
            ))),
        }
    }
}

/// One of the values that are made of what the browser keeps.
fn made(keep: &str, what: &str) -> String {
    URL_SAFE_NO_PAD.encode(pki::digest::hmac_sha256(keep.as_bytes(), what.as_bytes()))
}

/// `application/x-www-form-urlencoded`.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests;
