use std::convert::Infallible;

use http::HeaderValue;

use super::Session;

fn token(word: &'static str) -> impl Future<Output = Result<HeaderValue, Infallible>> {
    std::future::ready(Ok(HeaderValue::from_static(word)))
}

#[tokio::test]
async fn a_late_answer_does_not_bring_back_a_session_from_before_the_sign_in() {
    let session = Session::default();
    let before = session.pass(None, token("first")).await.unwrap();
    let after = session.pass(Some(&before), token("second")).await.unwrap();
    session.rotate(&before, HeaderValue::from_static("late")).await;
    assert_eq!(session.pass(None, token("third")).await.unwrap(), after);
    session.rotate(&after, HeaderValue::from_static("rotated")).await;
    assert_eq!(session.pass(None, token("third")).await.unwrap().token, "rotated");
}

#[tokio::test]
async fn who_is_refused_after_a_rotation_takes_what_it_brought() {
    let session = Session::default();
    let first = session.pass(None, token("first")).await.unwrap();
    session.rotate(&first, HeaderValue::from_static("rotated")).await;
    let now = session.pass(Some(&first), token("second")).await.unwrap();
    assert_eq!(now.token, "rotated");
}

#[tokio::test]
async fn a_failed_sign_in_leaves_no_session() {
    let session = Session::default();
    let first = session.pass(None, token("first")).await.unwrap();
    let failed = session.pass(Some(&first), std::future::ready(Err("no"))).await;
    assert_eq!(failed, Err("no"));
    assert_eq!(session.pass(None, token("second")).await.unwrap().token, "second");
}
