//! What people do.

use std::time::Duration;

use super::browser::{NAME, PASSWORD, Phone, world};
use crate::sign_in::origin;

#[tokio::test]
async fn the_first_administrator_sets_up_an_account_by_the_link_and_signs_in_again() {
    let world = world().await;
    let (first, phone) = world.administrator().await;
    let page = first.get("/default/account").await.expect(200);
    assert!(page.text.contains("Ada Lovelace") && page.text.contains(NAME));
    let page = first.submit_nth(&page, 3, &[]).await.expect(303);
    assert_eq!(page.location(), "/default/sign-in?ended=1");
    assert_eq!(first.session(), None);
    let browser = world.browser();
    let page = browser.password("ADA@analytical.example", PASSWORD).await.expect(303);
    assert_eq!(page.location(), "/default/sign-in/code?next=account");
    let page = browser.code(&phone.code(&world.clock)).await.expect(303);
    assert_eq!(page.location(), "/default/account");
    browser.get("/default/account").await.expect(200);
    let page = browser.get("/default/sign-in").await.expect(303);
    assert_eq!(page.location(), "/default/account", "who is signed in need not do so again");
}

#[tokio::test]
async fn recovery_codes_are_shown_once_and_each_is_good_once() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let page = browser.get("/default/account").await.expect(200);
    assert!(page.text.contains("10 recovery codes are left"));
    let page = browser.submit_nth(&page, 2, &[("password", PASSWORD), ("what", "codes")]).await.expect(200);
    let codes: Vec<&str> =
        page.text.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(codes.len(), 10);
    let other = world.browser();
    other.password(NAME, PASSWORD).await.expect(303);
    other.code(&codes[0].to_uppercase().replace('-', " ")).await.expect(303);
    let page = other.get("/default/account").await.expect(200);
    assert!(page.text.contains("9 recovery codes are left"));
    let third = world.browser();
    third.password(NAME, PASSWORD).await.expect(303);
    third.code(codes[0]).await.expect(401);
    third.code(codes[1]).await.expect(303);
}

#[tokio::test]
async fn another_phone_takes_over_when_its_first_code_was_right() {
    let world = world().await;
    let (browser, old) = world.administrator().await;
    let page = browser.get("/default/account").await.expect(200);
    browser.submit_nth(&page, 2, &[("password", "wrong wrong wrong"), ("what", "app")]).await.expect(401);
    browser.submit_nth(&page, 2, &[("password", PASSWORD), ("what", "app")]).await.expect(303);
    let page = browser.get("/default/account/second-factor").await.expect(200);
    let new = Phone::of(&page);
    let still = world.browser();
    still.password(NAME, PASSWORD).await.expect(303);
    still.code(&old.code(&world.clock)).await.expect(303);
    let page = browser.submit(&page, &[("code", &new.code(&world.clock))]).await.expect(303);
    assert_eq!(page.location(), "/default/account", "what was left open ended with the next sign-in");
    let again = world.browser();
    again.password(NAME, PASSWORD).await.expect(303);
    world.clock.advance(Duration::from_secs(60));
    again.code(&old.code(&world.clock)).await.expect(303);
    let page = again.get("/default/account").await.expect(200);
    again.submit_nth(&page, 2, &[("password", PASSWORD), ("what", "app")]).await.expect(303);
    let page = again.get("/default/account/second-factor").await.expect(200);
    again.submit(&page, &[("code", "000000")]).await.expect(401);
    let new = Phone::of(&page);
    again.submit(&page, &[("code", &new.code(&world.clock))]).await.expect(200);
    world.clock.advance(Duration::from_secs(60));
    let last = world.browser();
    last.password(NAME, PASSWORD).await.expect(303);
    last.code(&old.code(&world.clock)).await.expect(401);
    last.code(&new.code(&world.clock)).await.expect(303);
}

/// Refuses: O
#[tokio::test]
async fn another_password_ends_every_other_session() {
    let world = world().await;
    let (browser, phone) = world.administrator().await;
    let other = world.browser();
    other.password(NAME, PASSWORD).await.expect(303);
    other.code(&phone.code(&world.clock)).await.expect(303);
    other.get("/default/account").await.expect(200);
    world.clock.advance(Duration::from_secs(1));
    let page = browser.get("/default/account").await.expect(200);
    let change = |old: &'static str, new: &'static str, again: &'static str| {
        [("old", old), ("password", new), ("again", again)]
    };
    let new = "eight purple badgers";
    browser.submit_nth(&page, 1, &change("wrong wrong wrong", new, new)).await.expect(401);
    browser.submit_nth(&page, 1, &change(PASSWORD, new, "eight purple badger")).await.expect(400);
    browser.submit_nth(&page, 1, &change(PASSWORD, "short", "short")).await.expect(400);
    let before = browser.session();
    browser.submit_nth(&page, 1, &change(PASSWORD, new, new)).await.expect(303);
    assert_ne!(browser.session(), before, "a session of its own from then on");
    browser.get("/default/account").await.expect(200);
    other.get("/default/account").await.expect(303);
    world.browser().password(NAME, PASSWORD).await.expect(401);
    world.browser().password(NAME, new).await.expect(303);
}

#[tokio::test]
async fn a_session_ends_without_visits_at_its_end_and_everywhere_else_when_asked() {
    let world = world().await;
    let (browser, phone) = world.administrator().await;
    let other = world.browser();
    other.password(NAME, PASSWORD).await.expect(303);
    other.code(&phone.code(&world.clock)).await.expect(303);
    let page = browser.get("/default/account").await.expect(200);
    assert_eq!(page.text.matches("<tr><td>").count(), 2);
    browser.submit_nth(&page, 0, &[]).await.expect(303);
    other.get("/default/account").await.expect(303);
    for _ in 0..11 {
        world.clock.advance(Duration::from_secs(59 * 60));
        browser.get("/default/account").await.expect(200);
    }
    world.clock.advance(Duration::from_secs(60 * 60));
    let page = browser.get("/default/account").await.expect(303);
    assert_eq!(page.location(), "/default/sign-in?next=account");
}

#[tokio::test]
async fn the_api_takes_a_session_from_our_own_pages() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let token = browser.get("/default/account").await.expect(200).token();
    let page = browser.call(&[(origin::TOKEN_HEADER, &token), ("sec-fetch-site", "same-origin")]).await;
    assert!(page.expect(200).text.contains("DeviceManagementServiceConfig.ReadWrite.All"));
}

#[tokio::test]
async fn a_link_for_a_new_colleague_sets_up_their_account_once() {
    let world = world().await;
    let (_, _) = world.administrator().await;
    let store = &world.app.store;
    let add = |name: &'static str| ::app::user::add(store, "default", name, "Jörg", &world.clock);
    let link = add("joerg@analytical.example").await.unwrap();
    assert!(add("JOERG@analytical.example").await.is_err(), "the name is taken");
    let browser = world.browser();
    let page = browser.get(&format!("/default/set-up?code={}", link.code.as_str())).await.expect(200);
    assert!(page.text.contains("joerg@analytical.example"));
    let filled = [("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
    browser.submit(&page, &filled).await.expect(303);
    let page = browser.get("/default/account/second-factor").await.expect(200);
    assert!(page.text.contains("joerg@analytical.example"), "the link says whose, not the form");
    world.browser().get(&format!("/default/set-up?code={}", link.code.as_str())).await.expect(403);
}
