//! `docs/security.md`, from `docs/security.in` and the `Refuses:` lines of the tests.

use super::page::Page;

const SECURITY: Page = Page {
    name: "security",
    mark: "/// Refuses:",
    head: "# What Muster refuses\n\n\
           Servers of this kind have been broken in a small number of ways, again and again. Each has a letter here, \
           an example that made the news, what Muster does, and the tests that attack it so. The table is made by \
           `make docs` from `docs/security.in` and the `Refuses:` lines of the tests; a class without a test fails \
           the build.\n\n\
           `make fuzz` goes further: it lets libFuzzer look for inputs that no test has \
           ([how](../fuzz/corpus/README.md)). What it finds is kept and replayed by `make test`.\n\n\
           Bounds of connections, time-outs and bodies are in [the operator's guide](operations.md#limits).\n\n\
           | class | attack | what Muster does | tests |\n|---|---|---|---|\n",
};

#[test]
fn every_class_of_attack_has_a_test() {
    let bare = SECURITY.bare();
    assert!(bare.is_empty(), "no test attacks in the way of {bare:?}");
}

#[test]
fn no_test_attacks_in_a_way_that_has_no_line() {
    let strays = SECURITY.strays();
    assert!(strays.is_empty(), "{strays:?} are not in docs/security.in");
}

#[test]
fn the_page_of_attacks_is_up_to_date() {
    SECURITY.must_be_up_to_date();
}
