use std::collections::HashSet;

use super::{START, good_profile, world};
use crate::apple::AdeFault;
use crate::apple::assign::{LockResult, Refused, SerialResult, check_serials};
use crate::apple::catalogue::Family;
use crate::apple::device::ProfileStatus;
use crate::apple::model::ActivationLock;
use crate::apple::moment::{DAY_S, HOUR_S};
use crate::apple::profile::Profile;

/// A lock without key and text.
fn plain_lock() -> ActivationLock {
    ActivationLock { escrow_key: None, lost_message: None }
}

#[test]
fn serials_of_others_are_not_accessible() {
    let mut world = world();
    let mine = world.stock(1);
    let theirs = world.buy(Family::Mac, 1);
    let uuid = world.define(world.a);
    let assigned = world.assign(&uuid, &[mine[0].clone(), theirs[0].clone(), "UNKNOWN0000".into()], START);
    let results: Vec<_> = assigned.results.iter().map(|(_, result)| *result).collect();
    assert_eq!(results, [SerialResult::Success, SerialResult::NotAccessible, SerialResult::NotAccessible]);
    assert_eq!(assigned.retry_after_seconds, None);
}

#[test]
fn the_profile_of_another_server_is_not_found() {
    let mut world = world();
    let serials = world.stock(1);
    let foreign = world.define(world.b);
    let fault = world.model.assign(world.a, &foreign, &serials, &Refused::default(), START).unwrap_err();
    assert_eq!((fault.status(), fault.word()), (404, "NOT_FOUND"));
    assert_eq!(world.model.read_profile(world.a, &foreign).unwrap_err().status(), 400);
}

#[test]
fn a_thousand_serials_are_taken_and_one_more_is_not() {
    assert_eq!(check_serials(&[]), Err(AdeFault::DeviceIdRequired));
    assert_eq!(check_serials(&vec![String::new(); 1_000]), Ok(()));
    assert_eq!(check_serials(&vec![String::new(); 1_001]), Err(AdeFault::MalformedRequestBody));
}

#[test]
fn assigning_the_same_profile_too_often_within_an_hour_throttles_for_a_day() {
    let mut world = world();
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    for _ in 0..5 {
        assert_eq!(world.assign(&uuid, &serials, START).results[0].1, SerialResult::Success);
    }
    let refused = world.assign(&uuid, &serials, START);
    assert_eq!(refused.results[0].1, SerialResult::Throttled);
    assert_eq!(refused.retry_after_seconds, Some(DAY_S));
    let later = world.assign(&uuid, &serials, START.plus_seconds(HOUR_S));
    assert_eq!(later.retry_after_seconds, Some(DAY_S - HOUR_S));
    let next_day = world.assign(&uuid, &serials, START.plus_seconds(DAY_S));
    assert_eq!(next_day.results[0].1, SerialResult::Success);
}

#[test]
fn assignments_an_hour_apart_or_of_other_profiles_do_not_throttle() {
    let mut world = world();
    let serials = world.stock(1);
    let uuids = [world.define(world.a), world.define(world.a)];
    for round in 0..20_usize {
        let assigned = world.assign(&uuids[round % 2], &serials, START);
        assert_eq!(assigned.results[0].1, SerialResult::Success);
    }
    for round in 0..20 {
        let now = START.plus_seconds(HOUR_S * (round + 1));
        assert_eq!(world.assign(&uuids[0], &serials, now).results[0].1, SerialResult::Success);
    }
}

#[test]
fn throttled_and_failed_devices_can_be_asked_for() {
    let mut world = world();
    let serials = world.stock(3);
    let uuid = world.define(world.a);
    let throttled = HashSet::from([serials[1].clone()]);
    let failed = HashSet::from([serials[2].clone()]);
    let refused = Refused { throttled, failed, ..Refused::default() };
    let assigned = world.model.assign(world.a, &uuid, &serials, &refused, START).unwrap();
    assert_eq!(assigned.results[0].1, SerialResult::Success);
    assert_eq!(assigned.results[1].1, SerialResult::Throttled);
    assert_eq!(assigned.results[2].1, SerialResult::Failed);
}

#[test]
fn throttled_is_called_failed_before_protocol_version_nine() {
    assert_eq!(SerialResult::Throttled.word(8), "FAILED");
    assert_eq!(SerialResult::Throttled.word(9), "THROTTLED");
}

#[test]
fn a_profile_taken_off_before_activation_leaves_nothing_and_after_it_removed() {
    let mut world = world();
    let serials = world.stock(2);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    world.model.activate(&serials[1], START);
    let results = world.model.remove_profile(world.a, None, &serials, START).unwrap();
    assert!(results.iter().all(|(_, result)| *result == SerialResult::Success));
    let status = |serial: &str| world.model.device(serial).unwrap().profile.status;
    assert_eq!(status(&serials[0]), ProfileStatus::Empty);
    assert_eq!(status(&serials[1]), ProfileStatus::Removed);
}

#[test]
fn taking_off_a_named_profile_spares_devices_with_another() {
    let mut world = world();
    let serials = world.stock(2);
    let uuids = [world.define(world.a), world.define(world.a)];
    world.assign(&uuids[0], &serials[..1], START);
    world.assign(&uuids[1], &serials[1..], START);
    let results = world.model.remove_profile(world.a, Some(&uuids[0]), &serials, START).unwrap();
    assert_eq!((results[0].1, results[1].1), (SerialResult::Success, SerialResult::Failed));
    assert_eq!(world.model.device(&serials[1]).unwrap().profile.status, ProfileStatus::Assigned);
}

#[test]
fn a_profile_assigns_the_devices_it_names_and_reads_back_without_them() {
    let mut world = world();
    let serials = world.stock(1);
    let profile = Profile { devices: serials.clone(), ..good_profile() };
    let (uuid, assigned) = world.model.define_profile(world.a, profile, &Refused::default(), START).unwrap();
    assert_eq!(assigned.results, [(serials[0].clone(), SerialResult::Success)]);
    let read = world.model.read_profile(world.a, &uuid).unwrap();
    assert_eq!(read, Profile { profile_uuid: Some(uuid), ..good_profile() });
}

#[test]
fn a_disowned_device_leaves_the_organisation_for_good() {
    let mut world = world();
    let serials = world.stock(1);
    let results = world.model.disown(world.a, &serials, START).unwrap();
    assert_eq!(results[0].1, SerialResult::Success);
    assert_eq!(world.model.device(&serials[0]).unwrap().org, None);
    let again = world.model.disown(world.a, &serials, START).unwrap();
    assert_eq!(again[0].1, SerialResult::NotAccessible);
}

#[test]
fn a_device_is_locked_once_and_only_with_a_whole_escrow_key() {
    let mut world = world();
    let serials = world.stock(1);
    let short = ActivationLock { escrow_key: Some("abc".into()), lost_message: None };
    assert_eq!(world.model.lock(world.a, &serials[0], short).unwrap_err(), AdeFault::MalformedRequestBody);
    let good = ActivationLock { escrow_key: Some("6A".repeat(32)), lost_message: Some("call us".into()) };
    assert_eq!(world.model.lock(world.a, &serials[0], good), Ok(LockResult::Success));
    assert_eq!(world.model.lock(world.a, &serials[0], plain_lock()), Ok(LockResult::DeviceAlreadyLocked));
    assert_eq!(world.model.lock(world.b, &serials[0], plain_lock()), Ok(LockResult::NotAccessible));
}

#[test]
fn an_apple_tv_and_an_organisation_without_the_service_are_told_so() {
    let mut world = world();
    let tv = world.buy(Family::AppleTv, 1);
    world.to(&tv, Some(world.a), START);
    assert_eq!(world.model.lock(world.a, &tv[0], plain_lock()), Ok(LockResult::DeviceNotSupported));
    world.model.org_mut(world.org).unwrap().activation_lock = false;
    assert_eq!(world.model.lock(world.a, &tv[0], plain_lock()), Ok(LockResult::OrgNotSupported));
}
