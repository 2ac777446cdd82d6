//! Hostile bearer tokens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::Limits;
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

/// Refuses: F
#[tokio::test]
async fn a_token_with_no_or_another_algorithm_or_key_is_refused() {
    let world = world().await;
    let token = world.token().await;
    let (header, claims) = (read(&token, 0), read(&token, 1));
    let signature = token.split('.').nth(2).unwrap();
    let with_alg = |alg: &str| part(&json!({ "typ": "JWT", "alg": alg, "kid": header["kid"] }));
    let body = part(&claims);
    let jwks = world.gate.jwks().await.unwrap();
    let modulus = B64.decode(jwks["keys"][0]["n"].as_str().unwrap()).unwrap();
    let with_hs256 = json!({ "typ": "JWT", "alg": "HS256", "kid": header["kid"] });
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
        hs256(&with_hs256, &claims, b""),
        hs256(&with_hs256, &claims, &modulus),
        hs256(&with_hs256, &claims, jwks.to_string().as_bytes()),
        hs256(&with_hs256, &claims, world.admin.client_secret.as_bytes()),
        hs256(&header, &claims, &modulus),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{}x", &token[..token.len() - 4]),
        "x".repeat(1 << 20),
    ];
    hostile.extend(
        ["HS256", "HS384", "RS384", "RS512", "ES256", "PS256", "EdDSA", "rs256", "NONE"]
            .map(|alg| format!("{}.{body}.{signature}", with_alg(alg))),
    );
    for token in hostile {
        assert!(matches!(world.gate.identify(&token).await, Err(AuthError::Token(_))), "{token:.200}");
    }
    assert!(world.gate.identify(&token).await.is_ok());
}

/// Refuses: F
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
        assert!(world.gate.identify(&forged).await.is_err(), "{claim}");
    }
}

/// Refuses: F
#[tokio::test]
async fn another_servers_token_is_refused_though_the_claims_are_the_same() {
    let (ours, theirs) = (world().await, world().await);
    assert!(ours.gate.identify(&theirs.token().await).await.is_err());
}

/// Refuses: F
#[tokio::test]
async fn a_token_for_another_address_of_this_server_is_refused() {
    let world = world().await;
    let elsewhere =
        Gate::open(world.store.clone(), world.clock.clone(), "https://other.example", &Limits::default())
            .unwrap();
    let token = elsewhere.sign_in(world.attempt()).await.unwrap().text;
    assert!(elsewhere.identify(&token).await.is_ok());
    assert!(world.gate.identify(&token).await.is_err(), "its audience and issuer are another's");
}

/// Refuses: F
#[tokio::test]
async fn a_token_ends_with_its_hour_and_does_not_begin_before_it_was_made() {
    let world = world().await;
    let token = world.token().await;
    world.clock.advance(TOKEN_LIFE - Duration::from_secs(1));
    assert!(world.gate.identify(&token).await.is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.gate.identify(&token).await.is_err());
    let past = Clock::manual((START - 3_600) * 1_000_000);
    let earlier = Gate::open(world.store.clone(), past, API, &Limits::default()).unwrap();
    assert!(earlier.identify(&token).await.is_err());
}

/// What only a server whose key is ours could sign, and yet must not pass: each claim is looked at by itself.
///
/// Refuses: F
#[tokio::test]
async fn a_claim_that_is_not_ours_is_refused_even_under_our_signature() {
    let world = world().await;
    let token = world.token().await;
    let header = read(&token, 0);
    let key = world.signing_key().await;
    let sign = |claims: &Value| {
        let message = format!("{}.{}", part(&header), part(claims));
        format!("{message}.{}", B64.encode(key.sign_sha256(message.as_bytes()).unwrap()))
    };
    assert!(world.gate.identify(&sign(&read(&token, 1))).await.is_ok(), "the test signs as the server does");
    let other = format!("{API}/other/v2.0");
    for (claim, value) in [
        ("tid", json!("other")),
        ("tid", json!("no tenant")),
        ("iss", json!(other)),
        ("iss", json!("https://sts.windows.net/default/")),
        ("iss", json!([format!("{API}/default/v2.0"), other])),
        ("aud", json!("https://graph.microsoft.com")),
        ("aud", json!([])),
        ("exp", json!(START)),
        ("exp", json!("never")),
        ("nbf", json!(START + 61)),
        ("iat", json!(START + 61)),
        ("idtyp", json!("user")),
        ("idtyp", json!("")),
        ("credential", Value::Null),
        ("credential", json!("another")),
        ("appid", json!("another")),
    ] {
        let mut claims = read(&token, 1);
        claims[claim] = value.clone();
        assert!(world.gate.identify(&sign(&claims)).await.is_err(), "{claim}: {value}");
    }
    for claim in ["iss", "aud", "exp", "nbf", "tid", "jti", "credential"] {
        let mut claims = read(&token, 1);
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        assert!(world.gate.identify(&sign(&claims)).await.is_err(), "without {claim}");
    }
}
