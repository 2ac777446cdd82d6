//! Paths: who may, in which spelling, and what is answered where there is nothing.

use std::collections::BTreeSet;

use app::application::Role;
use http::Method;
use serde_json::json;

use super::world::{D, world};
use crate::graph::route::{self, LATER, Takes};

/// Paths of the template with ids that nothing has, under every version that has it.
fn paths(template: &str, beta_only: bool) -> Vec<String> {
    let pieces = template
        .split('/')
        .map(|piece| if piece.starts_with('{') { "00000000-0000-4000-8000-00000000000f" } else { piece });
    let path = pieces.collect::<Vec<_>>().join("/");
    let versions = if beta_only { &["beta"][..] } else { &["beta", "v1.0"] };
    versions.iter().map(|version| format!("/{version}/{path}")).collect()
}

/// Authorization is missing on no route (lessons 3, class M).
#[tokio::test]
async fn no_route_answers_without_a_token_and_each_asks_for_its_role() {
    let world = world().await;
    let none = world.token_with(&[]).await;
    let bearer = format!("Bearer {none}");
    for route in route::all() {
        for path in paths(route.template, route.beta_only()) {
            let stranger = world.send(route.method.clone(), &path, &[], "{}".into()).await;
            assert_eq!(stranger.status.as_u16(), 401, "{} {path}", route.method);
            assert_eq!(stranger.code(), "InvalidAuthenticationToken");
            let Some(role) = route.role else { continue };
            let headers = [("authorization", bearer.as_str())];
            let barred = world.send(route.method.clone(), &path, &headers, "{}".into()).await;
            assert_eq!(barred.status.as_u16(), 403, "{} {path}", route.method);
            assert!(barred.message().contains(role.as_str()), "{}", barred.message());
        }
    }
}

#[tokio::test]
async fn what_comes_later_says_so_and_to_strangers_nothing() {
    let world = world().await;
    for later in LATER {
        for path in paths(later.template, later.beta_only) {
            for verb in later.verbs {
                let stranger = world.send(verb.clone(), &path, &[], String::new()).await;
                assert_eq!(stranger.status.as_u16(), 401, "{verb} {path}");
                let reply = world.call(verb.clone(), &path, String::new()).await;
                assert_eq!(reply.status.as_u16(), 501, "{verb} {path}: {}", reply.text);
                assert_eq!(reply.code(), "NotImplemented");
                assert!(reply.message().contains(later.template), "{}", reply.text);
            }
        }
    }
    world.get("/v1.0/deviceManagement/roleScopeTags").await.expect(400);
    world.call(Method::PUT, "/beta/deviceManagement/roleScopeTags", "{}".into()).await.expect(400);
}

#[test]
fn nothing_that_is_served_is_said_to_come_later_and_no_route_is_there_twice() {
    let mut seen = BTreeSet::new();
    for route in route::all() {
        assert!(seen.insert((route.method.as_str(), shape(route.template))), "{}", route.template);
    }
    for later in LATER {
        for verb in later.verbs {
            assert!(seen.insert((verb.as_str(), shape(later.template))), "{verb} {}", later.template);
        }
    }
}

/// The template with every id alike.
fn shape(template: &str) -> String {
    let pieces = template.split('/').map(|piece| if piece.starts_with('{') { "{}" } else { piece });
    pieces.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_answers_its_administrator_with_something_else_than_no_such_route() {
    let world = world().await;
    for route in route::all() {
        for path in paths(route.template, route.beta_only()) {
            let reply = world.call(route.method.clone(), &path, "{}".into()).await;
            assert!(reply.status.as_u16() < 500, "{} {path}: {}", route.method, reply.text);
            assert!(!reply.text.contains("No OData route"), "{} {path}: {}", route.method, reply.text);
            assert!(reply.headers.contains_key("request-id"));
        }
    }
}

/// A parameter that the table says is needed is refused when it is missing, and each of the wrong type with its name.
#[tokio::test]
async fn the_parameters_of_actions_are_held_to_their_tables() {
    let world = world().await;
    let mut seen = 0;
    for route in route::all() {
        let Takes::Parameters(table) = route.shape.takes else { continue };
        let path = paths(route.template, true).remove(0);
        for parameter in table {
            let wrong =
                world.post(&path, json!({ parameter.name().to_uppercase(): { "a": 1 } })).await.expect(400);
            assert!(wrong.message().contains(parameter.name()), "{path}: {}", wrong.text);
            assert_eq!(wrong.body["error"]["target"], parameter.name(), "{path}");
            seen += 1;
        }
        if let Some(needed) = table.iter().find(|parameter| parameter.needed) {
            let missing = world.post(&path, json!({})).await.expect(400);
            assert!(missing.message().contains(needed.name()), "{path}: {}", missing.text);
        }
    }
    assert!(seen > 15, "{seen}");
}

#[tokio::test]
async fn reading_alone_changes_nothing_and_orders_need_their_own_role() {
    let world = world().await;
    let reader = world.token_with(&[Role::ServiceConfigRead, Role::ManagedDevicesReadWrite]).await;
    let bearer = format!("Bearer {reader}");
    let headers = [("authorization", bearer.as_str())];
    world.send(Method::GET, D, &headers, String::new()).await.expect(200);
    world.send(Method::POST, D, &headers, json!({ "tokenName": "x" }).to_string()).await.expect(403);
    let wipe = "/beta/deviceManagement/managedDevices/x/wipe";
    world.send(Method::POST, wipe, &headers, String::new()).await.expect(403);
    world
        .send(Method::GET, "/beta/deviceManagement/managedDevices", &headers, String::new())
        .await
        .expect(200);
}

#[tokio::test]
async fn a_path_is_found_in_any_case_with_a_slash_at_its_end_and_keys_in_either_form() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let profile = world.new_profile(&id, "Office").await;
    let bare = profile.split('_').next_back().unwrap();
    let found = [
        format!("{D}/"),
        "/Beta/DEVICEMANAGEMENT/deponboardingsettings".to_owned(),
        "/v1.0/deviceManagement/depOnboardingSettings".to_owned(),
        format!("{D}/{id}"),
        format!("{D}('{id}')"),
        format!("{D}('{id}')/"),
        format!("{D}(%27{id}%27)/enrollmentProfiles('{profile}')"),
        format!("{D}/{id}/enrollmentprofiles/{profile}"),
        format!("{D}/{id}/enrollmentProfiles/{bare}"),
        format!("{D}/{id}/enrollmentProfiles/ECV2_{profile}"),
        format!("{D}/{id}/microsoft.graph.getEncryptionPublicKey()")
            .replace("getEncryptionPublicKey()", "enrollmentProfiles"),
    ];
    for path in found {
        let reply = world.get(&path).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}: {}", reply.text);
    }
    world.get("/v1.0/muster/alerts").await.expect(400);
    let other = world.new_token("Other", true).await;
    world.get(&format!("{D}/{other}/enrollmentProfiles/{profile}")).await.expect(404);
}

#[tokio::test]
async fn a_path_that_is_not_there_is_400_in_graphs_words_and_a_wrong_verb_405() {
    let world = world().await;
    for path in [
        "/beta/deviceManagement/nothing",
        "/beta",
        "/",
        "/v2.0/deviceManagement",
        "/beta/nobody",
        "/beta/%20",
    ] {
        let reply = world.get(path).await.expect(400);
        assert_eq!(reply.code(), "BadRequest");
        assert!(
            reply.message().starts_with("No OData route exists that match template"),
            "{path}: {}",
            reply.text
        );
    }
    let reply = world.call(Method::PUT, D, "{}".into()).await.expect(405);
    assert!(reply.message().contains("GET, POST"), "{}", reply.text);
    assert_eq!(reply.headers["allow"], "GET, POST", "RFC 9110 15.5.6");
    world.get("/beta/deviceManagement/x('").await.expect(400);
    world.get(&format!("/beta/{}", "x/".repeat(40))).await.expect(400);
    world.get(&format!("{D}/%00")).await.expect(400);
    world.get(&format!("{D}/..%2f..%2fetc")).await.expect(404);
}

#[tokio::test]
async fn an_error_has_graphs_envelope_and_the_ids_of_the_request() {
    let world = world().await;
    let bearer = format!("Bearer {}", world.token);
    let headers = [("authorization", bearer.as_str()), ("client-request-id", "mine-1")];
    let reply = world.send(Method::GET, &format!("{D}/nothing"), &headers, String::new()).await.expect(404);
    let inner = &reply.body["error"]["innerError"];
    assert_eq!(reply.code(), "ResourceNotFound");
    assert_eq!(inner["client-request-id"], "mine-1");
    assert_eq!(inner["request-id"].as_str().unwrap(), reply.headers["request-id"]);
    assert_eq!(reply.headers["client-request-id"], "mine-1");
    assert_eq!(reply.headers["odata-version"], "4.0");
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert!(inner["date"].as_str().unwrap().starts_with("2027-01-15T08:00:00"));
    assert!(
        reply.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json;odata.metadata=minimal")
    );
}
