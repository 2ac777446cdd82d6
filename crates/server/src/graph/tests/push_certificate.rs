//! `applePushNotificationCertificate` and the singleton.

use http::Method;
use serde_json::json;

use super::world::world;

const P: &str = "/v1.0/deviceManagement/applePushNotificationCertificate";

/// Shows: L28
#[tokio::test]
async fn there_is_none_until_one_is_uploaded_for_a_request_of_this_server() {
    let world = world().await;
    world.get(P).await.expect(404);
    let request =
        world.get(&format!("{P}/downloadApplePushNotificationCertificateSigningRequest()")).await.expect(200);
    assert!(request.body["value"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    let again = format!("{P}/generateApplePushNotificationCertificateSigningRequest").replace("v1.0", "beta");
    let again = world.call(Method::POST, &again, String::new()).await.expect(200);
    let key = |pem: &str| pem.len();
    assert_eq!(key(again.body["value"].as_str().unwrap()), key(request.body["value"].as_str().unwrap()));
    world.get(P).await.expect(404);
    let reply = world.patch(P, json!({ "appleIdentifier": "a@example.com" })).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "certificate");
    let reply = world.patch(P, json!({ "certificate": "bm90IGEgY2VydGlmaWNhdGU=" })).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "certificate");
}

/// Shows: R16
#[tokio::test]
async fn the_singleton_tells_the_limit_of_tokens_and_ignores_what_cannot_be_changed() {
    let world = world().await;
    let one = world.get("/beta/deviceManagement?$select=intuneAccountId,maximumDepTokens").await.expect(200);
    assert_eq!(one.body["maximumDepTokens"], 2_000);
    assert!(uuid::Uuid::parse_str(one.body["intuneAccountId"].as_str().unwrap()).is_ok());
    let same = world.patch("/beta/deviceManagement", json!({ "maximumDepTokens": 1 })).await.expect(200);
    assert_eq!(same.body["maximumDepTokens"], 2_000);
}
