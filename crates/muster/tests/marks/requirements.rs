//! `docs/requirements.md`, from `docs/requirements.in` and the `Shows:` lines of the tests.

use super::page::Page;

const REQUIREMENTS: Page = Page {
    name: "requirements",
    mark: "/// Shows:",
    head: "# Requirements\n\nMade by `make docs` from `docs/requirements.in` and the `Shows:` lines of the tests. \
           R, L and N number the requirements of the document that Muster implements.\n\n\
           | id | asks | shown by |\n|---|---|---|\n",
};

#[test]
fn every_requirement_has_a_test_or_a_reason_to_come_later() {
    let bare = REQUIREMENTS.bare();
    assert!(bare.is_empty(), "no test shows {bare:?}, and no reason is given for later");
}

#[test]
fn no_test_shows_a_requirement_that_does_not_exist() {
    let strays = REQUIREMENTS.strays();
    assert!(strays.is_empty(), "{strays:?} are not in docs/requirements.in");
}

#[test]
fn the_page_of_requirements_is_up_to_date() {
    REQUIREMENTS.must_be_up_to_date();
}
