use std::time::Duration;

use super::{FRUITLESS_CALLS_PER_MINUTE, MINUTE, Pace};
use crate::ade::AdeError;

#[test]
fn calls_in_vain_are_bounded_in_any_minute_and_go_on_after_it() {
    let pace = Pace::default();
    let mut made = Vec::new();
    // Three minutes of a caller that never waits.
    for second in 0..180_i64 {
        for step in 0..5 {
            let now = second * 1_000_000 + step;
            if pace.check(now).is_ok() {
                pace.in_vain(now);
                made.push(now);
            }
        }
    }
    for from in &made {
        let minute = made.iter().filter(|at| *at >= from && **at < from + MINUTE).count();
        assert!(minute <= FRUITLESS_CALLS_PER_MINUTE, "{minute} from {from} on");
    }
    assert_eq!(made.len(), 3 * FRUITLESS_CALLS_PER_MINUTE);
}

#[test]
fn a_refusal_says_when_the_minute_is_over() {
    let pace = Pace::default();
    for second in 0..60 {
        pace.in_vain(second * 1_000_000);
    }
    let refused = pace.check(59_500_000).unwrap_err();
    assert!(
        matches!(refused, AdeError::Waiting { retry_after } if retry_after == Duration::from_millis(500))
    );
    assert!(pace.check(60_000_000).is_ok());
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_up() {
    let pace = Pace::default();
    for _ in 0..FRUITLESS_CALLS_PER_MINUTE {
        pace.in_vain(1_000 * MINUTE);
    }
    assert!(pace.check(0).is_ok());
}
