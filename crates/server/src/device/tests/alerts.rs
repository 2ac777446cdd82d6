//! What the device side finds reaches the administrator's alerts.

use std::time::Duration;

use ::app::{alert, loops};
use domain::alert::{Alert, AlertKind};
use domain::profile::ProfileSettings;
use domain::time::DAY;

use super::pretend::{House, Pad, SERIAL, key};

/// The alerts about devices: push certificate and tokens have tests of their own.
async fn alerts(house: &House) -> Vec<Alert> {
    let mut alerts = alert::alerts(&house.app, &house.actor()).await.unwrap();
    alerts.retain(|alert| alert.kind != AlertKind::PushCertificate);
    alerts
}

async fn enrolled(awaiting: bool) -> (House, Pad) {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, awaiting).await;
    (house, pad)
}

#[tokio::test]
async fn a_device_that_does_not_leave_setup_is_told_until_it_has_left() {
    let (house, pad) = enrolled(true).await;
    house.pass(house.app.limits.setup);
    loops::setup::turn(house.app.clone()).await.unwrap();
    assert!(alerts(&house).await.is_empty(), "it has just been told to leave");
    let release = pad.idle(&house).await;
    house.pass(Duration::from_secs(11 * 60));
    let found = alerts(&house).await;
    assert_eq!(found.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::StuckInSetup]);
    assert!(found[0].title.contains(SERIAL), "{found:?}");
    assert_eq!(found[0].subject, house.managed().await.id.to_string());

    pad.answer(&house, &release, "Acknowledged").await;
    let found = alerts(&house).await;
    assert_eq!(found.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::ReleasedAtDeadline]);
    assert!(found[0].words.as_deref().unwrap().contains("was not answered in its time"), "{found:?}");
    house.pass(7 * DAY);
    assert!(alerts(&house).await.is_empty(), "news for a week");
}

#[tokio::test]
async fn a_device_that_sets_up_as_planned_is_no_alert() {
    let (house, pad) = enrolled(true).await;
    pad.obey(&house).await;
    house.pass(house.app.limits.setup + Duration::from_secs(11 * 60));
    loops::setup::turn(house.app.clone()).await.unwrap();
    assert!(alerts(&house).await.is_empty());
}

#[tokio::test]
async fn a_second_udid_for_a_serial_is_told_until_an_administrator_has_looked_into_it() {
    let (house, _) = enrolled(false).await;
    let rival = Pad { udid: "RIVAL", key: key(1), ..Pad::new() };
    house.profile(&house.enroll(rival.signed_by(&house.devices)).await).await;
    let found = alerts(&house).await;
    assert_eq!(found.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::SerialClaimedTwice]);
    assert!(found[0].words.as_deref().unwrap().contains("RIVAL"), "{found:?}");
    let id = house.managed().await.id;
    ::app::managed_device::dismiss_rival(&house.app, &house.actor(), &id).await.unwrap();
    assert!(alerts(&house).await.is_empty());
}

#[tokio::test]
async fn an_identity_that_ends_soon_is_told() {
    let (house, pad) = enrolled(false).await;
    pad.obey(&house).await;
    let end = house.managed().await.certificate.unwrap().not_after;
    house.pass(end.since(house.now()) - 15 * DAY);
    assert!(alerts(&house).await.is_empty());
    house.pass(2 * DAY);
    let found = alerts(&house).await;
    assert_eq!(found.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::IdentityExpiry]);
}
