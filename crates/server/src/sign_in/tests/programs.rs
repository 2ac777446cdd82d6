//! Programs that a person lets in (RFC 8628), and how they stay in.

use std::time::Duration;

use ::app::application::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;

use super::browser::{Browser, NAME, World, world};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const READ: &str = "https://graph.microsoft.com/DeviceManagementManagedDevices.Read.All";

async fn public(world: &World) -> String {
    ::app::operator::add_public_application(&world.app.store, "default", "Shell", &world.clock).await.unwrap()
}

/// Sends a form as a program does: no cookie, no origin.
async fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let page = world.browser().post_from(path, fields, &[]).await;
    (page.status.as_u16(), serde_json::from_str(&page.text).unwrap())
}

async fn begin(world: &World, id: &str, scope: &str) -> Value {
    let (status, begun) =
        form(world, "/common/oauth2/v2.0/devicecode", &[("client_id", id), ("scope", scope)]).await;
    assert_eq!(status, 200, "{begun}");
    begun
}

async fn poll(world: &World, id: &str, begun: &Value) -> (u16, Value) {
    let code = begun["device_code"].as_str().unwrap();
    form(
        world,
        "/common/oauth2/v2.0/token",
        &[("grant_type", GRANT), ("client_id", id), ("device_code", code)],
    )
    .await
}

async fn refresh(world: &World, id: &str, token: &str) -> (u16, Value) {
    let fields = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", token)];
    form(world, "/default/oauth2/v2.0/token", &fields).await
}

async fn let_in(browser: &Browser<'_>, begun: &Value, answer: &str) {
    let page = browser.get("/default/device").await.expect(200);
    let code = begun["user_code"].as_str().unwrap().to_lowercase().replace('-', " ");
    let page = browser.submit(&page, &[("code", &code)]).await.expect(200);
    assert!(page.text.contains("Shell"), "{}", page.text);
    browser.submit(&page, &[("answer", answer)]).await.expect(200);
}

async fn call(world: &World, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let path = "/beta/deviceManagement/managedDevices";
    world.browser().send(Method::GET, path, &headers, String::new()).await.status.as_u16()
}

#[tokio::test]
async fn a_program_is_let_in_by_a_code_and_acts_for_the_person() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let id = public(&world).await;
    let begun = begin(&world, &id, &format!("{READ} offline_access openid")).await;
    assert_eq!(begun["verification_uri"], format!("{}/default/device", world.base));
    assert_eq!(poll(&world, &id, &begun).await.1["error"], "authorization_pending");
    assert_eq!(poll(&world, &id, &begun).await.1["error"], "slow_down");
    let_in(&browser, &begun, "yes").await;
    world.clock.advance(Duration::from_secs(10));
    let (status, tokens) = poll(&world, &id, &begun).await;
    assert_eq!(status, 200, "{tokens}");
    let access = tokens["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["upn"], &claims["idtyp"], &claims["appid"]),
        (&NAME.into(), &"user".into(), &id.as_str().into())
    );
    assert_eq!(claims["scp"], Role::ManagedDevicesRead.as_str(), "no more than was asked for");
    assert_eq!(call(&world, access).await, 200);
    assert_eq!(poll(&world, &id, &begun).await.1["error"], "invalid_grant", "a code is good once");
    let (status, next) = refresh(&world, &id, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, &next["scope"]), (200, &tokens["scope"]));
    assert_ne!(next["refresh_token"], tokens["refresh_token"]);
}

#[tokio::test]
async fn a_program_gets_no_more_than_it_asked_for_and_nothing_to_stay_in_by_unasked() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let id = public(&world).await;
    for (scope, words) in [("openid", 0), (".default", Role::ALL.len()), (READ, 1)] {
        let begun = begin(&world, &id, scope).await;
        let_in(&browser, &begun, "yes").await;
        let tokens = poll(&world, &id, &begun).await.1;
        assert_eq!(tokens["scope"].as_str().unwrap().split_whitespace().count(), words, "{scope}");
        assert_eq!(tokens.get("refresh_token"), None);
    }
}

#[tokio::test]
async fn a_program_that_was_declined_or_came_too_late_gets_nothing() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let id = public(&world).await;
    let declined = begin(&world, &id, READ).await;
    let_in(&browser, &declined, "no").await;
    assert_eq!(poll(&world, &id, &declined).await.1["error"], "access_denied");
    let late = begin(&world, &id, READ).await;
    world.clock.advance(Duration::from_secs(900));
    assert_eq!(poll(&world, &id, &late).await.1["error"], "expired_token");
    let page = browser.get("/default/device").await.expect(200);
    browser.submit(&page, &[("code", late["user_code"].as_str().unwrap())]).await.expect(404);
}

/// Refuses: F
#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_all_that_came_of_its_sign_in() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let id = public(&world).await;
    let begun = begin(&world, &id, &format!("{READ} offline_access")).await;
    let_in(&browser, &begun, "yes").await;
    let first = poll(&world, &id, &begun).await.1["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(&world, &id, &first).await.1["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(refresh(&world, &id, &first).await.1["error"], "invalid_grant");
    assert_eq!(
        refresh(&world, &id, &second).await.1["error"],
        "invalid_grant",
        "the thief's and the owner's"
    );
}

/// Refuses: O
#[tokio::test]
async fn tokens_of_a_person_end_with_their_sessions_and_with_the_program() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let id = public(&world).await;
    let store = &world.app.store;
    let tokens = async || {
        let begun = begin(&world, &id, &format!("{READ} offline_access")).await;
        let_in(&browser, &begun, "yes").await;
        poll(&world, &id, &begun).await.1
    };
    let (one, two) = (tokens().await, tokens().await);
    let access = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(call(&world, &access(&one)).await, 200);
    world.clock.advance(Duration::from_secs(1));
    ::app::user::sign_out(store, "default", NAME, &world.clock).await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(call(&world, &access(&one)).await, 401);
    assert_eq!(
        refresh(&world, &id, two["refresh_token"].as_str().unwrap()).await.1["error"],
        "invalid_grant"
    );
}

/// Refuses: F
#[tokio::test]
async fn codes_and_tokens_of_one_program_are_good_for_no_other() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let (id, other) = (public(&world).await, public(&world).await);
    let secret = ::app::operator::credentials(&world.app.store, "default", &world.clock).await.unwrap();
    let begun = begin(&world, &id, &format!("{READ} offline_access")).await;
    let_in(&browser, &begun, "yes").await;
    assert_eq!(poll(&world, &other, &begun).await.1["error"], "invalid_grant");
    assert_eq!(poll(&world, &secret.client_id, &begun).await.1["error"], "unauthorized_client");
    assert_eq!(poll(&world, "nobody", &begun).await.1["error"], "unauthorized_client");
    let tokens = poll(&world, &id, &begun).await.1;
    let refreshing = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&world, &other, refreshing).await.1["error"], "invalid_grant");
    let path = "/default/oauth2/v2.0/devicecode";
    for wrong in [&[][..], &[("client_id", "nobody")], &[("client_id", secret.client_id.as_str())]] {
        assert_eq!(form(&world, path, wrong).await.0, 400);
    }
    let elsewhere = form(&world, "/other/oauth2/v2.0/devicecode", &[("client_id", &id)]).await;
    assert_eq!(elsewhere.1["error"], "unauthorized_client");
}
