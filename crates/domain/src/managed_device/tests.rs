use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::device::{Device, Enrollment, EnrollmentState, Outcome, Presence, ProfileStatus};
use crate::time::DAY;

fn at(seconds: i64) -> Time {
    Time::from_unix(1_000_000 + seconds)
}

fn served(udid: &str, profile: &str) -> Served {
    Served {
        tenant: "t".parse().unwrap(),
        fresh_id: "m1".parse().unwrap(),
        serial: "C02X".parse().unwrap(),
        udid: udid.into(),
        device: "d1".parse().unwrap(),
        token: "token".parse().unwrap(),
        profile: profile.parse().unwrap(),
        profile_name: format!("Profile {profile}"),
        platform: Platform::Ios,
    }
}

fn certificate(name: &str) -> PinnedCertificate {
    PinnedCertificate { fingerprint: name.into(), not_after: at(0).plus(365 * DAY) }
}

fn said<'a>(udid: &'a str, serial: Option<&'a str>) -> AuthenticateSaid<'a> {
    AuthenticateSaid { udid, serial, info: DeviceInfo::default() }
}

fn token_update(udid: &str, awaiting_configuration: bool) -> TokenUpdateSaid<'_> {
    let push = PushSaid { topic: "com.apple.mgmt.x".into(), token: vec![1], magic: "m".into() };
    TokenUpdateSaid { udid, push, awaiting_configuration }
}

/// A device that was served, got the identity `certificate` and authenticated with it.
fn authenticated(name: &str) -> ManagedDevice {
    let outcome = serve(None, served("U-1", "p"), at(0));
    let device = outcome.device.identity_issued(outcome.enrolment, certificate(name)).unwrap();
    device.authenticate(Credential::Pending, said("U-1", Some("C02X"))).unwrap().device
}

fn enrolled(name: &str) -> ManagedDevice {
    authenticated(name).token_update(Credential::Current, token_update("U-1", false), at(5)).unwrap().device
}

#[test]
fn a_device_enrols_step_by_step() {
    let outcome = serve(None, served("U-1", "p"), at(0));
    assert_eq!((outcome.device.stage, outcome.enrolment), (Stage::ProfileServed, 1));
    let device = outcome.device.identity_issued(1, certificate("one")).unwrap();
    assert_eq!(device.stage, Stage::IdentityIssued);
    assert_eq!(device.credential("one", at(1)), Ok(Credential::Pending));
    let begun = device.authenticate(Credential::Pending, said("u-1", Some("c02x"))).unwrap();
    assert!(begun.begins);
    assert_eq!((begun.device.stage, begun.device.enrolment), (Stage::Authenticated, 1));
    assert_eq!(begun.device.credential("one", at(1)), Ok(Credential::Current));
    let updated = begun.device.token_update(Credential::Current, token_update("U-1", true), at(2)).unwrap();
    assert!(updated.enrolled);
    assert_eq!(updated.setup, Some(true));
    assert_eq!(updated.device.stage, Stage::AwaitingConfiguration);
    assert_eq!(updated.device.enrolled_at, Some(at(2)));
}

/// Refuses: S
/// A certificate for one device does not speak for another.
#[test]
fn a_device_that_authenticates_as_another_is_refused() {
    let device =
        serve(None, served("U-1", "p"), at(0)).device.identity_issued(1, certificate("one")).unwrap();
    let other = device.clone().authenticate(Credential::Pending, said("U-2", Some("C02X")));
    assert_eq!(other.unwrap_err(), Refusal::OtherDevice);
    let serial = device.authenticate(Credential::Pending, said("U-1", Some("C02Y")));
    assert_eq!(serial.unwrap_err(), Refusal::OtherSerial);
    assert_eq!(
        enrolled("one").authenticate(Credential::Current, said("U-2", None)).unwrap_err(),
        Refusal::OtherDevice
    );
}

/// Refuses: S
/// Being served a profile disturbs nobody.
#[test]
fn a_living_enrolment_goes_on_until_the_new_one_authenticates() {
    let living = enrolled("one");
    let again = serve(Some(living.clone()), served("U-1", "q"), at(100));
    let device = again.device.identity_issued(again.enrolment, certificate("two")).unwrap();
    assert_eq!(device.credential("one", at(101)), Ok(Credential::Current));
    assert_eq!((device.stage, device.enrolment, &device.profile), (Stage::Enrolled, 1, &living.profile));
    let begun = device.authenticate(Credential::Pending, said("U-1", None)).unwrap();
    assert!(begun.begins);
    assert_eq!((begun.device.enrolment, begun.device.profile.as_str()), (2, "q"));
    assert_eq!(begun.device.credential("one", at(102)), Err(Refusal::UnknownCertificate));
}

/// Lessons, section 4: two UDIDs claim one serial.
#[test]
fn a_second_udid_for_one_serial_is_noted() {
    assert_eq!(serve(Some(enrolled("one")), served("U-1", "p"), at(100)).device.rival, None);
    let rival = serve(Some(enrolled("one")), served("U-2", "p"), at(100)).device;
    assert_eq!(rival.rival, Some(RivalUdid { udid: "U-2".into(), at: at(100) }));
    assert_eq!(rival.udid, "U-1", "the enrolled device stays who it is");
    let before_enrolling = serve(None, served("U-1", "p"), at(0)).device;
    assert!(serve(Some(before_enrolling), served("U-2", "p"), at(1)).device.rival.is_some());
}

#[test]
fn asking_twice_for_the_same_profile_is_one_enrolment() {
    let first = serve(None, served("U-1", "p"), at(0));
    let second = serve(Some(first.device), served("U-1", "p"), at(3));
    assert_eq!(second.enrolment, first.enrolment);
    let other = serve(Some(second.device), served("U-1", "q"), at(4));
    assert_eq!(other.enrolment, first.enrolment + 1);
    assert_eq!(
        other.device.identity_issued(first.enrolment, certificate("x")).unwrap_err(),
        Refusal::Superseded
    );
}

/// Refuses: T
/// Lessons 59 to 63.
#[test]
fn a_renewed_identity_takes_over_when_it_is_used() {
    let device = enrolled("one").identity_issued(1, certificate("two")).unwrap();
    assert_eq!(device.credential("one", at(9)), Ok(Credential::Current), "not used yet: the old one is good");
    let renewed = renewed_identity(device);
    assert_eq!(renewed.credential("two", at(9)), Ok(Credential::Current));
    assert_eq!(renewed.credential("one", at(9)), Err(Refusal::UnknownCertificate));
}

/// A profile update makes the device authenticate again; that is no new enrolment (lessons 40).
#[test]
fn a_device_that_authenticates_again_with_its_identity_keeps_its_queue() {
    let device = enrolled("one").identity_issued(1, certificate("two")).unwrap();
    let again = device.authenticate(Credential::Renewed, said("U-1", None)).unwrap();
    assert!(!again.begins);
    assert_eq!(again.device.stage, Stage::Enrolled);
    assert_eq!(again.device.credential("two", at(9)), Ok(Credential::Current));
}

/// Refuses: T
#[test]
fn an_identity_is_good_for_a_while_after_its_end_and_then_no_more() {
    let device = enrolled("one");
    let end = at(0).plus(365 * DAY);
    assert_eq!(device.credential("one", end.plus(29 * DAY)), Ok(Credential::Current));
    assert_eq!(device.credential("one", end.plus(31 * DAY)), Err(Refusal::Expired));
}

/// Lessons 40: whatever was under way, a device that waits gets a new plan.
#[test]
fn a_device_that_waits_always_starts_a_new_plan() {
    let waiting =
        enrolled("one").token_update(Credential::Current, token_update("U-1", true), at(50)).unwrap();
    assert_eq!((waiting.enrolled, waiting.setup), (false, Some(true)));
    let changed_token =
        enrolled("one").token_update(Credential::Current, token_update("U-1", false), at(50)).unwrap();
    assert_eq!((changed_token.enrolled, changed_token.setup), (false, None));
}

/// apple.md 3.4: a backup restored to the same device sends only a TokenUpdate.
#[test]
fn a_restored_backup_enrols_again_with_its_pinned_identity() {
    let left = enrolled("one").check_out(Credential::Current, "U-1").unwrap();
    assert_eq!((left.stage, &left.push), (Stage::CheckedOut, &None));
    let back = left.token_update(Credential::Current, token_update("U-1", false), at(80)).unwrap();
    assert!(back.enrolled && back.setup.is_some());
    assert_eq!(back.device.stage, Stage::Enrolled);
}

/// Refuses: T
#[test]
fn a_token_without_an_authentication_is_refused() {
    let device =
        serve(None, served("U-1", "p"), at(0)).device.identity_issued(1, certificate("one")).unwrap();
    let early = device.clone().token_update(Credential::Pending, token_update("U-1", true), at(1));
    assert_eq!(early.unwrap_err(), Refusal::NotAuthenticated);
    assert_eq!(device.check_out(Credential::Pending, "U-1").unwrap_err(), Refusal::NotAuthenticated);
    let other = enrolled("one").token_update(Credential::Current, token_update("U-2", false), at(1));
    assert_eq!(other.unwrap_err(), Refusal::OtherDevice);
}

fn row() -> Device {
    Device {
        tenant: "t".parse().unwrap(),
        token: "token".parse().unwrap(),
        id: "d1".parse().unwrap(),
        version: 1,
        serial: "C02X".parse().unwrap(),
        apple: crate::device::AppleRecord {
            profile_status: ProfileStatus::Assigned,
            profile_uuid: Some("ours".into()),
            ..Default::default()
        },
        presence: Presence::Present,
        deleted_at: None,
        seen_pass: 1,
        source: Default::default(),
        description: None,
        wanted_profile: None,
        wanted_at: None,
        assignment: Default::default(),
        enrollment: Enrollment::default(),
        converted_at: None,
        created_at: at(0),
    }
}

fn admitted(row: Option<&Device>) -> Result<(), AdmissionRefusal> {
    admit(row, |uuid| uuid == "ours").map(|_| ())
}

/// A serial that we do not know, or that is not ours to enrol, is refused.
#[rstest]
#[case(|row: &mut Device| row.presence = Presence::Gone { at: at(1) }, AdmissionRefusal::Gone)]
#[case(|row: &mut Device| row.deleted_at = Some(at(1)), AdmissionRefusal::Deleted)]
#[case(|row: &mut Device| row.enrollment.state = EnrollmentState::Blocked, AdmissionRefusal::Blocked)]
#[case(|row: &mut Device| row.apple.profile_uuid = Some("other".into()), AdmissionRefusal::NotAssigned)]
#[case(|row: &mut Device| row.apple.profile_status = ProfileStatus::Empty, AdmissionRefusal::NotAssigned)]
#[case(|row: &mut Device| row.apple.profile_status = ProfileStatus::Removed, AdmissionRefusal::NotAssigned)]
fn a_serial_that_may_not_enrol_is_refused(#[case] change: fn(&mut Device), #[case] why: AdmissionRefusal) {
    let mut row = row();
    assert_eq!(admitted(Some(&row)), Ok(()));
    change(&mut row);
    assert_eq!(admitted(Some(&row)), Err(why));
}

#[test]
fn an_unknown_serial_is_refused() {
    assert_eq!(admitted(None), Err(AdmissionRefusal::Unknown));
}

#[test]
fn our_own_assignment_counts_before_apple_lists_it() {
    let mut row = row();
    row.apple.profile_uuid = None;
    row.apple.profile_status = ProfileStatus::Empty;
    row.assignment.profile_uuid = Some("ours".into());
    row.assignment.outcome = Some(Outcome::Success);
    assert_eq!(admitted(Some(&row)), Ok(()));
    row.assignment.outcome = Some(Outcome::Failed);
    assert_eq!(admitted(Some(&row)), Err(AdmissionRefusal::NotAssigned));
}

/// Shows: R11
#[test]
fn devices_on_modern_systems_are_supervised_whatever_the_profile_says() {
    let on = |version: &str| DeviceInfo { os_version: Some(version.into()), ..DeviceInfo::default() };
    assert!(is_supervised(&on("18.1"), Platform::Ios, false));
    assert!(!is_supervised(&on("12.5.7"), Platform::Ios, false));
    assert!(is_supervised(&on("12.5.7"), Platform::Ios, true));
}

/// Shows: R13
#[test]
fn a_device_that_is_not_supervised_does_not_become_so_by_a_profile() {
    let says_no = DeviceInfo { is_supervised: Some(false), ..DeviceInfo::default() };
    for profile_says in [false, true] {
        assert!(!is_supervised(&says_no, Platform::Ios, profile_says));
    }
}

proptest! {
    /// Refuses: S
    /// No sequence of requests makes a certificate speak for a UDID that it was not served to.
    #[test]
    fn a_certificate_never_speaks_for_another_udid(
        steps in proptest::collection::vec((0_u8..5, 0_u8..3, 0_u8..3), 1..40),
    ) {
        let udid = |n: u8| format!("U-{n}");
        let mut owners: std::collections::HashMap<String, String> = Default::default();
        let mut row: Option<ManagedDevice> = None;
        for (n, (step, who, cert)) in steps.into_iter().enumerate() {
            let now = at(i64::try_from(n).unwrap());
            let name = format!("cert-{cert}");
            let Some(device) = row.clone() else {
                row = Some(serve(None, served(&udid(who), "p"), now).device);
                continue;
            };
            let credential = device.credential(&name, now);
            row = Some(match (step, credential) {
                (0, _) => serve(Some(device), served(&udid(who), "p"), now).device,
                (1, _) => {
                    let fresh = format!("cert-{n}");
                    let enrolment = device.pending.as_ref().map_or(device.enrolment, |pending| pending.enrolment);
                    let owner = device.udid_of(enrolment).map(str::to_owned);
                    match device.clone().identity_issued(enrolment, certificate(&fresh)) {
                        Ok(issued) => { owners.insert(fresh, owner.unwrap()); issued }
                        Err(_) => device,
                    }
                }
                (2, Ok(credential)) => match device.clone().authenticate(credential, said(&udid(who), None)) {
                    Ok(accepted) => { prop_assert_eq!(owners.get(&name), Some(&udid(who))); accepted.device }
                    Err(_) => device,
                },
                (3, Ok(credential)) => match device.clone().token_update(credential, token_update(&udid(who), true), now) {
                    Ok(accepted) => { prop_assert_eq!(owners.get(&name), Some(&udid(who))); accepted.device }
                    Err(_) => device,
                },
                _ => device,
            });
        }
    }
}
