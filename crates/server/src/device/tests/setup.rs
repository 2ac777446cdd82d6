use std::time::Duration;

use ::app::{loops, setup};
use domain::managed_device::Stage;
use domain::profile::ProfileSettings;
use domain::setup::{ReleaseReason, SetupState};
use http::StatusCode;
use mdm::guard::{Dictionary, Value};

use super::pretend::{House, Pad, SERIAL, TOPIC};

async fn waiting(settings: ProfileSettings) -> (House, Pad) {
    let house = House::ready(settings).await;
    let mut pad = Pad::new();
    pad.enrol(&house, true).await;
    (house, pad)
}

async fn state(house: &House) -> SetupState {
    let id = house.managed().await.id;
    setup::get(&house.app, &house.actor(), &id).await.unwrap().unwrap().state
}

/// Shows: N9
#[tokio::test]
async fn a_waiting_device_gets_its_steps_and_then_its_release() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    assert_eq!(house.managed().await.stage, Stage::AwaitingConfiguration);
    let asked = pad.obey(&house).await;
    assert_eq!(
        asked,
        ["Settings", "ActivationLockBypassCode", "DeviceInformation", "SecurityInfo", "DeviceConfigured"]
    );
    assert_eq!(house.managed().await.stage, Stage::Enrolled);
    assert!(matches!(state(&house).await, SetupState::Released { because: ReleaseReason::Finished, .. }));
}

/// Shows: R12
#[tokio::test]
async fn the_device_learns_its_organisation_and_leaves_its_bypass_code() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    let settings = pad.idle(&house).await;
    let items = settings.plist()["Command"].as_dictionary().unwrap()["Settings"].as_array().unwrap().clone();
    let organization = items[0].as_dictionary().unwrap()["OrganizationInfo"].as_dictionary().unwrap().clone();
    assert_eq!(organization["OrganizationName"].as_string(), Some("Test School"));
    let options = items[1].as_dictionary().unwrap()["MDMOptions"].as_dictionary().unwrap().clone();
    assert_eq!(options["ActivationLockAllowedWhileSupervised"].as_boolean(), Some(false));
    let bypass = pad.answer(&house, &settings, "Acknowledged").await;
    let code = vec![("ActivationLockBypassCode", Value::from("A1B2-C3D4"))];
    pad.answer_with(&house, &bypass, "Acknowledged", code).await;
    let id = house.managed().await.id;
    let kept = ::app::managed_device::bypass_code(&house.app, &house.actor(), &id).await.unwrap();
    assert_eq!(kept.as_str(), "A1B2-C3D4");
}

/// Shows: N9
#[tokio::test]
async fn a_silent_device_is_told_to_leave_at_the_deadline() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    house.pass(house.app.limits.setup);
    loops::setup::turn(house.app.clone()).await.unwrap();
    let release = pad.idle(&house).await;
    assert_eq!(release.request_type().as_deref(), Some("DeviceConfigured"));
    assert!(pad.answer(&house, &release, "Acknowledged").await.body.is_empty());
    assert!(matches!(state(&house).await, SetupState::Released { because: ReleaseReason::Deadline, .. }));
}

/// Lessons 39.
#[tokio::test]
async fn a_release_that_is_refused_or_not_possible_now_is_sent_until_it_is_acknowledged() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    let id = house.managed().await.id;
    setup::release(&house.app, &house.actor(), &id).await.unwrap();
    let release = pad.idle(&house).await;
    assert!(pad.answer(&house, &release, "NotNow").await.body.is_empty());
    let release = pad.idle(&house).await;
    assert!(pad.answer(&house, &release, "Error").await.body.is_empty());
    house.pass(Duration::from_secs(15 * 60));
    loops::setup::turn(house.app.clone()).await.unwrap();
    let release = pad.idle(&house).await;
    assert_eq!(release.request_type().as_deref(), Some("DeviceConfigured"));
    pad.answer(&house, &release, "Acknowledged").await;
    assert!(matches!(state(&house).await, SetupState::Released { because: ReleaseReason::Admin, .. }));
    let again = setup::release(&house.app, &house.actor(), &id).await;
    assert!(matches!(again, Err(::app::AppError::Conflict { .. })));
}

#[tokio::test]
async fn a_device_that_left_setup_and_whose_answer_was_lost_is_not_told_again() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    let id = house.managed().await.id;
    setup::release(&house.app, &house.actor(), &id).await.unwrap();
    assert_eq!(pad.idle(&house).await.request_type().as_deref(), Some("DeviceConfigured"));
    pad.token_update(&house, false).await;
    assert!(pad.idle(&house).await.body.is_empty());
    assert!(matches!(state(&house).await, SetupState::Released { .. }));
}

#[tokio::test]
async fn plans_under_way_are_listed() {
    let (house, pad) = waiting(ProfileSettings::default()).await;
    let active = async || setup::active(&house.app, &house.actor()).await.unwrap().len();
    assert_eq!(active().await, 1);
    pad.obey(&house).await;
    assert_eq!(active().await, 0);
}

/// Lessons 40.
#[tokio::test]
async fn a_device_that_enrols_anew_in_the_middle_of_setup_starts_over() {
    let (house, mut pad) = waiting(ProfileSettings::default()).await;
    let old = pad.idle(&house).await;
    pad.enrol(&house, true).await;
    pad.answer(&house, &old, "Acknowledged").await;
    assert!(matches!(state(&house).await, SetupState::Running { holds: true }));
    assert_eq!(pad.obey(&house).await.last().map(String::as_str), Some("DeviceConfigured"));
}

/// Shows: R49, L62
#[tokio::test]
async fn a_device_is_named_at_enrolment_and_again_when_it_shows_another_name() {
    let settings = ProfileSettings {
        device_name_template: Some("{{DEVICETYPE}}-{{SERIAL}}".into()),
        ..ProfileSettings::default()
    };
    let (house, pad) = waiting(settings).await;
    let wanted = format!("iPad-{SERIAL}");
    assert_eq!(name_in(&pad.idle(&house).await.plist()).as_deref(), Some(wanted.as_str()));
    pad.obey(&house).await;
    assert_eq!(house.managed().await.info.device_name.as_deref(), Some(wanted.as_str()));

    let id = house.managed().await.id;
    let sync = ::app::managed_device::Action::SyncDevice;
    ::app::managed_device::act(&house.app, &house.actor(), &id, sync).await.unwrap();
    let asked = pad.idle(&house).await;
    let mut responses = Dictionary::new();
    responses.insert("DeviceName".into(), "Ann's iPad".into());
    let said = vec![("QueryResponses", Value::Dictionary(responses))];
    let rename = pad.answer_with(&house, &asked, "Acknowledged", said).await;
    assert_eq!(name_in(&rename.plist()).as_deref(), Some(wanted.as_str()));
    assert!(pad.answer(&house, &rename, "Acknowledged").await.body.is_empty());
}

/// What a device must tell us is taken whatever waits for it: without its push token it could not be woken.
#[tokio::test]
async fn a_full_queue_keeps_no_token_update_out() {
    let settings =
        ProfileSettings { device_name_template: Some("{{SERIAL}}".into()), ..ProfileSettings::default() };
    let (house, pad) = waiting(settings).await;
    pad.obey(&house).await;
    let id = house.managed().await.id;
    let again = [
        ("MessageType", "Authenticate".into()),
        ("Topic", TOPIC.into()),
        ("SerialNumber", SERIAL.into()),
        ("DeviceName", "Ann's iPad".into()),
    ];
    assert_eq!(pad.say(&house, &again).await.status, StatusCode::OK);
    for _ in 0..house.app.limits.commands_per_device {
        let sync = ::app::managed_device::Action::SyncDevice;
        ::app::managed_device::act(&house.app, &house.actor(), &id, sync).await.unwrap();
    }
    assert_eq!(pad.token_update(&house, false).await.status, StatusCode::OK);
}

/// Shows: L63, L64
#[tokio::test]
async fn an_administrators_name_for_one_device_stays() {
    let settings =
        ProfileSettings { device_name_template: Some("{{SERIAL}}".into()), ..ProfileSettings::default() };
    let (house, pad) = waiting(settings).await;
    pad.obey(&house).await;
    let id = house.managed().await.id;
    let rename = async |name| ::app::managed_device::rename(&house.app, &house.actor(), &id, name).await;
    assert!(matches!(rename("front desk").await, Err(::app::AppError::Invalid { .. })));
    rename("Front-Desk").await.unwrap();
    let command = pad.idle(&house).await;
    assert_eq!(name_in(&command.plist()).as_deref(), Some("Front-Desk"));
    assert!(pad.answer(&house, &command, "Acknowledged").await.body.is_empty());
    assert_eq!(house.managed().await.info.device_name.as_deref(), Some("Front-Desk"));
}

fn name_in(request: &Dictionary) -> Option<String> {
    let settings =
        request["Command"].as_dictionary()?.get("Settings")?.as_array()?.first()?.as_dictionary()?;
    Some(settings.get("DeviceName")?.as_string()?.to_owned())
}

/// Shows: R45, R46
#[tokio::test]
async fn a_shared_ipad_is_configured_before_its_release() {
    let settings = ProfileSettings {
        enable_shared_ipad: true,
        shared_ipad_maximum_user_count: Some(8),
        ..ProfileSettings::default()
    };
    let (house, pad) = waiting(settings).await;
    let asked = pad.obey(&house).await;
    assert_eq!(asked[asked.len() - 2..], ["Settings", "DeviceConfigured"]);
}
