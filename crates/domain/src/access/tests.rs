use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::token::DEFAULT_SCOPE_TAG;
use crate::{GroupId, RoleAssignmentId, RoleDefinitionId, TenantId};

fn id<T: TryFrom<String, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn tags(tags: &[&str]) -> Sight {
    Sight::Tags(texts(tags).into_iter().collect())
}

fn role(name: &str, allowed: &[Operation]) -> RoleDefinition {
    let tenant: TenantId = id("default");
    let mut role = RoleDefinition { is_built_in: false, id: id(name), ..BuiltIn::ReadOnly.of(&tenant) };
    role.allow(&allowed.iter().map(|operation| operation.as_str().to_owned()).collect::<Vec<_>>()).unwrap();
    role
}

fn assignment(role: &RoleDefinition, member: &str, scope_tags: &[&str]) -> RoleAssignment {
    RoleAssignment {
        tenant: id("default"),
        id: id::<RoleAssignmentId>("a"),
        version: 1,
        name: "One".into(),
        description: String::new(),
        role: role.id.clone(),
        members: vec![id(member)],
        scope_type: ScopeType::ResourceScope,
        resource_scopes: vec![id("sales")],
        scope_tags: texts(scope_tags),
    }
}

fn groups(names: &[&str]) -> BTreeSet<GroupId> {
    names.iter().map(|name| id(name)).collect()
}

#[test]
fn each_operation_has_a_word_of_its_own_and_is_found_by_it_in_any_case() {
    let words: BTreeSet<&str> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
    assert_eq!(words.len(), Operation::ALL.len());
    for operation in Operation::ALL {
        assert_eq!(Operation::from_word(&operation.as_str().to_uppercase()), Some(*operation));
    }
    assert_eq!(Operation::TokenRead.as_str(), "Microsoft.Intune_EnrollmentProgramToken_Read");
}

/// Shows: L22
#[test]
fn a_role_from_intune_keeps_the_words_that_are_not_known_here() {
    let mut role = role("r", &[]);
    let words = ["Microsoft.Intune_TelecomExpenses_Read", "microsoft.intune_remotetasks_wipe"];
    role.allow(&texts(&words)).unwrap();
    assert_eq!(role.operations(), Operations::of(&[Operation::Wipe]));
    assert_eq!(
        role.allowed,
        texts(&["Microsoft.Intune_RemoteTasks_Wipe", "Microsoft.Intune_TelecomExpenses_Read"])
    );
}

#[test]
fn the_built_in_roles_differ_and_only_the_administrator_may_do_all() {
    for one in BuiltIn::ALL {
        for other in BuiltIn::ALL {
            assert_eq!(one == other, one.id() == other.id());
            assert_eq!(one == other, one.operations() == other.operations());
        }
        assert_eq!(one == BuiltIn::Administrator, one.operations() == Operations::ALL);
        let object = one.of(&id("default"));
        assert_eq!(object.operations(), one.operations());
        assert!(object.must_be_custom().is_err());
    }
    assert!(BuiltIn::ReadOnly.operations().iter().all(Operation::is_read));
    assert!(!BuiltIn::HelpDesk.operations().contains(Operation::TokenUpdate));
}

#[test]
fn who_has_no_assignment_may_do_and_see_nothing() {
    let reader = role("reader", &[Operation::TokenRead]);
    let others = assignment(&reader, "admins", &[]);
    let rights = rights_of(&groups(&["guests"]), std::slice::from_ref(&others), &[reader]);
    assert_eq!(rights, Rights::none());
    assert_eq!(rights_of(&groups(&["admins"]), &[others], &[]), Rights::none(), "its role is gone");
}

/// Shows: L22
#[test]
fn the_rights_of_several_assignments_merge() {
    let (reader, wiper) = (role("reader", &[Operation::TokenRead]), role("wiper", &[Operation::Wipe]));
    let all = [assignment(&reader, "admins", &["1"]), assignment(&wiper, "admins", &["2"])];
    let rights = rights_of(&groups(&["admins"]), &all, &[reader, wiper]);
    assert_eq!(rights.operations, Operations::of(&[Operation::TokenRead, Operation::Wipe]));
    assert_eq!(rights.sight, tags(&["1", "2"]));
    assert!(rights.may_target("sales") && !rights.may_target("others"));
}

/// Shows: L16
#[test]
fn an_assignment_without_tags_shows_everything() {
    let reader = role("reader", &[Operation::TokenRead]);
    let all = [assignment(&reader, "admins", &["1"]), assignment(&reader, "admins", &[])];
    let rights = rights_of(&groups(&["admins"]), &all, &[reader]);
    assert_eq!(rights.sight, Sight::Everything);
}

/// Shows: L13
#[rstest]
#[case(&["1"], &["1"], true)]
#[case(&["1"], &["2", "1"], true)]
#[case(&["1"], &["2"], false)]
#[case(&["1"], &[], false)]
#[case(&["0"], &[], true)]
#[case(&[], &["0"], false)]
fn an_object_exists_for_whom_one_of_its_tags_is_held(
    #[case] held: &[&str],
    #[case] object: &[&str],
    #[case] exists: bool,
) {
    assert_eq!(tags(held).sees(&texts(object)), exists);
    assert!(Sight::Everything.sees(&texts(object)));
}

/// Shows: L15
#[test]
fn a_new_object_of_a_scoped_administrator_gets_all_of_their_tags() {
    assert_eq!(of_new(&tags(&["1", "2"]), None), Ok(texts(&["1", "2"])));
    assert_eq!(of_new(&tags(&["1", "2"]), Some(&texts(&["2"]))), Ok(texts(&["2"])));
    assert_eq!(of_new(&tags(&["1"]), Some(&texts(&["3"]))), Err(TagRefusal::NotHeld("3".into())));
    assert_eq!(of_new(&Sight::Everything, None), Ok(texts(&[DEFAULT_SCOPE_TAG])));
}

/// Shows: L17
#[test]
fn a_scoped_administrator_adds_and_takes_only_tags_they_hold_and_never_the_last() {
    let held = tags(&["1", "2"]);
    assert_eq!(retag(&held, &texts(&["1", "9"]), &texts(&["2", "9"])), Ok(texts(&["2", "9"])));
    assert_eq!(retag(&held, &texts(&["1", "9"]), &texts(&["1"])), Err(TagRefusal::NotHeld("9".into())));
    assert_eq!(retag(&held, &texts(&["1", "9"]), &texts(&["9"])), Err(TagRefusal::LastHeld));
    assert_eq!(retag(&Sight::Everything, &texts(&["1"]), &[]), Ok(texts(&[DEFAULT_SCOPE_TAG])));
}

/// Shows: L18
#[test]
fn an_object_and_an_assignment_take_a_hundred_tags() {
    let many = |count: usize| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>();
    assert!(of_new(&Sight::Everything, Some(&many(100))).is_ok());
    assert_eq!(of_new(&Sight::Everything, Some(&many(101))), Err(TagRefusal::TooMany));
    let mut one = assignment(&role("r", &[]), "admins", &[]);
    one.scope_tags = many(100);
    assert_eq!(one.check(), Ok(()));
    one.scope_tags = many(101);
    assert!(one.check().is_err());
}

/// Shows: L14, L19
#[test]
fn a_devices_tags_come_from_its_groups_then_from_people_then_from_its_token() {
    let all = [texts(&["3"]), texts(&["2"]), texts(&["1"])];
    assert_eq!(of_device(&all[0], &all[1], &all[2]), texts(&["3"]));
    assert_eq!(of_device(&[], &all[1], &all[2]), texts(&["2"]));
    assert_eq!(of_device(&[], &[], &all[2]), texts(&["1"]));
    assert_eq!(of_device(&[], &[], &[]), texts(&[DEFAULT_SCOPE_TAG]));
}

#[test]
fn the_default_tag_stays_as_it_is() {
    assert!(ScopeTag::default_of(&id("default")).must_be_custom().is_err());
}

#[test]
fn through_an_application_a_person_may_do_what_both_may() {
    let rights = Rights::all().through(Operations::of(&[Operation::TokenRead]));
    assert!(rights.may(Operation::TokenRead) && !rights.may(Operation::TokenUpdate));
    assert!(!Rights::none().through(Operations::ALL).may(Operation::TokenRead));
}

fn some_rights() -> impl Strategy<Value = Rights> {
    let operations = proptest::collection::vec(0..Operation::ALL.len(), 0..6);
    let held = proptest::option::of(proptest::collection::btree_set("[0-4]", 0..4));
    let aims = proptest::option::of(proptest::collection::btree_set("[a-c]", 0..3));
    (operations, held, aims).prop_map(|(places, held, target_groups)| Rights {
        operations: places.into_iter().map(|place| Operation::ALL[place]).collect(),
        sight: held.map_or(Sight::Everything, Sight::Tags),
        target_groups,
    })
}

proptest! {
    #[test]
    fn who_includes_others_rights_may_and_sees_whatever_they_do(mine in some_rights(), theirs in some_rights()) {
        if mine.include(&theirs) {
            for operation in theirs.operations.iter() {
                prop_assert!(mine.may(operation));
            }
            for tag in 0..5 {
                let object = [tag.to_string()];
                prop_assert!(!theirs.sight.sees(&object) || mine.sight.sees(&object));
            }
        }
        prop_assert!(Rights::all().include(&theirs) && theirs.include(&theirs));
    }

    #[test]
    fn nobody_retags_an_object_out_of_their_own_sight(
        held in proptest::collection::btree_set("[0-4]", 1..4),
        before in proptest::collection::vec("[0-4]", 1..4),
        asked in proptest::collection::vec("[0-4]", 0..4),
    ) {
        let sight = Sight::Tags(held);
        if sight.sees(&before) && let Ok(after) = retag(&sight, &before, &asked) {
            prop_assert!(sight.sees(&after));
        }
    }

    #[test]
    fn sets_of_operations_are_sets(places in proptest::collection::vec(0..Operation::ALL.len(), 0..20)) {
        let wanted: BTreeSet<Operation> = places.iter().map(|place| Operation::ALL[*place]).collect();
        let set: Operations = wanted.iter().copied().collect();
        prop_assert_eq!(set.iter().collect::<BTreeSet<_>>(), wanted);
        prop_assert_eq!(set.without(set), Operations::NONE);
        prop_assert_eq!(set.both(Operations::ALL), set);
    }
}

#[test]
fn ids_of_built_in_roles_are_guids() {
    let id: RoleDefinitionId = BuiltIn::HelpDesk.id();
    assert_eq!(id.as_str(), "6d757374-6572-4000-8000-000000000003");
}
