use std::convert::Infallible;

use tokio::sync::mpsc::{Sender, channel};

use super::*;

fn places(step_time: Duration) -> Places {
    Places { step_time, ..Places::new(&ServerLimits::default()) }
}

/// A request whose body comes as it is sent, and ends when its sender is dropped.
fn begun(places: &Places, declared: usize) -> (Sender<Bytes>, Request) {
    let (sender, receiver) = channel(1_000);
    let parts = futures_util::stream::unfold(receiver, |mut parts| async {
        parts.recv().await.map(|part| (Ok::<_, Infallible>(part), parts))
    });
    let request = Request::put("/").header(CONTENT_LENGTH, declared).extension(places.clone());
    (sender, request.body(axum::body::Body::from_stream(parts)).unwrap())
}

async fn read(request: Request) -> Result<Body, Refused> {
    Body::from_request(request, &()).await
}

/// Refuses: A
#[tokio::test]
async fn a_large_body_that_does_not_go_on_gives_its_place_back() {
    let places = places(Duration::from_millis(20));
    let (sender, request) = begun(&places, MESSAGE_MAX);
    sender.send(vec![0; SMALL_MESSAGE + 1].into()).await.unwrap();
    assert_eq!(read(request).await.err(), Some(Refused::Slow));
    assert_eq!(places.free.available_permits(), LARGE_PLACES);
}

/// Refuses: A
#[test]
fn a_drop_now_and_then_buys_a_large_body_no_time() {
    let mut reading = Reading::begin(places(STEP_TIME), None, 0).unwrap();
    reading.take(vec![0; SMALL_MESSAGE + 1].into()).unwrap();
    let step = reading.step;
    reading.take(vec![0; STEP - 1].into()).unwrap();
    assert_eq!(reading.step, step);
    reading.take(vec![0; 1].into()).unwrap();
    assert!(reading.step.0 == step.0 + STEP && reading.step.1 >= step.1);
}

#[test]
fn a_body_that_was_slow_while_it_was_small_has_its_time_once_it_is_large() {
    let mut reading = Reading::begin(places(STEP_TIME), None, 0).unwrap();
    reading.take(vec![0; SMALL_MESSAGE].into()).unwrap();
    let long_ago = reading.step.1 - STEP_TIME * 2;
    reading.step.1 = long_ago;
    reading.take(vec![0; 1].into()).unwrap();
    assert!(reading.place.is_some() && reading.step.1 > long_ago + STEP_TIME);
}

/// Refuses: A
#[tokio::test]
async fn a_promise_takes_no_place_and_what_has_come_does() {
    let places = places(STEP_TIME);
    let (sender, request) = begun(&places, MESSAGE_MAX);
    let mut reading = Box::pin(read(request));
    for (sent, taken) in [(1, 0), (SMALL_MESSAGE - 1, 0), (1, 1)] {
        sender.send(vec![0; sent].into()).await.unwrap();
        assert!(futures_util::poll!(&mut reading).is_pending());
        assert_eq!(places.free.available_permits(), LARGE_PLACES - taken, "{sent} more");
    }
    drop(sender);
    let body = reading.await.ok().unwrap();
    assert_eq!(places.free.available_permits(), LARGE_PLACES - 1, "as long as it is in memory");
    drop(body);
    assert_eq!(places.free.available_permits(), LARGE_PLACES);
}

#[tokio::test]
async fn a_body_is_what_was_sent_however_it_is_cut_and_whatever_its_head_says() {
    let places = places(STEP_TIME);
    let sent: Vec<u8> = (0..SMALL_MESSAGE * 3).map(|n| (n % 251) as u8).collect();
    for piece in [1_000, SMALL_MESSAGE, SMALL_MESSAGE + 1, sent.len()] {
        for length in [0, 1, SMALL_MESSAGE, SMALL_MESSAGE + 1, sent.len()] {
            for declared in [0, 10, length, MESSAGE_MAX] {
                let (sender, request) = begun(&places, declared);
                for piece in sent[..length].chunks(piece) {
                    sender.send(Bytes::copy_from_slice(piece)).await.unwrap();
                }
                drop(sender);
                assert_eq!(read(request).await.ok().unwrap().bytes, sent[..length]);
            }
        }
    }
}

/// Refuses: A
#[tokio::test]
async fn one_address_has_its_share_of_the_places() {
    let places = places(STEP_TIME);
    let from = |address: &str| places.take(Some(address.parse().unwrap()));
    let held: Vec<_> = (0..LARGE_PLACES).map_while(|_| from("198.51.100.7").ok()).collect();
    assert_eq!(held.len(), LARGE_PLACES / 4);
    assert!(from("198.51.100.8").is_ok());
    drop(held);
    assert!(from("198.51.100.7").is_ok());
}
