use std::convert::Infallible;

use http::HeaderValue;

use super::Session;

fn token(word: &'static str) -> impl Future<Output = Result<HeaderValue, Infallible>> {
    std::future::ready(Ok(HeaderValue::from_static(word)))
}

fn never(_: String) -> Infallible {
    unreachable!("nothing failed")
}

#[tokio::test]
async fn a_late_answer_does_not_bring_back_a_session_from_before_the_sign_in() {
    let session = Session::default();
    let before = session.pass(None, token("first"), never).await.unwrap();
    let after = session.pass(Some(&before), token("second"), never).await.unwrap();
    session.rotate(&before, HeaderValue::from_static("late")).await;
    assert_eq!(session.pass(None, token("third"), never).await.unwrap(), after);
    session.rotate(&after, HeaderValue::from_static("rotated")).await;
    assert_eq!(session.pass(None, token("third"), never).await.unwrap().token, "rotated");
}

#[tokio::test]
async fn who_is_refused_after_a_rotation_takes_what_it_brought() {
    let session = Session::default();
    let first = session.pass(None, token("first"), never).await.unwrap();
    session.rotate(&first, HeaderValue::from_static("rotated")).await;
    let now = session.pass(Some(&first), token("second"), never).await.unwrap();
    assert_eq!(now.token, "rotated");
}

#[tokio::test]
async fn a_failed_sign_in_leaves_no_session() {
    let session = Session::default();
    let first = session.pass(None, token("first"), never).await.unwrap();
    let failed = session.pass(Some(&first), std::future::ready(Err("no")), |_| "shared").await;
    assert_eq!(failed, Err("no"));
    assert_eq!(session.pass(None, token("second"), never).await.unwrap().token, "second");
}

#[tokio::test]
async fn who_waited_for_a_sign_in_that_failed_shares_its_failure() {
    let (session, go) = (Session::default(), tokio::sync::Notify::new());
    let slow = async {
        go.notified().await;
        Err("no".to_owned())
    };
    let first = session.pass(None, slow, |words| format!("shared {words}"));
    let again = async { unreachable!("signed in once more") };
    let second = session.pass(None, again, |words| format!("shared {words}"));
    let (first, second, ()) = tokio::join!(first, second, async { go.notify_one() });
    assert_eq!((first, second), (Err("no".to_owned()), Err("shared no".to_owned())));
    // Who comes later tries anew.
    let later =
        session.pass(None, std::future::ready(Ok(HeaderValue::from_static("t"))), |words: String| words);
    assert_eq!(later.await.unwrap().token, "t");
}
