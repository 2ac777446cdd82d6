use super::*;

fn at(seconds: i64) -> Time {
    Time::from_unix(seconds)
}

#[test]
fn a_serial_is_served_ten_profiles_in_a_quarter_of_an_hour() {
    let (memory, tenant, serial) = (Memory::default(), "t".parse().unwrap(), "C02X".parse().unwrap());
    for second in 0..10 {
        assert_eq!(memory.pace(&tenant, &serial, at(second)), Ok(()));
    }
    assert_eq!(memory.pace(&tenant, &serial, at(11)), Err(at(900)));
    assert_eq!(memory.pace(&tenant, &"OTHER".parse().unwrap(), at(11)), Ok(()));
    assert_eq!(memory.pace(&tenant, &serial, at(900)), Ok(()));
}

#[test]
fn invented_serials_fill_no_memory() {
    let (memory, tenant) = (Memory::default(), "t".parse().unwrap());
    for n in 0..=PACED_MAX {
        assert_eq!(memory.pace(&tenant, &format!("C{n}").parse().unwrap(), at(1)), Ok(()));
    }
    assert!(locked(&memory.served).len() <= PACED_MAX);
}

#[test]
fn places_in_a_queue_never_repeat() {
    let memory = Memory::default();
    let places: Vec<i64> = (0..5).map(|_| memory.next_seq(at(1))).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    assert!(memory.next_seq(at(0)) > *places.last().unwrap());
}

#[test]
fn who_was_seen_is_written_at_once_and_then_once_a_minute() {
    let (memory, tenant, device) = (Memory::default(), "t".parse().unwrap(), "d".parse().unwrap());
    let take = |second| {
        let contacts = memory.take_seen(at(second), false);
        contacts.into_iter().map(|(_, _, at)| at).collect::<Vec<_>>()
    };
    memory.saw(&tenant, &device, at(1));
    memory.saw(&tenant, &device, at(2));
    assert_eq!(take(3), [at(2)]);
    assert_eq!(take(4), []);
    memory.saw(&tenant, &device, at(5));
    assert_eq!(take(62), []);
    assert_eq!(take(63), [at(5)]);
    memory.saw(&tenant, &device, at(64));
    assert_eq!(memory.take_seen(at(65), true).len(), 1, "the last chance");
}

#[test]
fn who_could_not_be_written_is_due_again_at_once() {
    let (memory, tenant, device) = (Memory::default(), "t".parse().unwrap(), "d".parse().unwrap());
    memory.saw(&tenant, &device, at(1));
    let seen = memory.take_seen(at(2), false);
    memory.saw(&tenant, &device, at(3));
    memory.put_back_seen(seen);
    assert_eq!(memory.take_seen(at(3), false)[0].2, at(3));
}

#[test]
fn who_is_silent_is_forgotten() {
    let (memory, tenant) = (Memory::default(), "t".parse().unwrap());
    for n in 0..100 {
        memory.saw(&tenant, &format!("d{n}").parse().unwrap(), at(1));
    }
    assert_eq!(memory.take_seen(at(2), false).len(), 100);
    assert_eq!(memory.take_seen(at(90), false).len(), 0);
    assert!(locked(&memory.seen).is_empty());
}
