use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use pki::key::RsaKey;
use serde_json::json;
use std::sync::LazyLock;

use super::*;

static KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());
const NOW: i64 = 1_800_000_000;

fn settings() -> ProviderSettings {
    ProviderSettings {
        name: "Contoso".into(),
        tenant: "t".parse().unwrap(),
        issuer: "https://idp.example".into(),
        client_id: "muster".into(),
        client_secret: String::new().into(),
        claim: "email".into(),
        allowed_domains: vec!["example.com".into()],
        private_addresses: false,
        anchors: net::TrustAnchors::from_der(Vec::<Vec<u8>>::new()).unwrap(),
    }
}

fn claims() -> Value {
    json!({ "iss": "https://idp.example", "aud": "muster", "sub": "s-1", "nonce": "n", "iat": NOW, "exp": NOW + 300,
        "email": "ada@example.com", "email_verified": true })
}

fn signed(claims: &Value) -> String {
    let message =
        format!("{}.{}", B64.encode(json!({ "alg": "RS256" }).to_string()), B64.encode(claims.to_string()));
    format!("{message}.{}", B64.encode(KEY.sign_sha256(message.as_bytes()).unwrap()))
}

fn check(token: &str) -> Result<Claims, &'static str> {
    let key = DecodingKey::from_rsa_der(KEY.public_key().key_bits());
    verify(token, &key, Algorithm::RS256, &settings(), "n", NOW)
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

/// Refuses: F
#[test]
fn an_id_token_with_any_wrong_claim_is_refused() {
    assert_eq!(check(&signed(&claims())).unwrap().sub, "s-1");
    for (claim, value) in [
        ("iss", json!("https://idp.example/")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("aud", json!(["muster", "another"])),
        ("azp", json!("another")),
        ("nonce", json!("another")),
        ("nonce", json!("")),
        ("exp", json!(NOW - 120)),
        ("iat", json!(NOW + 121)),
        ("nbf", json!(NOW + 121)),
        ("sub", json!("")),
    ] {
        assert!(check(&signed(&with(claim, value.clone()))).is_err(), "{claim}: {value}");
    }
    for claim in ["iss", "aud", "sub", "nonce", "exp", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        assert!(check(&signed(&claims)).is_err(), "without {claim}");
    }
    let mut two = with("aud", json!(["muster", "another"]));
    two["azp"] = json!("muster");
    assert!(check(&signed(&two)).is_ok());
}

/// Refuses: F
#[test]
fn an_id_token_by_another_key_or_without_a_signature_is_refused() {
    let token = signed(&claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    let other = RsaKey::generate().unwrap();
    let forged = format!("{message}.{}", B64.encode(other.sign_sha256(message.as_bytes()).unwrap()));
    for hostile in [forged, format!("{message}."), message.to_owned(), String::new()] {
        assert!(check(&hostile).is_err());
    }
}

/// Refuses: F
#[test]
fn a_key_is_used_for_what_it_is_of_and_no_choice_is_made_between_two() {
    let (n, e) = KEY.public_key().rsa_numbers().unwrap();
    let rsa = |kid: &str, usage: &str| json!({ "kty": "RSA", "kid": kid, "use": usage, "n": B64.encode(n), "e": B64.encode(e) });
    let set = |keys: Vec<Value>| -> JwkSet { serde_json::from_value(json!({ "keys": keys })).unwrap() };
    let both = set(vec![
        rsa("a", "sig"),
        rsa("b", "sig"),
        rsa("c", "enc"),
        json!({ "kty": "oct", "kid": "d", "k": "AAAA" }),
    ]);
    assert!(key_of(&both, Some("a"), Algorithm::RS256).is_some());
    for (kid, algorithm) in [
        (None, Algorithm::RS256),
        (Some("x"), Algorithm::RS256),
        (Some("a"), Algorithm::ES256),
        (Some("c"), Algorithm::RS256),
        (Some("d"), Algorithm::RS256),
        (Some("d"), Algorithm::HS256),
    ] {
        assert!(key_of(&both, kid, algorithm).is_none(), "{kid:?} {algorithm:?}");
    }
    assert!(key_of(&set(vec![rsa("a", "sig")]), None, Algorithm::PS256).is_some());
}

/// Refuses: O
#[test]
fn an_address_counts_only_if_the_provider_vouches_for_it_and_its_domain_is_allowed() {
    let name = |claims: Value| check(&signed(&claims)).unwrap().name(&settings());
    assert_eq!(name(claims()).unwrap(), "ada@example.com");
    assert_eq!(name(with("email_verified", json!("true"))).unwrap(), "ada@example.com");
    for (claim, value) in [
        ("email_verified", json!(false)),
        ("email_verified", Value::Null),
        ("email", json!("")),
        ("email", Value::Null),
        ("email", json!("ada@evil.example")),
        ("email", json!("ada@example.com.evil.example")),
        ("email", json!("example.com")),
        ("email", json!("ada@example.com@evil.example")),
    ] {
        assert!(name(with(claim, value.clone())).is_err(), "{claim}: {value}");
    }
    let other = ProviderSettings { claim: "upn".into(), ..settings() };
    let claims = check(&signed(&with("upn", json!("ADA@EXAMPLE.COM")))).unwrap();
    assert_eq!(claims.name(&other).unwrap(), "ADA@EXAMPLE.COM");
}
