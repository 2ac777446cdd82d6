use std::collections::BTreeSet;

use super::*;

#[test]
fn a_password_has_its_length_every_symbol_and_no_fellow() {
    let all = alphanumeric(10_000).unwrap();
    assert_eq!(all.len(), 10_000);
    assert_eq!(all.bytes().collect::<BTreeSet<_>>().len(), 62, "each is missing with a chance of 10^-69");
    assert!(all.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_ne!(*alphanumeric(15).unwrap(), *alphanumeric(15).unwrap());
    assert!(alphanumeric(0).unwrap().is_empty());
}
