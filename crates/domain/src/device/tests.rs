use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::managed_device::Stage;
use crate::profile::DefineRefusal;
use crate::time::DAY;
use crate::token::{Health, TokenHealth};
use crate::{Limits, Platform};

const NOW: Time = Time::from_unix(1_800_000_000);

fn device() -> Device {
    Device {
        tenant: "default".parse().unwrap(),
        token: "t1".parse().unwrap(),
        id: "d1".parse().unwrap(),
        version: 1,
        serial: "C1".parse().unwrap(),
        apple: AppleRecord {
            family: "iPad".into(),
            profile_uuid: Some("U1".into()),
            profile_status: ProfileStatus::Assigned,
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

fn enrolled() -> Device {
    let mut device = device();
    let event = EnrollmentEvent::Enrolled { managed_device: "m1".parse().unwrap(), profile: id("p1") };
    device.after(event, NOW);
    device
}

fn id(text: &str) -> ProfileId {
    text.parse().unwrap()
}

/// Shows: R59
#[test]
fn the_default_holds_for_what_never_enrolled_and_was_not_assigned() {
    let defaults = BTreeMap::from([(Platform::Ios, id("p1")), (Platform::MacOs, id("p2"))]);
    assert_eq!(wanted_profile(&device(), &defaults), Some(&id("p1")));
    let mut chosen = device();
    assert!(chosen.want(Some(id("p9")), NOW));
    assert_eq!(wanted_profile(&chosen, &defaults), Some(&id("p9")));
    assert!(chosen.want(None, NOW));
    assert_eq!(wanted_profile(&chosen, &defaults), Some(&id("p1")));
    let others = BTreeMap::from([(Platform::Ios, id("p7"))]);
    assert_eq!(wanted_profile(&enrolled(), &others), Some(&id("p1")), "it keeps what it enrolled with (N20)");
    let mut released = enrolled();
    released.want(None, NOW);
    assert_eq!(wanted_profile(&released, &others), None);
    let mut unknown = device();
    unknown.apple.family = "Toaster".into();
    assert_eq!(wanted_profile(&unknown, &defaults), None);
}

/// Shows: R4, R58
#[test]
fn an_enrolled_device_keeps_its_profile_until_it_is_wiped() {
    let mut device = enrolled();
    assert_eq!(device.enrollment.state, EnrollmentState::Enrolled);
    device.want(Some(id("p2")), NOW);
    assert_eq!(device.enrollment.state, EnrollmentState::PendingReset);
    assert_eq!(device.enrollment.profile, Some(id("p1")));
    device.want(Some(id("p1")), NOW);
    assert_eq!(device.enrollment.state, EnrollmentState::Enrolled);
    device.want(Some(id("p2")), NOW);
    device.after(EnrollmentEvent::Left, NOW);
    assert_eq!(device.enrollment.state, EnrollmentState::NotContacted);
    let event = EnrollmentEvent::Enrolled { managed_device: "m1".parse().unwrap(), profile: id("p2") };
    device.after(event, NOW.plus(DAY));
    assert_eq!(device.enrollment.state, EnrollmentState::Enrolled);
    assert_eq!(device.enrollment.enrolled_at, Some(NOW), "the first enrolment stays on record");
}

/// Shows: N20
#[test]
fn a_device_that_enrols_by_a_default_keeps_that_profile_and_one_that_was_assigned_another_waits_for_it() {
    assert_eq!(enrolled().wanted_profile, Some(id("p1")));
    let mut assigned = device();
    assigned.want(Some(id("p2")), NOW);
    let event = EnrollmentEvent::Enrolled { managed_device: "m1".parse().unwrap(), profile: id("p1") };
    assigned.after(event, NOW);
    assert_eq!(assigned.wanted_profile, Some(id("p2")));
    assert_eq!(assigned.enrollment.state, EnrollmentState::PendingReset);
}

#[test]
fn nothing_that_a_device_does_ends_a_block() {
    let events = [
        EnrollmentEvent::Enrolled { managed_device: "m1".parse().unwrap(), profile: id("p1") },
        EnrollmentEvent::Contact,
        EnrollmentEvent::Left,
        EnrollmentEvent::Failed,
    ];
    let mut blocked = device();
    blocked.enrollment.state = EnrollmentState::Blocked;
    for event in events {
        blocked.after(event.clone(), NOW);
        assert_eq!(blocked.enrollment.state, EnrollmentState::Blocked, "{event:?}");
    }
    assert_eq!(blocked.enrollment.profile, None);
}

#[test]
fn another_profile_need_not_wait_for_the_failure_of_the_last_but_for_a_throttle() {
    let mut failed = device();
    failed.assignment =
        Assignment { outcome: Some(Outcome::Failed), retry_at: NOW.plus(DAY), ..Assignment::default() };
    failed.want(Some(id("p2")), NOW);
    assert_eq!(failed.assignment, Assignment::default());
    let mut throttled = device();
    throttled.assignment =
        Assignment { outcome: Some(Outcome::Throttled), retry_at: NOW.plus(DAY), ..Assignment::default() };
    throttled.want(Some(id("p2")), NOW);
    assert_eq!(throttled.assignment.retry_at, NOW.plus(DAY));
}

struct Around {
    health: Health,
    stage: Option<Stage>,
    push: bool,
    wanted: Option<(&'static str, Option<&'static str>)>,
    refusal: Option<DefineRefusal>,
    held: Option<&'static str>,
}

fn around() -> Around {
    Around {
        health: Health::Valid,
        stage: None,
        push: true,
        wanted: Some(("p1", Some("U1"))),
        refusal: None,
        held: None,
    }
}

fn codes(device: &Device, around: &Around) -> (bool, Vec<ReasonCode>) {
    let found = judged(device, around);
    (found.ready, found.reasons.into_iter().map(|reason| reason.code).collect())
}

fn judged(device: &Device, around: &Around) -> Readiness {
    let health = TokenHealth { health: around.health, words: "words".into(), since: None };
    let profile = around.wanted.map(|(profile, uuid)| (id(profile), uuid));
    let wanted = profile.as_ref().map(|(id, uuid)| WantedProfile {
        id,
        name: "Sales",
        uuid: *uuid,
        refusal: around.refusal.as_ref(),
    });
    let context = ReadinessContext {
        token_name: "Headquarters",
        token: &health,
        wanted,
        held: around.held,
        enrolled_profile_name: Some("Old"),
        stage: around.stage,
        push_certificate: around.push,
        now: NOW,
    };
    readiness(device, &context, &Limits::default())
}

#[test]
fn a_device_is_ready_once_apple_confirms_the_wanted_profile() {
    assert_eq!(codes(&device(), &around()), (true, vec![ReasonCode::Ready]));
}

/// Shows: R4
#[test]
fn a_device_that_is_enrolled_and_well_has_nothing_to_do_and_would_enrol_again() {
    let around = Around { stage: Some(Stage::Enrolled), ..around() };
    let found = judged(&enrolled(), &around);
    let told: Vec<_> = found
        .reasons
        .iter()
        .map(|reason| (reason.code, reason.words.as_str(), reason.action.as_str()))
        .collect();
    assert!(found.ready);
    assert_eq!(told, [(ReasonCode::Enrolled, "it is managed with “Old”", "nothing to do")]);
}

/// What stands in the way of its next set-up is told, and that it goes on as it is.
#[rstest]
#[case::other(Some(("p2", Some("U1"))), ReasonCode::NeedsWipe)]
#[case::none(None, ReasonCode::Unassigned)]
#[case::not_at_apple(Some(("p1", Some("U2"))), ReasonCode::WaitingForApple)]
fn an_enrolled_device_whose_next_set_up_would_not_be_as_wanted_is_not_ready(
    #[case] wanted: Option<(&'static str, Option<&'static str>)>,
    #[case] code: ReasonCode,
) {
    let mut device = enrolled();
    device.want(wanted.map(|(profile, _)| id(profile)), NOW);
    let found = judged(&device, &Around { stage: Some(Stage::Enrolled), wanted, ..around() });
    assert!(!found.ready);
    assert_eq!(
        found.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>(),
        [code, ReasonCode::Enrolled]
    );
    assert!(
        found.reasons.iter().all(|reason| !reason.words.is_empty() && !reason.action.is_empty()),
        "{found:?}"
    );
}

/// Shows: R4, N20
#[test]
fn a_wiped_device_for_which_apple_still_has_a_profile_of_ours_is_ready() {
    let mut around = around();
    (around.wanted, around.held) = (None, Some("Sales"));
    assert_eq!(codes(&device(), &around), (true, vec![ReasonCode::Ready]));
    let mut emptied = device();
    emptied.apple.profile_status = ProfileStatus::Empty;
    assert_eq!(codes(&emptied, &around), (false, vec![ReasonCode::Unassigned]));
}

type Change = fn(&mut Device, &mut Around);

/// Shows: R4, R5, R13, R24, R29, R56
#[rstest]
#[case::deleted(ReasonCode::Deleted, |d: &mut Device, _: &mut Around| d.deleted_at = Some(NOW))]
#[case::gone(ReasonCode::Gone, |d: &mut Device, _: &mut Around| d.presence = Presence::Gone { at: NOW })]
#[case::not_listed(ReasonCode::NotListed, |d: &mut Device, _: &mut Around| { d.presence = Presence::Gone { at: NOW }; d.apple = AppleRecord::default(); })]
#[case::unassigned(ReasonCode::Unassigned, |_: &mut Device, a: &mut Around| a.wanted = None)]
#[case::refused(ReasonCode::ProfileRefused, |_: &mut Device, a: &mut Around| a.refusal = Some(DefineRefusal { content_hash: "h".into(), words: "CONFIG_NAME_INVALID".into(), at: NOW }))]
#[case::pending(ReasonCode::ProfilePending, |_: &mut Device, a: &mut Around| a.wanted = Some(("p1", None)))]
#[case::under_way(ReasonCode::WaitingForApple, |d: &mut Device, _: &mut Around| d.apple.profile_uuid = Some("U2".into()))]
#[case::emptied(ReasonCode::WaitingForApple, |d: &mut Device, _: &mut Around| d.apple.profile_status = ProfileStatus::Empty)]
#[case::throttled(ReasonCode::Throttled, |d: &mut Device, _: &mut Around| { d.apple.profile_uuid = None; d.assignment.outcome = Some(Outcome::Throttled); d.assignment.retry_at = NOW.plus(DAY); })]
#[case::failed(ReasonCode::AssignmentFailed, |d: &mut Device, _: &mut Around| { d.apple.profile_uuid = None; d.assignment.outcome = Some(Outcome::NotAccessible); })]
#[case::other_profile(ReasonCode::NeedsWipe, |d: &mut Device, a: &mut Around| { *d = enrolled(); a.stage = Some(Stage::Enrolled); a.wanted = Some(("p2", Some("U1"))); })]
#[case::removed(ReasonCode::NeedsWipe, |d: &mut Device, _: &mut Around| { d.apple.profile_status = ProfileStatus::Removed; })]
#[case::no_push(ReasonCode::NoPushCertificate, |_: &mut Device, a: &mut Around| a.push = false)]
#[case::blocked(ReasonCode::Blocked, |d: &mut Device, _: &mut Around| d.enrollment.state = EnrollmentState::Blocked)]
fn what_stands_in_the_way_is_told(#[case] code: ReasonCode, #[case] change: Change) {
    let (mut device, mut around) = (device(), around());
    change(&mut device, &mut around);
    let (ready, reasons) = codes(&device, &around);
    assert!(!ready && reasons.contains(&code), "{reasons:?}");
}

/// Shows: R24, R44
#[rstest]
#[case::terms(ReasonCode::TermsNotAccepted, |_: &mut Device, a: &mut Around| a.health = Health::TermsNotAccepted)]
#[case::expired(ReasonCode::TokenNotValid, |_: &mut Device, a: &mut Around| a.health = Health::Expired)]
#[case::converted(ReasonCode::Provisional, |d: &mut Device, _: &mut Around| d.converted_at = Some(NOW.minus(29 * DAY)))]
#[case::migrating(ReasonCode::Migration, |d: &mut Device, _: &mut Around| d.apple.migration_deadline = Some(NOW.plus(DAY)))]
fn what_is_worth_knowing_is_told_and_does_not_block(#[case] code: ReasonCode, #[case] change: Change) {
    let (mut device, mut around) = (device(), around());
    change(&mut device, &mut around);
    let (ready, reasons) = codes(&device, &around);
    assert!(ready && reasons.contains(&code), "{reasons:?}");
}

/// Shows: R44
#[test]
fn the_thirty_days_of_a_converted_device_end() {
    let mut converted = device();
    converted.converted_at = Some(NOW.minus(30 * DAY));
    assert_eq!(codes(&converted, &around()).1, [ReasonCode::Ready]);
}

/// Shows: R44
#[test]
fn a_csv_list_is_read_with_its_columns_in_any_order() {
    let text = "\u{feff}convertedDateTime,Serial Number,Details,Profile\r\n2026-01-31,c1,\"A \"\"big\"\", red one\",p1\r\n\r\n,C2,,\r\n";
    let rows = read_csv(text).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].serial.as_str(), "C1");
    assert_eq!(rows[0].description.as_deref(), Some("A \"big\", red one"));
    assert_eq!(
        (rows[0].profile.as_deref(), rows[0].converted_at),
        (Some("p1"), Time::parse_rfc3339("2026-01-31T00:00:00Z"))
    );
    assert_eq!((&rows[1].description, &rows[1].profile, rows[1].converted_at), (&None, &None, None));
}

#[rstest]
#[case("", ImportError::Header)]
#[case("name,model\nx,y", ImportError::Header)]
#[case("serial\nC 1", ImportError::Serial(2))]
#[case("serial\nC1\nc1", ImportError::Repeated(3))]
#[case("serial,converted\nC1,soon", ImportError::Date(2))]
#[case("serial,profile\nC1,a\0b\n", ImportError::Line(2))]
#[case("serial,details\nC1,\"open", ImportError::Line(2))]
fn a_csv_list_with_a_fault_is_refused_by_line(#[case] text: &str, #[case] error: ImportError) {
    assert_eq!(read_csv(text), Err(error));
}

proptest! {
    #[test]
    fn no_csv_is_fatal(text in "[a-z,;\"\r\n\u{feff}A]{0,200}|serial.*") {
        let _ = read_csv(&text);
    }
}
