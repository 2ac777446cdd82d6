//! A plain client for every service, and a world to use it on.

use std::sync::LazyLock;
use std::time::Duration;

use muster_practice::{Practice, PracticeConfig};
use net::client::{ClientOptions, build};
use net::{Clock, TrustAnchors};
use pki::key::{RsaKey, SigningKey};
use pki::oauth1::{Credentials, authorization_header};
use pki::smime::ServerToken;
use pki::x509::{IssuePolicy, Name, Usage, Validity, self_signed};
use serde_json::{Value, json};

/// The MDM server's key, and the push certificate's. Made once: an RSA key costs a tenth of a second.
pub(crate) static KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

/// 2026-05-09T02:30:00Z
pub(crate) const START: i64 = 1_778_293_800;

/// Practice Apple, an organisation with one MDM server, and its token.
pub(crate) struct Rehearsal {
    pub(crate) practice: Practice,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    pub(crate) key: RsaKey,
    pub(crate) org: String,
    pub(crate) server: String,
    pub(crate) token: ServerToken,
}

/// An answer: status, headers, body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// Status and body, for refusals.
    pub(crate) fn words(&self) -> (u16, &str) {
        (self.status, &self.text)
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.headers.get("x-adm-auth-session").map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn rehearsal() -> Rehearsal {
    rehearsal_with(|_| ()).await
}

pub(crate) async fn rehearsal_with(change: impl FnOnce(&mut PracticeConfig)) -> Rehearsal {
    let clock = Clock::manual(START * 1_000_000);
    let mut config = PracticeConfig { clock: clock.clone(), ..PracticeConfig::default() };
    change(&mut config);
    let practice = Practice::start(config).await.unwrap();
    let trust = TrustAnchors::from_der([&practice.ca_cert_der]).unwrap();
    let http = build(&ClientOptions::new(trust, "Rehearsal/1.0")).unwrap();
    let key = KEY.clone();
    let org = found(&practice, &http, "business").await;
    let server = add_server(&practice, &http, &org, &key).await;
    let token = download(&practice, &http, &org, &server, &key).await;
    Rehearsal { practice, clock, http, key, org, server, token }
}

pub(crate) async fn found(practice: &Practice, http: &reqwest::Client, kind: &str) -> String {
    let body = json!({"kind": kind, "name": "Example Works", "email": "it@example.com"});
    let url = format!("{}/orgs", practice.portal_url);
    let answer = Answer::of(http.post(url).json(&body)).await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The certificate an MDM server uploads.
pub(crate) fn public_key(key: &RsaKey) -> String {
    let policy = IssuePolicy::new(Name::of("MDM"), Validity::days(START, 1), Usage::ServerToken);
    self_signed(&SigningKey::from(key.clone()), &policy).unwrap().to_pem()
}

pub(crate) async fn add_server(
    practice: &Practice,
    http: &reqwest::Client,
    org: &str,
    key: &RsaKey,
) -> String {
    let url = format!("{}/orgs/{org}/servers", practice.portal_url);
    let body = json!({"name": "MDM of Works", "publicKey": public_key(key)});
    let answer = Answer::of(http.post(url).json(&body)).await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn download(
    practice: &Practice,
    http: &reqwest::Client,
    org: &str,
    server: &str,
    key: &RsaKey,
) -> ServerToken {
    let url = format!("{}/orgs/{org}/servers/{server}/token", practice.portal_url);
    let answer = Answer::of(http.post(url).json(&json!({"by": "ann@example.com"}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    ServerToken::read(answer.text.as_bytes(), key).unwrap()
}

impl Rehearsal {
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A request to the portal.
    pub(crate) async fn portal(&self, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.practice.portal_url);
        Answer::of(self.http.request(method.parse().unwrap(), url).json(body)).await
    }

    /// A request about the organisation.
    pub(crate) async fn org(&self, method: &str, path: &str, body: Value) -> Answer {
        self.portal(method, &format!("/orgs/{}{path}", self.org), &body).await
    }

    /// Buys devices and puts them on the MDM server.
    pub(crate) async fn stock(&self, family: &str, count: usize) -> Vec<String> {
        let bought = self.org("POST", "/orders", json!({"family": family, "count": count})).await.json();
        let serials: Vec<String> = serde_json::from_value(bought["serials"].clone()).unwrap();
        self.org("POST", "/assign", json!({"serials": serials, "server": self.server})).await;
        serials
    }

    /// Asks for a session with that token, time and nonce.
    pub(crate) async fn ask_session(&self, token: &ServerToken, unix: i64, nonce: &str) -> Answer {
        let url = format!("{}/session", self.practice.ade_url);
        let header = authorization_header(&Credentials::from(token), "GET", &url, unix, nonce).unwrap();
        Answer::of(self.http.get(url).header("authorization", header)).await
    }

    /// A session in the newest protocol version.
    pub(crate) async fn session(&self) -> Session<'_> {
        let nonce = format!("n{}", self.practice.world().calls("GET /session"));
        let answer = self.ask_session(&self.token, self.clock.now_unix(), &nonce).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json()["auth_session_token"].as_str().unwrap().to_owned();
        Session { rehearsal: self, token, version: 10 }
    }
}

/// An open session.
pub(crate) struct Session<'a> {
    pub(crate) rehearsal: &'a Rehearsal,
    pub(crate) token: String,
    pub(crate) version: u32,
}

impl Session<'_> {
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.rehearsal.practice.ade_url);
        let request = self.rehearsal.http.request(method.parse().unwrap(), url);
        let request = request.header("x-adm-auth-session", &self.token);
        request.header("x-server-protocol-version", self.version.to_string())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("POST", path).json(&body)).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        Answer::of(self.request(method, path).json(&body)).await
    }

    /// Defines a profile, and returns its UUID.
    pub(crate) async fn define(&self) -> String {
        let answer = self.post("/profile", good_profile()).await;
        answer.json()["profile_uuid"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn good_profile() -> Value {
    json!({
        "profile_name": "Corp iPads",
        "url": "https://mdm.example.com/ade/enroll/abc",
        "is_supervised": true,
        "is_mdm_removable": false,
        "await_device_configured": true,
        "skip_setup_items": ["AppleID", "Siri"],
        "org_magic": "muster",
        "devices": [],
    })
}
