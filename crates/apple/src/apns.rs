//! The client of Apple's push notification service (Apple: "Sending notification requests to APNs"), for MDM: it wakes
//! a device, which then asks its server what to do.
//!
//! One [`Client`] is one push certificate (one topic), with one held HTTP/2 connection. Clones share it.

mod answer;
mod backoff;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request};
use net::client::{Http2Client, Http2Options};
use net::{Clock, Identity, NetError, TrustAnchors};

pub use answer::{PushError, Reason};
use backoff::Backoff;

/// Apple's service.
pub const APPLE: &str = "https://api.push.apple.com";

/// Longest token sent to, bytes. Tokens have 32 bytes on most devices; Apple says not to rely on it.
const LONGEST_TOKEN: usize = 128;
/// Longest body APNs takes, bytes.
const LONGEST_BODY: usize = 4096;

/// How to reach the service.
#[derive(Clone, Debug)]
pub struct ApnsConfig {
    /// `https://host[:port]`; [`APPLE`], or practice Apple's.
    pub base_url: String,
    /// Whom to believe.
    pub trust: TrustAnchors,
    /// Pushes under way at a time; Apple's SETTINGS may allow fewer.
    pub streams: usize,
    /// For one push.
    pub timeout: Duration,
    /// For pauses and to read dates in answers.
    pub clock: Clock,
}

impl ApnsConfig {
    /// 100 pushes at a time, 30 s each.
    #[must_use]
    pub fn new(base_url: impl Into<String>, trust: TrustAnchors, clock: Clock) -> ApnsConfig {
        let timeout = Duration::from_secs(30);
        ApnsConfig { base_url: base_url.into(), trust, streams: 100, timeout, clock }
    }
}

/// A wake-up for one device or user.
#[derive(Clone, Copy)]
pub struct Push<'a> {
    /// The binary `Token` of its last TokenUpdate.
    pub token: &'a [u8],
    /// The `PushMagic` of the same; a secret.
    pub magic: &'a str,
    /// Until when Apple keeps it for a device that is away, seconds since 1970; 0 to keep it not at all.
    pub expiration: i64,
}

impl fmt::Debug for Push<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push").field("expiration", &self.expiration).finish_non_exhaustive()
    }
}

/// Apple has taken the push. It does not say whether the device heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Apple's name for it, `apns-id`.
    pub id: Option<String>,
}

/// One push certificate and its connection.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: Http2Client,
    topic: HeaderValue,
    backoff: Backoff,
    clock: Clock,
}

impl Client {
    /// A client that shows `identity` (the push certificate) and pushes to `topic` (its UID,
    /// `com.apple.mgmt.External.<uuid>`). It connects with the first push.
    ///
    /// # Errors
    /// [`PushError::Setup`] if base URL, trust or topic cannot be used.
    pub fn new(config: &ApnsConfig, identity: Identity, topic: &str) -> Result<Client, PushError> {
        let refused = |e| PushError::Setup { words: format!("{e}") };
        let topic = HeaderValue::from_str(topic)
            .ok()
            .filter(|topic| !topic.is_empty())
            .ok_or_else(|| PushError::Setup { words: "read the topic".to_owned() })?;
        let http = Http2Client::new(Http2Options {
            identity: Some(identity),
            streams: config.streams,
            timeout: config.timeout,
            ..Http2Options::new(config.base_url.clone(), config.trust.clone())
        })
        .map_err(refused)?;
        let (backoff, clock) = (Backoff::default(), config.clock.clone());
        Ok(Client(Arc::new(Inner { http, topic, backoff, clock })))
    }

    /// Sends a push. A lost connection is made anew once; while none can be made, pushes fail at once until a pause is
    /// over. A push may so arrive twice, which does no harm: it only says "ask your server".
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn send(&self, push: Push<'_>) -> Result<Sent, PushError> {
        let client = &self.0;
        let request = self.request(push)?;
        client.backoff.check(client.clock.now_micros())?;
        let answer = client.http.send(request).await;
        let now = client.clock.now_micros();
        match answer {
            Ok(answer) => {
                client.backoff.worked();
                answer::read(&answer, now.div_euclid(1_000_000))
            }
            Err(error) => Err(self.failed(error, now)),
        }
    }

    /// Connections made so far, for the metrics.
    pub async fn connections(&self) -> u64 {
        self.0.http.connections().await
    }

    fn request(&self, push: Push<'_>) -> Result<Request<Bytes>, PushError> {
        if push.token.is_empty() || push.token.len() > LONGEST_TOKEN {
            return Err(PushError::BadDeviceToken);
        }
        let unsendable = |words: &str| PushError::Setup { words: words.to_owned() };
        let body = serde_json::to_vec(&serde_json::json!({ "mdm": push.magic }))
            .map_err(|_| unsendable("write the push"))?;
        if body.len() > LONGEST_BODY {
            return Err(unsendable("push with a magic that is too long"));
        }
        Request::post(format!("/3/device/{}", hex::encode(push.token)))
            .header("apns-topic", self.0.topic.clone())
            .header("apns-push-type", "mdm")
            .header("apns-priority", "10")
            .header("apns-expiration", push.expiration.max(0))
            .body(body.into())
            .map_err(|_| unsendable("write the push"))
    }

    fn failed(&self, error: NetError, now: i64) -> PushError {
        if matches!(error, NetError::Connect { .. } | NetError::Refused { .. } | NetError::NotHttp2(_)) {
            self.0.backoff.failed(now);
        }
        match error {
            NetError::Refused { words, .. } => PushError::Certificate { reason: Reason::new(&words) },
            other => PushError::Transport(other),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("topic", &self.0.topic).finish_non_exhaustive()
    }
}
