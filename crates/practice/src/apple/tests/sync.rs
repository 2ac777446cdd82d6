use proptest::prelude::*;

use super::{START, World, world};
use crate::apple::AdeFault;
use crate::apple::cursor::{CURSOR_LIFE_S, Cursor};
use crate::apple::event::Operation;
use crate::apple::moment::HOUR_S;
use crate::apple::sync::page_limit;

/// Fetches every page, and returns the serials with the last cursor.
fn fetch_all(world: &World, limit: usize) -> (Vec<String>, String) {
    let mut serials = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = world.model.fetch(world.a, cursor.as_deref(), limit, START).unwrap();
        serials.extend(page.rows.iter().map(|row| row.device.serial.to_string()));
        assert!(page.rows.iter().all(|row| row.event.is_none()), "a fetch has no op_type");
        if !page.more_to_follow {
            return (serials, page.cursor);
        }
        cursor = Some(page.cursor);
    }
}

fn operations(world: &World, cursor: &str) -> Vec<(String, Operation)> {
    let page = world.model.sync(world.a, cursor, 1_000, START).unwrap();
    let row = |row: &crate::apple::sync::DeviceRow<'_>| {
        (row.device.serial.to_string(), row.event.unwrap().operation)
    };
    page.rows.iter().map(row).collect()
}

#[test]
fn a_fetch_gives_every_device_once_in_the_order_they_came() {
    let mut world = world();
    let serials = world.stock(25);
    assert_eq!(fetch_all(&world, 10).0, serials);
}

#[test]
fn a_page_holds_a_hundred_devices_unless_asked_and_never_more_than_a_thousand() {
    assert_eq!(page_limit(None), 100);
    assert_eq!(page_limit(Some(250)), 250);
    assert_eq!(page_limit(Some(5_000)), 1_000);
    assert_eq!(page_limit(Some(0)), 1);
    assert_eq!(page_limit(Some(-3)), 1);
}

#[test]
fn fetching_on_after_the_last_device_is_exhausted() {
    let mut world = world();
    world.stock(3);
    let (_, cursor) = fetch_all(&world, 10);
    let fault = world.model.fetch(world.a, Some(&cursor), 10, START).unwrap_err();
    assert_eq!(fault, AdeFault::ExhaustedCursor);
}

#[test]
fn the_last_cursor_of_a_fetch_is_where_syncing_goes_on() {
    let mut world = world();
    world.stock(3);
    let (_, cursor) = fetch_all(&world, 2);
    assert_eq!(operations(&world, &cursor), []);
    let new = world.stock(1);
    assert_eq!(operations(&world, &cursor), [(new[0].clone(), Operation::Added)]);
}

#[test]
fn what_happens_during_a_fetch_is_told_again_when_syncing() {
    let mut world = world();
    let serials = world.stock(4);
    let first = world.model.fetch(world.a, None, 2, START).unwrap().cursor;
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials[3..], START);
    let last = world.model.fetch(world.a, Some(&first), 10, START).unwrap();
    assert_eq!(last.rows.len(), 2);
    assert_eq!(operations(&world, &last.cursor), [(serials[3].clone(), Operation::Modified)]);
}

#[test]
fn one_device_can_come_twice_on_one_page() {
    let mut world = world();
    let (_, cursor) = fetch_all(&world, 10);
    let serials = world.stock(1);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    let told = operations(&world, &cursor);
    assert_eq!(told, [(serials[0].clone(), Operation::Added), (serials[0].clone(), Operation::Modified)]);
}

#[test]
fn a_moved_device_is_deleted_here_and_added_there() {
    let mut world = world();
    let serials = world.stock(1);
    let (_, here) = fetch_all(&world, 10);
    let there = world.model.fetch(world.b, None, 10, START).unwrap().cursor;
    world.to(&serials, Some(world.b), START);
    assert_eq!(operations(&world, &here), [(serials[0].clone(), Operation::Deleted)]);
    let page = world.model.sync(world.b, &there, 10, START).unwrap();
    assert_eq!(page.rows[0].event.unwrap().operation, Operation::Added);
    assert!(fetch_all(&world, 10).0.is_empty());
}

#[test]
fn a_cursor_dies_after_seven_days_and_each_answer_gives_a_fresh_one() {
    let mut world = world();
    world.stock(1);
    let (_, cursor) = fetch_all(&world, 10);
    let last_moment = START.plus_seconds(CURSOR_LIFE_S);
    let renewed = world.model.sync(world.a, &cursor, 10, last_moment).unwrap().cursor;
    let after = last_moment.plus_seconds(1);
    assert_eq!(world.model.sync(world.a, &cursor, 10, after).unwrap_err(), AdeFault::ExpiredCursor);
    assert!(world.model.sync(world.a, &renewed, 10, after).is_ok());
}

#[test]
fn the_cursor_of_another_server_is_invalid() {
    let mut world = world();
    world.stock(1);
    let (_, cursor) = fetch_all(&world, 10);
    assert_eq!(world.model.sync(world.b, &cursor, 10, START).unwrap_err(), AdeFault::InvalidCursor);
    assert_eq!(
        world.model.fetch(world.a, Some("MTY1NzI2ODE5Ny0x"), 10, START).unwrap_err(),
        AdeFault::InvalidCursor
    );
}

#[test]
fn a_throttled_device_vanishes_from_sync_but_not_from_fetch() {
    let mut world = world();
    let serials = world.stock(2);
    let (_, cursor) = fetch_all(&world, 10);
    let uuid = world.define(world.a);
    world.assign(&uuid, &serials, START);
    assert!(world.model.throttle(&serials[0], HOUR_S, START));
    assert_eq!(operations(&world, &cursor), [(serials[1].clone(), Operation::Modified)]);
    assert_eq!(fetch_all(&world, 10).0.len(), 2);
}

proptest! {
    #[test]
    fn no_text_makes_reading_a_cursor_fail_otherwise_than_by_a_word(text in ".{0,80}") {
        let fault = Cursor::decode(&text, 7, START).unwrap_err();
        prop_assert_eq!(fault, AdeFault::InvalidCursor);
    }

    #[test]
    fn a_cursor_reads_back_as_it_was(position in any::<u64>(), walk in any::<Option<u64>>(), salt in any::<u64>()) {
        let cursor = Cursor { issued: START, position, walk };
        prop_assert_eq!(Cursor::decode(&cursor.encode(salt), salt, START), Ok(cursor));
    }

    /// Whatever the page size, syncing tells every event once and in order.
    #[test]
    fn pages_of_any_size_tell_the_same_story(limit in 1_usize..9, count in 0_usize..20) {
        let mut world = world();
        let (_, mut cursor) = fetch_all(&world, 10);
        let serials = world.stock(count);
        let mut told = Vec::new();
        loop {
            let page = world.model.sync(world.a, &cursor, limit, START).unwrap();
            prop_assert!(page.rows.len() <= limit);
            told.extend(page.rows.iter().map(|row| row.device.serial.to_string()));
            let more = page.more_to_follow;
            cursor = page.cursor;
            if !more { break; }
        }
        prop_assert_eq!(told, serials);
    }
}
