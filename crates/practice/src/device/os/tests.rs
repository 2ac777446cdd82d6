use super::{Availability, Os, Version};
use crate::apple::catalogue::Family;

fn os(family: Family, version: &str) -> Os {
    Os { family, version: version.parse().unwrap() }
}

#[test]
fn versions_are_read_compared_and_written() {
    let versions = ["9.3.2", "10.0", "10.15", "11.0", "17.4", "17.4.1", "26.0"];
    for pair in versions.windows(2) {
        let [a, b] = [pair[0], pair[1]].map(|text| text.parse::<Version>().unwrap());
        assert!(a < b, "{pair:?}");
        assert_eq!(b.to_string(), pair[1]);
    }
    assert_eq!("26".parse(), Ok(Version::new(26, 0)));
    for text in ["", "x", "1.2.3.4", "-1", "99999999", "17,4"] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

#[test]
fn builds_have_the_line_of_their_system() {
    for (family, version, line) in [
        (Family::IPad, "18.1", "22B"),
        (Family::IPhone, "26.0", "23A"),
        (Family::Mac, "10.15", "19A"),
        (Family::Mac, "15.1", "24B"),
        (Family::Mac, "26.0", "25A"),
        (Family::AppleTv, "18.0", "22J"),
        (Family::Vision, "2.0", "22M"),
        (Family::Vision, "26.0", "23M"),
    ] {
        let build = os(family, version).build();
        assert!(build.starts_with(line), "{family:?} {version} {build}");
    }
}

#[test]
fn availability_ends_where_a_pane_went() {
    let span = Availability::read(["9.3.2..15", "-", "11", "-"]).unwrap();
    for (family, version, there) in [
        (Family::IPad, "9.3.1", false),
        (Family::IPad, "9.3.2", true),
        (Family::IPhone, "14.8", true),
        (Family::IPhone, "15.0", false),
        (Family::Mac, "26.0", false),
        (Family::AppleTv, "11.0", true),
    ] {
        assert_eq!(os(family, version).since(&span), there, "{family:?} {version}");
    }
    assert!(Availability::read(["soon", "-", "-", "-"]).is_err());
}
