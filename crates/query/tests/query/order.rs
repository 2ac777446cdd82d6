//! `$orderby` over rows in memory.

use muster_query::{Options, check_order, compare, key_of};

use crate::rows::{THING, three};

fn ordered(order: &str) -> String {
    let options = Options::parse(&format!("$orderby={order}")).unwrap();
    let keys = check_order(&options.order_by, &THING).unwrap();
    let mut rows = three();
    rows.sort_by(|left, right| compare(&keys, left, right));
    assert!(rows.iter().all(|row| key_of(&keys, row).len() == keys.len()));
    rows.iter().map(|row| row["id"].as_str().unwrap().chars().last().unwrap()).collect()
}

#[test]
fn null_is_least_and_text_sorts_without_case() {
    for (order, expected) in [
        ("id desc", "321"),
        ("deviceName", "213"),
        ("deviceName desc", "312"),
        ("freeBytes", "231"),
        ("ratio desc", "132"),
        ("enrolledDateTime asc", "231"),
        ("isSupervised desc,id desc", "132"),
        ("isSupervised,id", "231"),
        ("serialNumber", "213"),
        ("discoverySource desc", "312"),
        ("templateReference/templateId desc", "312"),
        ("", "123"),
    ] {
        assert_eq!(ordered(order), expected, "{order}");
    }
}
