//! What strangers try.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;

use super::browser::{NAME, PASSWORD, Phone, world};
use crate::sign_in::{cookie, origin};

/// Refuses: O
#[tokio::test]
async fn a_session_is_another_after_each_step_and_one_that_was_planted_never_becomes_good() {
    let world = world().await;
    let (_, phone) = world.administrator().await;
    let victim = world.browser();
    let planted = "A".repeat(43);
    victim.keep(cookie::SESSION, &planted);
    victim.password(NAME, PASSWORD).await.expect(303);
    let halfway = victim.session().unwrap();
    assert_ne!(halfway, planted);
    victim.code(&phone.code(&world.clock)).await.expect(303);
    let full = victim.session().unwrap();
    for old in [planted, halfway] {
        assert_ne!(old, full);
        let stranger = world.browser();
        stranger.keep(cookie::SESSION, &old);
        stranger.get("/default/account").await.expect(303);
    }
}

/// Refuses: O
#[tokio::test]
async fn who_is_halfway_in_reaches_nothing() {
    let world = world().await;
    let (_, _) = world.administrator().await;
    let browser = world.browser();
    browser.password(NAME, PASSWORD).await.expect(303);
    for path in ["/default/account", "/default/device", "/default/account/second-factor"] {
        let page = browser.get(path).await.expect(303);
        assert!(page.location().starts_with("/default/sign-in/code"), "{path}");
    }
    let token = browser.get("/default/sign-in/code").await.expect(200).token();
    browser.call(&[(origin::TOKEN_HEADER, &token), ("sec-fetch-site", "same-origin")]).await.expect(401);
    for path in ["/default/account/password", "/default/account/methods", "/default/device/answer"] {
        let page = browser.post(path, &[("token", &token), ("password", PASSWORD)]).await.expect(303);
        assert!(page.location().starts_with("/default/sign-in/code"), "{path}");
    }
}

/// Refuses: N
#[tokio::test]
async fn a_strangers_page_cannot_send_our_forms() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let token = browser.get("/default/account").await.expect(200).token();
    let fields = [("token", token.as_str())];
    let own = world.base.clone();
    let stranger = "https://evil.example";
    for headers in [
        &[][..],
        &[("origin", stranger)],
        &[("origin", "null")],
        &[("origin", stranger), ("sec-fetch-site", "cross-site")],
        &[("origin", own.as_str()), ("sec-fetch-site", "same-site")],
    ] {
        for path in ["/default/sign-out", "/default/account/sessions", "/default/account/password"] {
            browser.post_from(path, &fields, headers).await.expect(403);
        }
    }
    let other = world.browser();
    let of_another = other.get("/default/sign-in").await.expect(200).token();
    for wrong in
        [&[][..], &[("token", "")], &[("token", of_another.as_str())], &[("token", "x"), ("token", "x")]]
    {
        browser.post("/default/sign-out", wrong).await.expect(403);
    }
    // Signing a victim in as somebody else needs a form of the victim's own browser, too.
    other.post("/default/sign-in", &[("name", NAME), ("password", PASSWORD)]).await.expect(403);
    browser.get("/default/account").await.expect(200);
}

/// Refuses: N
#[tokio::test]
async fn the_api_takes_a_session_only_with_its_token_and_from_our_own_pages() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let token = browser.get("/default/account").await.expect(200).token();
    let header = |value: &'static str| [(origin::TOKEN_HEADER, value)];
    browser.call(&[]).await.expect(401);
    browser.call(&header("x")).await.expect(401);
    let right = (origin::TOKEN_HEADER, token.as_str());
    browser.call(&[right, ("sec-fetch-site", "cross-site")]).await.expect(401);
    browser.call(&[right, ("origin", "https://evil.example")]).await.expect(401);
    browser.call(&[right, ("authorization", "Bearer x")]).await.expect(401);
    browser.call(&[right, ("authorization", "Basic eDp4")]).await.expect(401);
    let session = browser.session().unwrap();
    browser.call(&[right, ("cookie", &format!("{}={session}", cookie::SESSION))]).await.expect(401);
    browser.call(&[right]).await.expect(200);
}

/// Refuses: N
#[tokio::test]
async fn nobody_is_led_to_a_place_that_a_link_names() {
    let world = world().await;
    let (_, phone) = world.administrator().await;
    for next in
        ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "%2F%2Fevil"]
    {
        let browser = world.browser();
        let page = browser.get(&format!("/default/sign-in?next={next}")).await.expect(200);
        assert!(!page.text.contains("evil"), "{next}");
        let (token, name) = (page.token(), ("name", NAME));
        let fields = [("token", token.as_str()), ("next", next), name, ("password", PASSWORD)];
        let page = browser.post("/default/sign-in", &fields).await.expect(303);
        assert_eq!(page.location(), "/default/sign-in/code?next=account");
        let token = browser.get("/default/sign-in/code").await.expect(200).token();
        let code = phone.code(&world.clock);
        let fields = [("token", token.as_str()), ("next", next), ("code", code.as_str())];
        let page = browser.post("/default/sign-in/code", &fields).await.expect(303);
        assert_eq!(page.location(), "/default/account");
        world.clock.advance(Duration::from_secs(60));
    }
}

/// Refuses: O
#[tokio::test]
async fn nobody_learns_which_accounts_there_are() {
    let world = world().await;
    let (_, _) = world.administrator().await;
    let store = &world.app.store;
    ::app::user::add(store, "default", "new@analytical.example", "New", &world.clock).await.unwrap();
    ::app::user::add(store, "default", "off@analytical.example", "Off", &world.clock).await.unwrap();
    ::app::user::set_enabled(store, "default", "off@analytical.example", false, &world.clock).await.unwrap();
    let mut answers = BTreeSet::new();
    let long = "x".repeat(600);
    for name in [
        NAME,
        "nobody@analytical.example",
        "new@analytical.example",
        "off@analytical.example",
        "",
        "a\0b",
        &long,
    ] {
        let browser = world.browser();
        let page = browser.password(name, "wrong wrong wrong").await.expect(401);
        let shown = page.text.split("id=\"problem\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        answers.insert((shown, page.headers.contains_key("set-cookie")));
        world.clock.advance(Duration::from_secs(1_000));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let other = world.browser();
    let page = other.get("/another-tenant/sign-in").await.expect(200);
    other.submit(&page, &[("name", NAME), ("password", PASSWORD)]).await.expect(401);
}

/// Refuses: O
#[tokio::test]
async fn guessing_is_slowed_down_and_its_victim_is_not_kept_out() {
    let world = world().await;
    let (_, phone) = world.administrator().await;
    let browser = world.browser();
    for _ in 0..5 {
        browser.password(NAME, "wrong wrong wrong").await.expect(401);
    }
    let page = browser.password(NAME, PASSWORD).await.expect(429);
    assert!(page.text.contains("Too many attempts"), "even the right one waits");
    world.clock.advance(Duration::from_secs(2));
    browser.password(NAME, PASSWORD).await.expect(303);
    for _ in 0..1 {
        browser.code("000000").await.expect(401);
    }
    browser.code(&phone.code(&world.clock)).await.expect(429);
    world.clock.advance(Duration::from_secs(600));
    browser.code(&phone.code(&world.clock)).await.expect(303);
}

/// Refuses: O
#[tokio::test]
async fn a_code_that_was_seen_is_good_for_nobody_else() {
    let world = world().await;
    let (_, phone) = world.administrator().await;
    let code = phone.code(&world.clock);
    for (expected, browser) in [(303, world.browser()), (401, world.browser())] {
        browser.password(NAME, PASSWORD).await.expect(303);
        browser.code(&code).await.expect(expected);
    }
    world.clock.advance(Duration::from_secs(120));
    let late = world.browser();
    late.password(NAME, PASSWORD).await.expect(303);
    late.code(&code).await.expect(401);
}

/// Refuses: O
#[tokio::test]
async fn a_link_is_good_once_for_a_day_and_the_first_one_only_while_nobody_is_there() {
    let world = world().await;
    let (old, code) = (world.first_code().await, world.first_code().await);
    let page = async |code: &str| world.browser().get(&format!("/default/set-up?code={code}")).await.status;
    for wrong in [old.as_str(), "", "x", &"x".repeat(10_000)] {
        assert_eq!(page(wrong).await, 403);
    }
    assert_eq!(world.browser().get(&format!("/other/set-up?code={code}")).await.status, 403);
    assert_eq!(page(&code).await, 200);
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(page(&code).await, 403, "its day is over");
    let (_, _) = world.administrator().await;
    assert!(::app::user::first_link(&world.app, "default", |_| Ok(())).await.unwrap().is_none());
}

/// Refuses: O
#[tokio::test]
async fn a_disabled_account_and_one_that_was_reset_are_out_at_once() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let store = &world.app.store;
    world.clock.advance(Duration::from_secs(1));
    ::app::user::set_enabled(store, "default", NAME, false, &world.clock).await.unwrap();
    browser.get("/default/account").await.expect(303);
    world.browser().password(NAME, PASSWORD).await.expect(401);
    ::app::user::set_enabled(store, "default", NAME, true, &world.clock).await.unwrap();
    browser.get("/default/account").await.expect(303);
    world.browser().password(NAME, PASSWORD).await.expect(303);
    let link = ::app::user::new_link(store, "default", Some(NAME), &world.clock).await.unwrap();
    world.browser().password(NAME, PASSWORD).await.expect(401);
    let fresh = world.browser();
    let page = fresh.get(&format!("/default/set-up?code={}", link.code.as_str())).await.expect(200);
    let new = "nine amber ibexes";
    fresh.submit(&page, &[("password", new), ("again", new)]).await.expect(303);
    let page = fresh.get("/default/account/second-factor").await.expect(200);
    let phone = Phone::of(&page);
    fresh.submit(&page, &[("code", &phone.code(&world.clock))]).await.expect(200);
    fresh.get("/default/account").await.expect(200);
}

/// Refuses: M
#[tokio::test]
async fn every_page_of_an_account_asks_who_comes() {
    let world = world().await;
    let stranger = world.browser();
    let token = stranger.get("/default/sign-in").await.expect(200).token();
    for path in
        ["/default/account", "/default/account/second-factor", "/default/device", "/default/sign-in/code"]
    {
        let page = stranger.get(path).await.expect(303);
        assert!(page.location().starts_with("/default/sign-in?next="), "{path}");
    }
    for path in [
        "/default/account/password",
        "/default/account/methods",
        "/default/account/sessions",
        "/default/account/second-factor",
        "/default/device",
        "/default/device/answer",
    ] {
        let page = stranger.post(path, &[("token", &token)]).await.expect(303);
        assert!(page.location().starts_with("/default/sign-in?next="), "{path}");
    }
    stranger.post("/default/sign-in/code", &[("token", &token), ("code", "123456")]).await.expect(303);
}

/// Refuses: M
#[tokio::test]
async fn a_session_of_one_tenant_is_none_in_another() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    for path in ["/other/account", "/other/device"] {
        let page = browser.get(path).await.expect(303);
        assert_eq!(page.location().split('?').next().unwrap(), "/other/sign-in");
    }
}

/// Refuses: L
#[tokio::test]
async fn what_people_type_is_text_on_every_page() {
    let world = world().await;
    let browser = world.browser();
    let markup = "\"><script>alert(1)</script>@x";
    let page = browser.password(markup, "wrong wrong wrong").await.expect(401);
    assert!(!page.text.contains("<script"), "{}", page.text);
    let code = world.first_code().await;
    let page = browser.get(&format!("/default/set-up?code={code}")).await.expect(200);
    let filled = [("name", markup), ("display_name", markup), ("password", "a"), ("again", "b")];
    let page = browser.submit(&page, &filled).await.expect(400);
    assert!(!page.text.contains("<script"), "{}", page.text);
}

/// Refuses: N
#[tokio::test]
async fn every_page_lets_nothing_else_in_and_is_kept_by_nobody() {
    let world = world().await;
    let (browser, _) = world.administrator().await;
    let stranger = world.browser();
    let pages = [
        stranger.get("/default/sign-in").await,
        stranger.get("/default/set-up?code=x").await,
        stranger.get("/default/account").await,
        browser.get("/default/account").await,
        browser.get("/default/device").await,
        browser.get("/no%20tenant/sign-in").await,
    ];
    for page in pages {
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(
            !policy.contains("unsafe") && !page.text.contains("<script") && !page.text.contains("style=\"")
        );
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
    }
    let style = stranger.send(Method::GET, "/sign-in/style.css", &[], String::new()).await.expect(200);
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}
