use std::time::Duration;

use super::{Trouble, TroubleKind};
use crate::{TenantId, Time};

const NOW: Time = Time::from_unix(1_800_000_000);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn met(before: Option<&Trouble>, words: &str, now: Time) -> Trouble {
    let tenant: TenantId = "default".parse().unwrap();
    Trouble::met(before, (&tenant, TroubleKind::Assignment, "t1"), words, now)
}

#[test]
fn trouble_that_goes_on_keeps_its_beginning_and_counts() {
    let first = met(None, "busy", NOW);
    let second = met(Some(&first), "away", NOW.plus(HOUR));
    assert_eq!((second.since, second.last_at, second.times), (NOW, NOW.plus(HOUR), 2));
    assert_eq!(second.words, "away");
    assert!(second.is_open(NOW.plus(HOUR)));
    assert_eq!(second.ended(NOW.plus(HOUR)), None);
}

#[test]
fn trouble_after_its_end_begins_anew() {
    let over = Trouble { ended_at: Some(NOW.plus(HOUR)), ..met(None, "busy", NOW) };
    assert_eq!(over.ended(NOW.plus(HOUR)), Some(NOW.plus(HOUR)));
    let later = NOW.plus(3 * HOUR);
    let again = met(Some(&over), "busy", later);
    assert_eq!((again.since, again.times, again.ended_at), (later, 1, None));
}

#[test]
fn trouble_that_nobody_met_for_a_day_is_over() {
    let trouble = met(None, "busy", NOW);
    assert!(trouble.is_open(NOW.plus(24 * HOUR)), "Apple's longest pause is a day");
    assert_eq!(trouble.ended(NOW.plus(25 * HOUR)), Some(NOW));
}
