//! How devices speak HTTP: shared clients, bounded answers, and words for what went wrong.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use bytes::Bytes;
use net::client::{ClientOptions, build, from_reqwest, read_body};
use net::{Identity, TrustAnchors};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};

use super::fault::DeviceFault;
use super::profile::PROFILE_BYTES_MAX;
use crate::apple::world::lock;

/// The longest answer read, in bytes: a command that carries a profile in base64.
pub(super) const ANSWER_BYTES_MAX: usize = 2 * PROFILE_BYTES_MAX;

/// The most sets of anchors kept with their clients. A rehearsal has one or two.
const CLIENTS_MAX: usize = 64;

/// The clients of a fleet, one for each set of trust anchors: a client costs more memory than a device.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<HashMap<[u8; 32], reqwest::Client>>);

impl Clients {
    /// The client of all who trust just those certificates (DER); the built-in roots when there are none.
    pub(super) fn trusting(&self, anchors: &[Vec<u8>]) -> Result<reqwest::Client, DeviceFault> {
        let key = fingerprint(anchors);
        if let Some(client) = lock(&self.0).get(&key) {
            return Ok(client.clone());
        }
        let client = client(trust(anchors)?, None)?;
        let mut clients = lock(&self.0);
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// A client that shows a certificate. Not shared.
    pub(super) fn showing(anchors: &[Vec<u8>], identity: Identity) -> Result<reqwest::Client, DeviceFault> {
        client(trust(anchors)?, Some(identity))
    }
}

fn fingerprint(anchors: &[Vec<u8>]) -> [u8; 32] {
    let each: Vec<u8> = anchors.iter().flat_map(|der| pki::digest::sha256(der)).collect();
    pki::digest::sha256(&each)
}

fn trust(anchors: &[Vec<u8>]) -> Result<TrustAnchors, DeviceFault> {
    if anchors.is_empty() {
        return Ok(built_in());
    }
    TrustAnchors::from_der(anchors).map_err(|error| DeviceFault::Crypto(format!("failed to {error}")))
}

/// What the device came with. On a computer without any, nobody is trusted.
fn built_in() -> TrustAnchors {
    static ROOTS: OnceLock<TrustAnchors> = OnceLock::new();
    let system = || TrustAnchors::system().or_else(|_| TrustAnchors::from_der::<Vec<u8>>([]));
    match ROOTS.get() {
        Some(roots) => roots.clone(),
        None => system().map_or_else(|_| built_in(), |roots| ROOTS.get_or_init(|| roots).clone()),
    }
}

fn client(trust: TrustAnchors, identity: Option<Identity>) -> Result<reqwest::Client, DeviceFault> {
    let options = ClientOptions { identity, ..ClientOptions::new(trust, "MDM/1.0 (practice device)") };
    build(&options).map_err(|error| DeviceFault::Crypto(format!("failed to {error}")))
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) const fn is_good(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without its parameters, in lower case.
    pub(super) fn media(&self) -> String {
        let full = self.header(CONTENT_TYPE).unwrap_or("");
        full.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }

    /// Whether a user name and a password are asked for in a way Setup Assistant knows.
    pub(super) fn wants_sign_in(&self) -> bool {
        let scheme = self.header(WWW_AUTHENTICATE).unwrap_or("").to_ascii_lowercase();
        self.status == 401 && (scheme.starts_with("basic") || scheme.starts_with("digest"))
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.header(LOCATION)
    }

    /// The fault of an answer that is not good.
    pub(super) fn fault(&self, what: &'static str) -> DeviceFault {
        let retry_after = self.header(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
        let text: String = String::from_utf8_lossy(&self.body)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(200)
            .collect();
        let text = text.trim();
        let words = if text.is_empty() { String::new() } else { format!(" ({text})") };
        DeviceFault::Answered { what, status: self.status, retry_after, words }
    }
}

/// Sends a request and reads its answer, whatever its status.
pub(super) async fn send(request: reqwest::RequestBuilder) -> Result<Answer, DeviceFault> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| DeviceFault::Address(from_reqwest(&error).to_string()))?;
    let host = request.url().host_str().unwrap_or("the server").to_owned();
    let lost = |error: net::NetError| {
        let words = error.to_string();
        let passing = !matches!(error, net::NetError::BodyTooLarge(_)) && !words.contains("certificate");
        DeviceFault::NotReached { host: host.clone(), words, passing }
    };
    let response = client.execute(request).await.map_err(|error| lost(from_reqwest(&error)))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = read_body(response, ANSWER_BYTES_MAX).await.map_err(lost)?;
    Ok(Answer { status, headers, body })
}
