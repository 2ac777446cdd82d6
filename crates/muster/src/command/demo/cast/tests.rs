use super::cast;

#[test]
fn the_first_day_has_as_many_devices_as_asked_for_and_one_of_every_family() {
    for devices in [12, 13, 17, 50, 333, 5_000] {
        let cast = cast(devices);
        let all: Vec<_> = cast.iter().flat_map(|org| org.orders.iter().chain(&org.elsewhere)).collect();
        assert_eq!(all.iter().map(|order| order.count).sum::<usize>(), devices);
        for family in ["iPhone", "iPad", "Mac", "AppleTV", "Vision"] {
            assert!(
                all.iter().any(|order| order.family == family && order.count > 0),
                "{devices}: no {family}"
            );
        }
        let visions: usize =
            all.iter().filter(|order| order.family == "Vision").map(|order| order.count).sum();
        assert!(visions >= 2, "{devices}: one Vision to enrol and one to stay without a profile");
    }
}
