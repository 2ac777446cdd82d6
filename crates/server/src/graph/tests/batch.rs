//! `$batch`: several requests in one, each as if it had come alone.

use app::application::Role;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::world::{D, Reply, World, world};

const BATCH: &str = "/beta/$batch";

impl World {
    async fn batch(&self, requests: Value) -> Vec<Value> {
        let reply = self.post(BATCH, json!({ "requests": requests })).await.expect(200);
        reply.body["responses"].as_array().unwrap().clone()
    }

    async fn refused_batch(&self, requests: Value) -> Reply {
        self.post(BATCH, json!({ "requests": requests })).await.expect(400)
    }
}

fn statuses(responses: &[Value]) -> Vec<(&str, u64)> {
    responses.iter().map(|one| (one["id"].as_str().unwrap(), one["status"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn each_is_answered_as_if_it_had_come_alone() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let path = "deviceManagement/depOnboardingSettings";
    let responses = world
        .batch(json!([
            { "id": 1, "method": "GET", "url": format!("{path}/{token}?$select=tokenName") },
            { "id": "two", "method": "get", "url": format!("/{path}?$filter=tokenName eq 'Office'&$count=true") },
            { "id": 3, "method": "POST", "url": format!("/{path}"), "headers": { "Content-Type": "application/json" },
              "body": { "tokenName": "Made by a batch" } },
            { "id": 4, "method": "GET", "url": format!("/{path}/$count") },
            { "id": 5, "method": "DELETE", "url": format!("/{path}/nothing") },
            { "id": 6, "method": "GET", "url": "/nothing" },
        ]))
        .await;
    assert_eq!(
        statuses(&responses),
        [("1", 200), ("two", 200), ("3", 201), ("4", 200), ("5", 404), ("6", 400)]
    );
    assert_eq!(responses[0]["body"]["tokenName"], "Office");
    assert_eq!(responses[1]["body"]["@odata.count"], 1);
    assert_eq!(responses[2]["body"]["tokenName"], "Made by a batch");
    assert_eq!(responses[3]["body"], STANDARD.encode("2"), "text is base64");
    assert!(responses[3]["headers"]["Content-Type"].as_str().unwrap().starts_with("text/plain"));
    assert_eq!(responses[4]["body"]["error"]["code"], "ResourceNotFound");
    let id = responses[4]["body"]["error"]["innerError"]["request-id"].as_str().unwrap();
    assert_eq!(responses[4]["headers"]["request-id"], id);
    assert_ne!(responses[5]["headers"]["request-id"], id, "each has an id of its own");
    let v1 = world
        .post("/v1.0/$batch", json!({ "requests": [{ "id": "1", "method": "GET", "url": path }] }))
        .await;
    let context = v1.expect(200).body["responses"][0]["body"]["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.contains("/v1.0/$metadata#deviceManagement/depOnboardingSettings"), "{context}");
}

#[tokio::test]
async fn headers_of_its_own_count_and_those_of_a_connection_or_another_caller_do_not() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let url = format!("deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}");
    let with =
        |headers: Value| json!({ "id": "1", "method": "PATCH", "url": url, "headers": headers, "body": {} });
    let plain = world.batch(json!([with(json!({}))])).await;
    assert_eq!(statuses(&plain), [("1", 204)]);
    assert!(plain[0].get("body").is_none());
    let headers = json!({
        "Prefer": "return=representation", "client-request-id": "mine",
        "Authorization": "Bearer x", "Host": "elsewhere", "Content-Length": "7", "Transfer-Encoding": "chunked",
    });
    let asked = world.batch(json!([with(headers)])).await;
    assert_eq!(statuses(&asked), [("1", 200)]);
    assert_eq!(asked[0]["body"]["displayName"], "Office");
    assert_eq!(asked[0]["headers"]["client-request-id"], "mine");
}

/// Refuses: A
#[tokio::test]
async fn a_header_or_url_that_cannot_stand_in_a_request_is_refused_alone() {
    let world = world().await;
    let get =
        |url: &str, headers: Value| json!({ "id": "1", "method": "GET", "url": url, "headers": headers });
    for request in [
        get("deviceManagement", json!({ "X\r\nY": "z" })),
        get("deviceManagement", json!({ "Prefer": "a\r\nAuthorization: Bearer x" })),
        get("deviceManagement", json!({ "": "z" })),
        get("deviceManagement\r\nX: y", json!({})),
        get("https://graph.microsoft.com/beta/deviceManagement", json!({})),
        get("", json!({})),
        get("../openapi.json", json!({})),
        json!({ "id": "1", "method": "POST", "url": "deviceManagement/depOnboardingSettings", "body": "not base64!" }),
    ] {
        let responses = world.batch(json!([request])).await;
        assert_eq!(statuses(&responses), [("1", 400)], "{request}");
        assert!(responses[0]["body"]["error"]["message"].as_str().is_some(), "{request}");
    }
}

#[tokio::test]
async fn what_depends_on_others_comes_after_them_and_fails_with_them() {
    let world = world().await;
    let path = "deviceManagement/depOnboardingSettings";
    let responses = world
        .batch(json!([
            { "id": "count", "method": "GET", "url": format!("{path}?$count=true"), "dependsOn": ["make"] },
            { "id": "make", "method": "POST", "url": path, "body": { "tokenName": "First" } },
            { "id": "bad", "method": "GET", "url": format!("{path}/nothing") },
            { "id": 4, "method": "POST", "url": path, "body": { "tokenName": "Never" }, "dependsOn": ["make", "bad"] },
            { "id": 5, "method": "GET", "url": path, "dependsOn": [4] },
        ]))
        .await;
    assert_eq!(statuses(&responses), [("count", 200), ("make", 201), ("bad", 404), ("4", 424), ("5", 424)]);
    assert_eq!(responses[0]["body"]["@odata.count"], 1, "it came after what it depends on");
    assert_eq!(responses[3]["body"]["error"]["code"], "FailedDependency");
    assert!(responses[3]["body"]["error"]["message"].as_str().unwrap().contains("'bad'"));
    assert_eq!(world.get(D).await.rows().len(), 1, "what was not begun has done nothing");
}

#[tokio::test]
async fn a_batch_that_cannot_be_understood_does_nothing() {
    let world = world().await;
    let make = |id: Value, more: Value| {
        let mut one = json!({ "id": id, "method": "POST", "url": "deviceManagement/depOnboardingSettings",
                              "body": { "tokenName": "x" } });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let good = || make(json!("good"), json!({}));
    let many: Vec<Value> = (0..21).map(|id| make(json!(id), json!({}))).collect();
    for (requests, place) in [
        (json!([]), "requests"),
        (json!(many), "requests"),
        (json!([good(), 7]), "requests[1]"),
        (json!([good(), make(json!("good"), json!({}))]), "requests[1].id"),
        (json!([make(json!(5), json!({})), make(json!("5"), json!({}))]), "requests[1].id"),
        (json!([good(), make(Value::Null, json!({}))]), "requests[1].id"),
        (json!([good(), make(json!(1.5), json!({}))]), "requests[1].id"),
        (json!([good(), make(json!("2"), json!({ "method": "G T" }))]), "requests[1].method"),
        (json!([good(), make(json!("2"), json!({ "url": 5 }))]), "requests[1].url"),
        (json!([good(), make(json!("2"), json!({ "headers": ["x"] }))]), "requests[1].headers"),
        (json!([good(), make(json!("2"), json!({ "headers": { "a": 1 } }))]), "requests[1].headers"),
        (json!([good(), make(json!("2"), json!({ "dependsOn": "good" }))]), "requests[1].dependsOn"),
        (json!([good(), make(json!("2"), json!({ "dependsOn": ["other"] }))]), "requests[1].dependsOn"),
        (json!([good(), make(json!("2"), json!({ "dependsOn": ["2"] }))]), "requests"),
        (
            json!([
                make(json!("1"), json!({ "dependsOn": ["2"] })),
                make(json!("2"), json!({ "dependsOn": ["1"] }))
            ]),
            "requests",
        ),
    ] {
        let reply = world.refused_batch(requests.clone()).await;
        assert_eq!(reply.body["error"]["target"], place, "{requests}: {}", reply.text);
    }
    world.post(BATCH, json!({})).await.expect(400);
    assert!(world.get(D).await.rows().is_empty());
}

/// Refuses: A, M
#[tokio::test]
async fn a_batch_can_do_no_more_than_its_caller_and_holds_no_batch() {
    let world = world().await;
    let batch = |requests: Value| json!({ "requests": requests }).to_string();
    let one =
        json!([{ "id": "1", "method": "POST", "url": "deviceManagement/depOnboardingSettings", "body": {} }]);
    world.send(Method::POST, BATCH, &[], batch(one.clone())).await.expect(401);
    let bearer = format!("Bearer {}", world.token_with(&[Role::ServiceConfigRead]).await);
    let reply = world.send(Method::POST, BATCH, &[("authorization", &bearer)], batch(one)).await.expect(200);
    assert_eq!(statuses(reply.body["responses"].as_array().unwrap()), [("1", 403)]);
    for url in ["$batch", "/%24batch", "$BATCH/"] {
        let inner = json!([{ "id": "1", "method": "GET", "url": "deviceManagement" }]);
        let nested = json!([{ "id": "1", "method": "POST", "url": url, "body": { "requests": inner } }]);
        let responses = world.batch(nested).await;
        assert_eq!(statuses(&responses), [("1", 400)], "{url}");
        assert!(responses[0]["body"]["error"]["message"].as_str().unwrap().contains("batch"));
    }
    let large = "x".repeat(5 << 20);
    let large = json!([{ "id": "1", "method": "POST", "url": "x", "body": { "tokenName": large } }]);
    world.call(Method::POST, BATCH, batch(large)).await.expect(413);
}

/// Each has its own place in the numbers.
#[tokio::test]
async fn each_is_counted_by_its_own_route() {
    let world = world().await;
    let get = |id: u32| json!({ "id": id, "method": "GET", "url": "muster/alerts" });
    world.batch(json!([get(1), get(2), get(3)])).await;
    let numbers = world.get("/metrics").await.expect(200).text;
    let of = |route: &str| {
        let line = numbers
            .lines()
            .find(|line| line.starts_with("muster_http_requests_total") && line.contains(route));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    assert!(of("\"muster/alerts\"") >= 3 && of("\"$batch\"") >= 1, "{numbers}");
}
