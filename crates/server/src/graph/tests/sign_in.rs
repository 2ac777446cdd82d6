//! Tokens by OAuth, and hostile ones.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use std::time::Duration;

use super::world::{D, world};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn an_application_signs_in_by_form_or_header_at_either_path() {
    let world = world().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", world.client_id, world.client_secret)));
    for path in ["/default/oauth2/v2.0/token", "/default/oauth2/token"] {
        let form = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials&resource=x",
            world.client_id, world.client_secret
        );
        let reply = world.send(Method::POST, path, &[FORM], form).await.expect(200);
        assert_eq!((&reply.body["token_type"], &reply.body["expires_in"]), (&"Bearer".into(), &3_600.into()));
        assert_eq!(reply.headers["cache-control"], "no-store");
        let headers = [FORM, ("authorization", basic.as_str())];
        world.send(Method::POST, path, &headers, "grant_type=client_credentials".into()).await.expect(200);
    }
    let found = world
        .send(Method::GET, "/default/v2.0/.well-known/openid-configuration", &[], String::new())
        .await
        .expect(200);
    assert_eq!(found.body["token_endpoint"], format!("{}/default/oauth2/v2.0/token", world.base));
    world.send(Method::GET, "/common/discovery/instance", &[], String::new()).await.expect(200);
}

#[tokio::test]
async fn the_documents_say_where_the_keys_are_and_whose_tokens_they_sign() {
    let world = world().await;
    let get = async |path: &str| world.send(Method::GET, path, &[], String::new()).await;
    for (path, issuer) in [
        ("/default/v2.0/.well-known/openid-configuration", format!("{}/default/v2.0", world.base)),
        ("/common/v2.0/.well-known/openid-configuration", format!("{}/{{tenantid}}/v2.0", world.base)),
    ] {
        let document = get(path).await.expect(200).body;
        assert_eq!(document["issuer"], issuer);
        let keys = get(document["jwks_uri"].as_str().unwrap()).await.expect(200);
        assert_eq!(keys.headers["cache-control"], "public, max-age=300");
        let header = URL_SAFE_NO_PAD.decode(world.token.split('.').next().unwrap()).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(keys.body["keys"][0]["kid"], header["kid"]);
        assert_eq!(keys.body["keys"][0].get("d"), None, "nothing private");
    }
    get("/no%20tenant/v2.0/.well-known/openid-configuration").await.expect(404);
}

#[tokio::test]
async fn a_client_that_proves_itself_in_two_ways_or_says_a_thing_twice_is_refused() {
    let world = world().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", world.client_id, world.client_secret)));
    let posted = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        world.client_id, world.client_secret
    );
    let path = "/default/oauth2/v2.0/token";
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (headers, body) in [
        (vec![FORM, ("authorization", basic.as_str())], posted.clone()),
        (vec![FORM, ("authorization", "Bearer x")], posted.clone()),
        (vec![FORM, ("authorization", basic.as_str())], "grant_type=client_credentials&client_id=x".into()),
        (vec![FORM], format!("{posted}&client_id={}", world.client_id)),
        (vec![FORM], format!("{posted}&client_assertion=x&client_assertion_type={jwt}")),
        (
            vec![FORM],
            format!("grant_type=client_credentials&client_id={}&client_assertion=x", world.client_id),
        ),
        (vec![FORM], "grant_type=client_credentials&client_id=&client_secret=".into()),
    ] {
        let reply = world.send(Method::POST, path, &headers, body).await.expect(400);
        assert_eq!(reply.body["error"], "invalid_request");
    }
    world.send(Method::POST, path, &[FORM], posted).await.expect(200);
}

#[tokio::test]
async fn a_wrong_sign_in_is_told_as_oauth_tells_it_and_slowed_down() {
    let world = world().await;
    let path = "/default/oauth2/v2.0/token";
    for (body, status, error) in [
        ("".to_owned(), 400, "unsupported_grant_type"),
        ("grant_type=password&username=a&password=b".to_owned(), 400, "unsupported_grant_type"),
        ("grant_type=client_credentials".to_owned(), 400, "invalid_request"),
        (
            format!("grant_type=client_credentials&client_id={}&client_secret=wrong", world.client_id),
            401,
            "invalid_client",
        ),
        ("x".repeat(40_000), 400, "invalid_request"),
    ] {
        let reply = world.send(Method::POST, path, &[FORM], body).await.expect(status);
        assert_eq!(reply.body["error"], error);
    }
    world.send(Method::POST, path, &[("content-type", "application/json")], "{}".into()).await.expect(400);
    let wrong = format!("grant_type=client_credentials&client_id={}&client_secret=wrong", world.client_id);
    for _ in 0..4 {
        world.send(Method::POST, path, &[FORM], wrong.clone()).await.expect(401);
    }
    let reply = world.send(Method::POST, path, &[FORM], wrong).await.expect(429);
    assert!(reply.headers.contains_key("retry-after"));
}

/// Refuses: F
#[tokio::test]
async fn hostile_tokens_are_401_in_the_envelope() {
    let world = world().await;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = world.token.split('.').nth(1).unwrap();
    let signature = world.token.split('.').nth(2).unwrap();
    let hostile = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        format!("Basic {}", world.token),
        world.token.clone(),
        format!("Bearer {}.{claims}.", part(r#"{"alg":"none","typ":"JWT"}"#)),
        format!("Bearer {}.{claims}.{signature}", part(r#"{"alg":"HS256","typ":"JWT"}"#)),
        format!("Bearer {}.{signature}", world.token),
        format!("Bearer {}", "x".repeat(20_000)),
    ];
    for value in hostile {
        let reply = world.send(Method::GET, D, &[("authorization", value.as_str())], String::new()).await;
        assert_eq!(reply.status.as_u16(), 401, "{value:.80}");
        assert_eq!(reply.code(), "InvalidAuthenticationToken");
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    let bearer = format!("Bearer {}", world.token);
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    world.send(Method::GET, D, &twice, String::new()).await.expect(401);
    world.get(D).await.expect(200);
    world.clock.advance(Duration::from_secs(3_601));
    world.get(D).await.expect(401);
}
