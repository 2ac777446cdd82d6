use super::{START, world};
use crate::apple::activation::Activation;
use crate::apple::catalogue::Family;
use crate::apple::device::ProfileStatus;
use crate::apple::event::Operation;
use crate::apple::moment::DAY_S;

fn name(activation: &Activation) -> Option<&str> {
    match activation {
        Activation::Managed(cloud) => cloud.profile.profile_name.as_deref(),
        Activation::Unmanaged | Activation::UnknownDevice => None,
    }
}

#[test]
fn activating_takes_the_profile_and_its_server_sees_modified() {
    let mut world = world();
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    let cursor = world.model.fetch(world.a, None, 10, START).unwrap().cursor;
    let later = START.plus_seconds(60);
    assert_eq!(name(&world.model.activate(&serials[0], later)), Some("Corp iPads"));
    let page = world.model.sync(world.a, &cursor, 10, later).unwrap();
    assert_eq!(page.rows[0].event.unwrap().operation, Operation::Modified);
    assert_eq!(page.rows[0].profile.status, ProfileStatus::Pushed);
    assert_eq!(page.rows[0].profile.pushed, Some(later));
}

#[test]
fn a_device_keeps_the_profile_it_activated_with_until_it_is_erased() {
    let mut world = world();
    let serials = world.stock(1);
    let first = world.define(world.a);
    let profile =
        crate::apple::profile::Profile { profile_name: Some("Second".into()), ..super::good_profile() };
    let second = world.model.define_profile(world.a, profile, &Default::default(), START).unwrap().0;
    world.assign(&first, &serials, START);
    world.model.activate(&serials[0], START);
    world.assign(&second, &serials, START);
    assert_eq!(name(&world.model.activate(&serials[0], START)), Some("Corp iPads"));
    assert_eq!(world.model.device(&serials[0]).unwrap().profile.status, ProfileStatus::Assigned);
    assert!(world.model.erase(&serials[0]));
    assert_eq!(name(&world.model.activate(&serials[0], START)), Some("Second"));
    assert_eq!(world.model.device(&serials[0]).unwrap().profile.status, ProfileStatus::Pushed);
}

#[test]
fn a_profile_assigned_after_activation_waits_for_the_next() {
    let mut world = world();
    let serials = world.stock(1);
    assert_eq!(world.model.activate(&serials[0], START), Activation::Unmanaged);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    assert_eq!(world.model.activate(&serials[0], START), Activation::Unmanaged);
    world.model.erase(&serials[0]);
    assert_eq!(name(&world.model.activate(&serials[0], START)), Some("Corp iPads"));
}

#[test]
fn a_removed_profile_is_gone_after_the_next_activation() {
    let mut world = world();
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    world.model.activate(&serials[0], START);
    world.model.remove_profile(world.a, None, &serials, START).unwrap();
    world.model.erase(&serials[0]);
    assert_eq!(world.model.activate(&serials[0], START), Activation::Unmanaged);
    assert_eq!(world.model.device(&serials[0]).unwrap().profile.status, ProfileStatus::Empty);
}

#[test]
fn a_device_of_the_same_kind_without_an_order_is_unknown() {
    let mut world = world();
    world.buy(Family::IPad, 1);
    assert_eq!(world.model.activate("NOSUCHDEVICE", START), Activation::UnknownDevice);
}

#[test]
fn a_migration_takes_the_new_profile_without_erasing_and_clears_the_deadline() {
    let mut world = world();
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    world.model.activate(&serials[0], START);
    world.assign(&uuid, &serials, START);
    assert!(!world.model.migrate(&serials[0], START), "no deadline, no migration");
    let deadline = Some(START.plus_seconds(DAY_S));
    world.model.set_migration_deadline(world.org, &serials[0], deadline, START).unwrap();
    assert!(world.model.migrate(&serials[0], START));
    let device = world.model.device(&serials[0]).unwrap();
    assert_eq!((device.profile.status, device.migration_deadline), (ProfileStatus::Pushed, None));
}
