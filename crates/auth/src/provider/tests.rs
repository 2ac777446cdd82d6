use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// What a provider answers, and how often it was asked.
#[derive(Default)]
struct Asked {
    configuration: AtomicUsize,
    keys: AtomicUsize,
}

/// A provider whose answers are as the test has them; its issuer.
async fn provider(change: fn(&str) -> String) -> (String, Arc<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (asked, base) = (Arc::new(Asked::default()), issuer.clone());
    let counted = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4_096];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let body = if head.starts_with("GET /keys") {
                counted.keys.fetch_add(1, Ordering::SeqCst);
                r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#.to_owned()
            } else {
                counted.configuration.fetch_add(1, Ordering::SeqCst);
                change(&base)
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (issuer, asked)
}

fn document(issuer: &str) -> String {
    serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
    })
    .to_string()
}

fn settings(issuer: &str, private_addresses: bool) -> ProviderSettings {
    ProviderSettings {
        name: "Contoso".into(),
        tenant: "default".parse().unwrap(),
        issuer: issuer.into(),
        client_id: "muster".into(),
        client_secret: String::from("secret").into(),
        claim: "email".into(),
        allowed_domains: Vec::new(),
        private_addresses,
        anchors: TrustAnchors::from_der(Vec::<Vec<u8>>::new()).unwrap(),
    }
}

fn of(issuer: &str, clock: &Clock) -> Provider {
    Provider::new(settings(issuer, true), clock.clone(), "https://muster.example").unwrap()
}

/// Refuses: N
#[tokio::test]
async fn addresses_that_are_not_public_are_asked_only_if_the_settings_say_so() {
    let clock = Clock::manual(0);
    let open =
        |issuer: &str, private| Provider::new(settings(issuer, private), clock.clone(), "https://m.example");
    for issuer in [
        "http://127.0.0.1:8080",
        "http://localhost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://10.0.0.1/realms/x",
        "https://169.254.169.254",
        "http://idp.example",
        "file:///etc/passwd",
        "https://user@idp.example",
        "idp.example",
        "",
    ] {
        assert!(open(issuer, false).is_err(), "{issuer}");
    }
    assert!(open("https://idp.example", false).is_ok());
    assert!(open("https://10.0.0.1", true).is_ok() && open("http://localhost:8080", true).is_ok());
    assert!(open("http://10.0.0.1", true).is_err(), "a secret goes there, and not in clear");
    let hidden = open("https://localhost", false).unwrap();
    assert!(hidden.begin().await.is_err(), "a name that leads to this machine is not found");
}

/// Refuses: N
#[tokio::test]
async fn a_provider_that_sends_us_elsewhere_or_calls_itself_otherwise_is_not_believed() {
    let clock = Clock::manual(0);
    let hostile: [fn(&str) -> String; 5] = [
        |_| document("https://evil.example"),
        |issuer| document(issuer).replace(&format!("{issuer}/keys"), "http://169.254.169.254/keys"),
        |issuer| document(issuer).replace(&format!("{issuer}/token"), "file:///etc/passwd"),
        |issuer| document(issuer).replace(&format!("{issuer}/auth"), "javascript:alert(1)"),
        |_| "x".repeat(300_000),
    ];
    for change in hostile {
        let (issuer, _) = provider(change).await;
        assert!(of(&issuer, &clock).begin().await.is_err());
    }
}

#[tokio::test]
async fn configuration_and_keys_are_kept_and_an_unknown_key_is_looked_for_once_a_minute() {
    let (issuer, asked) = provider(document).await;
    let clock = Clock::manual(0);
    let provider = of(&issuer, &clock);
    let counts = || [asked.configuration.load(Ordering::SeqCst), asked.keys.load(Ordering::SeqCst)];
    for _ in 0..3 {
        let begun = provider.begin().await.unwrap();
        assert!(begun.location.starts_with(&format!("{issuer}/auth?response_type=code&")));
        provider.keys(Some("a")).await.unwrap();
    }
    assert_eq!(counts(), [1, 1]);
    for _ in 0..3 {
        provider.keys(Some("unknown")).await.unwrap();
    }
    assert_eq!(counts(), [1, 1], "they were read a moment ago");
    clock.advance(Duration::from_secs(60));
    for _ in 0..3 {
        provider.keys(Some("unknown")).await.unwrap();
    }
    assert_eq!(counts(), [1, 2]);
    clock.advance(Duration::from_secs(3_600));
    provider.begin().await.unwrap();
    assert_eq!(counts(), [2, 3]);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_asked_for_each_sign_in() {
    let (issuer, asked) = provider(|_| "no JSON".into()).await;
    let clock = Clock::manual(0);
    let provider = of(&issuer, &clock);
    for _ in 0..3 {
        assert!(provider.begin().await.is_err());
    }
    assert_eq!(asked.configuration.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(5));
    assert!(provider.begin().await.is_err());
    assert_eq!(asked.configuration.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_two_sign_ins_have_anything_in_common() {
    let (issuer, _) = provider(document).await;
    let provider = of(&issuer, &Clock::manual(0));
    let (one, two) = (provider.begin().await.unwrap(), provider.begin().await.unwrap());
    let values = |location: &str| {
        let url = reqwest::Url::parse(location).unwrap();
        let of = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
        ["state", "nonce", "code_challenge"].map(of)
    };
    let (a, b) = (values(&one.location), values(&two.location));
    assert!(a.iter().zip(&b).all(|(a, b)| a != b) && a[0] != a[1]);
    assert!(!one.location.contains(one.keep.as_str()), "what the browser keeps does not leave it");
}
