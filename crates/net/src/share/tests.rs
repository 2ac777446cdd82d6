use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Refuses: A
#[test]
fn an_address_has_its_share_and_no_more_until_it_gives_one_back() {
    let shares = Shares::new(2);
    let first = shares.take(ip("198.51.100.1")).unwrap();
    let _second = shares.take(ip("::ffff:198.51.100.1")).unwrap();
    assert!(shares.take(ip("198.51.100.1")).is_none());
    let _other = shares.take(ip("198.51.100.2")).unwrap();
    drop(first);
    let _again = shares.take(ip("198.51.100.1")).unwrap();
    assert!(shares.take(ip("198.51.100.1")).is_none());
}

/// Refuses: A
#[test]
fn a_network_of_ipv6_is_one_client() {
    let shares = Shares::new(1);
    let _first = shares.take(ip("2001:db8:0:7::1")).unwrap();
    assert!(shares.take(ip("2001:db8:0:7:ffff::2")).is_none());
    assert!(shares.take(ip("2001:db8:0:8::1")).is_some());
}

#[test]
fn this_computer_has_no_limit_and_nobody_who_left_is_remembered() {
    let shares = Shares::new(0);
    for own in ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"] {
        assert!(shares.take(ip(own)).is_some(), "{own}");
    }
    let shares = Shares::new(3);
    let held: Vec<_> = (0..3).map(|_| shares.take(ip("192.0.2.1")).unwrap()).collect();
    drop(held);
    assert!(shares.held().is_empty());
}
