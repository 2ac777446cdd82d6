//! Applications that prove themselves by a certificate (RFC 7523).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::Time;
use muster_auth::{AuthError, Proof, STANDING_LIFE, SignIn, add_certificate, delete_credential};
use pki::key::{RsaKey, SigningKey};
use pki::x509::{Certificate, IssuePolicy, Name, Usage, Validity, self_signed};
use serde_json::{Value, json};

use crate::{API, START, World, tenant, world};

const ENDPOINT: &str = "https://muster.example/default/oauth2/v2.0/token";

struct Client {
    world: World,
    key: RsaKey,
    certificate: Certificate,
    credential: String,
}

fn certificate(key: &RsaKey, days: i64) -> Certificate {
    let validity = Validity { not_before: START - 60, not_after: START + days * 86_400 };
    let policy = IssuePolicy::new(Name::of("night job"), validity, Usage::ClientIdentity);
    self_signed(&SigningKey::from(key.clone()), &policy).unwrap()
}

async fn client() -> Client {
    let world = world().await;
    let key = RsaKey::generate().unwrap();
    let certificate = certificate(&key, 365);
    let now = Time::from_unix(START);
    let (id, pem) = (&world.admin.client_id, certificate.to_pem());
    let added = add_certificate(&world.store, &tenant("default"), id, "laptop", &pem, now).await;
    let credential = added.unwrap();
    Client { world, key, certificate, credential }
}

impl Client {
    fn claims(&self) -> Value {
        let id = &self.world.admin.client_id;
        json!({ "iss": id, "sub": id, "aud": ENDPOINT, "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": START, "iat": START, "exp": START + 600 })
    }

    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "RS256", "x5t": B64.encode(pki::digest::sha1(self.certificate.der())) })
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        signed(&self.key, header, claims)
    }

    async fn sign_in(&self, assertion: &str) -> Result<String, AuthError> {
        // Each from a place of its own, so that no pause comes in between.
        let source = uuid::Uuid::new_v4().to_string();
        let proof = Proof::Assertion(assertion);
        let attempt = SignIn { proof, source: &source, ..self.world.attempt() };
        self.world.gate.sign_in(attempt).await.map(|token| token.text.to_string())
    }
}

fn signed(key: &RsaKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    format!("{message}.{}", B64.encode(key.sign_sha256(message.as_bytes()).unwrap()))
}

#[tokio::test]
async fn an_assertion_by_a_registered_certificate_signs_in_however_it_names_it() {
    let client = client().await;
    let sha256 = client.certificate.sha256();
    for name in [
        json!({ "x5t": B64.encode(pki::digest::sha1(client.certificate.der())) }),
        json!({ "x5t#S256": B64.encode(sha256) }),
        json!({ "x5t#S256": format!("{}=", B64.encode(sha256)) }),
        json!({ "kid": client.credential }),
        json!({ "kid": hex::encode_upper(pki::digest::sha1(client.certificate.der())) }),
        json!({ "kid": hex::encode(sha256), "x5t#S256": B64.encode(sha256) }),
    ] {
        let mut header = json!({ "alg": "RS256" });
        header.as_object_mut().unwrap().extend(name.as_object().unwrap().clone());
        let token = client.sign_in(&client.signed(&header, &client.claims())).await.unwrap();
        assert!(client.world.gate.identify(&token).await.is_ok(), "{name}");
    }
    let mut v1 = client.claims();
    v1["aud"] = json!("https://muster.example/default/oauth2/token");
    assert!(client.sign_in(&client.signed(&client.header(), &v1)).await.is_ok());
}

/// Refuses: F
#[tokio::test]
async fn an_assertion_is_good_once() {
    let client = client().await;
    let assertion = client.signed(&client.header(), &client.claims());
    assert!(client.sign_in(&assertion).await.is_ok());
    assert_eq!(client.sign_in(&assertion).await, Err(AuthError::Refused), "replayed");
}

/// Refuses: F
#[tokio::test]
async fn an_assertion_with_any_wrong_claim_is_refused() {
    let client = client().await;
    for (claim, value) in [
        ("iss", json!("another")),
        ("sub", json!("another")),
        ("aud", json!("https://muster.example/other/oauth2/v2.0/token")),
        ("aud", json!("https://login.microsoftonline.com/default/oauth2/v2.0/token")),
        ("aud", json!(API)),
        ("aud", json!([])),
        ("exp", json!(START)),
        ("exp", json!(START + 86_400)),
        ("nbf", json!(START + 3_600)),
        ("iat", json!(START + 3_600)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(300))),
    ] {
        let mut claims = client.claims();
        claims[claim] = value.clone();
        let refused = client.sign_in(&client.signed(&client.header(), &claims)).await;
        assert_eq!(refused, Err(AuthError::Refused), "{claim}: {value}");
    }
    for claim in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = client.claims();
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        let refused = client.sign_in(&client.signed(&client.header(), &claims)).await;
        assert_eq!(refused, Err(AuthError::Refused), "without {claim}");
    }
}

/// Refuses: F
#[tokio::test]
async fn an_assertion_by_another_key_or_algorithm_is_refused() {
    let client = client().await;
    let (header, claims) = (client.header(), client.claims());
    let body = B64.encode(claims.to_string());
    let other = RsaKey::generate().unwrap();
    let with = |alg: &str| B64.encode(json!({ "alg": alg, "x5t": header["x5t"] }).to_string());
    let public = client.certificate.public_key().key_bits().to_vec();
    let hs256 = format!("{}.{body}", with("HS256"));
    let hs256 = format!("{hs256}.{}", B64.encode(pki::digest::hmac_sha256(&public, hs256.as_bytes())));
    let genuine = client.signed(&header, &claims);
    let signature = genuine.rsplit('.').next().unwrap();
    for assertion in [
        signed(&other, &header, &claims),
        hs256,
        format!("{}.{body}.", with("none")),
        format!("{}.{body}.{signature}", with("PS256")),
        format!("{}.{body}.{signature}", with("ES256")),
        client.signed(&json!({ "alg": "RS256" }), &claims),
        client.signed(&json!({ "alg": "RS256", "x5t": "AAAA" }), &claims),
        client.signed(&json!({ "alg": "RS256", "x5t": header["x5t"], "kid": "another" }), &claims),
        String::new(),
        "x".repeat(100_000),
    ] {
        assert_eq!(client.sign_in(&assertion).await, Err(AuthError::Refused), "{assertion:.120}");
    }
    assert!(client.sign_in(&genuine).await.is_ok());
}

/// Refuses: F
#[tokio::test]
async fn a_deleted_or_ended_certificate_signs_in_no_more() {
    let client = client().await;
    let (world, now) = (&client.world, Time::from_unix(START));
    let (default, id) = (tenant("default"), world.admin.client_id.clone());
    let token = client.sign_in(&client.signed(&client.header(), &client.claims())).await.unwrap();
    assert!(delete_credential(&world.store, &default, &id, &client.credential).await.unwrap());
    let refused = client.sign_in(&client.signed(&client.header(), &client.claims())).await;
    assert_eq!(refused, Err(AuthError::Refused));
    world.clock.advance(STANDING_LIFE);
    assert!(world.gate.identify(&token).await.is_err());
    let short = certificate(&client.key, 1);
    add_certificate(&world.store, &default, &id, "short", &short.to_pem(), now).await.unwrap();
    world.clock.advance(Duration::from_secs(86_400));
    let start = START + 86_400;
    let mut claims = client.claims();
    (claims["iat"], claims["nbf"], claims["exp"]) = (json!(start), json!(start), json!(start + 600));
    let header = json!({ "alg": "RS256", "x5t#S256": B64.encode(short.sha256()) });
    assert_eq!(client.sign_in(&client.signed(&header, &claims)).await, Err(AuthError::Refused));
    let late = Time::from_unix(start);
    let ended = add_certificate(&world.store, &default, &id, "late", &short.to_pem(), late).await;
    assert!(matches!(ended, Err(AuthError::Credential(_))));
}
