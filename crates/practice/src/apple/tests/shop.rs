use std::collections::HashSet;

use super::{START, world};
use crate::apple::PortalFault;
use crate::apple::catalogue::{Family, product};
use crate::apple::device::ProfileStatus;
use crate::apple::event::Operation;
use crate::apple::model::HistoryAction;
use crate::apple::moment::DAY_S;
use crate::apple::serial::{from_csv, imei, normalised, serial_number};
use crate::apple::shop::{Order, Selection};

#[test]
fn serial_numbers_look_like_apples_and_never_repeat() {
    let serials: HashSet<String> = (0..20_000).map(serial_number).collect();
    assert_eq!(serials.len(), 20_000);
    assert!(serials.iter().all(|serial| normalised(serial).as_ref() == Some(serial)));
    assert!(serials.iter().all(|serial| serial.len() == 10 && !serial.contains(['I', 'O'])));
}

#[test]
fn an_imei_has_its_check_digit() {
    for counter in 0..100 {
        let digits: Vec<u32> = imei(counter).chars().rev().map(|c| c.to_digit(10).unwrap()).collect();
        let sum: u32 = digits
            .iter()
            .enumerate()
            .map(|(place, digit)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
            .sum();
        assert_eq!((digits.len(), sum % 10), (15, 0));
    }
}

#[test]
fn a_csv_is_its_first_column_without_heading() {
    let text = "\u{feff}Serial Number,Order\r\nc8tj500qf1mn,W1\r\n\r\n\"DMPXK0ABCD\";x\n no good ,\n";
    let (serials, refused) = from_csv(text);
    assert_eq!(serials, ["C8TJ500QF1MN", "DMPXK0ABCD"]);
    assert_eq!(refused, ["no good"]);
}

#[test]
fn putting_a_device_on_its_own_server_again_takes_its_profile_off() {
    let mut world = world();
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    let cursor = world.model.fetch(world.a, None, 10, START).unwrap().cursor;
    world.to(&serials, Some(world.a), START);
    assert_eq!(world.model.device(&serials[0]).unwrap().profile.status, ProfileStatus::Empty);
    let page = world.model.sync(world.a, &cursor, 10, START).unwrap();
    assert_eq!(page.rows[0].event.unwrap().operation, Operation::Modified);
}

#[test]
fn new_devices_go_to_their_familys_default_server() {
    let mut world = world();
    world.model.set_default_server(world.org, Family::Mac, Some(world.b)).unwrap();
    let mac = world.buy(Family::Mac, 1);
    let ipad = world.buy(Family::IPad, 1);
    assert!(world.model.device(&mac[0]).unwrap().is_on(world.b));
    assert!(world.model.device(&ipad[0]).unwrap().membership.is_none());
}

#[test]
fn a_whole_order_is_assigned_at_once() {
    let mut world = world();
    let serials = world.buy(Family::IPhone, 12);
    let selection = Selection::Order("W1".into());
    let moved =
        world.model.assign_devices(world.org, &selection, Some(world.a), "admin@example.com", START).unwrap();
    assert_eq!(moved.done, serials);
}

/// Shows: R44, L69
#[test]
fn the_user_of_a_configurator_device_may_leave_for_thirty_days_and_not_after() {
    let mut world = world();
    let product = product(Family::IPad, None).unwrap();
    let mut add =
        || world.model.add_by_configurator(world.org, product, None, "it@example.com", START).unwrap();
    let (early, late) = (add(), add());
    assert_eq!(world.model.leave(&early, START.plus_seconds(30 * DAY_S - 1)), Ok(()));
    assert_eq!(world.model.device(&early).unwrap().org, None);
    let refused = world.model.leave(&late, START.plus_seconds(30 * DAY_S)).unwrap_err();
    assert_eq!(refused, PortalFault::NotProvisional(late));
}

#[test]
fn a_released_device_comes_back_by_configurator_and_not_while_owned() {
    let mut world = world();
    let serials = world.stock(1);
    let product = product(Family::IPad, None).unwrap();
    let by = "it@example.com";
    let owned = world.model.add_by_configurator(world.org, product, Some(&serials[0]), by, START);
    assert_eq!(owned.unwrap_err(), PortalFault::SerialRefused(serials[0].clone()));
    world.model.release(world.org, &Selection::Serials(serials.clone()), by, START);
    let back = world.model.add_by_configurator(world.org, product, Some(&serials[0]), by, START).unwrap();
    assert_eq!(back, serials[0]);
}

#[test]
fn a_serial_number_is_sold_once() {
    let mut world = world();
    let product = product(Family::IPad, None).unwrap();
    let order = Order { product, count: 0, number: "W2".into(), serials: vec!["c8tj500qf1mn".into()] };
    assert_eq!(world.model.buy(world.org, &order, "x", START).unwrap(), ["C8TJ500QF1MN"]);
    assert!(matches!(world.model.buy(world.org, &order, "x", START), Err(PortalFault::SerialRefused(_))));
}

#[test]
fn a_replacement_comes_to_the_server_and_the_old_device_leaves_it() {
    let mut world = world();
    let serials = world.stock(1);
    let cursor = world.model.fetch(world.a, None, 10, START).unwrap().cursor;
    let fresh = world.model.replace(world.org, &serials[0], "apple", START).unwrap();
    let page = world.model.sync(world.a, &cursor, 10, START).unwrap();
    let told: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            (&*row.device.serial, row.event.unwrap().operation, row.event.unwrap().released_by_replacement)
        })
        .collect();
    assert_eq!(told, [(&*serials[0], Operation::Deleted, true), (&*fresh, Operation::Added, false)]);
    let old = world.model.device(&serials[0]).unwrap().id;
    assert_eq!(world.model.device(&fresh).unwrap().replaces, Some((old, START)));
}

#[test]
fn history_tells_who_moved_a_device_where() {
    let mut world = world();
    let serials = world.stock(1);
    world.to(&serials, None, START);
    let told: Vec<_> = world.model.history_of(&serials[0]).map(|entry| (entry.action, &*entry.by)).collect();
    let expected = [
        (HistoryAction::Bought, "shop@example.com"),
        (HistoryAction::Assigned, "admin@example.com"),
        (HistoryAction::Unassigned, "admin@example.com"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_migration_deadline_shows_as_modified_and_not_on_a_provisional_device() {
    let mut world = world();
    let serials = world.stock(1);
    let cursor = world.model.fetch(world.a, None, 10, START).unwrap().cursor;
    let deadline = Some(START.plus_seconds(DAY_S));
    world.model.set_migration_deadline(world.org, &serials[0], deadline, START).unwrap();
    let page = world.model.sync(world.a, &cursor, 10, START).unwrap();
    assert_eq!(page.rows[0].device.migration_deadline, deadline);
    let product = product(Family::IPad, None).unwrap();
    let new = world.model.add_by_configurator(world.org, product, None, "it", START).unwrap();
    let refused = world.model.set_migration_deadline(world.org, &new, deadline, START).unwrap_err();
    assert_eq!(refused, PortalFault::Provisional(new));
}

#[test]
fn a_hundred_thousand_devices_fit() {
    let mut world = world();
    let serials = world.stock(100_000);
    assert_eq!(world.model.devices().count(), 100_000);
    assert!(world.model.device(&serials[99_999]).unwrap().is_on(world.a));
    assert!(std::mem::size_of::<crate::apple::device::Device>() <= 320, "a device takes little memory");
}
