use bytes::Bytes;
use http::{Request, Response};
use muster_practice::Practice;
use muster_practice::apns::{DeviceToken, PushRules};
use muster_practice::apple::PlannedAnswer;
use net::client::{Http2Client, Http2Options};
use net::{Identity, TrustAnchors};
use pki::key::{EcKey, SigningKey};
use pki::x509::{Certificate, CertificateRequest, IssuePolicy, Name, Usage, Validity, self_signed};
use serde_json::{Value, json};

use crate::client::{Answer, KEY, START, rehearsal, rehearsal_with};

/// Who pushes: a client with a push certificate, and its topic.
struct Pusher {
    client: Http2Client,
    topic: String,
}

fn pusher(practice: &Practice) -> Pusher {
    let key = SigningKey::from(KEY.clone());
    let csr = CertificateRequest::create(&key, &Name::of("push"), None).unwrap().to_pem();
    let pem = practice.push_certificate(csr.as_bytes(), "it@example.com", None).unwrap();
    let topic = Certificate::from_pem(&pem).unwrap().user_id().unwrap();
    let identity = Identity::from_pem(pem.as_bytes(), key.to_pem().as_bytes()).unwrap();
    Pusher { client: client(practice, Some(identity)), topic }
}

fn client(practice: &Practice, identity: Option<Identity>) -> Http2Client {
    let trust = TrustAnchors::from_der([&practice.ca_cert_der]).unwrap();
    let options = Http2Options { identity, ..Http2Options::new(&practice.apns_url, trust) };
    Http2Client::new(options).unwrap()
}

fn request(practice: &Practice, token: &str, topic: &str, magic: &str) -> Request<Bytes> {
    Request::post(format!("{}/3/device/{token}", practice.apns_url))
        .header("apns-topic", topic)
        .header("apns-push-type", "mdm")
        .header("apns-priority", "10")
        .body(Bytes::from(json!({"mdm": magic}).to_string()))
        .unwrap()
}

impl Pusher {
    async fn push(&self, practice: &Practice, token: DeviceToken, magic: &str) -> Response<Bytes> {
        self.client.send(request(practice, &token.hex(), &self.topic, magic)).await.unwrap()
    }
}

fn reason(response: &Response<Bytes>) -> (u16, Value) {
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_push_reaches_the_device_that_waits_for_it() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic);
    let line = practice.push_line(token).unwrap();
    let response = pusher.push(practice, token, "MAGIC").await;
    assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
    assert!(response.headers().contains_key("apns-id"));
    assert_eq!(line.next().await.magic, "MAGIC");
}

#[tokio::test]
async fn a_device_outside_the_process_polls() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let register = rehearsal.http.post(&practice.push_url).json(&json!({"topic": pusher.topic}));
    let token = Answer::of(register).await.json()["token"].as_str().unwrap().to_owned();
    let url = format!("{}/{token}", practice.push_url);
    assert_eq!(Answer::of(rehearsal.http.get(format!("{url}?timeout_s=0"))).await.status, 204);
    let poll = tokio::spawn(Answer::of(rehearsal.http.get(&url)));
    let device = DeviceToken::from_hex(&token).unwrap();
    pusher.push(practice, device, "MAGIC").await;
    assert_eq!(poll.await.unwrap().json(), json!({"mdm": "MAGIC"}));
    assert_eq!(Answer::of(rehearsal.http.delete(&url)).await.status, 204);
    let gone = pusher.push(practice, device, "MAGIC").await;
    assert_eq!(reason(&gone), (410, json!({"reason": "Unregistered", "timestamp": START * 1_000})));
}

#[tokio::test]
async fn each_wrong_address_has_its_reason() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let (pusher, other) = (pusher(practice), pusher(practice));
    let token = practice.registry().register(&other.topic);
    let unknown = pusher.push(practice, DeviceToken([7; 32]), "M").await;
    assert_eq!(reason(&unknown), (400, json!({"reason": "BadDeviceToken"})));
    let foreign = pusher.push(practice, token, "M").await;
    assert_eq!(reason(&foreign), (400, json!({"reason": "DeviceTokenNotForTopic"})));
    let disallowed = pusher.client.send(request(practice, &token.hex(), &other.topic, "M")).await.unwrap();
    assert_eq!(reason(&disallowed), (400, json!({"reason": "TopicDisallowed"})));
    let get = Request::get(format!("{}/3/device/x", practice.apns_url)).body(Bytes::new()).unwrap();
    assert_eq!(reason(&pusher.client.send(get).await.unwrap()), (405, json!({"reason": "MethodNotAllowed"})));
    let path = Request::post(format!("{}/4/device/x", practice.apns_url)).body(Bytes::new()).unwrap();
    assert_eq!(reason(&pusher.client.send(path).await.unwrap()), (404, json!({"reason": "BadPath"})));
    let large = request(practice, &token.hex(), &pusher.topic, &"x".repeat(5_000));
    assert_eq!(
        reason(&pusher.client.send(large).await.unwrap()),
        (413, json!({"reason": "PayloadTooLarge"}))
    );
}

#[tokio::test]
async fn without_a_certificate_of_the_push_authority_nobody_pushes() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic).hex();
    let send = async |identity: Option<Identity>| {
        let client = client(practice, identity);
        reason(&client.send(request(practice, &token, &pusher.topic, "M")).await.unwrap())
    };
    assert_eq!(send(None).await, (403, json!({"reason": "MissingProviderToken"})));
    let key = SigningKey::from(EcKey::generate().unwrap());
    let name = Name::of("forged").user_id(&pusher.topic);
    let policy = IssuePolicy::new(name, Validity::days(START, 365), Usage::ClientIdentity);
    let forged = self_signed(&key, &policy).unwrap();
    let forged = Identity::from_der(vec![forged.der().to_vec()], &key.to_pkcs8()).unwrap();
    assert_eq!(send(Some(forged)).await, (403, json!({"reason": "BadCertificate"})));
}

#[tokio::test]
async fn a_push_certificate_ends_after_a_year() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic);
    rehearsal.advance(365 * 86_400 + 1);
    let response = pusher.push(practice, token, "M").await;
    assert_eq!(reason(&response), (403, json!({"reason": "BadCertificate"})));
}

#[tokio::test]
async fn too_many_pushes_to_one_device_are_refused() {
    let rules = PushRules { per_device_per_minute: 1 };
    let rehearsal = rehearsal_with(|config| config.push = rules).await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic);
    assert_eq!(pusher.push(practice, token, "M").await.status().as_u16(), 200);
    let refused = pusher.push(practice, token, "M").await;
    assert_eq!(reason(&refused), (429, json!({"reason": "TooManyRequests"})));
}

#[tokio::test]
async fn the_push_service_goes_away_on_demand_and_comes_back_at_the_same_address() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic);
    assert_eq!(pusher.push(practice, token, "one").await.status().as_u16(), 200);
    practice.push_go_away().await.unwrap();
    assert_eq!(pusher.push(practice, token, "two").await.status().as_u16(), 200);
    assert_eq!(pusher.client.connections().await, 2);
    assert_eq!(practice.push_line(token).unwrap().try_next().unwrap().magic, "two");
}

#[tokio::test]
async fn planned_answers_carry_apples_reason() {
    let rehearsal = rehearsal().await;
    let practice = &rehearsal.practice;
    let pusher = pusher(practice);
    let token = practice.registry().register(&pusher.topic);
    let planned = PlannedAnswer::new(503, "ServiceUnavailable").retry_after("3");
    practice.world().faults().plan("POST /3/device", 1, planned);
    let refused = pusher.push(practice, token, "M").await;
    assert_eq!(reason(&refused), (503, json!({"reason": "ServiceUnavailable"})));
    assert_eq!(refused.headers()["retry-after"], "3");
    assert_eq!(pusher.push(practice, token, "M").await.status().as_u16(), 200);
}

#[tokio::test]
async fn practice_stops_though_a_device_waits() {
    let rehearsal = rehearsal().await;
    let topic = "com.apple.mgmt.External.x";
    let token = rehearsal.practice.registry().register(topic).hex();
    let url = format!("{}/{token}", rehearsal.practice.push_url);
    let poll = tokio::spawn(rehearsal.http.get(url).send());
    rehearsal.practice.stop().await;
    poll.await.unwrap().err();
}
