//! HTTP/2 clients of others push through practice Apple's push service: it behaves to them as Apple's documents say.

use muster_tests::arguments;
use muster_tests::tool::{Folder, Tool};
use pki::key::{EcKey, RsaKey, SigningKey};
use pki::x509::{CertificateRequest, IssuePolicy, Name, Usage, Validity, self_signed};
use practice::apns::DeviceToken;
use practice::{Practice, PracticeConfig};
use serde_json::{Value, json};

/// 2026-05-09T02:30:00Z
const START: i64 = 1_778_293_800;

/// Who pushes: practice Apple, and files of a push certificate, of a forged one, and of who is to be trusted.
struct Pushing {
    practice: Practice,
    folder: Folder,
    topic: String,
    port: u16,
}

impl Pushing {
    async fn start() -> Pushing {
        let clock = net::Clock::manual(START * 1_000_000);
        let practice = Practice::start(PracticeConfig { clock, ..PracticeConfig::default() }).await.unwrap();
        let folder = Folder::new();
        let key = SigningKey::from(RsaKey::generate().unwrap());
        let request = CertificateRequest::create(&key, &Name::of("push"), None).unwrap().to_pem();
        let pem = practice.push_certificate(request.as_bytes(), "it@example.com", None).unwrap();
        let topic = pki::x509::Certificate::from_pem(&pem).unwrap().user_id().unwrap();
        folder.put("push.pem", &pem);
        folder.put("push.key", key.to_pem().as_bytes());
        let key = SigningKey::from(EcKey::generate().unwrap());
        let name = Name::of("forged").user_id(&topic);
        let policy = IssuePolicy::new(name, Validity::days(START, 365), Usage::ClientIdentity);
        folder.put("forged.pem", self_signed(&key, &policy).unwrap().to_pem());
        folder.put("forged.key", key.to_pem().as_bytes());
        folder.put("ca.pem", pki::pem::encode("CERTIFICATE", &practice.ca_cert_der));
        let port = practice.apns_url.rsplit(':').next().unwrap().parse().unwrap();
        Pushing { practice, folder, topic, port }
    }

    fn push(&self, token: &str) -> Value {
        let headers = json!([
            ["apns-topic", self.topic],
            ["apns-push-type", "mdm"],
            ["apns-priority", "10"],
            ["apns-expiration", "0"],
        ]);
        let body = json!({"mdm": "MAGIC"}).to_string();
        json!({"method": "POST", "path": format!("/3/device/{token}"), "headers": headers, "body": body})
    }

    /// Sends requests over one connection by Python, as `who` (files of a certificate and its key) or as nobody.
    async fn by_python(&self, python: &Tool, who: Option<&str>, requests: &[Value]) -> Vec<Value> {
        let file = |end: &str| who.map(|who| self.folder.name(&format!("{who}.{end}")));
        let plan = json!({
            "host": "localhost",
            "port": self.port,
            "ca": self.folder.name("ca.pem"),
            "certificate": file("pem"),
            "key": file("key"),
            "requests": requests,
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers/h2_push.py");
        let said = python.run_beside(arguments![script], plan.to_string().as_bytes()).await;
        serde_json::from_slice(&said.output()).unwrap()
    }
}

fn verdict(answer: &Value) -> (u64, Value) {
    let body = answer["body"].as_str().unwrap();
    (answer["status"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn python_pushes_over_one_connection_and_hears_apples_reasons() {
    let Some(python) = Tool::python(&["h2.connection", "ssl"]) else { return };
    let pushing = Pushing::start().await;
    let registry = pushing.practice.registry();
    let (here, gone) = (registry.register(&pushing.topic), registry.register(&pushing.topic));
    let foreign = registry.register("com.apple.mgmt.External.another");
    registry.unregister(gone, pushing.practice.world().now());
    let line = pushing.practice.push_line(here).unwrap();

    let mut wrong_topic = pushing.push(&here.hex());
    wrong_topic["headers"][0][1] = json!("com.apple.mgmt.External.another");
    let mut wrong_type = pushing.push(&here.hex());
    wrong_type["headers"][1][1] = json!("alert");
    let mut read = pushing.push(&here.hex());
    (read["method"], read["body"]) = (json!("GET"), json!(""));
    let requests = [
        pushing.push(&here.hex()),
        pushing.push(&gone.hex()),
        pushing.push(&foreign.hex()),
        pushing.push(&DeviceToken([7; 32]).hex()),
        wrong_topic,
        wrong_type,
        read,
    ];
    let answers = pushing.by_python(&python, Some("push"), &requests).await;
    let reason = |word: &str| json!({"reason": word});
    let expected = [
        (200, Value::Null),
        (410, json!({"reason": "Unregistered", "timestamp": START * 1_000})),
        (400, reason("DeviceTokenNotForTopic")),
        (400, reason("BadDeviceToken")),
        (400, reason("TopicDisallowed")),
        (400, reason("InvalidPushType")),
        (405, reason("MethodNotAllowed")),
    ];
    for (answer, expected) in answers.iter().zip(&expected) {
        assert_eq!(verdict(answer), *expected);
    }
    assert_eq!(answers.len(), expected.len());
    assert!(answers[0]["headers"]["apns-id"].is_string(), "{answers:?}");
    assert_eq!(line.next().await.magic, "MAGIC");
}

#[tokio::test]
async fn python_without_a_certificate_of_the_push_authority_is_told_so() {
    let Some(python) = Tool::python(&["h2.connection", "ssl"]) else { return };
    let pushing = Pushing::start().await;
    let token = pushing.practice.registry().register(&pushing.topic);
    let push = [pushing.push(&token.hex())];
    let nobody = pushing.by_python(&python, None, &push).await;
    assert_eq!(verdict(&nobody[0]), (403, json!({"reason": "MissingProviderToken"})));
    let forged = pushing.by_python(&python, Some("forged"), &push).await;
    assert_eq!(verdict(&forged[0]), (403, json!({"reason": "BadCertificate"})));
    assert_eq!(pushing.practice.registry().accepted(token), 0);
}

#[tokio::test]
async fn nghttp_pushes_with_a_certificate_and_is_refused_without() {
    let Some(nghttp) = Tool::find("nghttp") else { return };
    let pushing = Pushing::start().await;
    let token = pushing.practice.registry().register(&pushing.topic);
    let body = pushing.folder.put("body.json", r#"{"mdm":"MAGIC"}"#);
    let url = format!("https://localhost:{}/3/device/{}", pushing.port, token.hex());
    let topic = format!("-Hapns-topic: {}", pushing.topic);
    let common =
        arguments!["-v", "-t10", "-H:method: POST", topic, "-Hapns-push-type: mdm", "-d", body].to_vec();
    let pem = ["--cert", "--key"].iter().zip(["push.pem", "push.key"]);
    let who: Vec<_> = pem.map(|(flag, file)| format!("{flag}={}", pushing.folder.name(file))).collect();
    let known = [common.clone(), who, vec![url.clone()]].concat();
    let said = nghttp.run_beside(&known, b"").await.words;
    assert!(said.contains(":status: 200") && said.contains("apns-id:"), "{said}");
    let said = nghttp.run_beside(&[common, vec![url]].concat(), b"").await.words;
    assert!(said.contains(":status: 403") && said.contains("MissingProviderToken"), "{said}");
    assert_eq!(pushing.practice.registry().accepted(token), 1);
}
