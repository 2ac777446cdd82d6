use super::{Fault, Faults, KINDS, Kind, Place, PlannedAnswer, Span, Standing, What, refusal};
use crate::apple::Moment;
use crate::apple::assign::SerialResult;

const NOW: Moment = Moment::from_seconds(1_800_000_000);

fn fault(place: &str, span: Span) -> Fault {
    Fault { what: What::CutOff, place: Place::parse(place).unwrap(), span }
}

fn hit(faults: &mut Faults, method: &str, path: &str, now: Moment) -> bool {
    faults.take(method, path, now, What::is_of_calls).is_some()
}

#[test]
fn a_fault_hits_as_often_as_it_was_planned_and_is_then_over() {
    let mut faults = Faults::default();
    faults.add(fault("sync", Span::times(2)), NOW);
    let hits: Vec<_> = (0..4).map(|_| hit(&mut faults, "POST", "/devices/sync", NOW)).collect();
    assert_eq!(hits, [true, true, false, false]);
    let planned = &faults.planned()[0];
    assert_eq!((planned.seen, planned.hits, planned.last_hit), (2, 2, Some(NOW)));
    assert_eq!(planned.standing(NOW), Standing::Over);
}

#[test]
fn a_fault_hits_in_its_time_and_neither_before_nor_after() {
    let mut faults = Faults::default();
    let span =
        Span { from: Some(NOW.plus_seconds(10)), until: Some(NOW.plus_seconds(20)), ..Span::default() };
    faults.add(fault("*", span), NOW);
    let at = |faults: &mut Faults, seconds| hit(faults, "GET", "/account", NOW.plus_seconds(seconds));
    assert_eq!([0, 10, 19, 20].map(|seconds| at(&mut faults, seconds)), [false, true, true, false]);
    assert_eq!(faults.planned()[0].standing(NOW), Standing::Waiting);
}

#[test]
fn the_dice_are_the_same_for_the_same_seed_and_fall_about_as_often_as_planned() {
    let run = |seed| {
        let mut faults = Faults::default();
        faults.add(fault("*", Span { percent: Some(30), seed, ..Span::default() }), NOW);
        (0..1_000).map(|_| hit(&mut faults, "GET", "/account", NOW)).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let hits = run(1).into_iter().filter(|hit| *hit).count();
    assert!((250..350).contains(&hits), "{hits} of 1,000");
}

#[test]
fn a_plan_for_one_call_goes_before_a_plan_for_all() {
    let mut faults = Faults::default();
    faults.plan("*", 1, PlannedAnswer::new(503, ""));
    faults.plan("POST /devices/sync", 1, PlannedAnswer::new(429, ""));
    let mut next = || match faults.take("POST", "/devices/sync", NOW, What::is_of_calls) {
        Some(What::Answer(answer)) => answer.status,
        _ => 0,
    };
    assert_eq!([next(), next(), next()], [429, 503, 0]);
}

#[test]
fn a_place_is_every_call_one_service_a_word_a_path_or_a_call() {
    let holds = |place: &str, method: &str, path: &str| Place::parse(place).unwrap().holds(method, path);
    assert!(holds("*", "POST", "/3/device") && holds("*", "GET", "/session"));
    assert!(holds("ade", "GET", "/session") && !holds("ade", "POST", "/3/device"));
    assert!(holds("assign", "PUT", "/profile/devices") && holds("assign", "POST", "/profile/devices"));
    assert!(holds("define", "POST", "/profile") && !holds("define", "GET", "/profile"));
    assert!(holds("GET /profile", "GET", "/profile") && !holds("GET /profile", "POST", "/profile"));
    for none in ["", "synch", "post /devices/sync", "POST devices", "POST /a b", "/devices/synch"] {
        assert_eq!(Place::parse(none), None, "{none:?}");
    }
}

#[test]
fn serial_numbers_are_refused_for_as_long_as_was_planned() {
    let mut faults = Faults::default();
    let what = What::Serials { result: SerialResult::NotAccessible, serials: vec!["B".to_owned()] };
    faults.add(Fault { what, place: Place::Everything, span: Span::times(1) }, NOW);
    let serials = ["A".to_owned(), "B".to_owned()];
    let refused = faults.refused("/profile/devices", &serials, NOW);
    assert_eq!(refused.not_accessible.iter().collect::<Vec<_>>(), ["B"]);
    assert!(faults.refused("/profile/devices", &serials, NOW).not_accessible.is_empty(), "once");
}

#[test]
fn a_shut_door_says_when_it_opens() {
    let mut faults = Faults::default();
    assert_eq!(faults.takes_connections("/3/device", NOW), (true, None));
    let place = Place::parse("push").unwrap();
    faults.add(Fault { what: What::NoConnection, place, span: Span::seconds(60, NOW) }, NOW);
    let until = NOW.plus_seconds(60);
    assert_eq!(faults.takes_connections("/3/device", NOW), (false, Some(until)));
    assert_eq!(faults.takes_connections("/session", NOW), (true, None), "another service");
    assert_eq!(faults.takes_connections("/3/device", until), (true, None));
}

#[test]
fn apples_words_come_with_their_status() {
    let status = |word| refusal(word).map(|answer| (answer.status, answer.body));
    assert_eq!(status("T_C_NOT_SIGNED"), Some((403, "T_C_NOT_SIGNED".to_owned())));
    assert_eq!(status("token_rejected"), Some((401, "oauth_problem=token_rejected".to_owned())));
    assert_eq!(status("Unregistered"), Some((410, "Unregistered".to_owned())));
    assert_eq!(status("NO_SUCH_WORD"), None);
}

#[test]
fn a_kind_of_fault_fits_the_places_where_it_can_happen_and_no_others() {
    for (kind, fits, never) in [
        ("answer", "* ade sync push activation /device/activationlock", ""),
        ("slow", "* ade push activation", ""),
        ("cutOff", "* ade assign push", "activation"),
        ("endless", "* ade sync", "push activation /3/device"),
        ("wrongJson", "* ade /profile", "push activation"),
        ("repeatCursor", "* ade fetch sync /devices/sync", "session push details"),
        ("loseDeleted", "* ade sync", "fetch push"),
        ("serials", "* ade assign define", "sync push"),
        ("clock", "* ade session", "sync push activation"),
        ("goAway", "* push", "ade sync activation"),
        ("noConnection", "* ade push", "session sync activation"),
    ] {
        let kind = Kind::named(kind).unwrap();
        let fits_at = |place: &&str| kind.fits(&Place::parse(place).unwrap());
        assert!(fits.split_whitespace().all(|place| fits_at(&place)), "{kind:?}");
        assert!(!never.split_whitespace().any(|place| fits_at(&place)), "{kind:?}");
        assert!(kind.places().split(", ").all(|place| fits_at(&place)));
    }
}

#[test]
fn a_plan_for_everything_is_not_spent_on_calls_to_which_it_cannot_happen() {
    let mut faults = Faults::default();
    faults.add(Fault { what: What::GoAway, place: Place::Everything, span: Span::times(1) }, NOW);
    assert!(!hit(&mut faults, "GET", "/account", NOW));
    assert!(hit(&mut faults, "POST", "/3/device", NOW));
}

#[test]
fn both_spellings_of_a_kind_are_one_word() {
    for kind in KINDS {
        let spelt = |letter: char| match letter.is_ascii_uppercase() {
            true => format!("-{}", letter.to_ascii_lowercase()),
            false => letter.to_string(),
        };
        assert_eq!(kind.dashed, kind.word.chars().map(spelt).collect::<String>());
        assert!(kind.usual.is_empty() || kind.fits(&Place::parse(kind.usual).unwrap()));
    }
}
