//! Who plays: two organisations and their purchases.

/// One organisation.
pub(super) struct Org {
    /// Its name, which is also the token's.
    pub(super) name: &'static str,
    /// `business` or `school`.
    pub(super) kind: &'static str,
    /// The Apple Account of its administrator.
    pub(super) account: &'static str,
    /// What it buys for the first day.
    pub(super) orders: Vec<Order>,
    /// What stays in its boxes for the visitor.
    pub(super) later: Vec<Order>,
    /// What it buys for the MDM server of somebody else.
    pub(super) elsewhere: Vec<Order>,
}

/// One purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) family: &'static str,
    pub(super) model: &'static str,
    pub(super) count: usize,
}

const fn order(family: &'static str, model: &'static str, count: usize) -> Order {
    Order { family, model, count }
}

/// What of a hundred devices is which: organisation, family, model, share, and how many at least.
const SHARES: [(usize, &str, &str, usize, usize); 10] = [
    (0, "iPhone", "iPhone 16 128GB", 20, 1),
    (0, "iPhone", "iPhone SE 64GB", 12, 1),
    (0, "iPad", "iPad Wi-Fi 64GB", 10, 1),
    (0, "Mac", "MacBook Air 13-inch", 14, 1),
    (0, "Mac", "Mac mini", 4, 1),
    (0, "AppleTV", "Apple TV 4K 128GB", 6, 1),
    // One of them stays without a profile.
    (0, "Vision", "Apple Vision Pro 256GB", 4, 2),
    (1, "iPad", "iPad Air 11-inch Wi-Fi 128GB", 16, 1),
    (1, "iPad", "iPad Pro 13-inch Wi-Fi 256GB", 4, 1),
    (1, "Mac", "MacBook Pro 14-inch", 10, 1),
];

/// The organisations for a first day of so many devices. One of them comes without a profile, a Vision, and one, an
/// iPhone, belongs to another MDM server: neither should enrol.
pub(super) fn cast(devices: usize) -> [Org; 2] {
    let mut business = Org {
        name: "Linden Works",
        kind: "business",
        account: "it@linden.example",
        orders: Vec::new(),
        later: vec![order("iPhone", "iPhone 16 Pro 256GB", 2), order("Mac", "MacBook Air 13-inch", 1)],
        elsewhere: vec![order("iPhone", "iPhone 16 128GB", 1)],
    };
    let mut school = Org {
        name: "Riverside School",
        kind: "school",
        account: "it@riverside.example",
        orders: Vec::new(),
        later: vec![order("iPad", "iPad Wi-Fi 64GB", 2)],
        elsewhere: Vec::new(),
    };
    let outsiders: usize = business.elsewhere.iter().map(|order| order.count).sum();
    let mut left = devices.saturating_sub(outsiders);
    let mut owed: usize = SHARES.iter().map(|share| share.4).sum();
    for (at, (org, family, model, share, least)) in SHARES.into_iter().enumerate() {
        owed -= least;
        let fair = (devices * share / 100).max(least);
        let last = at + 1 == SHARES.len();
        let count = if last { left } else { fair.min(left.saturating_sub(owed)) };
        left -= count;
        let orders = if org == 0 { &mut business.orders } else { &mut school.orders };
        orders.push(order(family, model, count));
    }
    [business, school]
}

#[cfg(test)]
mod tests;
