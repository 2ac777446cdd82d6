use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{Request, StatusCode};
use rstest::rstest;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{ClientOptions, Http2Client, Http2Options, Proxy, build, from_reqwest, read_body};
use crate::listen::{ListenConfig, ServerTls};
use crate::testing::{Served, authority, device, first, loopback, plain, secured, soon, telling};
use crate::{NetError, PeerCertificates, TrustAnchors};

fn ask(path: &str) -> Request<Bytes> {
    Request::post(path).body(Bytes::from_static(b"{}")).unwrap()
}

fn hello() -> Router {
    telling(|head| format!("{:?} {}", head.version, head.uri.path()))
}

fn http2(served: &Served, scheme: &str) -> Http2Client {
    Http2Client::new(Http2Options {
        identity: Some(device()),
        ..Http2Options::new(served.url(scheme, ""), authority())
    })
    .unwrap()
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_believed() {
    let served = Served::start(secured(ServerTls::new(first())), hello()).await;
    let nobody = TrustAnchors::from_der::<Vec<u8>>([]).unwrap();
    let client = build(&ClientOptions::new(nobody.clone(), "Test/1")).unwrap();
    let error = client.get(served.url("https", "/")).send().await.unwrap_err();
    assert!(matches!(from_reqwest(&error), NetError::Connect { .. }));
    let held = Http2Client::new(Http2Options::new(served.url("https", ""), nobody)).unwrap();
    let error = held.send(ask("/")).await.unwrap_err();
    assert!(matches!(error, NetError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let router =
        Router::new().route("/", get(|| async { axum::response::Redirect::temporary("http://192.0.2.1/") }));
    let served = Served::start(plain(), router).await;
    let client = build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    let answer = client.get(served.url("http", "/")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let served = Served::start(plain(), telling(|_| "x".repeat(1000))).await;
    let client = build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    for (limit, fits) in [(1000, true), (999, false)] {
        let answer = client.get(served.url("http", "/")).send().await.unwrap();
        assert_eq!(read_body(answer, limit).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn loopback_is_never_reached_by_a_proxy() {
    let served = Served::start(plain(), hello()).await;
    let mut options = ClientOptions::new(authority(), "Test/1");
    options.proxy = Proxy::Via { url: "http://192.0.2.1:3128".to_owned(), except: String::new() };
    let client = build(&options).unwrap();
    let answer = soon(client.get(served.url("http", "/")).send()).await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn other_hosts_are_reached_by_the_proxy_but_for_the_exceptions() {
    let proxy = Served::start(plain(), telling(|head| head.uri.to_string())).await;
    let mut options = ClientOptions::new(authority(), "Test/1");
    options.proxy = Proxy::Via { url: proxy.url("http", ""), except: "direct.invalid".to_owned() };
    let client = build(&options).unwrap();
    let answer = soon(client.get("http://apple.invalid/session").send()).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "http://apple.invalid/session");
    // No such name exists, and nobody is asked for it.
    let error = soon(client.get("http://direct.invalid/").send()).await.unwrap_err();
    assert!(matches!(from_reqwest(&error), NetError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn an_error_does_not_tell_the_url() {
    let client = build(&ClientOptions::new(authority(), "Test/1")).unwrap();
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client.get(format!("http://{address}/secret")).send().await;
    let words = from_reqwest(&error.unwrap_err()).to_string();
    assert!(!words.contains("secret"), "{words}");
}

#[tokio::test]
async fn one_connection_carries_all_requests_and_our_certificate() {
    let router = telling(|head| {
        let shown = head.extensions.get::<PeerCertificates>();
        format!("{:?} {}", head.version, shown.is_some())
    });
    let tls = ServerTls::new(first()).asking_for_certificates();
    let served = Served::start(secured(tls), router).await;
    let client = http2(&served, "https");
    for _ in 0..5 {
        let answer = client.send(ask("/3/device/00")).await.unwrap();
        assert_eq!(answer.body(), "HTTP/2.0 true");
    }
    assert_eq!(client.connections().await, 1);
}

#[tokio::test]
async fn a_connection_told_to_go_away_is_made_anew() {
    let served = Served::start(plain(), hello()).await;
    let client = http2(&served, "http");
    client.send(ask("/one")).await.unwrap();
    let address = served.address;
    served.stopped().await;
    let again = Served::start(ListenConfig::plain(address), hello()).await;
    let answer = client.send(ask("/two")).await.unwrap();
    assert_eq!(answer.body(), "HTTP/2.0 /two");
    assert_eq!(client.connections().await, 2);
    drop(again);
}

/// Accepts `broken` connections that end in the middle of a request, and then good ones. Tells how many came.
async fn breaking(broken: usize) -> (String, Arc<AtomicUsize>) {
    let good = Served::start(plain(), hello()).await;
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let (base, came) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            if count.fetch_add(1, Ordering::SeqCst) < broken {
                let _ = client.read(&mut [0; 1024]).await;
                continue;
            }
            let mut server = tokio::net::TcpStream::connect(good.address).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (base, came)
}

#[rstest]
#[case::once(1, true)]
#[case::for_ever(usize::MAX, false)]
#[tokio::test]
async fn a_request_whose_connection_breaks_is_sent_once_more_and_not_again(
    #[case] broken: usize,
    #[case] answered: bool,
) {
    let (base, came) = breaking(broken).await;
    let client = Http2Client::new(Http2Options::new(base, authority())).unwrap();
    let sent = soon(client.send(ask("/"))).await;
    assert_eq!((sent.is_ok(), came.load(Ordering::SeqCst)), (answered, 2), "{sent:?}");
}

/// The second bound is the server's own SETTINGS.
#[rstest]
#[case::ours(3, 100, 3)]
#[case::theirs(100, 2, 2)]
#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed(
    #[case] ours: usize,
    #[case] theirs: u32,
    #[case] most: usize,
) {
    let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().route(
        "/",
        post({
            let peak = peak.clone();
            move || async move {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
            }
        }),
    );
    let mut config = plain();
    config.limits.streams = theirs;
    let served = Served::start(config, router).await;
    let mut options = Http2Options::new(served.url("http", ""), authority());
    options.streams = ours;
    let client = Arc::new(Http2Client::new(options).unwrap());
    // The server's SETTINGS come with its first answer.
    client.send(ask("/")).await.unwrap();
    let sends: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.send(ask("/")).await })
        })
        .collect();
    for send in sends {
        assert_eq!(soon(send).await.unwrap().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(peak.load(Ordering::SeqCst), most);
    assert_eq!(client.connections().await, 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_in_time() {
    let router = Router::new().route("/", post(std::future::pending::<()>));
    let mut config = plain();
    config.limits.drain = Duration::from_millis(10);
    let served = Served::start(config, router).await;
    let mut options = Http2Options::new(served.url("http", ""), authority());
    options.timeout = Duration::from_millis(50);
    let client = Http2Client::new(options).unwrap();
    let error = soon(client.send(ask("/"))).await.unwrap_err();
    assert!(matches!(error, NetError::Timeout(_)), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_refused() {
    let served = Served::start(plain(), telling(|_| "x".repeat(1000))).await;
    let mut options = Http2Options::new(served.url("http", ""), authority());
    options.body_limit = 999;
    let client = Http2Client::new(options).unwrap();
    let error = client.send(ask("/")).await.unwrap_err();
    assert!(matches!(error, NetError::BodyTooLarge(999)), "{error}");
}

/// A hundred pushes to a host that hangs must not time out one after the other.
#[tokio::test]
async fn those_who_wait_for_a_connection_share_its_failure() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let mut options = Http2Options::new(base, authority());
    options.connect_timeout = Duration::from_millis(200);
    let client = Arc::new(Http2Client::new(options).unwrap());
    let began = std::time::Instant::now();
    let sends: Vec<_> = (0..50)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.send(ask("/")).await })
        })
        .collect();
    for send in sends {
        let error = soon(send).await.unwrap().unwrap_err();
        assert!(matches!(error, NetError::Connect { .. }), "{error}");
    }
    assert!(began.elapsed() < Duration::from_millis(200 * 25));
}

#[rstest]
#[case("ftp://host")]
#[case("https://host/path")]
#[case("/path")]
#[case("https://")]
#[case("")]
fn a_base_that_is_no_host_is_refused(#[case] base: &str) {
    let refused = Http2Client::new(Http2Options::new(base, authority()));
    assert!(matches!(refused, Err(NetError::Url(_))), "{base}");
}

/// A TLS server that refuses every client certificate that it has not issued, on whatever port is free.
async fn refusing(protocol: &'static rustls::SupportedProtocolVersion) -> String {
    let config = crate::testing::refusing_server(protocol);
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let _ = acceptor.accept(tcp).await;
        }
    });
    base
}

/// With TLS 1.3 the client believes that the handshake is over by the time it is refused.
#[rstest]
#[case::before_the_end(&rustls::version::TLS12)]
#[case::after_it(&rustls::version::TLS13)]
#[tokio::test]
async fn a_refused_certificate_is_told_from_a_host_that_is_away(
    #[case] protocol: &'static rustls::SupportedProtocolVersion,
) {
    let mut options = Http2Options::new(refusing(protocol).await, authority());
    options.identity = Some(device());
    let client = Http2Client::new(options).unwrap();
    let error = soon(client.send(ask("/"))).await.unwrap_err();
    assert!(matches!(error, NetError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_host_without_http2_is_refused() {
    let config = crate::testing::http1_server();
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let _ = tokio_rustls::TlsAcceptor::from(config).accept(tcp).await;
    });
    let client = Http2Client::new(Http2Options::new(base, authority())).unwrap();
    let error = soon(client.send(ask("/"))).await.unwrap_err();
    assert!(matches!(error, NetError::NotHttp2(_) | NetError::Connect { .. }), "{error}");
}
