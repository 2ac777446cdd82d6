//! The push client against a stub that speaks HTTP/2.
#![expect(clippy::unwrap_used, reason = "a stub that fails fails its test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use muster_apple::PushError;
use muster_apple::apns::{ApnsConfig, Client, Push};
use net::{
    CancellationToken, Clock, Identity, ListenConfig, Listener, PeerCertificates, ServerTls, Stopped,
    TrustAnchors,
};
use tokio::task::JoinHandle;

const TOPIC: &str = "com.apple.mgmt.External.6f0bd1c0-0000-4000-8000-000000000001";
/// Made by `crates/net/fixtures/make.sh`.
const AUTHORITY: &[u8] = include_bytes!("../../net/fixtures/authority.pem");

fn server() -> Identity {
    let (chain, key) =
        (include_bytes!("../../net/fixtures/first.pem"), include_bytes!("../../net/fixtures/first.key"));
    Identity::from_pem(chain, key).unwrap()
}

fn push_certificate() -> Identity {
    let (chain, key) =
        (include_bytes!("../../net/fixtures/device.pem"), include_bytes!("../../net/fixtures/device.key"));
    Identity::from_pem(chain, key).unwrap()
}

/// One request as the stub heard it, in lines.
type Heard = Arc<Mutex<Vec<Vec<String>>>>;

struct Stub {
    address: SocketAddr,
    heard: Heard,
    stop: CancellationToken,
    task: JoinHandle<Stopped>,
}

impl Stub {
    async fn start(bind: &str, status: u16, body: &'static str) -> Stub {
        let tls = ServerTls::new(server()).asking_for_certificates();
        let listener = Listener::bind(ListenConfig::tls(bind.parse().unwrap(), tls)).await.unwrap();
        let (address, heard) = (listener.local_addr(), Heard::default());
        let keep = heard.clone();
        let router = Router::new().fallback(move |request: Request| async move {
            let told = lines(request).await;
            keep.lock().unwrap().push(told);
            Response::builder().status(status).header("apns-id", "ID").body(Body::from(body)).unwrap()
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(listener.serve(router, stop.clone()));
        Stub { address, heard, stop, task }
    }

    async fn ok() -> Stub {
        Stub::start("127.0.0.1:0", 200, "").await
    }

    /// Tells clients to go away (GOAWAY) and waits until they have.
    async fn stopped(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    fn heard(&self) -> Vec<Vec<String>> {
        self.heard.lock().unwrap().clone()
    }
}

async fn lines(request: Request) -> Vec<String> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    let shown = head.extensions.get::<PeerCertificates>();
    let header = |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    vec![
        format!("{} {} {:?}", head.method, head.uri.path(), head.version),
        header("apns-topic"),
        header("apns-push-type"),
        header("apns-priority"),
        header("apns-expiration"),
        String::from_utf8(body.to_vec()).unwrap(),
        format!("our certificate: {}", shown.is_some_and(|c| c.leaf() == push_certificate().certificate())),
    ]
}

fn client(address: SocketAddr, clock: &Clock) -> Client {
    let trust = TrustAnchors::from_pem(AUTHORITY).unwrap();
    let config = ApnsConfig::new(format!("https://{address}"), trust, clock.clone());
    Client::new(&config, push_certificate(), TOPIC).unwrap()
}

fn push(token: &[u8]) -> Push<'_> {
    Push { token, magic: "MAGIC", expiration: 1_700_000_000 }
}

#[tokio::test]
async fn a_push_says_what_apple_wants_to_hear_and_no_more() {
    let stub = Stub::ok().await;
    let client = client(stub.address, &Clock::system());
    let sent = client.send(push(&[0xAB, 0x00, 0xFF])).await.unwrap();
    assert_eq!(sent.id.as_deref(), Some("ID"));
    let expected = [
        "POST /3/device/ab00ff HTTP/2.0",
        TOPIC,
        "mdm",
        "10",
        "1700000000",
        r#"{"mdm":"MAGIC"}"#,
        "our certificate: true",
    ];
    assert_eq!(stub.heard()[0], expected);
}

#[tokio::test]
async fn one_connection_carries_all_pushes() {
    let stub = Stub::ok().await;
    let client = client(stub.address, &Clock::system());
    let pushes: Vec<_> = (0..200)
        .map(|n: u16| {
            let client = client.clone();
            tokio::spawn(async move { client.send(push(&n.to_be_bytes())).await })
        })
        .collect();
    for sent in pushes {
        sent.await.unwrap().unwrap();
    }
    assert_eq!((stub.heard().len(), client.connections().await), (200, 1));
}

#[tokio::test]
async fn after_a_goaway_the_next_push_has_a_new_connection() {
    let stub = Stub::ok().await;
    let client = client(stub.address, &Clock::system());
    client.send(push(&[1])).await.unwrap();
    let address = stub.address.to_string();
    stub.stopped().await;
    let again = Stub::start(&address, 200, "").await;
    client.send(push(&[2])).await.unwrap();
    assert_eq!((again.heard().len(), client.connections().await), (1, 2));
}

#[tokio::test]
async fn a_refusal_is_read() {
    let body = r#"{"reason":"Unregistered","timestamp":1700000000123}"#;
    let stub = Stub::start("127.0.0.1:0", 410, body).await;
    let error = client(stub.address, &Clock::system()).send(push(&[1])).await.unwrap_err();
    assert!(matches!(error, PushError::Unregistered { since: Some(1_700_000_000_123_000) }), "{error:?}");
}

#[tokio::test]
async fn while_nobody_is_there_pushes_fail_at_once_until_the_pause_is_over() {
    let stub = Stub::ok().await;
    let (address, clock) = (stub.address, Clock::manual(0));
    stub.stopped().await;
    let client = client(address, &clock);
    let error = client.send(push(&[1])).await.unwrap_err();
    assert!(matches!(error, PushError::Transport(_)), "{error:?}");
    let again = Stub::start(&address.to_string(), 200, "").await;
    let error = client.send(push(&[1])).await.unwrap_err();
    assert!(matches!(error, PushError::Waiting { .. }), "{error:?}");
    assert!(again.heard().is_empty());
    clock.advance(error.retry_after().expect("a pause"));
    client.send(push(&[1])).await.unwrap();
    assert_eq!(again.heard().len(), 1);
}

#[tokio::test]
async fn a_host_that_is_not_apples_hears_nothing() {
    let stub = Stub::ok().await;
    let nobody = TrustAnchors::from_der::<Vec<u8>>([]).unwrap();
    let config = ApnsConfig::new(format!("https://{}", stub.address), nobody, Clock::system());
    let client = Client::new(&config, push_certificate(), TOPIC).unwrap();
    let error = client.send(push(&[1])).await.unwrap_err();
    assert!(matches!(error, PushError::Transport(_)), "{error:?}");
    assert!(stub.heard().is_empty());
}

#[tokio::test]
async fn a_token_that_cannot_be_one_is_not_sent() {
    let stub = Stub::ok().await;
    let client = client(stub.address, &Clock::system());
    for token in [&[][..], &[7; 129]] {
        let error = client.send(push(token)).await.unwrap_err();
        assert!(matches!(error, PushError::BadDeviceToken), "{error:?}");
    }
    let magic = "m".repeat(5000);
    let error = client.send(Push { magic: &magic, ..push(&[1]) }).await.unwrap_err();
    assert!(matches!(error, PushError::Setup { .. }), "{error:?}");
    assert_eq!((stub.heard().len(), client.connections().await), (0, 0));
}

#[test]
fn nothing_printed_shows_the_magic_or_the_token() {
    let printed = format!("{:?}", push(&[0xAB; 32]));
    assert_eq!(printed, "Push { expiration: 1700000000, .. }");
}

#[test]
fn a_topic_that_is_no_header_is_refused() {
    let trust = TrustAnchors::from_pem(AUTHORITY).unwrap();
    let config = ApnsConfig {
        timeout: Duration::from_secs(1),
        ..ApnsConfig::new("https://h", trust, Clock::system())
    };
    for topic in ["", "a\nb"] {
        let refused = Client::new(&config, push_certificate(), topic);
        assert!(matches!(refused, Err(PushError::Setup { .. })), "{topic:?}");
    }
}
