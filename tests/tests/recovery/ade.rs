//! Faults of Apple's enrolment service.

use std::time::Duration;

use muster_tests::{Engine, Stack, until};
use practice::apple::assign::SerialResult;
use practice::apple::catalogue::Family;
use practice::apple::{Moment, Span, What};
use serde_json::json;

use crate::course::{Course, DAY, HOUR, MINUTE, answer, fault, later, since, stories, word};
use crate::page::{self, Row, length};

/// What is wanted while the fault stands.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    /// A device that was just bought, of which a timed sync would tell.
    Device,
    /// As above; and the sync is the weekly one, of the complete list.
    DeviceInFullList,
    /// A default profile that was just made, for a device that is known.
    Profile,
}

/// One fault.
struct Case {
    name: &'static str,
    place: &'static str,
    what: What,
    lasts: Lasts,
    want: Want,
}

/// For how long it stands.
#[derive(Clone, Copy)]
enum Lasts {
    Times(u32),
    For(Duration),
    Percent(u8, Duration),
}

impl Lasts {
    fn span(self, from: Moment) -> Span {
        let until = |span: Duration| Some(from.plus_seconds(i64::try_from(span.as_secs()).unwrap()));
        match self {
            Lasts::Times(times) => Span { times: Some(times), from: Some(from), ..Span::default() },
            Lasts::For(span) => Span { from: Some(from), until: until(span), ..Span::default() },
            Lasts::Percent(percent, span) => Span {
                percent: Some(percent),
                seed: 7,
                from: Some(from),
                until: until(span),
                ..Span::default()
            },
        }
    }

    fn words(self) -> String {
        match self {
            Lasts::Times(1) => "once".to_owned(),
            Lasts::Times(times) => format!("{times} times"),
            Lasts::For(span) => format!("for {}", length(span)),
            Lasts::Percent(percent, span) => format!("{percent} % of calls, for {}", length(span)),
        }
    }
}

fn case(name: &'static str, place: &'static str, what: What, lasts: Lasts) -> Case {
    Case { name, place, what, lasts, want: Want::Device }
}

fn serials(result: SerialResult) -> What {
    What::Serials { result, serials: Vec::new() }
}

fn sign_in() -> Vec<Case> {
    let a_while = Lasts::For(50 * MINUTE);
    vec![
        case("`token_rejected` at sign-in", "session", word("token_rejected"), a_while),
        case("`signature_invalid` at sign-in", "session", word("signature_invalid"), Lasts::Times(1)),
        case("`consumer_key_unknown` at sign-in", "session", word("consumer_key_unknown"), a_while),
        case("`nonce_used` at sign-in", "session", word("nonce_used"), a_while),
        case("Apple's clock is 2 hours ahead", "session", What::Clock { seconds: 7_200 }, a_while),
        case("Apple's clock is 2 hours behind", "session", What::Clock { seconds: -7_200 }, a_while),
        case("401 `UNAUTHORIZED` to every call", "ade", word("UNAUTHORIZED"), a_while),
        case("403 `FORBIDDEN` to every call", "ade", word("FORBIDDEN"), a_while),
        case("403 `ACCESS_DENIED` to every call", "ade", word("ACCESS_DENIED"), a_while),
        case("403 `T_C_NOT_SIGNED` to every call", "ade", word("T_C_NOT_SIGNED"), a_while),
    ]
}

fn answers() -> Vec<Case> {
    let a_while = Lasts::For(50 * MINUTE);
    vec![
        case("429 to a sync, without `Retry-After`", "sync", answer(429, ""), a_while),
        case("429 to a sync, `Retry-After` of 2 hours", "sync", later(429, "7200"), Lasts::Times(1)),
        case("503 to a sync, without `Retry-After`", "sync", answer(503, ""), a_while),
        // 2026-05-09T02:30:01Z, when the stack's clock begins, and 12 hours and 30 minutes.
        case(
            "503 to a sync, `Retry-After` a date in half an hour",
            "sync",
            later(503, "Sat, 09 May 2026 15:00:01 GMT"),
            Lasts::Times(1),
        ),
        case("500 to every call", "ade", answer(500, "broken"), a_while),
        case("an answer that is cut off", "ade", What::CutOff, a_while),
        case("half a JSON", "ade", What::WrongJson, a_while),
        case("nobody listens at Apple's address", "ade", What::NoConnection, a_while),
        case("503 to three calls of ten", "ade", answer(503, ""), Lasts::Percent(30, 6 * HOUR)),
    ]
}

fn pages() -> Vec<Case> {
    let a_while = Lasts::For(50 * MINUTE);
    let full = |case| Case { want: Want::DeviceInFullList, ..case };
    vec![
        case("a cursor that Apple repeats, with more to follow", "sync", What::RepeatCursor, a_while),
        case("`EXPIRED_CURSOR`", "sync", word("EXPIRED_CURSOR"), Lasts::Times(1)),
        case("`EXPIRED_CURSOR` to every sync", "sync", word("EXPIRED_CURSOR"), a_while),
        case("`INVALID_CURSOR`", "sync", word("INVALID_CURSOR"), Lasts::Times(1)),
        case("`EXHAUSTED_CURSOR` to a sync", "sync", word("EXHAUSTED_CURSOR"), a_while),
        full(case("`EXHAUSTED_CURSOR` to the complete list", "fetch", word("EXHAUSTED_CURSOR"), a_while)),
        full(case("`INVALID_CURSOR` to the complete list", "fetch", word("INVALID_CURSOR"), a_while)),
        full(case("503 in the complete list", "fetch", answer(503, ""), a_while)),
        case("each device twice on a page", "sync", What::Duplicates, a_while),
        case("events in the wrong order", "sync", What::Disorder, a_while),
    ]
}

fn assignments() -> Vec<Case> {
    let a_while = Lasts::For(50 * MINUTE);
    let profile = |case| Case { want: Want::Profile, ..case };
    vec![
        profile(case("503 to a profile", "define", answer(503, ""), a_while)),
        case("503 to an assignment", "assign", answer(503, ""), a_while),
        case("429 to an assignment, `Retry-After` of 2 hours", "assign", later(429, "7200"), Lasts::Times(1)),
        case("an assignment's answer is cut off", "assign", What::CutOff, Lasts::Times(1)),
        case("404 to an assignment", "assign", answer(404, "NOT_FOUND"), Lasts::Times(1)),
        case("503 to reading an assignment back", "details", answer(503, ""), a_while),
        case("`ACCESS_DENIED` to an assignment", "assign", word("ACCESS_DENIED"), a_while),
        case("`THROTTLED` for a device", "assign", serials(SerialResult::Throttled), a_while),
        case("`FAILED` for a device", "assign", serials(SerialResult::Failed), a_while),
        case("`NOT_ACCESSIBLE` for a device", "assign", serials(SerialResult::NotAccessible), a_while),
    ]
}

/// Takes one fault through its course.
async fn take(engine: Engine, case: Case) -> Row {
    let mut course = Course::begin(engine).await;
    let (program, stack) = (course.program.clone(), &course.stack);
    if case.want != Want::Profile {
        program.default_profile(json!({})).await;
    }
    course.settle().await;
    let serials = stack.buy(&program, Family::IPad, 1);
    let wait = match case.want {
        Want::Device => 12 * HOUR,
        Want::DeviceInFullList => 7 * DAY,
        Want::Profile => {
            stack.sync(&program).await;
            Duration::ZERO
        }
    };
    let start = course.now().plus_seconds(i64::try_from(wait.as_secs()).unwrap());
    course.plan(fault(case.place, case.what.clone(), case.lasts.span(start)));
    course.stack.clock.advance(wait);
    if case.want == Want::Profile {
        program.default_profile(json!({})).await;
    }
    course.settle().await;
    let mut events = 0;
    while !course.is_well(&serials).await {
        events += 1;
        course.listen_to(&serials[0]).await;
        assert!(events < 300, "{}: not well: {:?}", case.name, stories(&course, &serials).await);
        course.go_on().await;
    }
    course.nothing_goes_on().await;
    let planned = course.stack.practice.world().faults().planned()[0].clone();
    let hit = planned.hits > 0 || case.what == What::NoConnection;
    assert!(hit, "{}: the fault never hit", case.name);
    let end = planned.fault.span.until.or(planned.last_hit).unwrap();
    let row = Row {
        fault: format!("{}, {}", case.name, case.lasts.words()),
        said: course.said(),
        recovered: since(&course, end),
    };
    course.stack.stop_server().await;
    row
}

/// Takes each through its course on each engine: they behave alike.
async fn take_all(section: &str, cases: fn() -> Vec<Case>) {
    let mut rows: Vec<Vec<Row>> = Vec::new();
    for engine in Engine::here() {
        let mut of_engine = Vec::new();
        for case in cases() {
            of_engine.push(Box::pin(take(engine, case)).await);
        }
        rows.push(of_engine);
    }
    for others in &rows[1..] {
        assert_eq!(&rows[0], others, "both engines recover alike");
    }
    page::holds(section, &rows[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_sign_in_is_recovered_from() {
    take_all("sign-in", sign_in).await;
}

/// Shows: R57, N48
#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_answer_is_recovered_from() {
    take_all("answers", answers).await;
}

/// Shows: R17, R55
#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_page_is_recovered_from() {
    take_all("pages", pages).await;
}

/// Shows: R58
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_an_assignment_is_recovered_from() {
    take_all("assignments", assignments).await;
}

/// A device that Apple does not tell about is gone here too, after the weekly list.
async fn gone(name: &str, vanish: impl FnOnce(&Stack)) -> Row {
    let mut course = Course::begin(Engine::Sqlite).await;
    let program = course.program.clone();
    let serial = course.stack.ready_with(&program, Family::IPad, 2, json!({})).await.remove(0);
    let start = course.now();
    vanish(&course.stack);
    course.stack.hand_over(&program, std::slice::from_ref(&serial), None);
    let mut events = 0;
    while program.device(&serial).await.is_none_or(|row| row["presence"] != "gone") {
        events += 1;
        assert!(events < 300, "{name}: the device is still here");
        course.go_on().await;
    }
    Row { fault: name.to_owned(), said: course.said(), recovered: since(&course, start) }
}

/// A device that Apple throttles is in no sync: one that was bought meanwhile is known with the weekly list.
async fn throttled() -> Row {
    let mut course = Course::begin(Engine::Sqlite).await;
    let program = course.program.clone();
    program.default_profile(json!({})).await;
    let serials = course.stack.buy(&program, Family::IPad, 1);
    let now = course.now();
    course.stack.practice.world().model().throttle(&serials[0], 86_400, now);
    let end = now.plus_seconds(86_400);
    let mut events = 0;
    while !course.is_well(&serials).await {
        events += 1;
        assert!(events < 300, "the device is not known");
        course.go_on().await;
    }
    let fault = "a device that was just bought is throttled for 1 d, and in no sync meanwhile".to_owned();
    Row { fault, said: course.said(), recovered: since(&course, end) }
}

/// Lessons 1, 9, 12.
#[tokio::test(flavor = "multi_thread")]
async fn devices_that_vanish_without_a_word_are_gone_after_the_weekly_list() {
    let rows = [
        gone("Apple does not tell that a device was taken away (time since then)", |stack| {
            stack.practice.world().faults().stand(What::LoseDeleted);
        })
        .await,
        throttled().await,
    ];
    page::holds("vanished", &rows);
}

/// An answer without end costs the patience that the settings give it, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_given_up_and_the_sync_comes_again() {
    let mut course = Course::patient(Engine::Sqlite, Duration::from_secs(5)).await;
    let program = course.program.clone();
    program.default_profile(json!({})).await;
    course.settle().await;
    let serials = course.stack.buy(&program, Family::IPad, 1);
    let start = course.now().plus_seconds(12 * 3_600);
    course.plan(fault("sync", What::Endless, Lasts::For(10 * MINUTE).span(start)));
    course.stack.clock.advance(12 * HOUR);
    course.settle().await;
    course.listen().await;
    while !course.is_well(&serials).await {
        course.go_on().await;
    }
    let row = Row {
        fault: "an answer that never ends, for 10 min".to_owned(),
        said: course.said(),
        recovered: since(&course, start.plus_seconds(600)),
    };
    page::holds("endless", &[row]);
}

/// One page at a time: while Apple takes its time over one, nothing else is asked for that token.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_page_is_waited_for_and_no_second_one_is_asked_meanwhile() {
    const PAGES: u64 = 4;
    let limits = app::open::Limits { sync_page: 5, ..Default::default() };
    let stack = Stack::with(muster_tests::Setting { limits, ..Default::default() }).await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.buy(&program, Family::IPad, 20);
    stack.pass(12 * HOUR - MINUTE).await;
    stack.practice.world().faults().stand(What::Slow { seconds: 20 });
    let hits = || stack.practice.world().faults().planned()[0].hits;
    let calls = || stack.practice.world().calls("POST /devices/sync");
    let before = calls();
    stack.clock.advance(MINUTE);
    let mut seen = 0;
    while calls() - before < PAGES {
        // Whoever is held is held alone, however long it takes.
        until("a call that Apple holds", async || (hits() > seen).then_some(())).await;
        assert_eq!(hits(), seen + 1, "one call at a time");
        let _ = program.ask_sync("delta").await.refused(409);
        assert_eq!(hits(), seen + 1, "nor by an administrator's wish");
        seen += 1;
        stack.clock.advance(Duration::from_secs(20));
    }
    stack.practice.world().faults().clear();
    stack.clock.advance(Duration::from_secs(20));
    for serial in &serials {
        program.until_ready(serial).await;
    }
}
