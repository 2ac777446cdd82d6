//! Identities that end, and commands that nobody answers.

use std::time::Duration;

use ::app::managed_device::{Action, act};
use ::app::{command, loops};
use domain::command::CommandOutcome;
use domain::profile::ProfileSettings;
use domain::setup::{ReleaseReason, SetupState};
use domain::time::DAY;
use http::StatusCode;
use mdm::guard::parse_dictionary;
use pki::scep::Outcome;

use super::pretend::{House, Pad, TOPIC, key, payload};

async fn enrolled(awaiting: bool) -> (House, Pad) {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, awaiting).await;
    if !awaiting {
        pad.obey(&house).await;
    }
    (house, pad)
}

async fn renew(house: &House) {
    loops::identity_renewal::turn(house.app.clone()).await.unwrap();
}

/// Lessons 59 to 63.
#[tokio::test]
async fn an_identity_is_renewed_by_command_before_it_ends_and_pinned_when_it_is_used() {
    let (house, pad) = enrolled(false).await;
    renew(&house).await;
    assert!(pad.idle(&house).await.body.is_empty(), "too early");
    house.pass(310 * DAY);
    house.get_push_certificate(TOPIC).await;
    renew(&house).await;
    renew(&house).await;
    let install = pad.idle(&house).await;
    assert_eq!(install.request_type().as_deref(), Some("InstallProfile"));
    let signed = install.plist()["Command"].as_dictionary().unwrap()["Payload"].as_data().unwrap().to_vec();
    let signed = pki::cms::verify_signed(&signed, None).unwrap();
    let profile = parse_dictionary(&signed.content, 1 << 20).unwrap();
    assert_eq!(
        payload(&profile, "com.apple.mdm")["ServerURL"].as_string(),
        Some("https://mdm.test/t/default/mdm")
    );
    let next = Pad { key: key(1), ..Pad::new() };
    let client = next.scep(&house, &Pad::challenge(&profile)).await;
    let reply = house.post("/t/default/scep?operation=PKIOperation", client.message().to_vec()).await;
    let Outcome::Issued(renewed) = client.read_reply(&reply.body).unwrap() else { panic!("refused") };
    let next = Pad { identity: Some(renewed), ..next };
    assert!(pad.answer(&house, &install, "Acknowledged").await.body.is_empty(), "one renewal, not two");
    assert_eq!(next.authenticate(&house).await.status, StatusCode::OK);
    assert_eq!(pad.idle(&house).await.status, StatusCode::FORBIDDEN, "the old identity is no longer good");
    house.pass(90 * DAY);
    assert_eq!(next.idle(&house).await.status, StatusCode::OK);
    assert_eq!(house.managed().await.enrolment, 1, "a renewal is no new enrolment");
}

/// Refuses: T
#[tokio::test]
async fn a_device_with_an_ended_identity_is_heard_for_a_while_and_then_refused() {
    let (house, pad) = enrolled(false).await;
    house.pass(365 * DAY + 20 * DAY);
    assert_eq!(pad.idle(&house).await.status, StatusCode::OK);
    house.pass(15 * DAY);
    assert_eq!(pad.idle(&house).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_command_that_nobody_answers_is_given_up() {
    let (house, pad) = enrolled(false).await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    loops::commands::turn(house.app.clone()).await.unwrap();
    assert_eq!(command::pending(&house.app, &house.actor(), &id).await.unwrap(), 1);
    house.pass(house.app.limits.command + Duration::from_secs(1));
    loops::commands::turn(house.app.clone()).await.unwrap();
    let history = command::history(&house.app, &house.actor(), &id).await.unwrap();
    assert_eq!(history[0].outcome, CommandOutcome::Expired);
    assert!(pad.idle(&house).await.body.is_empty());
}

/// Lessons, section 2: history does not grow for ever.
#[tokio::test]
async fn what_became_of_commands_is_forgotten_after_a_quarter() {
    let (house, _pad) = enrolled(false).await;
    let id = house.managed().await.id;
    let known = || async { command::history(&house.app, &house.actor(), &id).await.unwrap().len() };
    let ended = known().await;
    assert!(ended > 0);
    house.pass(89 * DAY);
    loops::retention::turn(house.app.clone()).await.unwrap();
    assert_eq!(known().await, ended);
    house.pass(2 * DAY);
    loops::retention::turn(house.app.clone()).await.unwrap();
    assert_eq!(known().await, 0);
}

/// Lessons 39: not even after a week is a device forgotten in Setup Assistant.
#[tokio::test]
async fn a_device_that_was_off_for_weeks_is_still_released() {
    let (house, pad) = enrolled(true).await;
    house.pass(house.app.limits.setup);
    loops::setup::turn(house.app.clone()).await.unwrap();
    for _ in 0..3 {
        house.pass(house.app.limits.command + Duration::from_secs(1));
        loops::commands::turn(house.app.clone()).await.unwrap();
        loops::setup::turn(house.app.clone()).await.unwrap();
    }
    let asked = pad.obey(&house).await;
    assert_eq!(asked, ["DeviceConfigured"]);
    let id = house.managed().await.id;
    let plan = ::app::setup::get(&house.app, &house.actor(), &id).await.unwrap().unwrap();
    assert!(matches!(plan.state, SetupState::Released { because: ReleaseReason::Deadline, .. }));
}
