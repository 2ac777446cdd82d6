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
fn who_was_seen_is_written_once() {
    let (memory, tenant, device) = (Memory::default(), "t".parse().unwrap(), "d".parse().unwrap());
    memory.saw(&tenant, &device, at(1));
    memory.saw(&tenant, &device, at(2));
    let seen = memory.take_seen();
    assert_eq!(seen.iter().map(|(_, _, at)| *at).collect::<Vec<_>>(), [at(2)]);
    assert!(memory.take_seen().is_empty());
    memory.saw(&tenant, &device, at(3));
    memory.put_back_seen(seen);
    assert_eq!(memory.take_seen()[0].2, at(3));
}
