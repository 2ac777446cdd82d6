//! Waking devices, against a pretend APNs that speaks HTTP/2 and asks for the push certificate.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::app::loops;
use ::app::managed_device::{Action, act};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::post;
use domain::profile::ProfileSettings;
use http::{HeaderMap, StatusCode};
use net::{CancellationToken, Identity, ListenConfig, Listener, ServerTls};
use pki::x509::{IssuePolicy, Name, Usage};

use super::pretend::{ALWAYS, House, Pad, START, TOPIC, authority, key};

/// One push: token in hex, topic and body.
type Sent = (String, String, Vec<u8>);

/// What it was sent, and what it answers.
#[derive(Clone, Default)]
struct Apns {
    heard: Arc<Mutex<Vec<Sent>>>,
    says: Arc<Mutex<Option<(StatusCode, String)>>>,
}

impl Apns {
    /// Listens, and makes the house push to it.
    async fn of(house: &House) -> Apns {
        let apns = Apns::default();
        let ca = authority("Pretend APNs CA", 2);
        let policy = IssuePolicy::new(Name::of("localhost"), ALWAYS, Usage::TlsServer);
        let certificate = ca.issue(&policy.with_san(["localhost".into()]), key(1).public_key()).unwrap();
        let identity = Identity::from_der(vec![certificate.der().to_vec()], &key(1).to_pkcs8()).unwrap();
        let tls = ServerTls::new(identity).asking_for_certificates();
        let listener = Listener::bind(ListenConfig::tls("127.0.0.1:0".parse().unwrap(), tls)).await.unwrap();
        house.use_apns(format!("https://localhost:{}", listener.local_addr().port()), ca.certificate()).await;
        let router = Router::new().route("/3/device/{token}", post(take)).with_state(apns.clone());
        tokio::spawn(listener.serve(router, CancellationToken::new()));
        apns
    }

    fn says(&self, status: StatusCode, body: &str) {
        *self.says.lock().unwrap() = Some((status, body.to_owned()));
    }

    fn pushes(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

async fn take(
    State(apns): State<Apns>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let topic = headers["apns-topic"].to_str().unwrap().to_owned();
    apns.heard.lock().unwrap().push((token, topic, body.to_vec()));
    apns.says.lock().unwrap().clone().unwrap_or((StatusCode::OK, String::new()))
}

async fn enrolled() -> (House, Pad, Apns) {
    let house = House::ready(ProfileSettings::default()).await;
    let apns = Apns::of(&house).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    pad.obey(&house).await;
    (house, pad, apns)
}

async fn turn(house: &House) {
    loops::push::turn(house.app.clone()).await.unwrap();
}

async fn order(house: &House) {
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::SyncDevice).await.unwrap();
}

#[tokio::test]
async fn a_device_is_woken_once_for_all_that_waits_and_not_when_nothing_does() {
    let (house, pad, apns) = enrolled().await;
    turn(&house).await;
    assert_eq!(apns.pushes(), 0, "nothing waits");
    order(&house).await;
    order(&house).await;
    turn(&house).await;
    turn(&house).await;
    let heard = apns.heard.lock().unwrap().clone();
    assert_eq!(heard, [("09".repeat(32), TOPIC.to_owned(), br#"{"mdm":"MAGIC"}"#.to_vec())]);
    pad.obey(&house).await;
    house.pass(Duration::from_secs(3 * 86_400));
    turn(&house).await;
    assert_eq!(apns.pushes(), 1, "it has done everything");
}

#[tokio::test]
async fn a_silent_device_is_woken_again_ever_more_rarely() {
    let (house, _, apns) = enrolled().await;
    order(&house).await;
    turn(&house).await;
    for (minutes, pushes) in [(1, 2), (1, 2), (1, 3), (4, 4)] {
        house.pass(Duration::from_secs(minutes * 60));
        turn(&house).await;
        assert_eq!(apns.pushes(), pushes, "{minutes}");
    }
    house.pass(Duration::from_secs(86_400));
    turn(&house).await;
    assert_eq!(apns.pushes(), 5);
}

#[tokio::test]
async fn a_device_that_apns_calls_gone_is_tried_once_a_day_until_it_sends_a_new_token() {
    let (house, pad, apns) = enrolled().await;
    order(&house).await;
    apns.says(StatusCode::GONE, r#"{"reason":"Unregistered"}"#);
    turn(&house).await;
    assert!(house.managed().await.push.unwrap().unreachable.is_some());
    house.pass(Duration::from_secs(86_399));
    turn(&house).await;
    assert_eq!(apns.pushes(), 1);
    house.pass(Duration::from_secs(1));
    turn(&house).await;
    assert_eq!(apns.pushes(), 2, "APNs may have been wrong");
    apns.says(StatusCode::OK, "");
    assert_eq!(pad.token_update(&house, false).await.status, StatusCode::OK);
    turn(&house).await;
    assert_eq!(apns.pushes(), 3, "its command still waits");
    assert_eq!(house.managed().await.push.unwrap().unreachable, None);
}

/// The timestamp rule of a 410 (apple.md 5.3).
#[tokio::test]
async fn a_death_notice_from_before_the_last_token_is_not_believed() {
    let (house, _, apns) = enrolled().await;
    order(&house).await;
    let before = (START - 60) * 1_000;
    apns.says(StatusCode::GONE, &format!(r#"{{"reason":"Unregistered","timestamp":{before}}}"#));
    turn(&house).await;
    assert_eq!(house.managed().await.push.unwrap().unreachable, None);
}

#[tokio::test]
async fn a_busy_apns_is_asked_again_later() {
    let (house, _, apns) = enrolled().await;
    order(&house).await;
    apns.says(StatusCode::SERVICE_UNAVAILABLE, r#"{"reason":"ServiceUnavailable"}"#);
    turn(&house).await;
    apns.says(StatusCode::OK, "");
    turn(&house).await;
    let before = apns.pushes();
    house.pass(Duration::from_secs(120));
    turn(&house).await;
    assert_eq!(apns.pushes(), before + 1);
}
