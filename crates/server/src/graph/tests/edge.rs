//! Health, metrics, limits, and a stop that lets requests end.

use http::Method;

use super::world::{D, with_limits, world};
use crate::ServerLimits;

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
}

#[tokio::test]
async fn a_full_house_answers_503_and_when_to_come_back() {
    let world = with_limits(ServerLimits { api_requests: 1, ..ServerLimits::default() }).await;
    // Held open: the head promises a body that does not come.
    let mut held = std::net::TcpStream::connect(world.running.api_addr).unwrap();
    let head = format!(
        "POST {D} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
        world.token
    );
    std::io::Write::write_all(&mut held, head.as_bytes()).unwrap();
    let refused = loop {
        let reply = world.get(D).await;
        if reply.status.as_u16() != 200 {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.code(), "ServiceUnavailable");
    assert_eq!(refused.headers["retry-after"], "1");
    drop(held);
}

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
    let reply = world.http.post(url).header("authorization", bearer).body(vec![0xff, 0xfe, 0x00]).send().await.unwrap();
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
