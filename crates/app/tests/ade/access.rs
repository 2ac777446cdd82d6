//! Groups, roles, assignments and scope tags, as administrators make them.

use std::collections::BTreeSet;

use domain::access::{BuiltIn, Operation, Operations, Rights, Sight};
use domain::group::{Member, MemberKind};
use muster_app::group::{self, GroupChange, NewGroup};
use muster_app::role_assignment::{self, AssignmentChange};
use muster_app::role_definition::{self, RoleChange};
use muster_app::scope_tag::{self, TagChange};
use muster_app::token::{self, TokenChange};
use muster_app::{Actor, AppError, PageQuery};

use crate::bench::Bench;

fn user(name: &str) -> Member {
    Member { kind: MemberKind::User, id: name.into() }
}

fn new_group(name: &str, members: Vec<Member>) -> NewGroup {
    NewGroup { name: name.into(), members, ..NewGroup::default() }
}

fn scoped(bench: &Bench, operations: &[Operation]) -> Actor {
    let sight = Sight::Tags(BTreeSet::from(["1".to_owned()]));
    let rights = Rights { operations: Operations::of(operations), sight, target_groups: None };
    Actor { rights, ..bench.actor.clone() }
}

/// Shows: L22
#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_the_roles_of_their_groups_until_they_leave_them() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    let desk = group::create(app, ada, new_group("Desk", vec![user("grace")])).await.unwrap();
    let inside = Member { kind: MemberKind::Group, id: desk.id.to_string() };
    let all = group::create(app, ada, new_group("Everybody at a desk", vec![inside])).await.unwrap();
    let rights = async || role_assignment::rights_of_user(app, &ada.tenant, "grace").await.unwrap();
    assert_eq!(rights().await, Rights::none());
    let new = AssignmentChange {
        name: Some("Help".into()),
        role: Some(BuiltIn::HelpDesk.id()),
        members: Some(vec![all.id.clone()]),
        ..AssignmentChange::default()
    };
    let made = role_assignment::create(app, ada, new).await.unwrap();
    let hers = rights().await;
    assert_eq!((hers.operations, &hers.sight), (BuiltIn::HelpDesk.operations(), &Sight::Everything));
    group::remove_member(app, ada, &desk.id, "grace").await.unwrap();
    assert_eq!(rights().await, Rights::none());
    group::add_members(app, ada, &desk.id, &[user("grace")]).await.unwrap();
    role_assignment::delete(app, ada, &made.id).await.unwrap();
    assert_eq!(rights().await, Rights::none());
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_take_what_there_is_once_and_never_themselves() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    let outer = group::create(app, ada, new_group("Outer", vec![])).await.unwrap();
    let inner = Member { kind: MemberKind::Group, id: outer.id.to_string() };
    let inside = group::create(app, ada, new_group("Inside", vec![])).await.unwrap();
    let as_member = Member { kind: MemberKind::Group, id: inside.id.to_string() };
    group::add_members(app, ada, &outer.id, &[as_member.clone(), user("u")]).await.unwrap();
    let nobody = Member { kind: MemberKind::Device, id: "none".into() };
    for refused in [inner.clone(), as_member.clone(), user("u"), nobody] {
        let outcome = group::add_members(app, ada, &outer.id, std::slice::from_ref(&refused)).await;
        assert!(matches!(outcome, Err(AppError::Invalid { .. })), "{refused:?}: {outcome:?}");
    }
    let circle = group::add_members(app, ada, &inside.id, &[inner]).await;
    assert!(matches!(circle, Err(AppError::Invalid { .. })), "{circle:?}");
    let change = GroupChange { name: Some("Außen".into()), ..GroupChange::default() };
    assert_eq!(group::update(app, ada, &outer.id, change).await.unwrap().name, "Außen");
    let members = group::members(app, ada, &outer.id, "").await.unwrap();
    assert_eq!(members.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([as_member, user("u")]));
    group::delete(app, ada, &inside.id).await.unwrap();
    assert_eq!(group::members(app, ada, &outer.id, "").await.unwrap(), [user("u")]);
    let query = PageQuery { limit: 10, count: true, ..PageQuery::default() };
    assert_eq!(group::list(app, ada, query).await.unwrap().total, Some(1));
}

/// Shows: L13, L20
#[tokio::test(flavor = "multi_thread")]
async fn scope_tags_are_numbered_and_stay_while_something_has_them() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    let connected = bench.connect("Berlin").await;
    let berlin = scope_tag::create(app, ada, "Berlin", "").await.unwrap();
    assert_eq!(berlin.id, "1");
    assert_eq!(scope_tag::create(app, ada, "Paris", "").await.unwrap().id, "2");
    for taken in ["berlin", "Default", ""] {
        assert!(scope_tag::create(app, ada, taken, "").await.is_err(), "{taken}");
    }
    let tags = |tags: &[&str]| TokenChange {
        scope_tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
        ..TokenChange::default()
    };
    token::update(app, ada, &connected.token, tags(&["1"])).await.unwrap();
    let refused = scope_tag::delete(app, ada, "1").await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }) && refused.to_string().contains("Berlin"));
    token::update(app, ada, &connected.token, tags(&[])).await.unwrap();
    scope_tag::delete(app, ada, "1").await.unwrap();
    assert!(matches!(scope_tag::delete(app, ada, "0").await, Err(AppError::Refused { .. })));
    let names: Vec<_> = scope_tag::list(app, ada).await.unwrap().into_iter().map(|tag| tag.name).collect();
    assert_eq!(names, ["Default", "Paris"]);
}

/// Shows: L17, L20
/// Refuses: M
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_what_they_do_not_have() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    scope_tag::create(app, ada, "Berlin", "").await.unwrap();
    let desk = group::create(app, ada, new_group("Desk", vec![])).await.unwrap();
    let berlin = scoped(&bench, Operation::ALL);
    let change = TagChange { name: Some("Mine".into()), ..TagChange::default() };
    assert!(matches!(scope_tag::update(app, &berlin, "1", change).await, Err(AppError::Refused { .. })));
    assert!(matches!(scope_tag::create(app, &berlin, "More", "").await, Err(AppError::Refused { .. })));
    let seen: Vec<_> = scope_tag::list(app, &berlin).await.unwrap().into_iter().map(|tag| tag.id).collect();
    assert_eq!(seen, ["1"]);

    let few = Rights::of_application(Operations::of(&[Operation::RoleAssign, Operation::TokenRead]));
    let clerk = Actor { rights: few, ..bench.actor.clone() };
    let give = |role| AssignmentChange {
        name: Some("Up".into()),
        role: Some(role),
        members: Some(vec![desk.id.clone()]),
        ..AssignmentChange::default()
    };
    let up = role_assignment::create(app, &clerk, give(BuiltIn::Administrator.id())).await;
    assert!(matches!(up, Err(AppError::Refused { .. })), "{up:?}");
    let allowed = |words: &[Operation]| RoleChange {
        name: Some("Reader".into()),
        allowed: Some(words.iter().map(ToString::to_string).collect()),
        ..RoleChange::default()
    };
    let more = role_definition::create(app, &clerk, allowed(&[Operation::Wipe])).await;
    assert!(matches!(more, Err(AppError::Refused { .. })), "{more:?}");
    let same = role_definition::create(app, &clerk, allowed(&[Operation::TokenRead])).await.unwrap();
    role_assignment::create(app, &clerk, give(same.id)).await.unwrap();
}

/// Shows: L22
#[tokio::test(flavor = "multi_thread")]
async fn built_in_roles_stay_and_a_role_that_somebody_has_is_not_deleted() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    assert_eq!(role_definition::list(app, ada).await.unwrap().len(), BuiltIn::ALL.len());
    let built_in = BuiltIn::ReadOnly.id();
    let change = RoleChange { name: Some("Mine".into()), ..RoleChange::default() };
    assert!(role_definition::update(app, ada, &built_in, change.clone()).await.is_err());
    assert!(role_definition::delete(app, ada, &built_in).await.is_err());
    let role = role_definition::create(app, ada, change).await.unwrap();
    let new = AssignmentChange {
        name: Some("One".into()),
        role: Some(role.id.clone()),
        ..AssignmentChange::default()
    };
    let given = role_assignment::create(app, ada, new).await.unwrap();
    let refused = role_definition::delete(app, ada, &role.id).await;
    assert!(matches!(refused, Err(AppError::Conflict { .. })), "{refused:?}");
    role_assignment::delete(app, ada, &given.id).await.unwrap();
    role_definition::delete(app, ada, &role.id).await.unwrap();
    assert!(matches!(role_definition::get(app, ada, &role.id).await, Err(AppError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_of_groups_or_tags_that_there_are_none_of_is_refused() {
    let bench = Bench::start().await;
    let (app, ada) = (&bench.app, &bench.actor);
    let new = || AssignmentChange {
        name: Some("One".into()),
        role: Some(BuiltIn::ReadOnly.id()),
        ..AssignmentChange::default()
    };
    let nowhere = vec!["none".parse().unwrap()];
    for (change, what) in [
        (AssignmentChange { role: None, ..new() }, "roleDefinition"),
        (AssignmentChange { members: Some(nowhere.clone()), ..new() }, "members"),
        (AssignmentChange { resource_scopes: Some(nowhere), ..new() }, "resourceScopes"),
        (AssignmentChange { scope_tags: Some(vec!["9".into()]), ..new() }, "roleScopeTagIds"),
        (AssignmentChange { name: None, ..new() }, "displayName"),
    ] {
        let outcome = role_assignment::create(app, ada, change).await;
        assert!(
            matches!(&outcome, Err(AppError::Invalid { target, .. }) if target == what),
            "{what}: {outcome:?}"
        );
    }
    assert_eq!(role_assignment::list(app, ada).await.unwrap(), []);
}
