use muster_practice::ade::SessionRules;
use reqwest::header::USER_AGENT;
use serde_json::json;

use crate::client::{Answer, START, download, rehearsal, rehearsal_with};

#[tokio::test]
async fn a_signed_request_opens_a_session() {
    let rehearsal = rehearsal().await;
    let answer = rehearsal.ask_session(&rehearsal.token, START, "n").await;
    assert_eq!(answer.headers["content-type"], "application/json;charset=UTF8");
    let token = answer.json()["auth_session_token"].as_str().unwrap().to_owned();
    let session = crate::client::Session { rehearsal: &rehearsal, token, version: 10 };
    assert_eq!(session.get("/account").await.status, 200);
}

#[tokio::test]
async fn the_plain_service_signs_http_urls() {
    let rehearsal = rehearsal_with(|config| config.plain_http_ade = true).await;
    assert!(rehearsal.practice.ade_url.starts_with("http://"));
    assert_eq!(rehearsal.session().await.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_nonce_opens_one_session_only() {
    let rehearsal = rehearsal().await;
    assert_eq!(rehearsal.ask_session(&rehearsal.token, START, "same").await.status, 200);
    let again = rehearsal.ask_session(&rehearsal.token, START, "same").await;
    assert_eq!(again.words(), (401, "oauth_problem=nonce_used"));
}

#[tokio::test]
async fn a_clock_that_is_five_minutes_off_is_taken_and_one_second_more_is_not() {
    let rehearsal = rehearsal().await;
    for (skew, status) in [(-300, 200), (300, 200), (-301, 401), (301, 401)] {
        let answer = rehearsal.ask_session(&rehearsal.token, START + skew, &format!("n{skew}")).await;
        assert_eq!(answer.status, status, "{skew}");
        assert!(status == 200 || answer.text == "oauth_problem=timestamp_refused");
    }
}

#[tokio::test]
async fn each_wrong_credential_has_its_word() {
    let rehearsal = rehearsal().await;
    let mut secret = rehearsal.token.clone();
    secret.access_secret = "AS_wrong".to_owned().into();
    let mut consumer_secret = rehearsal.token.clone();
    consumer_secret.consumer_secret = "CS_wrong".to_owned().into();
    let mut token = rehearsal.token.clone();
    token.access_token = "AT_wrong".to_owned().into();
    let mut consumer = rehearsal.token.clone();
    consumer.consumer_key = "CK_wrong".to_owned();
    let cases = [
        (secret, "oauth_problem=signature_invalid"),
        (consumer_secret, "oauth_problem=signature_invalid"),
        (token, "oauth_problem=token_rejected"),
        (consumer, "oauth_problem=consumer_key_unknown"),
    ];
    for (number, (token, word)) in cases.iter().enumerate() {
        let answer = rehearsal.ask_session(token, START, &format!("n{number}")).await;
        assert_eq!(answer.words(), (401, *word));
    }
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_the_nonce() {
    let rehearsal = rehearsal().await;
    let mut wrong = rehearsal.token.clone();
    wrong.access_secret = "AS_wrong".to_owned().into();
    assert_eq!(rehearsal.ask_session(&wrong, START, "n").await.status, 401);
    assert_eq!(rehearsal.ask_session(&rehearsal.token, START, "n").await.status, 200);
}

#[tokio::test]
async fn malformed_oauth_is_a_bad_request() {
    let rehearsal = rehearsal().await;
    let url = format!("{}/session", rehearsal.practice.ade_url);
    let none = Answer::of(rehearsal.http.get(&url)).await;
    assert_eq!(none.words(), (400, "oauth_problem=parameter_absent"));
    let cases = [
        ("Bearer abc", "oauth_problem=parameter_rejected"),
        ("OAuth realm=\"ADM\"", "oauth_problem=parameter_rejected"),
        (
            "OAuth oauth_consumer_key=\"a\", oauth_token=\"b\", oauth_signature=\"c\", oauth_timestamp=\"1\", \
             oauth_nonce=\"n\", oauth_signature_method=\"PLAINTEXT\"",
            "oauth_problem=signature_method_rejected",
        ),
        (
            "OAuth oauth_consumer_key=\"a\", oauth_consumer_key=\"a\", oauth_token=\"b\", oauth_signature=\"c\", \
             oauth_timestamp=\"1\", oauth_nonce=\"n\", oauth_signature_method=\"HMAC-SHA1\"",
            "oauth_problem=parameter_rejected",
        ),
    ];
    for (header, word) in cases {
        let answer = Answer::of(rehearsal.http.get(&url).header("authorization", header)).await;
        assert_eq!(answer.words(), (400, word));
    }
}

#[tokio::test]
async fn without_a_session_every_call_is_unauthorized() {
    let rehearsal = rehearsal().await;
    let url = format!("{}/account", rehearsal.practice.ade_url);
    assert_eq!(Answer::of(rehearsal.http.get(&url)).await.words(), (401, "UNAUTHORIZED"));
    let unknown = rehearsal.http.get(&url).header("x-adm-auth-session", "unknown");
    assert_eq!(Answer::of(unknown).await.words(), (401, "UNAUTHORIZED"));
}

#[tokio::test]
async fn a_session_ends_after_three_idle_minutes() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    rehearsal.advance(179);
    assert_eq!(session.get("/account").await.status, 200);
    rehearsal.advance(180);
    assert_eq!(session.get("/account").await.words(), (401, "UNAUTHORIZED"));
}

#[tokio::test]
async fn answers_rotate_the_session() {
    let rules = SessionRules { rotate_every: 3, ..SessionRules::default() };
    let rehearsal = rehearsal_with(|config| config.sessions = rules).await;
    let mut session = rehearsal.session().await;
    assert_eq!(session.get("/account").await.session(), None);
    assert_eq!(session.post("/devices/sync", json!({})).await.session(), None);
    let fresh = session.post("/devices/sync", json!({})).await;
    assert_eq!(fresh.words(), (400, "CURSOR_REQUIRED"), "a refusal rotates, too");
    session.token = fresh.session().unwrap().to_owned();
    assert_eq!(session.get("/account").await.status, 200);
}

/// Shows: R24
#[tokio::test]
async fn downloading_a_new_token_kills_session_and_token_in_use_at_once() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let r = &rehearsal;
    let new = download(&r.practice, &r.http, &r.org, &r.server, &r.key).await;
    assert_eq!(session.get("/account").await.words(), (401, "UNAUTHORIZED"));
    let old = rehearsal.ask_session(&rehearsal.token, START, "old").await;
    assert_eq!(old.words(), (401, "oauth_problem=token_rejected"));
    assert_eq!(rehearsal.ask_session(&new, START, "new").await.status, 200);
    assert_eq!(new.consumer_key, rehearsal.token.consumer_key);
}

/// Shows: R24
#[tokio::test]
async fn the_token_dies_with_its_makers_password_or_place() {
    for what in ["password", "leave"] {
        let rehearsal = rehearsal().await;
        let path = format!("/people/ann@example.com/{what}");
        assert_eq!(rehearsal.org("POST", &path, json!(null)).await.status, 204);
        let answer = rehearsal.ask_session(&rehearsal.token, START, "n").await;
        assert_eq!(answer.words(), (401, "oauth_problem=token_rejected"));
    }
}

#[tokio::test]
async fn a_token_ends_after_a_year() {
    let rehearsal = rehearsal().await;
    rehearsal.advance(365 * 86_400);
    let answer = rehearsal.ask_session(&rehearsal.token, rehearsal.clock.now_unix(), "n").await;
    assert_eq!(answer.words(), (401, "oauth_problem=token_rejected"));
}

#[tokio::test]
async fn unaccepted_terms_stop_sessions_and_calls_until_accepted() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    rehearsal.org("PUT", "/terms", json!({"accepted": false})).await;
    assert_eq!(session.get("/account").await.words(), (403, "T_C_NOT_SIGNED"));
    let refused = rehearsal.ask_session(&rehearsal.token, START, "n").await;
    assert_eq!(refused.words(), (403, "T_C_NOT_SIGNED"));
    rehearsal.org("PUT", "/terms", json!({"accepted": true})).await;
    assert_eq!(session.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_user_agent_is_needed_and_must_name_a_product() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let cases = [
        ("", "USER_AGENT_MISSING"),
        ("(odd)", "USER_AGENT_INVALID"),
        ("m\u{fc}ster/1", "USER_AGENT_INVALID"),
    ];
    for (agent, word) in cases {
        let value = reqwest::header::HeaderValue::from_bytes(agent.as_bytes()).unwrap();
        let answer = Answer::of(session.request("GET", "/account").header(USER_AGENT, value)).await;
        assert_eq!(answer.words(), (400, word));
    }
    let long = format!("m/{}", "1".repeat(300));
    let answer = Answer::of(session.request("GET", "/account").header(USER_AGENT, long)).await;
    assert_eq!(answer.words(), (400, "USER_AGENT_INVALID"));
}
