//! Whatever happens at Apple, a client that fetches once and then syncs knows the truth.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{START, World, world};
use crate::apple::assign::Refused;
use crate::apple::device::ProfileStatus;
use crate::apple::event::Operation;
use crate::apple::model::Rules;
use crate::apple::org::ServerId;
use crate::apple::shop::Selection;
use crate::apple::sync::Page;

/// Devices in a story.
const DEVICES: usize = 6;

/// What may happen, to the device of that number.
#[derive(Clone, Copy, Debug)]
enum Step {
    To(usize, Option<bool>),
    Profile(usize),
    NoProfile(usize),
    Activate(usize),
    Erase(usize),
    Replace(usize),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES;
    prop_oneof![
        3 => (device.clone(), any::<Option<bool>>()).prop_map(|(device, to)| Step::To(device, to)),
        3 => device.clone().prop_map(Step::Profile),
        1 => device.clone().prop_map(Step::NoProfile),
        2 => device.clone().prop_map(Step::Activate),
        1 => device.clone().prop_map(Step::Erase),
        1 => device.prop_map(Step::Replace),
        2 => Just(Step::Sync),
    ]
}

type View = BTreeMap<String, ProfileStatus>;

/// A client of server A.
struct Client {
    view: View,
    cursor: Option<String>,
    synced: bool,
    limit: usize,
}

impl Client {
    fn fold(&mut self, page: &Page<'_>) {
        for row in &page.rows {
            let serial = row.device.serial.to_string();
            match row.event.map(|event| event.operation) {
                Some(Operation::Deleted) => self.view.remove(&serial),
                _ => self.view.insert(serial, row.profile.status),
            };
        }
        self.cursor = Some(page.cursor.clone());
    }

    /// One page, fetched while there is more to fetch and synced after.
    fn turn(&mut self, world: &World) -> bool {
        let cursor = self.cursor.clone();
        let page = match cursor.as_deref() {
            Some(cursor) if self.synced => world.model.sync(world.a, cursor, self.limit, START).unwrap(),
            cursor => world.model.fetch(world.a, cursor, self.limit, START).unwrap(),
        };
        let fetched = !self.synced && !page.more_to_follow;
        self.fold(&page);
        self.synced |= fetched;
        page.more_to_follow || fetched
    }
}

fn play(world: &mut World, serials: &mut [String], uuid: &str, step: Step) {
    let (a, b) = (world.a, world.b);
    let on_a = |world: &World, serial: &str| world.model.device_on(a, serial).is_some();
    match step {
        Step::To(device, to) => {
            let server: Option<ServerId> = to.map(|to| if to { a } else { b });
            let selection = Selection::Serials(vec![serials[device].clone()]);
            world.model.assign_devices(world.org, &selection, server, "admin", START).unwrap();
        }
        Step::Profile(device) if on_a(world, &serials[device]) => {
            let serial = [serials[device].clone()];
            world.model.assign(a, uuid, &serial, &Refused::default(), START).unwrap();
        }
        Step::NoProfile(device) if on_a(world, &serials[device]) => {
            world.model.remove_profile(a, None, &[serials[device].clone()], START).unwrap();
        }
        Step::Activate(device) => {
            world.model.activate(&serials[device], START);
        }
        Step::Erase(device) => {
            world.model.erase(&serials[device]);
        }
        Step::Replace(device) => {
            serials[device] = world.model.replace(world.org, &serials[device], "apple", START).unwrap();
        }
        Step::Profile(_) | Step::NoProfile(_) | Step::Sync => {}
    }
}

proptest! {
    #[test]
    fn a_client_that_fetches_and_syncs_in_pages_of_any_size_knows_the_truth(
        steps in proptest::collection::vec(step(), 0..60),
        limit in 1_usize..5,
    ) {
        let mut world = world();
        world.model.rules = Rules { repeats_per_hour: u32::MAX, ..Rules::default() };
        let mut serials = world.stock(DEVICES);
        let uuid = world.define(world.a);
        let mut client = Client { view: View::new(), cursor: None, synced: false, limit };
        for step in steps {
            match step {
                Step::Sync => { client.turn(&world); }
                step => play(&mut world, &mut serials, &uuid, step),
            }
        }
        while client.turn(&world) {}
        let on_a = world.model.devices().filter(|device| device.is_on(world.a));
        let truth: View = on_a.map(|device| (device.serial.to_string(), device.profile.status)).collect();
        prop_assert_eq!(client.view, truth);
    }
}
