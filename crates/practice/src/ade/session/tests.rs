use super::{SESSIONS_MAX, SessionRules, Sessions};
use crate::apple::moment::Moment;
use crate::apple::org::ServerId;

const SERVER: ServerId = ServerId(0);

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(1_778_293_800 + seconds)
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_lives_on_when_somebody_does() {
    let mut sessions = Sessions::new(SessionRules { idle_s: 180, rotate_every: 0 });
    let token = sessions.open(SERVER, "AT", at(0));
    assert!(sessions.enter(&token, at(179)).is_some());
    assert!(sessions.enter(&token, at(179 + 179)).is_some());
    assert_eq!(sessions.enter(&token, at(179 + 179 + 180)), None);
    assert_eq!(sessions.enter("unknown", at(0)), None);
}

#[test]
fn every_so_many_answers_bring_a_fresh_session_and_the_old_one_opens_a_minute_longer() {
    let mut sessions = Sessions::new(SessionRules { idle_s: 180, rotate_every: 3 });
    let token = sessions.open(SERVER, "AT", at(0));
    let mut fresh = (0..3).map(|_| sessions.enter(&token, at(1)).unwrap().rotated);
    assert_eq!((fresh.next(), fresh.next()), (Some(None), Some(None)));
    let fresh = fresh.next().flatten().unwrap();
    assert!(sessions.enter(&fresh, at(2)).is_some());
    assert!(sessions.enter(&token, at(60)).is_some_and(|entered| entered.rotated.is_none()));
    assert_eq!(sessions.enter(&token, at(61)), None);
}

#[test]
fn however_many_sessions_are_opened_only_so_many_are_kept() {
    let mut sessions = Sessions::new(SessionRules::default());
    let first = sessions.open(SERVER, "AT", at(0));
    for _ in 0..SESSIONS_MAX {
        sessions.open(SERVER, "AT", at(1));
    }
    assert_eq!(sessions.live.len(), SESSIONS_MAX);
    assert_eq!(sessions.enter(&first, at(1)), None);
}
