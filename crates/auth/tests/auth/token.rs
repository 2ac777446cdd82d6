//! Hostile bearer tokens (lessons 3, class F).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use muster_auth::{AuthError, Gate, TOKEN_LIFE};
use net::Clock;
use serde_json::{Value, json};

use crate::{API, START, world};

fn part(json: &Value) -> String {
    B64.encode(json.to_string())
}

fn read(token: &str, index: usize) -> Value {
    let bytes = B64.decode(token.split('.').nth(index).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn hs256(header: &Value, claims: &Value, key: &[u8]) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let mac = pki::digest::hmac_sha256(key, signed.as_bytes());
    format!("{signed}.{}", B64.encode(mac))
}

#[tokio::test]
async fn a_token_with_no_or_another_algorithm_or_key_is_refused() {
    let world = world().await;
    let token = world.token().await;
    let (header, claims) = (read(&token, 0), read(&token, 1));
    let signature = token.split('.').nth(2).unwrap();
    let with_alg = |alg: &str| part(&json!({ "typ": "JWT", "alg": alg }));
    let body = part(&claims);
    let mut hostile = vec![
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        "ä.ä.ä".into(),
        token.replace('.', ""),
        format!("{}.{body}.", with_alg("none")),
        format!("{}.{body}", with_alg("none")),
        format!("{}.{body}.{signature}", with_alg("none")),
        format!("{}.{body}.", part(&header)),
        hs256(&header, &claims, b""),
        hs256(&header, &claims, b"secret"),
        hs256(&header, &claims, world.admin.client_secret.as_bytes()),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{}x", &token[..token.len() - 4]),
        "x".repeat(1 << 20),
    ];
    hostile.extend(
        ["HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "NONE"]
            .map(|alg| format!("{}.{body}.{signature}", with_alg(alg))),
    );
    for token in hostile {
        assert!(matches!(world.gate.identify(&token), Err(AuthError::Token(_))), "{token:.200}");
    }
    assert!(world.gate.identify(&token).is_ok());
}

#[tokio::test]
async fn changed_claims_do_not_pass_under_the_old_signature() {
    let world = world().await;
    let token = world.token().await;
    let pieces: Vec<&str> = token.split('.').collect();
    for (claim, value) in [
        ("tid", json!("other")),
        ("exp", json!(START * 2)),
        ("roles", json!([])),
        ("aud", json!("https://graph.microsoft.com")),
    ] {
        let mut claims = read(&token, 1);
        assert_ne!(claims[claim], value);
        claims[claim] = value;
        let forged = format!("{}.{}.{}", pieces[0], part(&claims), pieces[2]);
        assert!(world.gate.identify(&forged).is_err(), "{claim}");
    }
}

#[tokio::test]
async fn another_servers_token_is_refused_though_the_claims_are_the_same() {
    let (ours, theirs) = (world().await, world().await);
    assert!(ours.gate.identify(&theirs.token().await).is_err());
}

#[tokio::test]
async fn a_token_for_another_address_of_this_server_is_refused() {
    let world = world().await;
    let elsewhere =
        Gate::open(world.store.clone(), world.clock.clone(), "https://other.example").await.unwrap();
    let token = elsewhere.sign_in(world.attempt()).await.unwrap().text;
    assert!(elsewhere.identify(&token).is_ok());
    assert!(world.gate.identify(&token).is_err(), "its audience and issuer are another's");
}

#[tokio::test]
async fn a_token_ends_with_its_hour_and_does_not_begin_before_it_was_made() {
    let world = world().await;
    let token = world.token().await;
    world.clock.advance(TOKEN_LIFE - Duration::from_secs(1));
    assert!(world.gate.identify(&token).is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.gate.identify(&token).is_err());
    let past = Clock::manual((START - 3_600) * 1_000_000);
    let earlier = Gate::open(world.store.clone(), past, API).await.unwrap();
    assert!(earlier.identify(&token).is_err());
}
