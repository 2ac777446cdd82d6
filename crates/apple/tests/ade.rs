//! The enrolment service's client against a stub that says what Apple says.
#![expect(clippy::unwrap_used, reason = "a stub that fails fails its test")]

mod support;

use std::time::Duration;

use mdm::ade::{ActivationLockRequest, AssignResult, ErrorToken, Profile};
use muster_apple::AdeError;
use muster_apple::ade::CursorProblem;
use rstest::rstest;
use support::{Say, Stub, client_of, say};

fn serials(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("SERIAL{n:06}")).collect()
}

fn page(cursor: &str) -> Say {
    say(200, &format!(r#"{{"cursor":"{cursor}","devices":[],"more_to_follow":false}}"#))
}

#[tokio::test]
async fn the_first_call_signs_in_and_each_says_who_we_are() {
    let stub = Stub::start().await;
    let client = stub.client();
    client.account().await.unwrap();
    client.account().await.unwrap();
    assert_eq!(stub.sign_ins(), 1);
    for asked in stub.asked() {
        assert_eq!(asked.header("user-agent"), muster_apple::USER_AGENT);
        assert_eq!(asked.header("x-server-protocol-version"), "10");
        assert_eq!(asked.header("content-type"), "application/json;charset=UTF8");
        assert_eq!(asked.header("accept"), "application/json;charset=UTF8");
    }
    assert!(stub.calls().iter().all(|asked| asked.session() == "session-1"));
}

#[rstest]
#[case::unauthorized(401, "UNAUTHORIZED")]
#[case::in_silence(401, "")]
#[case::forbidden(403, "FORBIDDEN")]
#[case::in_quotes(403, "\"FORBIDDEN\"")]
#[tokio::test]
async fn a_refused_session_is_renewed_and_the_call_sent_again(#[case] status: u16, #[case] body: &str) {
    let stub = Stub::start().await;
    stub.next([say(status, body), page("next")]);
    let page = stub.client().sync_devices("cursor", 1000).await.unwrap();
    assert_eq!(page.cursor, "next");
    let calls = stub.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].body, calls[1].body);
    assert_eq!((calls[0].session(), calls[1].session()), ("session-1", "session-2"));
}

/// A server that answers so for ever once took a whole stack.
#[rstest]
#[case(401, "UNAUTHORIZED")]
#[case(403, "FORBIDDEN")]
#[tokio::test]
async fn a_standing_refusal_never_loops(#[case] status: u16, #[case] body: &str) {
    let stub = Stub::start().await;
    stub.always(say(status, body));
    let error = stub.client().account().await.unwrap_err();
    assert!(matches!(error, AdeError::Unauthorized { .. }), "{error}");
    assert_eq!((stub.calls().len(), stub.sign_ins()), (2, 2));
}

#[rstest]
#[case("T_C_NOT_SIGNED")]
#[case("ACCESS_DENIED")]
#[case("EXPIRED_TOKEN")]
#[case("")]
#[tokio::test]
async fn another_403_is_no_matter_of_the_session(#[case] body: &str) {
    let stub = Stub::start().await;
    stub.always(say(403, body));
    stub.client().account().await.unwrap_err();
    assert_eq!((stub.calls().len(), stub.sign_ins()), (1, 1));
}

#[tokio::test]
async fn any_answer_may_bring_another_session() {
    let stub = Stub::start().await;
    stub.next([
        say(200, "{}").with("X-ADM-Auth-Session", "rotated"),
        say(400, "INVALID_CURSOR").with("X-ADM-Auth-Session", "again"),
        say(200, "{}").with("X-ADM-Auth-Session", ""),
    ]);
    let client = stub.client();
    client.account().await.unwrap();
    client.sync_devices("cursor", 100).await.unwrap_err();
    client.account().await.unwrap();
    client.account().await.unwrap();
    let sessions: Vec<_> = stub.calls().iter().map(|asked| asked.session().to_owned()).collect();
    assert_eq!(sessions, ["session-1", "rotated", "again", "again"]);
}

#[tokio::test]
async fn many_workers_with_a_dead_session_sign_in_once() {
    let stub = Stub::start().await;
    let client = stub.client();
    client.account().await.unwrap();
    stub.end_session();
    let workers: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.account().await })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap().unwrap();
    }
    assert_eq!(stub.sign_ins(), 2);
}

#[rstest]
#[case(401, "oauth_problem=token_rejected", "TokenRejected")]
#[case(401, "oauth_problem=consumer_key_unknown", "TokenRejected")]
#[case(403, "EXPIRED_TOKEN", "TokenRejected")]
#[case(401, "oauth_problem=signature_invalid", "SignatureInvalid")]
#[case(401, "oauth_problem=timestamp_refused", "TimestampRefused")]
#[case(403, "T_C_NOT_SIGNED", "TermsNotSigned")]
#[case(403, "ACCESS_DENIED", "AccessDenied")]
#[case(401, "oauth_problem=nonce_used", "Unauthorized")]
#[case(401, "", "Unauthorized")]
#[case(500, "oops", "Unavailable")]
#[case(200, "{}", "Protocol")]
#[case(200, "{\"auth_session_token\":\"\"}", "Protocol")]
#[case(302, "", "Protocol")]
#[tokio::test]
async fn a_refused_sign_in_is_told_apart_and_not_repeated(
    #[case] status: u16,
    #[case] body: &str,
    #[case] kind: &str,
) {
    let stub = Stub::start().await;
    stub.sign_in(say(status, body));
    let error = stub.client().account().await.unwrap_err();
    assert!(format!("{error:?}").starts_with(kind), "{error:?}");
    assert_eq!((stub.calls().len(), stub.sign_ins()), (0, 1));
}

#[tokio::test]
async fn a_sign_in_that_makes_no_sense_does_not_show_the_session() {
    let stub = Stub::start().await;
    stub.sign_in(say(200, r#"{"auth_session_token":"top\nsecret"}"#));
    let error = stub.client().account().await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
}

#[rstest]
#[case("INVALID_CURSOR", CursorProblem::Invalid)]
#[case("\"EXPIRED_CURSOR\"", CursorProblem::Expired)]
#[case("EXHAUSTED_CURSOR", CursorProblem::Exhausted)]
#[case("CURSOR_REQUIRED", CursorProblem::Required)]
#[tokio::test]
async fn a_cursor_is_refused_for_a_reason(#[case] body: &str, #[case] reason: CursorProblem) {
    let stub = Stub::start().await;
    stub.always(say(400, body));
    match stub.client().fetch_devices(Some("cursor"), 100).await.unwrap_err() {
        AdeError::Cursor { problem, words } => {
            assert_eq!(problem, reason);
            assert!(body.contains(&words) && !words.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case(400, "FLAGS_INVALID", ErrorToken::FlagsInvalid)]
#[case(400, "USER_AGENT_INVALID", ErrorToken::UserAgentInvalid)]
#[case(400, "something new", ErrorToken::Unknown)]
#[case(413, "", ErrorToken::Unknown)]
#[tokio::test]
async fn what_apple_does_not_like_keeps_apples_word(
    #[case] status: u16,
    #[case] body: &str,
    #[case] word: ErrorToken,
) {
    let stub = Stub::start().await;
    stub.always(say(status, body));
    match stub.client().define_profile(&Profile::default()).await.unwrap_err() {
        AdeError::Invalid { token, words } => {
            assert_eq!(token, word);
            assert!(words.contains(body));
        }
        other => panic!("{other:?}"),
    }
}

/// The documents say 400, the field says 404.
#[rstest]
#[case(400, "NOT_FOUND")]
#[case(404, "PROFILE_NOT_FOUND")]
#[case(404, "")]
#[tokio::test]
async fn a_profile_that_is_not_there_is_not_found(#[case] status: u16, #[case] body: &str) {
    let stub = Stub::start().await;
    stub.always(say(status, body));
    let error = stub.client().get_profile("AB CD&x=1").await.unwrap_err();
    assert!(matches!(error, AdeError::NotFound { .. }), "{error:?}");
    assert_eq!(stub.calls()[0].path, "/profile?profile_uuid=AB+CD%26x%3D1");
}

#[rstest]
#[case::seconds(429, Some("120"), Some(120))]
#[case::date(429, Some("Tue, 14 Nov 2023 22:15:20 GMT"), Some(120))]
#[case::down_until(503, Some("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60))]
#[case::no_word(429, None, None)]
#[case::nonsense(503, Some("soon"), None)]
#[tokio::test]
async fn a_pause_that_is_asked_for_is_known(
    #[case] status: u16,
    #[case] header: Option<&str>,
    #[case] seconds: Option<u64>,
) {
    let stub = Stub::start().await;
    let answer = say(status, "");
    stub.always(match header {
        Some(value) => answer.with("Retry-After", value),
        None => answer,
    });
    let error = stub.client().account().await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), seconds.map(Duration::from_secs));
    assert_eq!(stub.calls().len(), 1);
}

#[tokio::test]
async fn a_profile_is_assigned_by_put_and_by_post_where_put_is_refused() {
    let stub = Stub::start().await;
    let done = r#"{"profile_uuid":"P","devices":{"SERIAL000000":"SUCCESS"},"retry_after_seconds":30}"#;
    stub.next([say(200, done), say(405, ""), say(200, done), say(200, done)]);
    let client = stub.client();
    for _ in 0..3 {
        let answer = client.assign_profile("P", &serials(1)).await.unwrap();
        assert_eq!(answer.devices["SERIAL000000"], AssignResult::Success);
        assert_eq!(answer.retry_after_seconds, Some(30));
    }
    let methods: Vec<_> = stub.calls().iter().map(|asked| asked.method.clone()).collect();
    assert_eq!(methods, ["PUT", "PUT", "POST", "POST"]);
    assert!(stub.calls().iter().all(|asked| asked.body == stub.calls()[0].body));
}

/// Shows: R18
#[tokio::test]
async fn each_call_has_its_method_and_path() {
    let stub = Stub::start().await;
    let client = stub.client();
    stub.next([page("1"), page("2"), say(200, "{}"), say(200, "{}"), say(200, "{}")]);
    client.fetch_devices(None, 5000).await.unwrap();
    client.sync_devices("1", 0).await.unwrap();
    client.device_details(&serials(1)).await.unwrap();
    client.disown(&serials(1)).await.unwrap();
    client.remove_profile(None, &serials(1)).await.unwrap();
    stub.next([
        say(200, r#"{"profile_uuid":"P"}"#),
        say(200, r#"{"serial_number":"S","response_status":"SUCCESS"}"#),
        say(200, r#"{"serial_number":"S"}"#),
        say(404, "NOT_FOUND"),
        say(200, ""),
        say(200, ""),
        say(403, "APPLE_SEED_FOR_IT_TURNED_OFF"),
    ]);
    client.define_profile(&Profile::default()).await.unwrap();
    let lock = ActivationLockRequest { device: "S".to_owned(), escrow_key: None, lost_message: None };
    client.activation_lock(&lock).await.unwrap();
    client.replacement_details("S").await.unwrap();
    assert_eq!(client.discovery().await.unwrap(), None);
    client.set_discovery("https://mdm.example/discover").await.unwrap();
    client.clear_discovery().await.unwrap();
    assert_eq!(client.beta_tokens().await.unwrap(), None);
    let calls: Vec<_> =
        stub.calls().iter().map(|asked| format!("{} {} {}", asked.method, asked.path, asked.body)).collect();
    let expected = [
        r#"POST /server/devices {"limit":1000}"#,
        r#"POST /devices/sync {"cursor":"1","limit":1}"#,
        r#"POST /devices {"devices":["SERIAL000000"]}"#,
        r#"POST /devices/disown {"devices":["SERIAL000000"]}"#,
        r#"DELETE /profile/devices {"devices":["SERIAL000000"]}"#,
    ];
    assert_eq!(calls[..5], expected);
    let rest: Vec<_> = stub.calls()[5..].iter().map(|a| format!("{} {}", a.method, a.path)).collect();
    assert_eq!(
        rest,
        [
            "POST /profile",
            "POST /device/activationlock",
            "GET /device/replacementDetails?device=S",
            "GET /account-driven-enrollment/profile",
            "POST /account-driven-enrollment/profile",
            "DELETE /account-driven-enrollment/profile",
            "GET /os-beta-enrollment/tokens",
        ]
    );
}

/// Fleet once sent 1,900 in one request, of which Apple took none.
#[test]
fn no_call_names_more_than_a_thousand_devices_nor_none() {
    use proptest::prelude::*;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let stub = runtime.block_on(Stub::start());
    let client = stub.client();
    proptest!(ProptestConfig::with_cases(64), |(count in prop_oneof![0..3usize, 990..1010usize, 0..5000usize], way in 0..4)| {
        let before = stub.calls().len();
        let some = serials(count);
        let error = runtime.block_on(async {
            match way {
                0 => client.assign_profile("P", &some).await.err(),
                1 => client.remove_profile(Some("P"), &some).await.err(),
                2 => client.device_details(&some).await.err(),
                _ => client.disown(&some).await.err(),
            }
        });
        let sent = stub.calls().len() - before;
        if (1..=1000).contains(&count) {
            prop_assert!(error.is_none() && sent == 1, "{count}: {error:?}");
        } else {
            let refused = matches!(error, Some(AdeError::Devices { given }) if given == count);
            prop_assert!(refused && sent == 0, "{count}: {error:?}");
        }
    });
}

#[rstest]
#[case("<html>hello</html>")]
#[case("")]
#[case("[]")]
#[case("{}")]
#[case(r#"{"cursor":5}"#)]
#[case(r#"{"devices":[],"more_to_follow":false}"#)]
#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told(#[case] body: &str) {
    let stub = Stub::start().await;
    stub.always(say(200, body));
    let error = stub.client().sync_devices("cursor", 100).await.unwrap_err();
    assert!(matches!(error, AdeError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cursor_without_end_is_refused() {
    let stub = Stub::start().await;
    stub.always(page(&"c".repeat(5000)));
    let error = stub.client().sync_devices("cursor", 100).await.unwrap_err();
    assert!(matches!(error, AdeError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cursor_that_cannot_be_stored_is_refused() {
    let stub = Stub::start().await;
    stub.always(page("a\\u0000b"));
    let error = stub.client().sync_devices("cursor", 100).await.unwrap_err();
    assert!(matches!(error, AdeError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn a_device_that_cannot_be_read_is_told_beside_the_others() {
    let stub = Stub::start().await;
    stub.always(say(
        200,
        r#"{"cursor":"c","devices":[{"serial_number":"A","imei":5},{"serial_number":"B"}],"more_to_follow":false}"#,
    ));
    let page = stub.client().sync_devices("cursor", 100).await.unwrap();
    assert_eq!((page.devices.len(), page.devices[0].serial_number.as_str()), (1, "B"));
    assert_eq!(page.unreadable[0].serial_number.as_deref(), Some("A"));
}

#[tokio::test]
async fn words_of_an_error_are_short_and_printable() {
    let stub = Stub::start().await;
    stub.always(say(400, &format!("\u{1b}[31m{}", "x".repeat(10_000))));
    let words = stub.client().account().await.unwrap_err().to_string();
    assert!(words.len() < 400 && !words.contains('\u{1b}'), "{words}");
}

#[tokio::test]
async fn a_service_that_is_away_is_a_matter_of_transport() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = client_of(&format!("http://{gone}"), &net::Clock::system());
    let error = client.account().await.unwrap_err();
    assert!(matches!(error, AdeError::Transport(_)) && error.is_transient(), "{error:?}");
}

#[rstest]
#[case("ftp://host")]
#[case("https://host/path")]
#[case("https://user@host")]
#[case("host")]
fn a_base_that_is_no_host_is_refused(#[case] base: &str) {
    let trust = net::TrustAnchors::from_der::<Vec<u8>>([]).unwrap();
    let config = muster_apple::ade::AdeConfig::new(base, trust, net::Clock::system());
    assert!(matches!(muster_apple::ade::Service::new(&config), Err(AdeError::Setup(_))));
}

#[tokio::test]
async fn nothing_printed_shows_a_secret() {
    let stub = Stub::start().await;
    let client = stub.client();
    client.account().await.unwrap();
    let printed = format!("{client:?} {:?}", support::credentials());
    for secret in ["CS_test", "AT_test", "AS_test", "session-1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
