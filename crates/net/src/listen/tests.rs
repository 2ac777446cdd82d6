mod hostile;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{ListenConfig, ServerTls};
use crate::client::{self, ClientOptions};
use crate::forwarded::{CertificateHeader, TrustedProxies};
use crate::testing::{
    Served, authority, device, exchange, first, get_as, plain, second, secured, soon, telling, tls_client,
};
use crate::{Identity, PeerAddr, PeerCertificates, ServerIdentity};

const SHORT: Duration = Duration::from_millis(50);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

/// Answers with the number of bytes of the client's certificate, 0 if it showed none.
fn certificate_length() -> Router {
    telling(|head| {
        let shown = head.extensions.get::<PeerCertificates>();
        format!("shown {}", shown.map_or(0, |chain| chain.leaf().len()))
    })
}

fn shown(identity: &Identity) -> String {
    format!("shown {}", identity.certificate().len())
}

/// A service that waits at `/wait` until told, after telling that it is there.
fn waiting() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = Router::new().route(
        "/wait",
        get({
            let (arrived, go) = (arrived.clone(), go.clone());
            move || async move {
                arrived.notify_one();
                go.notified().await;
                "done"
            }
        }),
    );
    (router, arrived, go)
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let tell = |head: &http::request::Parts| {
        let known = head.extensions.get::<PeerAddr>().is_some();
        format!("{:?} {known}", head.version)
    };
    let served = Served::start(secured(ServerTls::new(first())), telling(tell)).await;
    let http2 = client::build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    let answer = http2.get(served.url("https", "/")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "HTTP/2.0 true");
    let seen = get_as(&tls_client(None), served.address, "localhost").await;
    assert!(seen.unwrap().answer.ends_with("HTTP/1.1 true"));
    drop(http2);
    assert_eq!(served.stopped().await.cut, 0);
}

/// A device whose identity expired in a drawer must still be heard, to renew it.
#[tokio::test]
async fn any_certificate_is_handed_on_if_its_key_is_held() {
    let tls = ServerTls::new(first()).asking_for_certificates();
    let served = Served::start(secured(tls), certificate_length()).await;
    let device = device();
    let seen = get_as(&tls_client(Some(&device)), served.address, "localhost").await;
    assert!(seen.unwrap().answer.ends_with(&shown(&device)));
    let seen = get_as(&tls_client(None), served.address, "localhost").await;
    assert!(seen.unwrap().answer.ends_with("shown 0"));
}

/// Refuses: E
#[tokio::test]
async fn a_certificate_without_its_key_ends_the_handshake() {
    let tls = ServerTls::new(first()).asking_for_certificates();
    let served = Served::start(secured(tls), certificate_length()).await;
    for protocol in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let thief = crate::testing::thief(&device(), &second());
        let config = rustls::ClientConfig::builder_with_provider(crate::provider())
            .with_protocol_versions(&[protocol])
            .unwrap()
            .with_root_certificates(crate::testing::roots())
            .with_client_cert_resolver(thief);
        let seen = get_as(&Arc::new(config), served.address, "localhost").await;
        assert!(seen.is_err(), "{seen:?}");
    }
}

#[tokio::test]
async fn a_resumed_session_brings_the_certificate_back() {
    let tls = ServerTls::new(first()).asking_for_certificates();
    let served = Served::start(secured(tls), certificate_length()).await;
    let (device, mut kinds) = (device(), Vec::new());
    let config = tls_client(Some(&device));
    for _ in 0..2 {
        let seen = get_as(&config, served.address, "localhost").await.unwrap();
        assert!(seen.answer.ends_with(&shown(&device)));
        kinds.push(seen.kind);
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
}

#[tokio::test]
async fn only_the_name_of_devices_asks_for_a_certificate() {
    let tls = ServerTls::new(first()).with_name("Devices.test", second(), true);
    let served = Served::start(secured(tls), certificate_length()).await;
    let device = device();
    let config = tls_client(Some(&device));
    let people = get_as(&config, served.address, "people.test").await.unwrap();
    assert!(people.answer.ends_with("shown 0"));
    assert_eq!(people.server, first().certificate());
    let devices = get_as(&config, served.address, "devices.test").await.unwrap();
    assert!(devices.answer.ends_with(&shown(&device)));
    assert_eq!(devices.server, second().certificate());
}

#[tokio::test]
async fn a_replaced_identity_is_shown_from_the_next_handshake_on() {
    let identity = ServerIdentity::new(first());
    let served = Served::start(secured(ServerTls::new(identity.clone())), certificate_length()).await;
    for now in [first(), second()] {
        identity.replace(now.clone());
        let seen = get_as(&tls_client(None), served.address, "localhost").await;
        assert_eq!(seen.unwrap().server, now.certificate());
    }
}

/// Refuses: A
#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let mut config = plain();
    config.limits.header = SHORT;
    let served = Served::start(config, certificate_length()).await;
    for start in [&b""[..], b"GET / HT", b"PRI * HTTP/2.0\r\n"] {
        assert_eq!(exchange(served.address, start).await, "");
    }
}

#[tokio::test]
async fn a_connection_at_rest_is_closed_but_not_one_at_work() {
    let mut config = plain();
    config.limits.idle = SHORT;
    let (router, arrived, go) = waiting();
    let served = Served::start(config, router).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n";
    stream.write_all(request).await.unwrap();
    soon(arrived.notified()).await;
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(SHORT * 4, stream.read_to_end(&mut answer)).await;
    assert!(ended.is_err(), "closed while the request was being handled");
    go.notify_one();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.ends_with(b"done"));
}

/// Refuses: A
#[tokio::test]
async fn the_word_of_http2_inside_a_request_does_not_buy_time_for_the_next_head() {
    let mut config = plain();
    config.limits.header = SHORT;
    let served = Served::start(config, certificate_length()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 1024];
    // The first head comes in two pieces of which the second begins like HTTP/2; the next head never ends.
    stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nX: ").await.unwrap();
    tokio::time::timeout(SHORT / 5, stream.read(&mut answer)).await.unwrap_err();
    stream.write_all(b"PRI\r\n\r\n").await.unwrap();
    assert!(soon(stream.read(&mut answer)).await.unwrap() > 0);
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let closed = tokio::time::timeout(SHORT * 20, stream.read(&mut answer)).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
}

/// Refuses: A
#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let mut config = secured(ServerTls::new(first()));
    config.limits.handshake = SHORT;
    let served = Served::start(config, certificate_length()).await;
    assert_eq!(exchange(served.address, b"").await, "");
    exchange(served.address, GET).await;
    let seen = get_as(&tls_client(None), served.address, "localhost").await;
    assert!(seen.is_ok());
}

/// Refuses: A
#[tokio::test]
async fn no_more_connections_are_served_than_the_limit() {
    let mut config = plain();
    config.limits.connections = 1;
    let (router, arrived, go) = waiting();
    let served = Served::start(config, router).await;
    let ask = |address| async move {
        exchange(address, b"GET /wait HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await
    };
    let one = tokio::spawn(ask(served.address));
    let other = tokio::spawn(ask(served.address));
    soon(arrived.notified()).await;
    let second = tokio::time::timeout(SHORT, arrived.notified()).await;
    assert!(second.is_err(), "two were served at a time");
    go.notify_one();
    soon(arrived.notified()).await;
    go.notify_one();
    assert!(soon(one).await.unwrap().ends_with("done"));
    assert!(soon(other).await.unwrap().ends_with("done"));
}

#[tokio::test]
async fn a_stop_lets_requests_under_way_finish() {
    let (router, arrived, go) = waiting();
    let served = Served::start(plain(), router).await;
    let client = client::build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    let asked = tokio::spawn(client.get(served.url("http", "/wait")).send());
    soon(arrived.notified()).await;
    served.stop.cancel();
    go.notify_one();
    let answer = soon(asked).await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "done");
    let address = served.address;
    assert_eq!(served.stopped().await.cut, 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_stop_has_a_deadline() {
    let mut config = plain();
    config.limits.drain = SHORT;
    let (router, arrived, _go) = waiting();
    let served = Served::start(config, router).await;
    let client = client::build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    let asked = tokio::spawn(client.get(served.url("http", "/wait")).send());
    soon(arrived.notified()).await;
    assert_eq!(served.stopped().await.cut, 1);
    assert!(soon(asked).await.unwrap().is_err());
}

/// Refuses: A
#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = Served::start(plain(), certificate_length()).await;
    let long = "a".repeat(100_000);
    let request = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {long}\r\n\r\n");
    let answer = exchange(served.address, request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = "X: y\r\n".repeat(101);
    let request = format!("GET / HTTP/1.1\r\nHost: test\r\n{many}\r\n");
    let answer = exchange(served.address, request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

/// Refuses: E
#[tokio::test]
async fn a_forwarded_certificate_from_a_stranger_is_refused_with_400() {
    let header = Some(CertificateHeader::Rfc9440);
    let config = ListenConfig {
        proxies: TrustedProxies::new(vec!["192.0.2.0/24".parse().unwrap()], header),
        ..plain()
    };
    let served = Served::start(config, certificate_length()).await;
    let request = b"GET / HTTP/1.1\r\nHost: test\r\nClient-Cert: :AAAA:\r\nConnection: close\r\n\r\n";
    let answer = exchange(served.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer = exchange(served.address, GET).await;
    assert!(answer.ends_with("shown 0"), "{answer}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let served = Served::start(plain(), certificate_length()).await;
    let again = super::Listener::bind(ListenConfig::plain(served.address)).await;
    let words = again.unwrap_err().to_string();
    assert!(words.contains(&served.address.to_string()), "{words}");
}
