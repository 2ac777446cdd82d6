use std::time::Duration;

use muster_practice::apple::catalogue::{Family, product};
use muster_practice::apple::profile::Profile;
use muster_practice::device::Stage;

use crate::rehearsal::{rehearsal, settled, soon};

/// Shows: R4
#[tokio::test]
async fn a_device_keeps_its_profile_until_it_is_erased_and_then_takes_the_new_one() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let serials = [ipad.serial().to_owned()];
    let next = Profile { department: Some("Works II".into()), ..rehearsal.profile() };
    rehearsal.assign(next, &serials);
    assert_eq!(ipad.screen().department.as_deref(), Some("Sales"));
    ipad.power_off().await;
    ipad.power_on();
    ipad.check_in().unwrap();
    rehearsal.stub.wait_for(|heard| heard.count("Idle") == 1).await;
    assert_eq!(ipad.screen().department.as_deref(), Some("Sales"));
    let before = ipad.udid();
    ipad.wipe().await;
    assert_eq!(ipad.screen().stage, Stage::Boxed);
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    let screen = settled(&ipad).await;
    assert_eq!((screen.stage, screen.department.as_deref()), (Stage::Home, Some("Works II")));
    assert_eq!(ipad.udid(), before, "the hardware is the same");
}

#[tokio::test]
async fn a_device_goes_on_where_the_power_went() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    ipad.power_on();
    assert_eq!(ipad.screen().stage, Stage::Boxed, "nobody set it up");
    ipad.unbox().unwrap();
    soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    ipad.power_off().await;
    assert!(!ipad.screen().powered);
    rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    ipad.power_on();
    assert_eq!(settled(&ipad).await.stage, Stage::Home);
    assert_eq!(rehearsal.stub.heard().count("Authenticate"), 1);
}

#[tokio::test]
async fn restoring_a_backup_sends_a_new_token_and_nothing_else() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    ipad.restore_backup().await.unwrap();
    let heard = rehearsal.stub.heard();
    assert_eq!(heard.kinds(), ["TokenUpdate"]);
    assert!(!heard.last("TokenUpdate").plist.contains_key("UnlockToken"));
    rehearsal.stub.push(&ipad);
    rehearsal.stub.wait_for(|heard| heard.count("Idle") == 1).await;

    let fresh = Profile { do_not_use_profile_from_backup: Some(true), ..rehearsal.profile() };
    for (version, authenticates) in [("26.0", 2), ("18.0", 1)] {
        let ipad = rehearsal.device(Family::IPad, fresh.clone());
        ipad.set_version(version.parse().unwrap());
        rehearsal.stub.forget();
        rehearsal.stub.release(&ipad);
        ipad.unbox().unwrap();
        settled(&ipad).await;
        rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
        rehearsal.stub.release(&ipad);
        ipad.restore_backup().await.unwrap();
        settled(&ipad).await;
        assert_eq!(rehearsal.stub.heard().count("Authenticate"), authenticates, "{version}");
    }
}

/// Shows: R42, R44
#[tokio::test]
async fn a_locked_profile_stays_but_for_the_thirty_provisional_days() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.at_home().await;
    let refused = bought.remove_management().await.unwrap_err();
    assert!(refused.to_string().contains("does not allow it"));
    assert!(bought.leave().await.is_err());

    let add = || {
        let now = rehearsal.practice.world().now();
        let ipad = product(Family::IPad, None).unwrap();
        let mut model = rehearsal.practice.world().model();
        let serial = model.add_by_configurator(rehearsal.org, ipad, None, "ann@example.com", now).unwrap();
        let chosen = muster_practice::apple::shop::Selection::Serials(vec![serial.clone()]);
        model.assign_devices(rehearsal.org, &chosen, Some(rehearsal.server), "ann@example.com", now).unwrap();
        serial
    };
    let serials = [add(), add(), add()];
    rehearsal.assign(rehearsal.profile(), &serials);
    let devices = serials.map(|serial| rehearsal.practice.fleet().device(&serial).unwrap());
    for device in &devices {
        rehearsal.stub.release(device);
        device.unbox().unwrap();
        settled(device).await;
        assert!(device.screen().removable);
    }
    rehearsal.stub.wait_for(|heard| devices.iter().all(|device| heard.released(&device.udid()))).await;
    rehearsal.stub.forget();
    let [first, second, third] = devices;
    first.remove_management().await.unwrap();
    assert_eq!(rehearsal.stub.heard().kinds(), ["CheckOut"]);
    assert!(!first.screen().enrolled);
    second.leave().await.unwrap();
    assert!(rehearsal.practice.world().model().device(second.serial()).unwrap().org.is_none());
    rehearsal.clock.advance(Duration::from_secs(31 * 24 * 3_600));
    assert!(!third.screen().removable);
    assert!(third.remove_management().await.is_err() && third.leave().await.is_err());
}

#[tokio::test]
async fn the_fleet_tells_of_every_change() {
    let rehearsal = rehearsal().await;
    let fleet = rehearsal.practice.fleet();
    let mut changes = fleet.changes();
    let ipad = rehearsal.ipad();
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    while fleet.screens()[0].stage != Stage::Home {
        soon(changes.changed()).await.unwrap();
    }
    assert_eq!(fleet.len(), 1);
    assert_eq!(fleet.find(ipad.serial()).unwrap().udid(), ipad.udid());
    assert!(fleet.find("NOSUCH0000").is_none());
}
