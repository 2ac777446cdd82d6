use super::{PANES, TABLE, read, shown};
use crate::apple::catalogue::Family;
use crate::device::os::{Os, rows};

fn seen(family: Family, version: &str, skip: &[&str]) -> Vec<&'static str> {
    let skip: Vec<_> = skip.iter().map(|key| (*key).to_owned()).collect();
    shown(Os { family, version: version.parse().unwrap() }, &skip)
}

#[test]
fn every_row_of_the_table_is_read() {
    for cells in rows(TABLE) {
        assert!(read(&cells).is_some(), "{cells:?}");
    }
    assert!(PANES.len() > 40);
}

/// Shows: R51
#[test]
fn a_skipped_pane_is_not_shown_and_the_others_are() {
    let all = seen(Family::IPad, "18.0", &[]);
    assert!(all.contains(&"Siri") && all.contains(&"Apple Account"));
    let some = seen(Family::IPad, "18.0", &["Siri", "NoSuchPane"]);
    assert!(!some.contains(&"Siri"));
    assert_eq!(some.len() + 1, all.len());
}

#[test]
fn panes_belong_to_systems_and_models() {
    assert!(seen(Family::IPad, "12.0", &[]).contains(&"True Tone"));
    assert!(!seen(Family::IPad, "18.0", &[]).contains(&"True Tone"));
    assert!(seen(Family::Mac, "15.0", &[]).contains(&"FileVault"));
    assert!(!seen(Family::IPhone, "18.0", &[]).contains(&"FileVault"));
    assert!(seen(Family::IPhone, "18.0", &[]).contains(&"Action Button"));
    assert!(!seen(Family::IPad, "18.0", &[]).contains(&"Action Button"));
    assert!(seen(Family::AppleTv, "18.0", &[]).contains(&"Where Is This Apple TV?"));
    assert!(seen(Family::Vision, "2.0", &[]).is_empty());
    assert!(!seen(Family::Vision, "26.0", &[]).is_empty());
}

#[test]
fn moving_from_android_is_offered_within_restoring() {
    assert!(seen(Family::IPad, "18.0", &[]).contains(&"Move Data from Android"));
    assert!(!seen(Family::IPad, "18.0", &["Restore"]).contains(&"Move Data from Android"));
}
