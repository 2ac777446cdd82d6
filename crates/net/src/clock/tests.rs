use std::time::Duration;

use super::Clock;

const NOON: i64 = 1_700_000_000_000_000;

#[tokio::test]
async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
    let clock = Clock::manual(NOON);
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_secs(60)).await;
            clock.now_micros()
        }
    });
    clock.until_sleeping(1).await;
    clock.advance(Duration::from_secs(59));
    tokio::task::yield_now().await;
    assert!(!sleeper.is_finished());
    clock.advance(Duration::from_secs(1));
    assert_eq!(sleeper.await.unwrap(), NOON + 60_000_000);
    assert_eq!(clock.now_unix(), 1_700_000_060);
}

#[tokio::test]
async fn a_time_that_is_past_is_not_waited_for() {
    Clock::manual(NOON).sleep_until(NOON - 1).await;
    Clock::system().sleep_until(0).await;
    Clock::system().sleep_until(i64::MIN).await;
}

#[tokio::test]
async fn a_cancelled_sleeper_is_no_longer_counted() {
    let clock = Clock::manual(NOON);
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move { clock.sleep(Duration::MAX).await }
    });
    clock.until_sleeping(1).await;
    sleeper.abort();
    assert!(sleeper.await.unwrap_err().is_cancelled());
    let counted = match &clock.0 {
        super::Kind::Manual(manual) => *manual.sleepers.borrow(),
        super::Kind::System => unreachable!("the clock is manual"),
    };
    assert_eq!(counted, 0);
}

#[test]
fn seconds_before_1970_round_down() {
    assert_eq!(Clock::manual(-1).now_unix(), -1);
}

#[test]
fn the_system_clock_is_not_moved() {
    let clock = Clock::system();
    let before = clock.now_unix();
    clock.advance(Duration::from_secs(1_000_000));
    assert!(clock.now_unix() - before < 1_000);
}
