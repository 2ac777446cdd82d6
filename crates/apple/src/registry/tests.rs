use std::convert::Infallible;
use std::sync::Arc;

use super::Registry;

#[test]
fn a_key_keeps_its_client_until_it_is_forgotten() {
    let registry = Registry::<&str, Arc<u8>>::default();
    let make = || Ok::<_, Infallible>(Arc::new(7));
    let first = registry.get_or_make("token", make).unwrap();
    let again = registry.get_or_make("token", make).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    registry.forget(&"token");
    assert!(registry.get(&"token").is_none());
    let renewed = registry.get_or_make("token", make).unwrap();
    assert!(!Arc::ptr_eq(&first, &renewed));
}

#[test]
fn a_client_that_cannot_be_made_leaves_nothing_behind() {
    let registry = Registry::<&str, Arc<u8>>::default();
    assert_eq!(registry.get_or_make("token", || Err("no")), Err("no"));
    assert!(registry.get(&"token").is_none());
}
