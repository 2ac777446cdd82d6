use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn of(most: usize) -> Shares {
    Shares::percent(100, most, Vec::new())
}

/// Refuses: A
#[test]
fn an_address_has_its_share_and_no_more_until_it_gives_one_back() {
    let shares = of(2);
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
    let shares = of(1);
    let _first = shares.take(ip("2001:db8:0:7::1")).unwrap();
    assert!(shares.take(ip("2001:db8:0:7:ffff::2")).is_none());
    assert!(shares.take(ip("2001:db8:0:8::1")).is_some());
}

/// Refuses: A
/// Networks of IPv6 are had for nothing by the ten thousand: those of one site have no more than two clients.
#[test]
fn a_site_of_ipv6_has_two_shares_however_many_networks_it_has() {
    let shares = of(2);
    let of_site = |n: u16| ip(&format!("2001:db8:5:{n:x}::1"));
    let held: Vec<_> = (0..4).map(|n| shares.take(of_site(n)).unwrap()).collect();
    assert!(shares.take(of_site(4)).is_none());
    assert!(shares.take(ip("2001:db8:6::1")).is_some(), "another site");
    drop(held);
    assert!(shares.take(of_site(4)).is_some());
}

/// Refuses: A
#[test]
fn a_share_grows_and_shrinks_with_what_there_is_and_is_never_nothing() {
    for (percent, all, most) in [(25, 10_000, 2_500), (25, 2_000, 500), (25, 10, 3), (1, 10, 1), (100, 7, 7)]
    {
        let shares = Shares::percent(percent, all, Vec::new());
        let held: Vec<_> = (0..all).map_while(|_| shares.take(ip("192.0.2.1"))).collect();
        assert_eq!(held.len(), most, "{percent} % of {all}");
    }
}

/// A balancer that passes connections through stands for everybody behind it.
#[test]
fn addresses_that_stand_for_many_have_no_share() {
    let shares = Shares::percent(1, 1, vec!["192.0.2.0/24".parse().unwrap()]);
    let _many: Vec<_> = (0..9).map(|_| shares.take(ip("::ffff:192.0.2.1")).unwrap()).collect();
    let _client = shares.take(ip("198.51.100.1")).unwrap();
    assert!(shares.take(ip("198.51.100.1")).is_none());
}

#[test]
fn this_computer_has_no_limit_and_nobody_who_left_is_remembered() {
    let shares = of(0);
    for own in ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"] {
        assert!(shares.take(ip(own)).is_some(), "{own}");
    }
    let shares = of(3);
    let held: Vec<_> = (0..3).map(|_| shares.take(ip("192.0.2.1")).unwrap()).collect();
    drop(held);
    assert!(shares.held().is_empty());
}
