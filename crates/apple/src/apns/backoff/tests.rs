use super::Backoff;
use crate::PushError;

const SECOND: i64 = 1_000_000;

/// The pause that is left, in whole seconds.
fn left(backoff: &Backoff, now: i64) -> u64 {
    match backoff.check(now) {
        Ok(()) => 0,
        Err(PushError::Waiting { retry_after }) => retry_after.as_secs(),
        Err(other) => unreachable!("{other}"),
    }
}

#[test]
fn pauses_double_up_to_a_minute() {
    let backoff = Backoff::default();
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        backoff.failed(now);
        let pause = left(&backoff, now);
        pauses.push(pause);
        now += i64::try_from(pause).unwrap() * SECOND;
        assert_eq!(left(&backoff, now), 0);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn those_who_fail_together_count_once() {
    let backoff = Backoff::default();
    for _ in 0..100 {
        backoff.failed(0);
    }
    assert_eq!(left(&backoff, 0), 1);
}

#[test]
fn a_connection_ends_the_pauses() {
    let backoff = Backoff::default();
    backoff.failed(0);
    backoff.failed(SECOND);
    backoff.worked();
    assert_eq!(left(&backoff, SECOND), 0);
    backoff.failed(SECOND);
    assert_eq!(left(&backoff, SECOND), 1);
}
