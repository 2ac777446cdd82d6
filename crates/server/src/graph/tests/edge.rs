//! Health, metrics, limits, and a stop that lets requests end.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use net::{ListenConfig, Listener, PeerAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use super::world::{D, with_limits, world};
use crate::edge::{Edge, Side, around, told};
use crate::{Server, ServerConfig, ServerLimits};

/// Nothing of the devices' side is ever 401 (apple.md 3.3), and neither side answers for the other.
#[tokio::test]
async fn devices_have_a_listener_of_their_own_that_knows_no_api() {
    let world = world().await;
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = || async { Listener::bind(ListenConfig::plain(bind)).await.unwrap() };
    let config = ServerConfig {
        app: world.app.clone(),
        api: listen().await,
        device: Some(listen().await),
        health: None,
        limits: ServerLimits::default(),
        metrics_from: Vec::new(),
    };
    let running = Server::start(config).await.unwrap();
    assert_ne!(running.api_addr, running.device_addr);
    let device = format!("http://{}", running.device_addr);
    for path in [D, "/default/oauth2/v2.0/token", "/metrics", "/readyz", "/"] {
        let reply = world.get(&format!("{device}{path}")).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
    }
    world.get(&format!("{device}/healthz")).await.expect(200);
    for path in ["/t/default/enroll/secret", "/t/default/mdm", "/t/default/scep", "/t/nobody/checkin"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let reply = world.call(method.clone(), &format!("{device}{path}"), "x".into()).await;
            assert_ne!(reply.status.as_u16(), 401, "{method} {path}");
            assert!(reply.headers.contains_key("request-id"));
        }
    }
    let api = format!("http://{}", running.api_addr);
    // On the API's side the path is nobody's; still it is never 401, whoever asks.
    world.get(&format!("{api}/t/default/mdm")).await.expect(404);
    running.stop().await;
}

/// A proxy that sends devices to the API's port must not cost their enrolments, nor write their secrets into the log.
#[tokio::test]
async fn a_device_that_comes_to_the_api_hears_no_401_and_leaves_no_secret() {
    let world = world().await;
    for path in
        ["/t/default/mdm", "/t/default/checkin", "/T/default/enroll/secret/", "//t/default/connect", "/t"]
    {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let status = world.send(method, path, &[], "x".into()).await.status;
            assert!(matches!(status.as_u16(), 400 | 403 | 404 | 405), "{path}: {status}");
        }
    }
    for path in ["/t/default/enroll/hushed", "/T/default/enroll/hushed/", "//t/default/enroll/hushed"] {
        assert_eq!(told(path), "/t/…", "as the log has it");
    }
    assert_eq!(told("/beta/tenants"), "/beta/tenants");
}

#[tokio::test]
async fn a_handler_that_panics_or_never_ends_is_answered_on_either_side() {
    let world = world().await;
    let panics = || async {
        let nothing: Option<&'static str> = std::hint::black_box(None);
        nothing.expect("a secret word")
    };
    let routes =
        Router::new().route("/panic", get(panics)).route("/never", get(std::future::pending::<&'static str>));
    for (side, panicked, ended) in [(Side::Api, 500, 504), (Side::Device, 503, 503)] {
        let edge = Edge::new(&world.app, side, Duration::from_millis(10));
        let routes = routes.clone().layer(from_fn_with_state(edge, around));
        for (path, status) in [("/panic", panicked), ("/never", ended)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = routes.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{path}");
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("secret"));
        }
    }
}

#[tokio::test]
async fn health_and_metrics_need_no_token_and_tell_no_secret() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    world.get(&format!("{D}/{token}?$filter=")).await;
    assert_eq!(world.send(Method::GET, "/healthz", &[], String::new()).await.expect(200).text, "ok");
    world.send(Method::GET, "/readyz", &[], String::new()).await.expect(200);
    let metrics = world.send(Method::GET, "/metrics", &[], String::new()).await.expect(200);
    assert!(metrics.text.contains("muster_http_requests_total"), "{}", metrics.text);
    assert!(metrics.text.contains("deviceManagement/depOnboardingSettings/{token}"), "{}", metrics.text);
    assert!(!metrics.text.contains(&token), "a path's ids are no labels");
    assert!(metrics.text.contains("muster_loop_turns_total"));
    // A proxy on this computer that nobody named speaks for the whole world.
    for header in ["x-forwarded-for", "forwarded", "via"] {
        world.send(Method::GET, "/metrics", &[(header, "192.0.2.1")], String::new()).await.expect(403);
    }
}

#[tokio::test]
async fn a_full_house_answers_503_and_when_to_come_back_and_health_all_the_same() {
    let world = with_limits(ServerLimits { api_requests: 1, ..ServerLimits::default() }).await;
    // Held open: the head promises a body that comes later.
    let mut held = std::net::TcpStream::connect(world.running.api_addr).unwrap();
    let body = "{\"tokenName\":\"Office\",\"dataSharingConsentGranted\":true}";
    let head = format!(
        "POST {D} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        world.token,
        body.len()
    );
    std::io::Write::write_all(&mut held, head.as_bytes()).unwrap();
    let refused = loop {
        let reply = world.get(D).await;
        if reply.status.as_u16() != 200 {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.status.as_u16(), 503);
    assert_eq!(refused.code(), "ServiceUnavailable");
    assert_eq!(refused.headers["retry-after"], "1");

    world.get("/healthz").await.expect(200);
    world.get("/readyz").await.expect(200);
    let metrics = world.get("/metrics").await.expect(200).text;
    assert!(metrics.contains("muster_http_requests_in_flight{side=\"api\"} 1"), "{metrics}");
    assert!(metrics.contains("muster_http_refused_total{side=\"api\"}"), "{metrics}");

    std::io::Write::write_all(&mut held, body.as_bytes()).unwrap();
    let inside = tokio::task::spawn_blocking(move || std::io::read_to_string(held).unwrap()).await.unwrap();
    assert!(inside.starts_with("HTTP/1.1 201"), "who was inside gets the answer: {inside}");
    world.get(D).await.expect(200);
}

/// As devices are told: 503, when to come back, and nothing else.
#[tokio::test]
async fn a_device_that_finds_the_house_full_is_told_when_to_come_back() {
    let world = world().await;
    let edge = Edge::new(&world.app, Side::Device, Duration::from_secs(1));
    let edge = edge.with_places(0, ServerLimits::default().shares(0));
    let routes = Router::new().route("/x", get(|| async { "in" })).layer(from_fn_with_state(edge, around));
    let response = routes.oneshot(Request::get("/x").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "10");
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_why_in_one_line() {
    let world = world().await;
    let ready = async || world.get("/readyz").await;
    ready().await.expect(200);
    // A loop that hangs in a turn.
    let stop = net::CancellationToken::new();
    let hanging = |_| std::future::pending::<app::Result<domain::Time>>();
    let looping = tokio::spawn(app::loops::drive(world.app.clone(), app::Work::Sync, stop.clone(), hanging));
    while !world.app.status(app::Work::Sync).busy {
        tokio::task::yield_now().await;
    }
    ready().await.expect(200);
    world.clock.advance(Duration::from_secs(2 * 60 * 60));
    let stuck = ready().await.expect(503).text;
    assert!(
        stuck.starts_with("not ready: the work loop sync has been busy") && stuck.lines().count() == 1,
        "{stuck}"
    );
    looping.abort();

    world.running.announce_stop();
    assert_eq!(ready().await.expect(503).text.trim(), "not ready: the server is stopping");
    world.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_server_that_may_not_work_with_its_database_any_more_is_not_ready() {
    let world = world().await;
    let now = world.app.now();
    let rotating = world.app.store.transact(move |tx| {
        let minute = Duration::from_secs(60);
        Box::pin(async move { store::lease::try_acquire(tx, "rotation", "another key", now, minute).await })
    });
    assert!(rotating.await.unwrap());
    world.get("/readyz").await.expect(200);
    app::loops::node::turn(world.app.clone()).await.unwrap();
    let told = world.get("/readyz").await.expect(503).text;
    assert!(told.starts_with("not ready: the seal key of this database is being changed"), "{told}");
}

/// Refuses: A
/// Whoever asks for readiness makes no work: it is told from memory, whatever the database does just now.
#[tokio::test]
async fn readiness_is_told_without_asking_the_database() {
    let world = world().await;
    world.app.store.close().await;
    assert_eq!(world.get("/readyz").await.expect(200).text, "ready");
}

/// Refuses: A
#[tokio::test]
async fn an_answer_about_health_ends_its_connection() {
    let world = world().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let mut stream = tokio::net::TcpStream::connect(world.running.api_addr).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "not after a minute at rest: {answer}");
    }
}

/// Refuses: A
/// Strangers may have every connection of the public listeners: whoever decides over a restart is answered all the same.
#[tokio::test]
async fn health_has_a_listener_of_its_own_if_wished_and_the_public_ones_tell_no_numbers() {
    let world = world().await;
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut full = ListenConfig::plain(bind);
    full.limits.connections = 1;
    let config = ServerConfig {
        app: world.app.clone(),
        api: Listener::bind(full).await.unwrap(),
        device: None,
        health: Some(Listener::bind(ListenConfig::plain(bind)).await.unwrap()),
        limits: ServerLimits::default(),
        metrics_from: Vec::new(),
    };
    let running = Server::start(config).await.unwrap();
    let api = format!("http://{}", running.api_addr);
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 400)] {
        world.get(&format!("{api}{path}")).await.expect(status);
    }
    let mut stranger = tokio::net::TcpStream::connect(running.api_addr).await.unwrap();
    stranger.write_all(b"GET /").await.unwrap();
    let own = format!("http://{}", running.health_addr.unwrap());
    for path in ["/healthz", "/readyz", "/metrics"] {
        world.get(&format!("{own}{path}")).await.expect(200);
    }
    world.get(&format!("{own}{D}")).await.expect(404);
    drop(stranger);
    running.stop().await;
}

#[tokio::test]
async fn every_metric_that_is_told_is_in_the_table_with_its_labels() {
    let world = world().await;
    world.new_token("Office", true).await;
    let page = world.get("/metrics").await.expect(200).text;
    crate::metrics::tests::holds_to_the_table(&page);
    for name in
        ["muster_build_info", "muster_database_bytes", "muster_alerts", "process_resident_memory_bytes"]
    {
        assert!(crate::metrics::tests::told(&page).contains_key(name), "{name}: {page}");
    }
}

/// Refuses: A
#[tokio::test]
async fn a_body_that_is_too_large_is_413_and_one_that_is_no_text_400() {
    let world = world().await;
    let large = format!("{{\"tokenName\":\"{}\"}}", "x".repeat(5 << 20));
    let reply = world.call(Method::POST, D, large).await.expect(413);
    assert_eq!(reply.code(), "RequestEntityTooLarge");
    let deep = "[".repeat(100_000);
    world.call(Method::POST, D, format!("{{\"a\":{deep}")).await.expect(400);
    let bearer = format!("Bearer {}", world.token);
    let url = format!("{}{D}", world.base);
    let reply = world
        .http
        .post(url)
        .header("authorization", bearer)
        .body(vec![0xff, 0xfe, 0x00])
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status().as_u16(), 400);
}

#[tokio::test]
async fn a_stopped_server_answers_no_more_and_cuts_nobody() {
    let world = world().await;
    world.get(D).await.expect(200);
    let address = world.running.api_addr;
    assert!(world.folder().exists());
    drop(world.http);
    assert_eq!(world.running.stop().await, 0);
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// Sends a head and then the same chunk until the other side has had enough; what it answered, and how much it took.
async fn chunked(address: SocketAddr, head: &str) -> (String, usize) {
    let (mut read, mut write) = tokio::net::TcpStream::connect(address).await.unwrap().into_split();
    write.write_all(head.as_bytes()).await.unwrap();
    let answer = tokio::spawn(async move {
        let mut answer = Vec::new();
        let _ = read.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    });
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut taken = 0;
    while taken < 64 << 20 && write.write_all(chunk.as_bytes()).await.is_ok() {
        taken += chunk.len();
    }
    (answer.await.unwrap(), taken)
}

/// Refuses: A
#[tokio::test]
async fn a_body_in_chunks_ends_at_the_same_limit() {
    let world = world().await;
    let address = world.running.api_addr;
    let bearer = format!("Authorization: Bearer {}\r\n", world.token);
    for (path, bearer) in [
        (D, bearer.as_str()),
        ("/t/default/mdm", ""),
        ("/t/default/enroll/secret", ""),
        ("/t/default/scep?operation=PKIOperation", ""),
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{bearer}Transfer-Encoding: chunked\r\n\r\n");
        let (answer, taken) = chunked(address, &head).await;
        assert!(taken < 64 << 20, "{path} took all of it");
        let refused = ["HTTP/1.1 413", "HTTP/1.1 404"].iter().any(|line| answer.starts_with(line));
        assert!(refused || answer.is_empty(), "{path}: {answer}");
    }
    world.get(D).await.expect(200);
}

/// Refuses: A
/// Ten kilobytes of gzip would be ten megabytes; they are what they are.
#[tokio::test]
async fn a_packed_body_is_never_unpacked() {
    let world = world().await;
    // A gzip member whose one block repeats itself.
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1, 0x01, 0x0d];
    packed.extend([0; 10_000]);
    for path in [D, "/t/default/mdm", "/t/default/scep?operation=PKIOperation", "/t/default/enroll/secret"] {
        let request = world.http.post(format!("{}{path}", world.base));
        let request = request.header("authorization", format!("Bearer {}", world.token));
        let reply = request.header("content-encoding", "gzip").body(packed.clone()).send().await.unwrap();
        assert!(reply.status().is_client_error(), "{path}: {}", reply.status());
    }
}

/// Refuses: A
/// Bodies that never end: whoever holds half of the places gets no more, and others still do.
#[tokio::test]
async fn one_client_cannot_take_all_places() {
    let world = world().await;
    for side in [Side::Api, Side::Device] {
        let limits =
            ServerLimits { uncounted: vec!["203.0.113.0/24".parse().unwrap()], ..ServerLimits::default() };
        let edge = Edge::new(&world.app, side, Duration::from_secs(600)).with_places(8, limits.shares(8));
        let routes = Router::new()
            .route("/never", get(std::future::pending::<&'static str>))
            .route("/now", get(|| async { "now" }))
            .layer(from_fn_with_state(edge, around));
        let ask = |path: &str, from: &str| {
            let mut request = Request::get(path).body(Body::empty()).unwrap();
            request.extensions_mut().insert(PeerAddr(from.parse().unwrap()));
            Box::pin(routes.clone().oneshot(request))
        };
        let mut held = [ask("/never", "198.51.100.7:1"), ask("/never", "198.51.100.7:2")];
        for held in &mut held {
            assert!(futures_util::poll!(held).is_pending());
        }
        let refused = ask("/now", "198.51.100.7:3").await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(ask("/now", "198.51.100.8:1").await.unwrap().status(), StatusCode::OK);
        let mut many = [1, 2, 3].map(|port| ask("/never", &format!("203.0.113.7:{port}")));
        for one in &mut many {
            assert!(futures_util::poll!(one).is_pending(), "a balancer stands for many");
        }
        drop(held);
        assert_eq!(ask("/now", "198.51.100.7:4").await.unwrap().status(), StatusCode::OK);
    }
}
