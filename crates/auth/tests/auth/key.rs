//! The keys that sign tokens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::{Limits, Time};
use muster_auth::{Gate, TOKEN_LIFE, rotate_signing_key};

use crate::{API, START, World, world};

async fn key_ids(world: &World) -> Vec<String> {
    let jwks = world.gate.jwks().await.unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_verified_with_the_published_key_by_whoever_likes() {
    let world = world().await;
    let token = world.token().await;
    let jwks = world.gate.jwks().await.unwrap();
    assert_eq!((&jwks["keys"][0]["kty"], &jwks["keys"][0]["alg"]), (&"RSA".into(), &"RS256".into()));
    let number = |name: &str| B64.decode(jwks["keys"][0][name].as_str().unwrap()).unwrap();
    assert_eq!((number("n").len(), number("e")), (256, vec![1, 0, 1]), "2048 bits, F4");
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[API]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).unwrap().claims;
    assert_eq!(claims["iss"], format!("{API}/default/v2.0"));
    assert_eq!((&claims["tid"], &claims["idtyp"]), (&"default".into(), &"app".into()));
    assert_eq!(claims["appid"], world.admin.client_id);
    assert_eq!((&claims["nbf"], &claims["exp"]), (&START.into(), &(START + 3_600).into()));
}

#[tokio::test]
async fn no_two_tokens_are_the_same() {
    let world = world().await;
    assert_ne!(world.token().await, world.token().await, "each has a jti of its own");
}

#[tokio::test]
async fn a_replaced_key_verifies_until_the_last_token_it_signed_is_over_and_is_then_forgotten() {
    let world = world().await;
    let old = world.token().await;
    let first = key_ids(&world).await;
    world.clock.advance(Duration::from_secs(60));
    rotate_signing_key(&world.store, Time::from_unix(START + 60)).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let new = world.token().await;
    let both = key_ids(&world).await;
    assert_eq!((both.len(), &both[1]), (2, &first[0]));
    assert!(world.gate.identify(&old).await.is_ok());
    assert!(world.gate.identify(&new).await.is_ok());
    world.clock.advance(TOKEN_LIFE - Duration::from_secs(121));
    assert!(world.gate.identify(&old).await.is_ok(), "to its very end");
    world.clock.advance(Duration::from_secs(121));
    assert_eq!(key_ids(&world).await, both[..1], "what it signed is over");
}

#[tokio::test]
async fn another_server_knows_a_new_key_at_the_first_token_that_it_signed() {
    let world = world().await;
    let other = Gate::open(world.store.clone(), world.clock.clone(), API, &Limits::default()).unwrap();
    assert!(other.identify(&world.token().await).await.is_ok());
    world.clock.advance(Duration::from_secs(30));
    rotate_signing_key(&world.store, Time::from_unix(START + 30)).await.unwrap();
    let fresh = Gate::open(world.store.clone(), world.clock.clone(), API, &Limits::default()).unwrap();
    let token = fresh.sign_in(world.attempt()).await.unwrap().text;
    assert!(other.identify(&token).await.is_ok());
}

#[tokio::test]
async fn servers_that_start_together_sign_with_one_key() {
    let world = world().await;
    let gates: Vec<_> = (0..4)
        .map(|_| Gate::open(world.store.clone(), world.clock.clone(), API, &Limits::default()).unwrap())
        .collect();
    let jobs = gates.iter().cloned().map(|gate| tokio::spawn(async move { gate.jwks().await.unwrap() }));
    let mut sets = Vec::new();
    for job in jobs.collect::<Vec<_>>() {
        sets.push(job.await.unwrap());
    }
    assert!(sets.iter().all(|set| *set == sets[0] && set["keys"].as_array().unwrap().len() == 1));
}
