use std::collections::BTreeMap;
use std::time::Duration;

use mdm::ade;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::device::{Device, Presence, ProfileStatus};
use crate::time::DAY;
use crate::{Limits, Serial};

const NOW: Time = Time::from_unix(1_800_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits::default()
}

fn new_state() -> SyncState {
    SyncState::first("default".parse().unwrap(), "t1".parse().unwrap(), NOW)
}

/// A state after a complete pass that ended at [`NOW`].
fn settled() -> SyncState {
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", false, 3), NOW, &limits()), After::PassComplete);
    assert_eq!(after_page(&mut state, &mut run, &page("c2", false, 0), NOW, &limits()), After::Ended);
    state
}

fn begin(state: &SyncState, kind: SyncKind, trigger: Trigger, now: Time) -> (SyncState, SyncRun) {
    start(state, "r1".parse().unwrap(), kind, trigger, now, &limits())
}

fn page(cursor: &str, more: bool, seen: u32) -> PageRead {
    PageRead { cursor: cursor.into(), more, exhausted: false, counts: Counts { seen, ..Counts::default() } }
}

/// Shows: R23, R55
#[test]
fn a_new_token_is_synced_in_full_at_once() {
    assert_eq!(may_start(&new_state(), None, Ask::Timed, NOW, &limits()), Ok(SyncKind::Full));
    let state = settled();
    assert_eq!((state.pass, state.pass_open, state.last_full_at), (1, false, Some(NOW)));
    assert_eq!(state.last_success_at, Some(NOW));
    assert_eq!(state.cursor.as_ref().map(|c| (c.value.as_str(), c.phase)), Some(("c2", Phase::Sync)));
}

/// Shows: R57
#[test]
fn timed_syncs_come_every_twelve_hours() {
    let state = settled();
    let next = NOW.plus(12 * 60 * MINUTE);
    assert_eq!(state.next_due, next);
    assert_eq!(
        may_start(&state, None, Ask::Timed, next.minus(MINUTE), &limits()),
        Err(NotNow::NotDue { next_at: next })
    );
    assert_eq!(may_start(&state, None, Ask::Timed, next, &limits()), Ok(SyncKind::Delta));
}

/// Shows: R57
#[test]
fn a_manual_sync_is_allowed_once_in_fifteen_minutes() {
    let ask = Ask::Manual { full: false };
    let (state, _) = begin(&settled(), SyncKind::Delta, Trigger::Manual, NOW);
    let next_at = NOW.plus(15 * MINUTE);
    assert_eq!(
        may_start(&state, None, ask, NOW.plus(14 * MINUTE), &limits()),
        Err(NotNow::Manual { next_at })
    );
    assert_eq!(may_start(&state, None, ask, next_at, &limits()), Ok(SyncKind::Delta));
}

/// Shows: R57
#[test]
fn no_second_sync_starts_while_one_is_under_way_and_a_dead_one_does_not_block() {
    let (state, run) = begin(&settled(), SyncKind::Delta, Trigger::Schedule, NOW);
    let ask = Ask::Manual { full: false };
    assert_eq!(
        may_start(&state, Some(&run), ask, NOW.plus(14 * MINUTE), &limits()),
        Err(NotNow::Running { deadline: NOW.plus(15 * MINUTE) })
    );
    assert!(may_start(&state, Some(&run), ask, NOW.plus(15 * MINUTE), &limits()).is_ok());
}

/// Shows: R55
#[rstest]
#[case::asked_too_early(6, true, false)]
#[case::asked_in_time(7, true, true)]
fn a_full_sync_that_is_asked_for_waits_seven_days(
    #[case] days: u32,
    #[case] full: bool,
    #[case] allowed: bool,
) {
    let answer = may_start(&settled(), None, Ask::Manual { full }, NOW.plus(days * DAY), &limits());
    match allowed {
        true => assert_eq!(answer, Ok(SyncKind::Full)),
        false => assert_eq!(answer, Err(NotNow::Full { next_at: NOW.plus(7 * DAY) })),
    }
}

/// Shows: R55
#[test]
fn a_scheduled_full_sync_comes_every_seven_days() {
    let state = settled();
    assert_eq!(may_start(&state, None, Ask::Timed, NOW.plus(6 * DAY), &limits()), Ok(SyncKind::Delta));
    assert_eq!(may_start(&state, None, Ask::Timed, NOW.plus(7 * DAY), &limits()), Ok(SyncKind::Full));
}

/// Shows: R55
#[test]
fn throttled_devices_wait_for_the_seven_days_and_a_rejected_cursor_does_not() {
    let mut state = settled();
    state.devices_throttled();
    let tomorrow = NOW.plus(DAY);
    assert_eq!(may_start(&state, None, Ask::Timed, tomorrow, &limits()), Ok(SyncKind::Delta));
    let (mut state, mut run) = begin(&state, SyncKind::Delta, Trigger::Schedule, tomorrow);
    assert!(cursor_rejected(
        &mut state,
        &mut run,
        SyncProblem::ExpiredCursor,
        "EXPIRED_CURSOR",
        tomorrow,
        &limits()
    ));
    assert_eq!((state.cursor.as_ref(), state.needs_full), (None, Some(FullReason::CursorRejected)));
    assert_eq!(may_start(&state, None, Ask::Timed, tomorrow, &limits()), Ok(SyncKind::Full), "at once");
}

#[test]
fn a_run_under_way_stays_due_so_that_another_server_goes_on_if_this_one_dies() {
    let (state, run) = begin(&new_state(), SyncKind::Full, Trigger::Continue, NOW);
    assert!(is_due(&state, NOW) && run.is_under_way(NOW));
}

#[test]
fn a_cursor_that_is_rejected_again_and_again_is_no_storm() {
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Continue, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", true, 1), NOW, &limits()), After::GoOn);
    assert!(!cursor_rejected(
        &mut state,
        &mut run,
        SyncProblem::InvalidCursor,
        "INVALID_CURSOR",
        NOW,
        &limits()
    ));
    assert_eq!(state.next_due, NOW.plus(15 * MINUTE));
    let (state, _) = begin(&state, SyncKind::Full, Trigger::Continue, NOW.plus(15 * MINUTE));
    assert_eq!(state.pass, 2, "the pass begins anew, so that nothing it missed is taken for gone");
}

#[test]
fn a_cursor_that_is_rejected_right_after_its_list_was_read_waits_too() {
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Continue, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", false, 1), NOW, &limits()), After::PassComplete);
    let again =
        cursor_rejected(&mut state, &mut run, SyncProblem::ExpiredCursor, "EXPIRED_CURSOR", NOW, &limits());
    assert!(!again, "or the list would be read over and over without a wait");
    assert_eq!(state.next_due, NOW.plus(15 * MINUTE));
    assert_eq!(may_start(&state, None, Ask::Timed, state.next_due, &limits()), Ok(SyncKind::Full));
}

/// Shows: R17
#[test]
fn a_run_ends_at_its_batch_limit_and_the_next_goes_on() {
    let mut limits = limits();
    limits.sync_batch = 2_000;
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", true, 1_000), NOW, &limits), After::GoOn);
    assert_eq!(after_page(&mut state, &mut run, &page("c2", true, 1_000), NOW, &limits), After::Ended);
    assert_eq!(run.state, RunState::BatchLimit);
    assert!(state.pass_open, "nothing is marked as gone yet");
    assert_eq!(state.next_due, NOW.plus(12 * 60 * MINUTE));
    let (mut state, mut run) = begin(&state, SyncKind::Full, Trigger::Schedule, state.next_due);
    assert_eq!((state.pass, run.phase), (1, Phase::Fetch), "the same pass");
    assert_eq!(state.cursor.as_ref().map(|c| c.value.as_str()), Some("c2"));
    assert_eq!(after_page(&mut state, &mut run, &page("c3", false, 5), NOW, &limits), After::PassComplete);
}

/// Shows: R57
#[test]
fn a_run_that_exceeds_fifteen_minutes_ends_with_its_cursor_kept() {
    let (mut state, mut run) = begin(&settled(), SyncKind::Delta, Trigger::Schedule, NOW);
    let late = NOW.plus(15 * MINUTE);
    assert_eq!(after_page(&mut state, &mut run, &page("c9", true, 10), late, &limits()), After::Ended);
    assert_eq!(run.state, RunState::TimedOut);
    assert_eq!(state.cursor.as_ref().map(|c| c.value.as_str()), Some("c9"));
    assert_eq!(state.last_error.as_ref().map(|e| e.code), Some(SyncProblem::TimedOut.code()));
}

#[test]
fn a_repeated_cursor_stops_the_run() {
    let (mut state, mut run) = begin(&settled(), SyncKind::Delta, Trigger::Schedule, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c2", true, 10), NOW, &limits()), After::Ended);
    assert_eq!(run.state, RunState::RepeatedCursor);
    assert_eq!(state.next_due, NOW.plus(15 * MINUTE));
    assert_eq!(state.cursor.as_ref().map(|c| c.value.as_str()), Some("c2"));
}

#[test]
fn a_repeated_cursor_in_a_pass_begins_the_pass_anew() {
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", true, 10), NOW, &limits()), After::GoOn);
    assert_eq!(after_page(&mut state, &mut run, &page("c1", true, 10), NOW, &limits()), After::Ended);
    assert_eq!((state.cursor.as_ref(), state.pass_open), (None, false));
    assert_eq!(may_start(&state, None, Ask::Timed, state.next_due, &limits()), Ok(SyncKind::Full));
}

#[test]
fn an_exhausted_list_goes_on_with_what_changed() {
    let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
    after_page(&mut state, &mut run, &page("c1", true, 10), NOW, &limits());
    let exhausted =
        PageRead { cursor: String::new(), more: false, exhausted: true, counts: Counts::default() };
    let after = after_page(&mut state, &mut run, &exhausted, NOW, &limits());
    assert_eq!(
        after,
        After::PassIncomplete,
        "more was to follow: what is not in the list may be there all the same"
    );
    assert_eq!(state.cursor.as_ref().map(|c| (c.value.as_str(), c.phase)), Some(("c1", Phase::Sync)));
}

#[test]
fn a_failed_run_keeps_its_cursor_and_waits_as_long_as_apple_asks() {
    let (mut state, mut run) = begin(&settled(), SyncKind::Delta, Trigger::Schedule, NOW);
    let wait = Duration::from_secs(3 * 60 * 60);
    failed(&mut state, &mut run, SyncProblem::Busy, "try later", Some(wait), NOW, &limits());
    assert_eq!(state.next_due, NOW.plus(wait));
    assert_eq!(state.cursor.as_ref().map(|c| c.value.as_str()), Some("c2"));
    assert!(matches!(run.state, RunState::Failed { code: 9, .. }));
}

#[test]
fn problems_have_codes_of_their_own_and_none_is_zero() {
    let mut codes: Vec<i32> = SyncProblem::ALL.iter().map(|p| p.code()).collect();
    codes.dedup();
    assert_eq!(codes.len(), SyncProblem::ALL.len());
    assert!(!codes.contains(&0));
}

// --- folding ---

fn at(phase: Phase, pass: i64) -> FoldContext {
    FoldContext { tenant: "default".parse().unwrap(), token: "t1".parse().unwrap(), phase, pass, now: NOW }
}

fn entry(serial: &str, op: Option<(&str, i64)>) -> ade::Device {
    ade::Device {
        serial_number: serial.into(),
        model: Some("iPad".into()),
        device_family: Some("iPad".into()),
        op_type: op.map(|(word, _)| ade::OpType::from(word)),
        op_date: ade::Micros(op.map(|(_, at)| at * 1_000_000)),
        ..ade::Device::default()
    }
}

fn with_color(mut device: ade::Device, color: &str) -> ade::Device {
    device.color = Some(color.into());
    device
}

/// Applies records one page after another, as the loop does.
fn apply(rows: &mut BTreeMap<Serial, Device>, devices: &[ade::Device], at: &FoldContext) -> Counts {
    let mut counts = Counts { seen: devices.len() as u32, ..Counts::default() };
    for (serial, sighting) in &fold_page(devices.to_vec()).sightings {
        let id = || format!("id-{serial}").parse().unwrap();
        if let Some((device, change)) = observe(rows.get(serial), serial, sighting, at, id) {
            counts.count(change);
            rows.insert(serial.clone(), device);
        }
    }
    counts
}

fn serial(text: &str) -> Serial {
    text.parse().unwrap()
}

/// Shows: R57
#[test]
fn the_newest_of_several_records_of_a_serial_counts_whatever_their_order() {
    let devices = [
        with_color(entry("C1", Some(("modified", 20))), "new"),
        with_color(entry("C1", Some(("added", 10))), "old"),
        with_color(entry("c1", Some(("MODIFIED", 20))), "newest"),
    ];
    let mut rows = BTreeMap::new();
    let counts = apply(&mut rows, &devices, &at(Phase::Sync, 1));
    assert_eq!(rows[&serial("C1")].apple.color, "newest");
    assert_eq!((counts.seen, counts.new, counts.changed), (3, 1, 0));
}

/// Lessons 5 and 6.
#[rstest]
#[case::moved_here(Some(("modified", 5)))]
#[case::of_the_list(None)]
#[case::unknown_word(Some(("teleported", 5)))]
fn any_record_but_a_deleted_one_brings_a_device_in(#[case] op: Option<(&str, i64)>) {
    let mut rows = BTreeMap::new();
    assert_eq!(apply(&mut rows, &[entry("C1", op)], &at(Phase::Sync, 1)).new, 1);
    assert_eq!(rows[&serial("C1")].presence, Presence::Present);
}

#[test]
fn a_deleted_device_is_gone_and_comes_back_as_new() {
    let mut rows = BTreeMap::new();
    apply(&mut rows, &[entry("C1", None)], &at(Phase::Fetch, 1));
    rows.get_mut(&serial("C1")).unwrap().wanted_profile = Some("p1".parse().unwrap());
    assert_eq!(apply(&mut rows, &[entry("C1", Some(("Deleted", 10)))], &at(Phase::Sync, 1)).gone, 1);
    let gone = rows[&serial("C1")].clone();
    assert_eq!(gone.presence, Presence::Gone { at: Time::from_unix(10) });
    assert_eq!(gone.apple.profile_status, ProfileStatus::Empty);
    assert_eq!(
        apply(&mut rows, &[entry("C1", Some(("modified", 9)))], &at(Phase::Sync, 1)),
        counts(1, 0, 0, 0),
        "stale"
    );
    assert_eq!(apply(&mut rows, &[entry("C1", Some(("added", 20)))], &at(Phase::Sync, 1)).new, 1);
    let back = &rows[&serial("C1")];
    assert_eq!(back.presence, Presence::Present);
    assert_eq!(
        back.wanted_profile,
        Some("p1".parse().unwrap()),
        "what was wanted is still wanted (lessons 18)"
    );
}

fn counts(seen: u32, new: u32, changed: u32, gone: u32) -> Counts {
    Counts { seen, new, changed, gone, ..Counts::default() }
}

/// Shows: R56
#[test]
fn a_deleted_row_stays_hidden_until_a_full_sync_lists_it_again() {
    let mut rows = BTreeMap::new();
    apply(&mut rows, &[entry("C1", None)], &at(Phase::Fetch, 1));
    rows.get_mut(&serial("C1")).unwrap().deleted_at = Some(NOW);
    let delta = [with_color(entry("C1", Some(("modified", 5))), "red")];
    assert_eq!(apply(&mut rows, &delta, &at(Phase::Sync, 1)), counts(1, 0, 0, 0));
    assert_eq!(rows[&serial("C1")].deleted_at, Some(NOW));
    assert_eq!(apply(&mut rows, &[entry("C1", None)], &at(Phase::Fetch, 2)), counts(1, 1, 0, 0));
    assert_eq!(rows[&serial("C1")].deleted_at, None);
}

/// Shows: R57
#[test]
fn an_unchanged_device_is_not_written() {
    let mut rows = BTreeMap::new();
    apply(&mut rows, &[entry("C1", None)], &at(Phase::Fetch, 1));
    let known = &rows[&serial("C1")];
    let same = fold_page(vec![entry("C1", None)]);
    let sighting = &same.sightings[&serial("C1")];
    for pass in [1, 2] {
        let at = at(Phase::Fetch, pass);
        assert_eq!(observe(Some(known), &serial("C1"), sighting, &at, || unreachable!()), None);
    }
    let sent = fold_page(vec![entry("C1", Some(("modified", 7)))]);
    apply(&mut rows, &[entry("C1", Some(("modified", 7)))], &at(Phase::Sync, 1));
    let (known, sighting) = (&rows[&serial("C1")], &sent.sightings[&serial("C1")]);
    assert_eq!(observe(Some(known), &serial("C1"), sighting, &at(Phase::Sync, 1), || unreachable!()), None);
}

#[test]
fn an_event_is_news_after_the_complete_list_whatever_our_clock_says() {
    let mut rows = BTreeMap::new();
    apply(&mut rows, &[entry("C1", None)], &at(Phase::Fetch, 1));
    let skewed = [with_color(entry("C1", Some(("modified", 1))), "red")];
    assert_eq!(apply(&mut rows, &skewed, &at(Phase::Sync, 1)).changed, 1);
}

#[test]
fn a_record_without_a_usable_serial_is_left_out_and_the_page_goes_on() {
    let mut long = entry("C1", None);
    long.model = Some("x".repeat(10_000));
    long.color = Some("a\0b".into());
    let page = fold_page(vec![entry("", None), entry("../etc", None), entry(&"A".repeat(200), None), long]);
    assert_eq!((page.nameless, page.sightings.len()), (3, 1));
    let Observed::Listed(record) = &page.sightings[&serial("C1")].observed else { panic!("listed") };
    assert_eq!((record.model.len(), record.color.as_str()), (512, "ab"));
}

type Event = (u8, u8, i64);

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0_u8..4, 0_u8..3, 1_i64..50), 0..60)
}

fn of_event((number, kind, at): &Event) -> ade::Device {
    let word = ["added", "modified", "deleted"][usize::from(*kind)];
    // What Apple says of a serial at a time is one thing, so that two events of one time agree.
    let word = if at % 7 == 0 {
        "deleted"
    } else if word == "deleted" {
        "modified"
    } else {
        word
    };
    with_color(entry(&format!("C{number}"), Some((word, *at))), &format!("at {at}"))
}

proptest! {
    /// However events are cut into pages and repeated, the end is the newest event of each serial.
    ///
    /// Shows: R57
    #[test]
    fn folding_does_not_depend_on_pages_or_repeats(events in events(), cut in 1_usize..10) {
        let devices: Vec<_> = events.iter().map(of_event).collect();
        let mut rows = BTreeMap::new();
        let listed: Vec<_> = (0..4).map(|number| entry(&format!("C{number}"), None)).collect();
        apply(&mut rows, &listed, &at(Phase::Fetch, 1));
        for page in devices.chunks(cut) {
            apply(&mut rows, page, &at(Phase::Sync, 1));
            apply(&mut rows, page, &at(Phase::Sync, 1));
        }
        for number in 0_u8..4 {
            let newest = events.iter().filter(|e| e.0 == number).map(|e| e.2).max();
            let row = &rows[&serial(&format!("C{number}"))];
            match newest {
                Some(newest) if newest % 7 == 0 => prop_assert!(row.presence != Presence::Present),
                Some(newest) => {
                    prop_assert_eq!(&row.apple.color, &format!("at {newest}"));
                    prop_assert_eq!(row.presence, Presence::Present);
                }
                None => prop_assert_eq!(row.presence, Presence::Present),
            }
        }
    }

    /// Whatever pages come, a run ends: no answer of Apple keeps it going past its time or its batch.
    ///
    /// Shows: R17, R57
    #[test]
    fn every_run_ends(pages in prop::collection::vec((0_u8..3, any::<bool>(), any::<bool>(), 0_u32..1_000), 120)) {
        let limits = limits();
        let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
        let mut ended = false;
        for (minute, (cursor, more, exhausted, seen)) in pages.into_iter().enumerate() {
            let now = NOW.plus(MINUTE * minute as u32 / 4);
            let mut page = page(&format!("c{cursor}-{minute}"), more, seen);
            page.exhausted = exhausted;
            if after_page(&mut state, &mut run, &page, now, &limits) == After::Ended {
                ended = true;
                break;
            }
        }
        prop_assert!(ended);
        prop_assert!(run.state != RunState::Running && run.finished_at.is_some());
        prop_assert!(state.next_due > NOW);
    }
}

fn unreadable(serials: &[Option<&str>]) -> Vec<ade::UnreadableDevice> {
    let of = |serial: &Option<&str>| ade::UnreadableDevice {
        serial_number: serial.map(str::to_owned),
        why: "imei: no text".into(),
    };
    serials.iter().map(of).collect()
}

#[test]
fn records_that_cannot_be_read_are_counted_and_known_by_their_serial_if_it_can_be() {
    let page = fold_page(vec![entry("C1", None), entry("no serial!", None)]).with_unreadable(&unreadable(&[
        Some("c2"),
        Some("also none!"),
        None,
    ]));
    assert_eq!(page.sightings.len(), 1);
    assert_eq!(page.damaged.iter().map(Serial::as_str).collect::<Vec<_>>(), ["C2"]);
    assert_eq!((page.unreadable, page.nameless), (4, 3));
}

/// A nameless record may be of any device: no pass that met one marks anything as gone, also when several runs read it.
#[test]
fn a_pass_with_a_nameless_record_on_any_page_marks_nothing_as_gone() {
    for bad_page in 0..3 {
        let (mut state, mut run) = begin(&new_state(), SyncKind::Full, Trigger::Upload, NOW);
        for n in 0..3 {
            let mut read = page(&format!("c{n}"), n < 2, 1);
            read.counts.nameless = u32::from(n == bad_page);
            read.counts.unreadable = read.counts.nameless;
            let after = after_page(&mut state, &mut run, &read, NOW, &limits());
            assert_eq!(after, if n < 2 { After::GoOn } else { After::PassIncomplete }, "{bad_page}");
        }
        assert_eq!(after_page(&mut state, &mut run, &page("c3", false, 0), NOW, &limits()), After::Ended);
        assert_eq!(run.state, RunState::Succeeded);
        assert!(run.remarks().unwrap().contains("nothing was marked as gone"), "{run:?}");
        let later = NOW.plus(8 * DAY);
        let (mut state, mut run) = begin(&state, SyncKind::Full, Trigger::Schedule, later);
        let after = after_page(&mut state, &mut run, &page("d", false, 1), later, &limits());
        assert_eq!((after, run.remarks()), (After::PassComplete, None), "the next pass is its own");
    }
}
