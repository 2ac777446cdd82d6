use super::*;

fn at(seconds: i64) -> Time {
    Time::from_unix(seconds)
}

#[test]
fn five_wrong_secrets_in_a_row_bring_a_pause_that_doubles() {
    let throttle = Throttle::new(FREE_SECRETS);
    for _ in 0..4 {
        throttle.wrong("192.0.2.1", "app", at(0));
        assert_eq!(throttle.wait("192.0.2.1", "app", at(0)), None);
    }
    throttle.wrong("192.0.2.1", "app", at(0));
    assert_eq!(throttle.wait("192.0.2.1", "app", at(0)), Some(at(1)));
    assert_eq!(throttle.wait("192.0.2.1", "app", at(1)), None);
    throttle.wrong("192.0.2.1", "app", at(1));
    assert_eq!(throttle.wait("192.0.2.1", "app", at(1)), Some(at(3)));
    for _ in 0..40 {
        throttle.wrong("192.0.2.1", "app", at(3));
    }
    assert_eq!(throttle.wait("192.0.2.1", "app", at(3)), Some(at(303)), "and never exceeds five minutes");
}

#[test]
fn a_stranger_elsewhere_does_not_lock_the_application_out() {
    let throttle = Throttle::new(FREE_SECRETS);
    for _ in 0..20 {
        throttle.wrong("203.0.113.9", "app", at(0));
    }
    assert_eq!(throttle.wait("192.0.2.1", "app", at(0)), None);
}

#[test]
fn a_right_secret_ends_the_count() {
    let throttle = Throttle::new(FREE_SECRETS);
    for _ in 0..5 {
        throttle.wrong("192.0.2.1", "app", at(0));
    }
    throttle.right("192.0.2.1", "app");
    throttle.wrong("192.0.2.1", "app", at(0));
    assert_eq!(throttle.wait("192.0.2.1", "app", at(0)), None);
}

#[test]
fn the_counters_stay_bounded() {
    let throttle = Throttle::new(FREE_SECRETS);
    for client in 0..25_000 {
        throttle.wrong("203.0.113.9", &client.to_string(), at(0));
    }
    assert!(throttle.counts.lock().unwrap().len() <= ENTRIES_MAX);
}
