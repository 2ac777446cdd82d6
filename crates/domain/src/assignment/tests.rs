use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::device::{AppleRecord, DiscoverySource, Enrollment, Presence};
use crate::time::DAY;

const NOW: Time = Time::from_unix(1_800_000_000);

fn device(serial: &str, uuid: Option<&str>, status: ProfileStatus) -> Device {
    Device {
        tenant: "default".parse().unwrap(),
        token: "t1".parse().unwrap(),
        id: "d1".parse().unwrap(),
        version: 1,
        serial: serial.parse().unwrap(),
        apple: AppleRecord {
            profile_uuid: uuid.map(Into::into),
            profile_status: status,
            ..AppleRecord::default()
        },
        presence: Presence::Present,
        deleted_at: None,
        seen_pass: 1,
        source: DiscoverySource::DeviceEnrollmentProgram,
        description: None,
        wanted_profile: None,
        wanted_at: None,
        assignment: Assignment::default(),
        enrollment: Enrollment::default(),
        converted_at: None,
        created_at: NOW,
    }
}

fn planned(device: &Device, uuid: Option<&str>) -> Plan {
    let profile = "p1".parse().unwrap();
    plan(&[Wanted { device, profile: &profile, uuid }], NOW, &Limits::default())
}

/// Lessons 4 and 14.
///
/// Shows: R29, R58
#[rstest]
#[case::right(Some("U"), ProfileStatus::Assigned, 0)]
#[case::fetched(Some("U"), ProfileStatus::Pushed, 0)]
#[case::another(Some("V"), ProfileStatus::Assigned, 1)]
#[case::another_fetched(Some("V"), ProfileStatus::Pushed, 1)]
#[case::emptied_at_apple(Some("U"), ProfileStatus::Empty, 1)]
#[case::taken_away(Some("U"), ProfileStatus::Removed, 1)]
#[case::none(None, ProfileStatus::Empty, 1)]
fn only_what_is_wrong_is_assigned(
    #[case] uuid: Option<&str>,
    #[case] status: ProfileStatus,
    #[case] calls: usize,
) {
    assert_eq!(planned(&device("C1", uuid, status), Some("U")).batches.len(), calls);
}

#[test]
fn what_waits_is_gone_deleted_or_was_just_assigned_is_left_alone() {
    let fresh = || device("C1", None, ProfileStatus::Empty);
    let mut waits = fresh();
    waits.assignment.retry_at = NOW.plus(DAY);
    let mut gone = fresh();
    gone.presence = Presence::Gone { at: NOW };
    let mut deleted = fresh();
    deleted.deleted_at = Some(NOW);
    let mut assigned = fresh();
    assigned.assignment = after(&Assignment::default(), "U", Outcome::Success, None, NOW, &Limits::default());
    for device in [waits, gone, deleted, assigned.clone()] {
        assert_eq!(planned(&device, Some("U")), Plan::default(), "{device:?}");
    }
    assert_eq!(planned(&assigned, Some("V")).batches.len(), 1, "another profile need not wait");
}

#[test]
fn a_profile_that_is_not_at_apple_is_defined_first() {
    let plan = planned(&device("C1", None, ProfileStatus::Empty), None);
    assert_eq!((plan.batches.len(), plan.undefined.len()), (0, 1));
}

#[rstest]
#[case::throttled_with_apples_wait(Outcome::Throttled, Some(7_200), 7_200)]
#[case::throttled(Outcome::Throttled, None, 24 * 60 * 60)]
#[case::failed(Outcome::Failed, None, 5 * 60)]
#[case::not_accessible(Outcome::NotAccessible, None, 5 * 60)]
#[case::not_mentioned(Outcome::Unanswered, None, 5 * 60)]
#[case::a_new_word(Outcome::Other("LATER".into()), None, 5 * 60)]
fn an_outcome_says_when_to_try_again(
    #[case] outcome: Outcome,
    #[case] asked: Option<u64>,
    #[case] seconds: u64,
) {
    let limits = Limits::default();
    let found =
        after(&Assignment::default(), "U", outcome.clone(), asked.map(Duration::from_secs), NOW, &limits);
    assert_eq!(found.retry_at, NOW.plus(Duration::from_secs(seconds)));
    assert_eq!((found.failures, found.outcome, found.attempted_at), (1, Some(outcome), Some(NOW)));
}

#[test]
fn failures_back_off_up_to_a_day_and_a_success_ends_them() {
    let limits = Limits::default();
    let mut assignment = Assignment::default();
    let mut wait = Duration::ZERO;
    for _ in 0..100 {
        assignment = after(&assignment, "U", Outcome::Failed, None, NOW, &limits);
        let longer = assignment.retry_at.since(NOW);
        assert!(longer >= wait && longer <= limits.assign_retry_max);
        wait = longer;
    }
    assert_eq!(wait, limits.assign_retry_max);
    let good = after(&assignment, "U", Outcome::Success, None, NOW, &limits);
    assert_eq!((good.failures, good.retry_at), (0, Time::EPOCH));
}

#[test]
fn only_a_success_is_taken_for_the_truth_at_apple() {
    let record = AppleRecord { model: "iPad".into(), ..AppleRecord::default() };
    let found = observed(&record, "U", &Outcome::Success, NOW).unwrap();
    assert_eq!(
        (found.profile_uuid.as_deref(), found.profile_status, found.model.as_str()),
        (Some("U"), ProfileStatus::Assigned, "iPad")
    );
    assert_eq!(observed(&record, "U", &Outcome::Throttled, NOW), None);
}

proptest! {
    /// Every serial that needs a call is in exactly one, no call exceeds Apple's limit, and none is about what is right.
    ///
    /// Shows: R29, R59
    #[test]
    fn calls_cover_the_gap_once(rows in prop::collection::vec((0_u8..3, any::<bool>()), 0..60), size in 1_usize..1_500) {
        let devices: Vec<(Device, u8)> = rows.iter().enumerate().map(|(at, (wanted, right))| {
            let uuid = if *right { format!("U{wanted}") } else { "OLD".to_owned() };
            (device(&format!("C{at}"), Some(&uuid), ProfileStatus::Assigned), *wanted)
        }).collect();
        let profile: ProfileId = "p1".parse().unwrap();
        let uuids = ["U0", "U1", "U2"];
        let wanted: Vec<Wanted<'_>> = devices.iter()
            .map(|(device, wanted)| Wanted { device, profile: &profile, uuid: Some(uuids[usize::from(*wanted)]) })
            .collect();
        let limits = Limits { assign_batch: size, ..Limits::default() };
        let plan = plan(&wanted, NOW, &limits);
        let mut called: Vec<(&str, &Serial)> = Vec::new();
        for batch in &plan.batches {
            prop_assert!((1..=size.min(1_000)).contains(&batch.serials.len()));
            called.extend(batch.serials.iter().map(|serial| (batch.uuid.as_str(), serial)));
        }
        called.sort();
        let mut needed: Vec<(&str, &Serial)> = devices.iter().zip(&rows)
            .filter(|(_, (_, right))| !right)
            .map(|((device, wanted), _)| (uuids[usize::from(*wanted)], &device.serial))
            .collect();
        needed.sort();
        prop_assert_eq!(called, needed);
    }
}
